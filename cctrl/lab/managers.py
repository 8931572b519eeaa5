"""The lab's managers: `cctrl manager` on the lab's configuration, as many as there are names for."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cctrl.lab import netns, processes, programs
from cctrl.lab.cuts import MANAGERS
from cctrl.lab.layout import Plan, name_option
from cctrl.outcome import OutOfSight, Refused, UsageError

START_SECONDS = 60.0
_LEADS = "cctrl manager: leading "  # in the line by which a manager says so
_SPEAKS = "cctrl manager: "


def log_path(plan: Plan, name: str) -> Path:
    """What a manager says."""
    return Path(plan.directory) / f"{name}.log"


def running(plan: Plan) -> list[str]:
    """The managers that run. Raises Refused where the lab does not."""
    found = programs.look(plan)
    return [name for name in MANAGERS if name in found and found[name].running]


def start(plan: Plan, name: str, sign: str = _SPEAKS) -> bool:
    """Start a manager and wait until it says `sign` in its log; False where it runs already.
    Raises Refused with the end of its log where it ends, OutOfSight where it says nothing in time."""
    log = log_path(plan, name)
    seen = log.stat().st_size if log.exists() else 0
    enter = ["nsenter", f"--net=/run/netns/{netns.namespace(plan.bridge, name)}", "--"] if plan.bridge else []
    argv = [*enter, sys.executable, "-P", "-m", "cctrl", "--config", str(plan.lab.config_path), "manager"]
    if not programs.start(plan, name, argv, log):
        return False

    def said() -> bool:
        return sign.encode() in log.read_bytes()[seen:]

    if not processes.wait_until(lambda: said() or not programs.look(plan)[name].running, START_SECONDS, 0.02):
        raise OutOfSight(
            f"{name} does not say {sign.strip()!r} within {START_SECONDS:g} s",
            detail=programs.log_tail(log),
            next=f"tail -f {log}",
        )
    if not said():
        status = programs.look(plan)[name].status
        raise Refused(f"{name} has ended (exit status {status})", detail=programs.log_tail(log))
    return True


def begin(plan: Plan, say: Callable[[str], None]) -> None:
    """Start the first manager of a new lab and wait until it leads. Raises Refused, OutOfSight."""
    start(plan, MANAGERS[0], _LEADS)
    say(f"manager: leads {plan.service}")


def fault(plan: Plan, verb: str, name: str) -> bool:
    """`lab VERB manager`: true where that changed anything. Raises UsageError, Refused, OutOfSight."""
    if verb not in ("start", "stop", "kill", "freeze", "thaw"):
        raise UsageError(f"{verb} is for hosts, not for {name}")
    if verb == "start":
        _refuse_frozen(plan, name)
        return start(plan, name)
    if verb == "kill":
        return programs.end(plan, name, signal.SIGKILL)
    if verb == "stop":
        _refuse_frozen(plan, name)
        return programs.end(plan, name, signal.SIGTERM)
    return _suspend(plan, name, verb == "freeze")


def _suspend(plan: Plan, name: str, suspended: bool) -> bool:
    if name not in running(plan):
        raise Refused(f"{name} does not run", next=f"cctrl lab start{name_option(plan.name)} {name}")
    pid = programs.look(plan)[name].pid
    if (processes.state(pid) == "T") is suspended:
        return False
    processes.send([pid], signal.SIGSTOP if suspended else signal.SIGCONT)
    if not processes.wait_until(lambda: (processes.state(pid) == "T") is suspended, 5):
        raise OutOfSight(f"{name} (pid {pid}) cannot be {'frozen' if suspended else 'thawed'}")
    return True


def _refuse_frozen(plan: Plan, name: str) -> None:
    if name in running(plan) and processes.state(programs.look(plan)[name].pid) == "T":
        raise Refused(f"{name} is frozen", next=f"cctrl lab thaw{name_option(plan.name)} {name}")
