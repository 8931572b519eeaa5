"""A segment cluster: failover by FTS, recovery of several pairs, rebalance; beside a real Greenplum's figures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench import byhand
from bench.figures import Figure
from bench.outage import Outage, seen
from bench.place import Place, milliseconds
from bench.sessions import Open
from cctrl.lab import act, processes
from cctrl.lab.processes import wait_until
from cctrl.replication.synchrony import SETTING
from cctrl.segments import inventory
from cctrl.segments.catalog import read, swapped
from cctrl.segments.catalog_sql import READ, by_fts

PAIRS = 16
SCALE = "7"  # of pgbench: 105 MB
ROWS = 20_000  # of an open transaction that only the failed primary has
QUARTER = "a quarter of Greenplum 6's"
STATES = "select count(*) from gp_segment_configuration where content >= 0 and "
WELL = STATES + "(mode <> 's' or role <> preferred_role)"
IN_SYNC = STATES + "mode <> 's'"


class Gp:
    """A lab's cluster, its acting primaries and mirrors by content."""

    def __init__(self, place: Place, name: str, hosts: int) -> None:
        self.lab = place.lab(name, "--hosts", str(hosts), kind="segments", manager=True)
        self.lab.service = inventory.checked(self.lab.service)  # by the name that a mirror uses also by hand
        self.shell = place.shell(self.lab.config)

    def sql(self, statement: str) -> str:
        """Ask the coordinator."""
        return self.lab.sql("coordinator", statement)

    def instance(self, content: int, role: str) -> str:
        """The member that has this role now, by its name in the configuration."""
        dbid = self.sql(f"select dbid from gp_segment_configuration where content = {content} and role = '{role}'")
        return next(member.name for member in self.lab.service.members if member.dbid == int(dbid))

    def kill(self, content: int) -> None:
        """SIGKILL for an acting primary and all its processes."""
        processes.kill_server(self.lab.service.member(self.instance(content, "p")).data_dir)

    def until(self, statement: str, value: str = "0", seconds: float = 120.0) -> None:
        """Wait until the coordinator says so."""
        if not wait_until(lambda: self.sql(statement) == value, seconds, 0.02):
            raise RuntimeError(f"not within {seconds:g} s: {statement} = {value}\n{self._log()[-3000:]}")

    def failed_over(self, contents: range) -> None:
        """Wait until these pairs have lost their primaries and have others that accept writes."""
        down = STATES + "status = 'd' and role = 'm' and content < " + str(len(contents))
        self.until(down, str(len(contents)))
        for content in contents:
            name = self.instance(content, "p")
            if not wait_until(partial(self._writable, name), 60, 0.02):
                raise RuntimeError(f"{name} does not accept writes")

    def _writable(self, name: str) -> bool:
        return self.lab.sql(name, "select pg_is_in_recovery()") == "f"

    def healed(self) -> None:
        """All up, in sync and in the preferred roles."""
        self.shell("gprecoverseg -a")
        self.until(IN_SYNC)
        self.shell("gprecoverseg -r -a")
        self.until(WELL)

    def _log(self) -> str:
        return (self.lab.directory / "manager.log").read_text()


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """Failovers, recoveries and a rebalance of one pair. Without fsync, as Greenplum was measured."""
    gp = Gp(place, "segments", 2)
    yield from _failovers(gp, samples)
    yield from _one_pair(gp, samples)
    yield from _frozen(gp)


# ------------------------------------------------------------ failovers


def _failovers(gp: Gp, samples: int) -> Iterator[Figure]:
    lab: list[float] = []
    default: list[float] = []
    by_hand: list[float] = []
    for _ in range(samples + 1):  # the first round is thrown away
        lab.append(_killed(gp).longest)
        by_hand.append(_promoted_by_hand(gp))
        with _Settings(gp):
            default.append(_killed(gp).longest)
    for what, ours in (("a lab's settings", lab), ("default settings", default)):
        name = f"primary killed, {what}: writes stand still"
        yield Figure(name, tuple(ours[1:]), (1225.0,), f"{QUARTER}, under a writing client", 1.0)
        yield Figure(name, tuple(ours[1:]), tuple(by_hand[1:]), "pg_ctl promote at once")


