"""`lab down`: end every process of a lab and remove what it made, whatever state it is in."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal

from cctrl.lab import control, disks, layout, netns, processes
from cctrl.lab.cuts import MANAGERS
from cctrl.lab.layout import Lab, Plan, read_plan
from cctrl.lab.openssh import config_file
from cctrl.outcome import CctrlError, ConfigError, OutOfSight

_FILES = ("lab.json", "cctrl.toml", "switchboard.log", "superuser", "control", *(f"{name}.log" for name in MANAGERS))
_DIRECTORIES = ("hosts", "ssh", "state", "traffic")
_SECONDS = 60.0


def down(lab: Lab) -> None:
    """Take a lab down: running, half made, or dead. Raises OutOfSight where a process survives."""
    try:
        plan: Plan | None = read_plan(lab)
    except ConfigError:
        plan = None
    if plan:
        _ask_switchboard(plan)
    left = _end_strays(lab, plan)
    if left:
        raise OutOfSight(
            f"processes of lab {lab.name} survive SIGKILL: {sorted(left)}",
            next=f"cctrl lab down{layout.name_option(lab.name)}",
        )
    if plan:
        netns.remove(plan)
        disks.unmount(plan)
        for elsewhere in plan.scratch:
            shutil.rmtree(elsewhere, ignore_errors=True)
    _remove(lab, made=plan.made_directory if plan else False)


def _ask_switchboard(plan: Plan) -> None:
    """Let the switchboard end everything below it, in order, and itself."""
    if control.is_up(plan):
        with contextlib.suppress(CctrlError):  # what it could not end is ended below
            switchboard = int(control.ask(plan, "status")["pid"])
            control.ask(plan, "down", _SECONDS)
            processes.wait_until(lambda: processes.ended(switchboard), 5)


def _end_strays(lab: Lab, plan: Plan | None) -> set[int]:
    """End what the switchboard did not, say because it was killed itself; what survives is returned."""
    own = processes.ancestors(os.getpid())
    servers = plan.data_dirs if plan else []
    configs = [config_file(plan, host) for host in plan.hosts] if plan and plan.sshd else []

    def strays() -> set[int]:
        found = processes.marked(str(lab.dir))
        for config in configs:
            found |= processes.listening_with(config)
        return (found | processes.descendants(found)) - own

    processes.end_servers(servers)
    processes.send(strays(), signal.SIGCONT)
    return processes.end_all(strays)


def _remove(lab: Lab, made: bool) -> None:
    """Remove the lab's files, then its entry in the list: while that is there, `down` can be repeated."""
    for name in _DIRECTORIES:
        shutil.rmtree(lab.dir / name, ignore_errors=True)
    for name in _FILES:
        (lab.dir / name).unlink(missing_ok=True)
    entry = layout.labs_dir() / lab.name
    if entry.is_symlink():
        entry.unlink()
        if made:
            with contextlib.suppress(OSError):
                lab.dir.rmdir()
    else:
        with contextlib.suppress(OSError):
            entry.rmdir()
