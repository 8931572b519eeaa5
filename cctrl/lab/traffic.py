"""`lab traffic`: a writer on the whole lab, and what it says of outages and losses."""

from __future__ import annotations

import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cctrl.lab import place, processes, programs, servers, tally
from cctrl.lab.layout import HostPlan, Lab, Plan, ServerPlan, name_option, read_plan, write_private
from cctrl.lab.postgresql import SUPERUSER
from cctrl.outcome import CctrlError, OutOfSight, Refused, UsageError

WHAT = {
    "start": "rows are written every 10 ms to whichever server takes them",
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
        found = report(lab)
        return _told(lab, *found), found[0].clean
    if what == "start":
        return ["traffic started" if start(lab) else "traffic runs already: nothing to do"], True
    if what == "stop":
        return ["traffic stopped" if stop(lab) else "traffic does not run: nothing to do"], True
    raise UsageError(f"traffic can do no {what!r}", detail=f"it can: {', '.join(WHAT)}")


def start(lab: Lab) -> bool:
    """Let rows be written, into a new table `traffic`; False where they are already. Returns when one has been
    acknowledged. Raises Refused where no member takes writes."""
    plan = read_plan(lab)
    if plan.kind != "dataservice":
        raise Refused(f"traffic writes to a dataservice, and lab {plan.name} is of the kind {plan.kind}")
    running = programs.look(plan).get(PROGRAM)
    if running and running.running:
        return False
    host, server = _primary(plan)
    servers.psql(plan, host, server, "drop table if exists traffic;\ncreate table traffic (id bigint);")
    _directory(plan).mkdir(mode=0o700, exist_ok=True)
    _record_path(plan).unlink(missing_ok=True)
    targets = {"servers": [(h.address, s.port) for h in plan.hosts for s in h.servers], "common": _common(plan)}
    write_private(_directory(plan) / "targets.json", json.dumps(targets))
    programs.start(plan, PROGRAM, _argv(plan), _log(plan))
    _wait_for_a_row(plan)
    return True


def stop(lab: Lab) -> bool:
    """End the writer; False where it does not run. Its record stays for a report. Raises Refused, OutOfSight."""
    return programs.end(read_plan(lab), PROGRAM, signal.SIGTERM)


def record(lab: Lab) -> tally.Record:
    """What has been acknowledged until now. Raises Refused where no traffic was started."""
    return _record(read_plan(lab))


def report(lab: Lab) -> tuple[tally.Tally, str]:
    """What the record says, compared with the rows on the current primary, and that primary's name.
    Raises Refused where no traffic was started, or no member takes writes."""
    plan = read_plan(lab)
    kept, now = _record(plan), time.monotonic()  # first: all that is in it must be there
    host, server = _primary(plan)
    there = servers.psql(plan, host, server, "select id from traffic")
    return tally.tally(kept, {int(number) for number in there.split()}, now), server.name


def _told(lab: Lab, found: tally.Tally, primary: str) -> list[str]:
    names = {f"{h.address}:{s.port}": s.name for h in read_plan(lab).hosts for s in h.servers}
    offset = time.time() - time.monotonic()

    def clock(at: float) -> str:
        return datetime.fromtimestamp(at + offset).strftime("%H:%M:%S.%f")[:-3]

    return tally.lines(found, primary, names.__getitem__, clock)


def _directory(plan: Plan) -> Path:
    return Path(plan.directory) / "traffic"


def _record_path(plan: Plan) -> Path:
    return _directory(plan) / "record"


def _log(plan: Plan) -> Path:
    return _directory(plan) / "log"


def _argv(plan: Plan) -> list[str]:
    words = [sys.executable, "-S", "-E", "-P", str(Path(__file__).with_name("writer.py"))]
    return [*words, place.libpq(Path(plan.bin_dir)), str(_directory(plan) / "targets.json"), str(_record_path(plan))]


def _common(plan: Plan) -> str:
    password = (Path(plan.directory) / "superuser").read_text()
    return f"user={SUPERUSER} password={password} dbname=postgres gssencmode=disable application_name=traffic"


def _record(plan: Plan) -> tally.Record:
    try:
        return tally.parse(_record_path(plan).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(
            f"no traffic was started in lab {plan.name}", next=f"cctrl lab traffic start{name_option(plan.name)}"
        ) from None


def _wait_for_a_row(plan: Plan) -> None:
    def written() -> bool:
        with suppress(Refused):
            return bool(_record(plan).rows)
        return False

    if not processes.wait_until(lambda: written() or not programs.look(plan)[PROGRAM].running, _FIRST_ROW, 0.02):
        raise OutOfSight(f"no row was acknowledged within {_FIRST_ROW:g} s", detail=programs.log_tail(_log(plan)))
    if not written():
        raise Refused("the writer has ended", detail=programs.log_tail(_log(plan)))


def _primary(plan: Plan) -> tuple[HostPlan, ServerPlan]:
    """The server that takes writes; of two the one with the newer timeline. Raises Refused."""
    everyone = [(host, server) for host in plan.hosts for server in host.servers]
    with ThreadPoolExecutor(len(everyone)) as pool:
        timelines = list(pool.map(lambda one: _timeline(plan, *one), everyone))
    newest = max(range(len(everyone)), key=timelines.__getitem__)
    if not timelines[newest]:
        names = ", ".join(server.name for _, server in everyone)
        raise Refused("no server of the lab takes writes", detail=f"asked: {names}")
    return everyone[newest]


def _timeline(plan: Plan, host: HostPlan, server: ServerPlan) -> str:
    """The timeline that a server writes to; "" where it takes no writes or says nothing."""
    if not processes.postmaster(server.data_dir) or servers.frozen(server):
        return ""
    with suppress(CctrlError):
        return servers.psql(plan, host, server, _TIMELINE, _LOOK).strip()
    return ""
