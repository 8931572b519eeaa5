"""A grid: how long writes stand still when an active element is killed, how soon one is back, what dbStatus costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, in_turn
from bench.outage import seen
from bench.place import Lab, Place, milliseconds
from cctrl.lab import processes
from cctrl.lab.processes import wait_until

FIRST, SECOND = "host3.instance1", "host4.instance1"
AIM = 1500.0  # milliseconds that writes may stand still
CATCH_UP_AIM = 20_000.0
MISSED = 200 << 20  # bytes of log
ROWS = 126_000  # of 8 kB: 1 GB


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """Each on the first replica set; beside the promotion pg_ctl's own, beside the copy pg_basebackup's."""
    lab = place.lab("grid", kind="grid", manager=True)
    _as_real(lab)
    yield from _failover(lab, samples)
    yield from _status(lab, samples)
    yield from _caught_up(lab)
    yield from _duplicate(lab, min(samples, 3))


def _as_real(lab: Lab) -> None:
    """Undo what makes a lab quick but no real server is: with fsync."""
    for member in lab.service.members:
        with (Path(member.home) / "site.conf").open("a", encoding="utf-8") as file:
            file.write("fsync = on\nwal_keep_size = 1GB\nmax_wal_size = 1GB\n")
    for name in _elements(lab):
        lab.sql(name, "select pg_reload_conf()")


def _elements(lab: Lab) -> list[str]:
    return list(lab.service.names[:6])


def _active(lab: Lab) -> tuple[str, str]:
    """The active element of the first set, and the other."""
    found = [n for n in (FIRST, SECOND) if lab.sql(n, "select pg_is_in_recovery()") == "f"]
    return (found[0], SECOND if found[0] == FIRST else FIRST)


def _data(lab: Lab, name: str) -> str:
    return f"{lab.service.member(name).home}/db/database1/data"


def _in_sync(lab: Lab) -> bool:
    try:
        active, _ = _active(lab)
        return lab.sql(active, "select count(*) from pg_stat_replication where sync_state = 'sync'") == "1"
    except (RuntimeError, IndexError):
        return False


def _well(lab: Lab) -> None:
    if not wait_until(lambda: _in_sync(lab), 300, 0.02):
        raise RuntimeError(f"not in sync\n{(lab.directory / 'manager.log').read_text()[-2000:]}")


def _failover(lab: Lab, samples: int) -> Iterator[Figure]:
    outages: list[float] = []
    lost = 0
    for _ in range(samples + 1):  # the first round is thrown away
        _well(lab)
        active, _other = _active(lab)
        outage = seen(lab, lambda: processes.kill_server(_data(lab, active)))  # noqa: B023 - called at once
        outages.append(outage.longest)
        lost += outage.lost
    _well(lab)
    note = f"acknowledged rows lost: {lost}"
    yield Figure(
        "grid: active element killed: writes stand still", tuple(outages[1:]), (AIM,), "at most", 1.0, note=note
    )


def _status(lab: Lab, samples: int) -> Iterator[Figure]:
    shell = lab.place.shell(lab.config)
    shell("ttGridAdmin dbStatus -all")
    took = tuple(shell("ttGridAdmin dbStatus -all") for _ in range(samples))
    yield Figure("grid: dbStatus -all, 6 elements", took, (300.0,), "at most", 1.0)


def _caught_up(lab: Lab) -> Iterator[Figure]:
    """From the start of its daemon until commits wait for it again."""
    active, other = _active(lab)
    lab.sql(active, "create table if not exists bench (a text)")
    shell = lab.place.shell(lab.config)
    shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -stop")
    count = "select count(*) from pg_stat_replication"
    wait_until(lambda: lab.sql(active, count) == "0", 60, 0.02)
    wait_until(lambda: lab.sql(active, "show synchronous_standby_names") == "", 60, 0.02)
    start = lab.sql(active, "select pg_current_wal_lsn()")
    written = f"select pg_wal_lsn_diff(pg_current_wal_lsn(), '{start}') > {MISSED}"
    while lab.sql(active, written) == "f":
        lab.sql(active, "insert into bench select repeat(md5(g::text), 25) from generate_series(1, 20000) g")
    shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -start")
    began = time.perf_counter()
    _well(lab)
    took = (time.perf_counter() - began) * 1000
    yield Figure(f"grid: catch-up with {MISSED >> 20} MB of log", (took,), (CATCH_UP_AIM,), "at most", 1.0)


def _duplicate(lab: Lab, samples: int) -> Iterator[Figure]:
    active, other = _active(lab)
    lab.sql(active, "create table gigabyte (a text)", "alter table gigabyte alter a set storage external")
    lab.sql(
        active, f"insert into gigabyte select repeat(md5(g::text), 250) from generate_series(1, {ROWS}) g", "checkpoint"
    )

    def ours() -> float:
        lab.do("wipe", other)
        return milliseconds(lambda: _well(lab))

    def theirs() -> float:
        target = Path(lab.service.member(other).home) / "byhand"
        server = lab.service.member(active)
        argv = [f"{server.bin_dir}/pg_basebackup", "-h", server.socket_dir, "-p", str(server.port), "-U", "postgres"]
        took = milliseconds(lambda: lab.place.run([*argv, "-D", str(target), "-c", "fast", "-X", "stream"]))
        lab.place.run(["rm", "-rf", str(target)])
        return took

    mine, beside = in_turn(samples, ours, theirs)
    yield Figure("grid: duplicate of 1 GB until commits wait for it", mine, beside, "pg_basebackup by hand", 1.1)
