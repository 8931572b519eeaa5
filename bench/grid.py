"""A grid: how long writes stand still when an active element is killed, how soon one is back, what dbStatus costs."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench import byhand
from bench.figures import Figure, in_turn
from bench.outage import Outage, seen
from bench.place import Lab, Place, Shell, milliseconds
from cctrl.config import Server, Service
from cctrl.grid import inventory
from cctrl.grid.model import Database, Element, Status, Wanted
from cctrl.grid.service import Grid
from cctrl.lab import processes, programs
from cctrl.lab.processes import wait_until
from cctrl.manager.leadership import Leadership

FIRST, SECOND = "host3.instance1", "host4.instance1"
AIM = 1500.0  # milliseconds that writes may stand still
STATUS_AIM = 300.0  # milliseconds
MANY = 120  # elements
MISSED = 200 << 20  # bytes of log
ROWS = 126_000  # of 8 kB: 1 GB
SYNC = "select count(*) from pg_stat_replication where sync_state = 'sync'"


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """Each on the first replica set, beside the same by hand with PostgreSQL's programs while no manager runs."""
    lab = place.lab("grid", kind="grid", manager=True)
    _as_real(lab)
    bench = _Set(lab)
    yield from _failover(bench, samples)
    yield from _status(bench, max(samples, 9))
    yield from _caught_up(bench, min(samples, 3))
    yield from _duplicate(bench, min(samples, 3))


def _as_real(lab: Lab) -> None:
    """Undo what makes a lab quick but no real server is: with fsync."""
    for member in lab.service.members:
        with (Path(member.home) / "site.conf").open("a", encoding="utf-8") as file:
            file.write("fsync = on\nwal_keep_size = 1GB\nmax_wal_size = 1GB\n")
    for name in lab.service.names[:6]:
        lab.sql(name, "select pg_reload_conf()")


class _Set:
    """The first replica set: its two elements, and what is done to them, by the manager and by hand."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.shell: Shell = lab.place.shell(lab.config)
        grid = self.shell.session.handle()
        assert isinstance(grid, Grid)
        self.grid = grid
        self._servers = _by_host(inventory.elements(lab.service, Database("database1", ())))

    def active(self) -> tuple[str, str]:
        """The active element, and the other."""
        found = [n for n in (FIRST, SECOND) if self.lab.sql(n, "select pg_is_in_recovery()") == "f"]
        return (found[0], SECOND if found[0] == FIRST else FIRST)

    def data(self, name: str) -> str:
        """An element's data directory."""
        return self._servers.member(name.partition(".")[0]).data_dir

    def kill(self, name: str) -> None:
        """SIGKILL for an element's server."""
        processes.kill_server(self.data(name))

    def by_hand(self, verb: str, *names: str, more: str = "") -> None:
        """`byhand.sh VERB` with elements and perhaps one more word."""
        words = [*(name.partition(".")[0] for name in names), *([more] if more else [])]
        byhand.run(self.lab, verb, *words, service=self._servers)

    def well(self) -> None:
        """Wait until commits wait for both."""
        if not wait_until(self._in_sync, 300, 0.02):
            raise RuntimeError(f"not in sync\n{(self.lab.directory / 'manager.log').read_text()[-2000:]}")

    def _in_sync(self) -> bool:
        try:
            return self.lab.sql(self.active()[0], SYNC) == "1"
        except (RuntimeError, IndexError):
            return False

    def promoted_by_hand(self, name: str) -> None:
        """Enter into the record what was done without the manager."""

        def change(database: Database) -> Database:
            for one in (FIRST, SECOND):
                element = database.element(one)
                assert element is not None
                database = database.having(replace(element, active=one == name, in_set=one == name))
            return database

        self.grid.change("database1", change)

    def manager(self, verb: str) -> None:
        """Kill, start or freeze it."""
        self.lab.do(verb, "manager")


def _by_host(service: Service) -> Service:
    """The elements under names that a shell can use for variables."""

    def named(server: Server) -> Server:
        return replace(server, name=server.host.name, application_name=server.name)

    return replace(service, members=tuple(named(m) for m in service.members))


# ------------------------------------------------------------ failover


def _failover(bench: _Set, samples: int) -> Iterator[Figure]:
    ours, hand = [], []
    for _ in range(samples + 1):  # the first round is thrown away
        bench.well()
        active = bench.active()[0]
        ours.append(seen(bench.lab, lambda: bench.kill(active)))  # noqa: B023 - called at once
        bench.well()
        hand.append(_promoted(bench))
    bench.well()
    lost = f"acknowledged rows lost: {sum(o.lost for o in ours)}, by hand {sum(o.lost for o in hand)}"
    gaps, beside = (tuple(o.longest for o in found[1:]) for found in (ours, hand))
    name = "grid: active element killed: writes stand still"
    yield Figure(name, gaps, (AIM,), "at most", 1.0, note=lost)
    yield Figure(name, gaps, beside, "pg_ctl promote at once")


def _promoted(bench: _Set) -> Outage:
    """By hand, in the moment of the kill."""
    bench.manager("kill")
    active, other = bench.active()

    def happens() -> None:
        bench.kill(active)
        bench.by_hand("promote", other)

    outage = seen(bench.lab, happens)
    bench.promoted_by_hand(other)
    bench.manager("start")
    return outage


# ------------------------------------------------------------ dbStatus


