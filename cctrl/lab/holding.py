"""`lab exhaust`: a server whose connections are all taken."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from cctrl.lab import place, processes, programs
from cctrl.lab.layout import Plan, ServerPlan
from cctrl.lab.postgresql import SUPERUSER, conninfo_value
from cctrl.outcome import OutOfSight, Refused

_SECONDS = 30.0


def exhaust(plan: Plan, server: ServerPlan) -> bool:
    """Take all connections of a server, the superuser's too; False where they are taken. Raises Refused where it
    does not run, OutOfSight."""
    if not processes.postmaster(server.data_dir):
        raise Refused(f"the server of {server.called} does not run")
    log = Path(plan.directory) / "traffic" / f"{server.name}.held"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    words = f"host={conninfo_value(server.socket_dir)} port={server.port} user={SUPERUSER} dbname=postgres"
    conninfo = f"{words} application_name=exhaust connect_timeout=2"
    argv = [sys.executable, "-S", "-E", "-P", str(Path(__file__).with_name("holder.py"))]
    log.unlink(missing_ok=True)
    if not programs.start(plan, _name(server), [*argv, place.libpq(Path(plan.bin_dir)), conninfo], log):
        return False
    if not processes.wait_until(lambda: "taken" in log.read_text(), _SECONDS, 0.02):
        raise OutOfSight(f"{server.called} still has connections after {_SECONDS:g} s", detail=programs.log_tail(log))
    return True


def release(plan: Plan, server: ServerPlan) -> bool:
    """Give them back; False where they were not taken. Raises Refused, OutOfSight."""
    return programs.end(plan, _name(server), signal.SIGTERM)


def _name(server: ServerPlan) -> str:
    return f"exhaust {server.name}"
