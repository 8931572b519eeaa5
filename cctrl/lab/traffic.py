"""`lab traffic`: a writer on the whole lab, and what it says of outages and losses."""

from __future__ import annotations

import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cctrl.lab import place, processes, programs, servers, tally
from cctrl.lab.layout import HostPlan, Lab, Plan, ServerPlan, name_option, read_plan, write_private
from cctrl.lab.moved import address, with_moved
from cctrl.lab.postgresql import SUPERUSER
from cctrl.outcome import CctrlError, OutOfSight, Refused, UsageError

WHAT = {
    "start": "rows are written every 10 ms to whichever server takes them, of each content in a segment cluster",
    "stop": "no more rows are written",
    "report": "rows acknowledged, outages, losses; exit status 1 where any is lost or two servers took writes at once",
}
PROGRAM = "traffic"
_FIRST_ROW = 20.0  # seconds
_LOOK = 10.0  # seconds that one server may take to say whether it takes writes
_TIMELINE = (
    "select case when pg_is_in_recovery() then '' else substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end"
)


def traffic(lab: Lab, what: str) -> tuple[list[str], bool]:
    """`lab traffic WHAT`: what there is to say, and False where a report is of losses or of two servers.
    Raises UsageError, Refused, OutOfSight."""
    if what == "report":
        return _reported(lab)
    if what == "start":
        return ["traffic started" if start(lab) else "traffic runs already, and knows all servers"], True
    if what == "stop":
        return ["traffic stopped" if stop(lab) else "traffic does not run: nothing to do"], True
    raise UsageError(f"traffic can do no {what!r}", detail=f"it can: {', '.join(WHAT)}")


def contents(lab: Lab) -> tuple[int, ...]:
    """What is written to: a set of servers that replicate each other, each by its content; 0 where there is one."""
    return tuple(flow.content for flow in _flows(with_moved(read_plan(lab))))


def start(lab: Lab) -> bool:
    """Let rows be written to each set, into a new table `traffic`; False where they are already. Returns when one has
    been acknowledged in each. Raises Refused where no member of one takes writes."""
    plan = with_moved(read_plan(lab))
    known = programs.look(plan)
    flows = _flows(plan)
    idle = [flow for flow in flows if not (flow.name in known and known[flow.name].running)]
    for flow in flows:
        if flow not in idle:
            _aim(plan, flow)
    with ThreadPoolExecutor(max(1, len(idle))) as pool:
        list(pool.map(lambda flow: _begin(plan, flow), idle))
    return bool(idle)


def _begin(plan: Plan, flow: _Flow) -> None:
    host, server = _primary(plan, flow)
    servers.psql(plan, host, server, "drop table if exists traffic;\ncreate table traffic (id bigint);")
    flow.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    flow.record.unlink(missing_ok=True)
    _aim(plan, flow)
    programs.start(plan, flow.name, _argv(plan, flow), flow.log)
    _wait_for_a_row(plan, flow)


def _aim(plan: Plan, flow: _Flow) -> None:
    """Tell the writer where the servers are; one that runs takes those in that are new."""
    targets = {"servers": [(address(host, s), s.port) for host, s in flow.members], "common": _common(plan)}
    write_private(flow.targets, json.dumps(targets))


def stop(lab: Lab) -> bool:
    """End the writers; False where none runs. Their records stay for a report. Raises Refused, OutOfSight."""
    plan = with_moved(read_plan(lab))
    ended = [programs.end(plan, flow.name, signal.SIGTERM) for flow in _flows(plan)]
    return any(ended)


def record(lab: Lab, content: int = 0) -> tally.Record:
    """What has been acknowledged until now. Raises Refused where no traffic was started."""
    plan = with_moved(read_plan(lab))
    return _record(plan, _flow(plan, content))


def report(lab: Lab, content: int = 0) -> tuple[tally.Tally, str]:
    """What the record says, compared with the rows on the current primary, and that primary's name.
    Raises Refused where no traffic was started, or no member takes writes."""
    plan = with_moved(read_plan(lab))
    flow = _flow(plan, content)
    kept, now = _record(plan, flow), time.monotonic()  # first: all that is in it must be there
    host, server = _primary(plan, flow)
    there = servers.psql(plan, host, server, "select id from traffic")
    return tally.tally(kept, {int(number) for number in there.split()}, now), server.name


