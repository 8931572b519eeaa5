"""Starting and reaping processes in a process that is a child subreaper.

Everything that a lab's hosts ever start stays a descendant of the switchboard, however often it
forks: orphans come back to the switchboard instead of to init. So one thread reaps: it hands the status
of a process started here to whoever waits for it, and throws away that of an orphan. A killed
postmaster must not stay as a zombie: PostgreSQL takes a pid that answers kill(pid, 0) for alive.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from cctrl.lab.layout import HostPlan, RunAs

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(slots=True)
class Child:
    """A started process: its pipes, and its status once it has ended."""

    popen: subprocess.Popen[bytes]
    _ended: threading.Event = field(default_factory=threading.Event)
    _status: int = 0

    @property
    def pid(self) -> int:
        """Its process id, also its session's."""
        return self.popen.pid

    @property
    def stdin(self) -> IO[bytes] | None:
        """The writing end of its stdin, if it is a pipe."""
        return self.popen.stdin

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit status, minus the number of the signal that ended it, or None at the deadline."""
        return self._status if self._ended.wait(seconds) else None

    def end(self, status: int) -> None:
        """Said by the reaper."""
        self._status = os.waitstatus_to_exitcode(status)
        self.popen.returncode = self._status  # so that Popen never waits for this pid itself
        self._ended.set()


class Children:
    """The processes this process has started, and the thread that reaps them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[int, Child] = {}
        self._starting = 0

    def begin(self) -> None:
        """Become the reaper of all descendants, from now on."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def start(self, argv: Sequence[str], **options: Any) -> Child:
        """Start a process in a session of its own; `options` are Popen's. Raises OSError."""
        with self._changed:
            self._starting += 1
        child = None
        try:
            child = Child(subprocess.Popen(argv, start_new_session=True, **options))
        finally:
            with self._changed:
                self._starting -= 1
                if child:
                    self._running[child.pid] = child
                self._changed.notify_all()
        return child

    def _reap(self) -> None:
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                with self._changed:
                    self._changed.wait_for(lambda: self._running, timeout=1.0)
                continue
            if found:
                self._take(found.si_pid)

    def _take(self, pid: int) -> None:
        """Reap `pid`: one of ours, or an orphan; which of them is known when no start is under way."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._running or not self._starting, timeout=1.0)
            child = self._running.pop(pid, None)
        try:
            status = os.waitpid(pid, os.WNOHANG)[1]
        except ChildProcessError:  # Popen reaps what could not be executed
            return
        if child:
            child.end(status)


def environment(user: RunAs, host: HostPlan, marks: Mapping[str, str]) -> dict[str, str]:
    """What a command on `host` finds in its environment: nothing of the caller's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": host.home,
        "USER": user.name,
        "LOGNAME": user.name,
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        **marks,
    }


def as_user(user: RunAs) -> dict[str, Any]:
    """Popen's options for running as `user`."""
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user.switch else {}


def in_host(user: RunAs, host: HostPlan, argv: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """`argv` as it runs on `host`, as `user`: the command line and Popen's options."""
    if not host.netns:
        return list(argv), as_user(user)
    enter = ["nsenter", f"--net=/run/netns/{host.netns}"]
    # the namespace can only be entered by root: nsenter changes the user afterwards
    return [*enter, "-S", str(user.uid), "-G", str(user.gid), "--", *argv], {}