def _killed(gp: Gp) -> Outage:
    def happens() -> None:
        gp.kill(0)
        gp.failed_over(range(1))

    found = _lossless(gp, happens)
    gp.healed()
    return found


def _lossless(gp: Gp, work: Callable[[], object]) -> Outage:
    found = seen(gp.lab, work)
    if found.lost:
        raise RuntimeError(f"{found.lost} acknowledged rows are lost")
    return found


def _promoted_by_hand(gp: Gp) -> float:
    """Nothing has to be found out. Then the catalog is told what was done."""
    mirror = gp.instance(0, "m")
    gp.lab.sql(mirror, f"alter system set {SETTING} = ''", "select pg_reload_conf()")
    gp.lab.do("stop", "manager")
    pair = read(gp.sql(READ)).pairs[0]

    def happens() -> None:
        gp.kill(0)
        byhand.run(gp.lab, "ctl", mirror, "promote")

    outage = _lossless(gp, happens).longest
    gp.sql(by_fts(swapped(pair)))
    gp.lab.do("start", "manager")
    gp.healed()
    return outage


class _Settings:
    """The documented settings of FTS instead of a lab's shorter ones, for a while."""

    def __init__(self, gp: Gp) -> None:
        self._gp = gp
        self._path = gp.lab.directory / "cctrl.toml"
        self._text = self._path.read_text()

    def __enter__(self) -> None:
        self._use(re.sub(r"(?m)^gp_fts.*\n", "", self._text))

    def __exit__(self, *_: object) -> None:
        self._use(self._text)

    def _use(self, text: str) -> None:
        self._path.write_text(text)
        self._gp.lab.do("stop", "manager")
        self._gp.lab.do("start", "manager")
        self._gp.sql("select gp_request_fts_probe_scan()")


def _frozen(gp: Gp) -> Iterator[Figure]:
    """A primary that hangs, with the default settings: once, for it takes long."""
    with _Settings(gp):
        name = gp.instance(0, "p")
        began = time.perf_counter()
        act(gp.lab.handle, ("freeze", f"{gp.lab.service.member(name).host.name}.{name}"))
        asked = milliseconds(lambda: gp.shell("gpstate -e", done=False))
        gp.failed_over(range(1))
        took = (time.perf_counter() - began) * 1000
        gp.healed()
    yield Figure("primary frozen, default settings: roles swapped", (took,), (39_250.0,), QUARTER, 1.0)
    yield Figure("  gpstate -e meanwhile", (asked,), (37_500.0,), f"{QUARTER}, which hung", 1.0)


# ------------------------------------------------------------ one pair


def _one_pair(gp: Gp, samples: int) -> Iterator[Figure]:
    restarted, moved, outages = [], [], []
    for _ in range(samples + 1):
        mirror = gp.instance(1, "m")
        processes.kill_server(gp.lab.service.member(mirror).data_dir)
        gp.until(f"{STATES} status = 'd'", "1")
        restarted.append(gp.shell("gprecoverseg -a"))
        gp.until(IN_SYNC)
        gp.kill(0)
        gp.failed_over(range(1))
        gp.shell("gprecoverseg -a")
        gp.until(IN_SYNC)
        found = _lossless(gp, lambda: gp.shell("gprecoverseg -r -a"))
        moved.append(found.took)
        outages.append(found.longest)
        gp.until(WELL)
    yield Figure("gprecoverseg -a, mirror restarted", tuple(restarted[1:]), (1000.0,), QUARTER, 1.0)
    yield Figure("gprecoverseg -r -a of one pair", tuple(moved[1:]), (2500.0,), QUARTER, 1.0)
    yield Figure("  writes stand still", tuple(outages[1:]), (1075.0,), QUARTER, 1.0)