def _reported(lab: Lab) -> tuple[list[str], bool]:
    lines, good = [], True
    several = len(contents(lab)) > 1
    for content in contents(lab):
        found, primary = report(lab, content)
        good = good and found.clean
        lines += [f"content {content}: {line}" if several else line for line in _told(lab, found, primary)]
    return lines, good


def _told(lab: Lab, found: tally.Tally, primary: str) -> list[str]:
    known = [(host, server) for host in with_moved(read_plan(lab)).hosts for server in host.servers]
    names = {f"{address(host, server)}:{server.port}": server.called for host, server in known}
    called = {server.name: server.called for _, server in known}
    offset = time.time() - time.monotonic()

    def clock(at: float) -> str:
        return datetime.fromtimestamp(at + offset).strftime("%H:%M:%S.%f")[:-3]

    return tally.lines(found, called.get(primary, primary), lambda where: names.get(where, where), clock)


@dataclass(frozen=True, slots=True)
class _Flow:
    """The writer of one set of servers."""

    content: int
    name: str  # of its program
    directory: Path
    members: tuple[tuple[HostPlan, ServerPlan], ...]

    @property
    def record(self) -> Path:
        return self.directory / "record"

    @property
    def targets(self) -> Path:
        return self.directory / "targets.json"

    @property
    def log(self) -> Path:
        return self.directory / "log"


def _flows(plan: Plan) -> list[_Flow]:
    """A coordinator's database is not written to."""
    sets = [tuple(members) for members in plan.sets if members[0][1].content >= 0]
    top = Path(plan.directory) / "traffic"
    if len(sets) == 1:
        return [_Flow(sets[0][0][1].content, PROGRAM, top, sets[0])]
    numbered = ((members[0][1].content, members) for members in sets)
    return [_Flow(content, f"{PROGRAM}{content}", top / str(content), members) for content, members in numbered]


def _flow(plan: Plan, content: int) -> _Flow:
    return next(flow for flow in _flows(plan) if flow.content == content)


def _argv(plan: Plan, flow: _Flow) -> list[str]:
    words = [sys.executable, "-S", "-E", "-P", str(Path(__file__).with_name("writer.py"))]
    return [*words, place.libpq(Path(plan.bin_dir)), str(flow.targets), str(flow.record)]


def _common(plan: Plan) -> str:
    password = (Path(plan.directory) / "superuser").read_text()
    return f"user={SUPERUSER} password={password} dbname=postgres gssencmode=disable application_name=traffic"


def _record(plan: Plan, flow: _Flow) -> tally.Record:
    try:
        return tally.parse(flow.record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(
            f"no traffic was started in lab {plan.name}", next=f"cctrl lab traffic start{name_option(plan.name)}"
        ) from None


def _wait_for_a_row(plan: Plan, flow: _Flow) -> None:
    def written() -> bool:
        with suppress(Refused):
            return bool(_record(plan, flow).rows)
        return False

    if not processes.wait_until(lambda: written() or not programs.look(plan)[flow.name].running, _FIRST_ROW, 0.02):
        raise OutOfSight(f"no row was acknowledged within {_FIRST_ROW:g} s", detail=programs.log_tail(flow.log))
    if not written():
        raise Refused("the writer has ended", detail=programs.log_tail(flow.log))


def _primary(plan: Plan, flow: _Flow) -> tuple[HostPlan, ServerPlan]:
    """The server that takes writes; of two the one with the newer timeline. Raises Refused."""
    with ThreadPoolExecutor(len(flow.members)) as pool:
        timelines = list(pool.map(lambda one: _timeline(plan, *one), flow.members))
    newest = max(range(len(flow.members)), key=timelines.__getitem__)
    if not timelines[newest]:
        names = ", ".join(server.called for _, server in flow.members)
        raise Refused("no server of the lab takes writes", detail=f"asked: {names}")
    return flow.members[newest]


def _timeline(plan: Plan, host: HostPlan, server: ServerPlan) -> str:
    """The timeline that a server writes to; "" where it takes no writes or says nothing."""
    if not processes.postmaster(server.data_dir) or servers.frozen(server):
        return ""
    with suppress(CctrlError):
        return servers.psql(plan, host, server, _TIMELINE, _LOOK).strip()
    return ""
