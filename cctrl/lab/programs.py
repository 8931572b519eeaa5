"""A lab's own programs, which run on none of its hosts: the traffic writer, for one.

They are children of the switchboard and end with it; nothing starts one again that has ended.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cctrl.lab import control, processes
from cctrl.lab.children import Child, Children
from cctrl.lab.layout import Plan
from cctrl.outcome import OutOfSight, Refused


@dataclass(frozen=True, slots=True)
class Program:
    """How a program stands: `status` is its exit status, minus the number of a signal, None while it runs."""

    pid: int
    status: int | None = None

    @property
    def running(self) -> bool:
        """True until it has ended."""
        return self.status is None


class Programs:
    """The programs that this process, the switchboard, has started."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._started: dict[str, Child] = {}
        self._starting = threading.Lock()

    def begin(self, name: str, argv: Sequence[str], log: str) -> bool:
        """Start a program, its output appended to the file `log`; False where it runs. Raises OSError."""
        with self._starting:
            running = self._started.get(name)
            if running and running.wait(0) is None:
                return False
            with Path(log).open("ab") as file:
                os.fchmod(file.fileno(), 0o600)
                self._started[name] = self._children.start(
                    argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd="/"
                )
            return True

    def end(self) -> None:
        """Kill them all: a manager must not take the end of a lab for a failure. They are gone when this returns."""
        running = [child for child in self._started.values() if child.wait(0) is None]
        processes.send([child.pid for child in running], signal.SIGKILL)
        for child in running:
            child.wait(5.0)

    def owner(self, client: socket.socket, names: Collection[str]) -> str:
        """Which of these programs holds the other end of a connection on loopback; "" where none does."""
        pids = {n: self._started[n].pid for n in names if n in self._started and self._started[n].wait(0) is None}
        inode = processes.inode_of(client.getpeername()) if pids else ""
        return next((n for n, pid in pids.items() if inode and processes.holds(pid, inode)), "")

    def states(self) -> dict[str, dict[str, Any]]:
        """Each program's pid and exit status, as they go over the control socket."""
        return {name: {"pid": child.pid, "status": child.wait(0)} for name, child in self._started.items()}


def look(plan: Plan) -> dict[str, Program]:
    """The programs that were ever started. Raises Refused where the lab does not run."""
    told = control.ask(plan, "programs")["programs"]
    return {name: Program(one["pid"], one["status"]) for name, one in told.items()}


def start(plan: Plan, name: str, argv: Sequence[str], log: Path) -> bool:
    """Start a program; False where it runs already. Raises Refused."""
    return bool(control.ask(plan, "begin", name=name, argv=list(argv), log=str(log))["begun"])


def end(plan: Plan, name: str, number: signal.Signals, seconds: float = 60.0) -> bool:
    """Send a running program a signal that ends it and wait until it has; False where it does not run.
    Raises Refused, OutOfSight."""
    program = look(plan).get(name)
    if program is None or not program.running:
        return False
    processes.send([program.pid], number)
    if not processes.wait_until(lambda: not look(plan)[name].running, seconds, 0.02):
        raise OutOfSight(f"{name} (pid {program.pid}) has not ended {seconds:g} s after {number.name}")
    return True


def log_tail(log: Path, count: int = 8) -> str:
    """The last lines of a program's log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError as error:
        raise Refused(f"cannot read {log}: {error.strerror}") from None