# ------------------------------------------------------------ several pairs


def measure_pairs(place: Place, samples: int) -> Iterator[Figure]:
    """1, 4 and 16 pairs, each failed primary with 100 MB and 10 MB of log that no other has; rewound."""
    gp = Gp(place, "pairs", PAIRS)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda content: _fill(gp, content), range(PAIRS)))
    took: dict[int, list[float]] = {1: [], 4: [], PAIRS: []}
    by_hand: dict[int, list[float]] = {1: [], 4: []}
    for _ in range(max(2, samples // 2) + 1):
        for pairs, times in took.items():
            _diverge(gp, range(pairs))
            times.append(gp.shell("gprecoverseg -a"))
            if not any("pg_rewind: Done!" in line for line in gp.shell.said):
                raise RuntimeError("it was not a rewind:\n" + "\n".join(gp.shell.said))
            gp.until(IN_SYNC)
        for pairs, times in by_hand.items():
            _diverge(gp, range(pairs))
            times.append(milliseconds(partial(_rewound_by_hand, gp, range(pairs))))
            gp.until(IN_SYNC)
    one = tuple(took[1][1:])
    yield Figure("gprecoverseg -a, 1 pair", one, tuple(by_hand[1][1:]), "pg_rewind and start by hand")
    yield Figure("gprecoverseg -a, 1 pair", one, (2550.0,), QUARTER, 1.0)
    four = tuple(took[4][1:])
    yield Figure("gprecoverseg -a, 4 pairs", four, one, "1 pair", 1.5)
    yield Figure("gprecoverseg -a, 4 pairs", four, tuple(by_hand[4][1:]), "by hand, side by side")
    yield Figure(f"gprecoverseg -a, {PAIRS} pairs", tuple(took[PAIRS][1:]), one, "1 pair")


def _rewound_by_hand(gp: Gp, contents: range) -> None:
    pairs = [(gp.instance(content, "m"), gp.instance(content, "p")) for content in contents]
    with ThreadPoolExecutor(len(pairs)) as pool:
        list(pool.map(lambda pair: byhand.run(gp.lab, "rewind", *pair, "gp_walreceiver"), pairs))


def _fill(gp: Gp, content: int) -> None:
    name = gp.instance(content, "p")
    server = gp.lab.service.member(name)
    where = ["-h", server.socket_dir, "-p", str(server.port), "-U", server.user, server.database]
    gp.lab.place.run([f"{server.bin_dir}/pgbench", "-i", "-q", "-s", SCALE, *where])
    gp.lab.sql(name, "create table open (filler text)", "checkpoint")


def _diverge(gp: Gp, contents: range) -> None:
    """The acting primaries write on while their mirrors hear nothing, and die; FTS promotes the mirrors."""
    names = {content: (gp.instance(content, "p"), gp.instance(content, "m")) for content in contents}
    gp.lab.do("stop", "manager")
    for primary, mirror in names.values():
        gp.lab.sql(primary, "checkpoint")
        gp.lab.sql(mirror, "alter system set primary_conninfo = ''", "select pg_reload_conf()")
        _heard_by_nobody(gp, primary)
    words = f"begin;\ninsert into open select repeat('x', 500) from generate_series(1, {ROWS});\n"
    sessions = [Open(gp.lab, primary, words + "select pg_switch_wal() is null;\n") for primary, _ in names.values()]
    for session in sessions:
        session.done()
    for primary, _ in names.values():
        processes.kill_server(gp.lab.service.member(primary).data_dir)
    for session in sessions:
        session.close()
    gp.lab.do("start", "manager")
    gp.failed_over(contents)


def _heard_by_nobody(gp: Gp, name: str) -> None:
    if not wait_until(lambda: gp.lab.sql(name, "select count(*) from pg_stat_replication") == "0", 20, 0.05):
        raise RuntimeError(f"{name} still has a mirror")