def _status(bench: _Set, samples: int) -> Iterator[Figure]:
    for count, shell in ((6, bench.shell), (MANY, _many(bench))):
        shell("ttGridAdmin dbStatus -all")
        took = tuple(shell("ttGridAdmin dbStatus -all") for _ in range(samples))
        yield Figure(f"grid: dbStatus -all, {count} elements", took, (STATUS_AIM,), "at most", 1.0)


def _many(bench: _Set) -> Shell:
    """A grid of so many elements that is a record alone: dbStatus asks no host."""
    members = tuple(
        replace(bench.lab.service.members[0], name=f"host{n}.instance1", data_space_group=n % 2 + 1)
        for n in range(MANY)
    )  # all of them on one host: it is not asked
    members = tuple(replace(m, host=replace(m.host, name=m.name.partition(".")[0])) for m in members)
    service = replace(bench.lab.service, name="many", members=members)
    elements = tuple(
        Element(n + 1, m.name, n % 2 + 1, n // 2 + 1, Status.OPENED, time.time(), active=n % 2 == 0, in_set=True)
        for n, m in enumerate(members)
    )
    shell = bench.lab.place.shell(replace(bench.lab.config, services=(service,)))
    grid = shell.session.handle()
    assert isinstance(grid, Grid)
    database = Database("database1", elements, Wanted(opened=True), generation=1)
    grid.create(database.name, lambda *_: database)
    Leadership(grid.store, "many").start()  # somebody leads it
    return shell


# ------------------------------------------------------------ one that was away


def _caught_up(bench: _Set, samples: int) -> Iterator[Figure]:
    """From the start of its server until commits wait for it again."""
    lab = bench.lab
    lab.sql(bench.active()[0], "create table if not exists bench (a text)")

    def ours() -> float:
        active, other = bench.active()
        bench.shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -stop")
        wait_until(lambda: lab.sql(active, "show synchronous_standby_names") == "", 60, 0.02)
        _written(lab, active)
        bench.shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -start")
        return milliseconds(bench.well)

    def theirs() -> float:
        active, other = bench.active()
        bench.manager("kill")
        bench.by_hand("ctl", other, more="stop")
        lab.sql(active, "alter system set synchronous_standby_names = ''", "select pg_reload_conf()")
        _written(lab, active)
        took = milliseconds(lambda: bench.by_hand("back", other, active, more=other))
        bench.manager("start")
        bench.well()
        return took

    mine, beside = in_turn(samples, ours, theirs)
    name = f"grid: catch-up with {MISSED >> 20} MB of log until commits wait for it"
    yield Figure(name, mine, beside, "started by hand, in sync")


def _written(lab: Lab, active: str) -> None:
    start = lab.sql(active, "select pg_current_wal_lsn()")
    while lab.sql(active, f"select pg_wal_lsn_diff(pg_current_wal_lsn(), '{start}') > {MISSED}") == "f":
        lab.sql(active, "insert into bench select repeat(md5(g::text), 25) from generate_series(1, 20000) g")
    lab.sql(active, "truncate bench")


def _duplicate(bench: _Set, samples: int) -> Iterator[Figure]:
    """Of one without a data directory, until commits wait for it again. Only that is measured: not how its old data is
    removed, which takes as long as a copy, nor how a manager that was just started comes to lead."""
    lab, active = bench.lab, bench.active()[0]
    lab.sql(active, "create table gigabyte (a text)", "alter table gigabyte alter a set storage external")
    lab.sql(active, f"insert into gigabyte select repeat(md5(g::text), 250) from generate_series(1, {ROWS}) g")

    def ours() -> float:
        active, other = _settled(bench)
        pid = programs.look(lab.plan)["manager"].pid
        processes.send([pid], signal.SIGSTOP)
        gone = _emptied(bench, other)

        def goes_on() -> None:
            processes.send([pid], signal.SIGCONT)
            lab.until(active, SYNC, "1")

        took = milliseconds(goes_on)
        shutil.rmtree(gone)
        return took

    def theirs() -> float:
        active, other = _settled(bench)
        bench.manager("kill")
        gone = _emptied(bench, other)
        took = milliseconds(lambda: bench.by_hand("copy", other, active, active, more=other))
        shutil.rmtree(gone)
        bench.manager("start")
        return took

    mine, beside = in_turn(samples, ours, theirs)
    size = int(lab.sql(active, "select sum(pg_tablespace_size(oid)) from pg_tablespace")) >> 20
    name = "grid: duplicate of 1 GB until commits wait for it"
    yield Figure(name, mine, beside, "pg_basebackup and start by hand", 1.1, note=f"{size} MB")


def _settled(bench: _Set) -> tuple[str, str]:
    """The active element and the other, once the manager has brought that back: so it leads, and knows all hosts. What
    was written is on disk then."""
    active, other = bench.active()
    bench.shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -stop")
    bench.lab.until(active, "show synchronous_standby_names", "")
    bench.shell(f"ttGridAdmin instanceExec -only {other} ttDaemonAdmin -start")

    def opened() -> bool:
        element = bench.grid.database("database1").element(other)
        return element is not None and element.status is Status.OPENED and element.in_set

    if not wait_until(opened, 300, 0.1):
        raise RuntimeError(f"{other} does not come back")
    bench.lab.sql(active, "checkpoint")
    os.sync()
    return active, other


def _emptied(bench: _Set, name: str) -> Path:
    """Kill an element's server and take its data out of the directory, at once; where the data is then."""
    data = Path(bench.data(name))
    bench.kill(name)
    gone = Path(tempfile.mkdtemp(prefix=".gone", dir=data.parent))
    for entry in list(data.iterdir()):
        entry.rename(gone / entry.name)
    return gone
