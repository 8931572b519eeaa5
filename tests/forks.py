"""cctrl as a process that needs no interpreter's start: a fork of `tests/zygote.py`, used like subprocess.Popen."""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.zygote import STATUS

_ZYGOTE = Path(__file__).with_name("zygote.py")
_ENDS = slice(10, 16)  # what Popen passes on of the pipes: in pairs, for stdin the child's end first, else ours


class _Zygote:
    """The one of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._socket: socket.socket | None = None

    def fork(self, wanted: Mapping[str, object], files: Sequence[int]) -> int:
        """The pid of a fork that is what is `wanted`; `files` are its stdin, stdout, stderr, and its status' way."""
        with self._asking:
            if self._socket is None:
                self._socket = self._start()
            socket.send_fds(self._socket, [json.dumps(wanted).encode()], files)
            told = self._socket.recv(STATUS.size)
        assert told, "the zygote has ended: cctrl cannot be imported"
        return int(STATUS.unpack(told)[0])

    @staticmethod
    def _start() -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            process = subprocess.Popen(
                [sys.executable, "-P", str(_ZYGOTE), str(its.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                pass_fds=[its.fileno()],
                env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": ""},
            )

        def end() -> None:
            ours.close()  # it ends by that
            process.wait(10)

        atexit.register(end)
        return ours


_zygote = _Zygote()


class Forked(subprocess.Popen[str]):
    """`Popen` for cctrl: `words` are its arguments. It is the zygote's child: how it ended is told by that."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], cwd: str, **files: int | None) -> None:
        self._told = threading.Lock()
        self._status, self._tells = os.pipe()
        super().__init__(["cctrl", *words], text=True, env=env, cwd=cwd, **files)  # type: ignore[call-overload]

    def _execute_child(self, words: list[str], *given: Any) -> None:
        """What Popen does to start a program, and here asks for one."""
        cwd, env, ends = given[4], given[5], (words, *given)[_ENDS]
        files = [own if end == -1 else end for own, end in enumerate((ends[0], ends[3], ends[5]))]
        try:
            self.pid = _zygote.fork({"argv": words, "cwd": cwd, "env": dict(env)}, [*files, self._tells])
            self._child_created = True
        finally:
            os.close(self._tells)
            self._close_pipe_fds(*ends)  # type: ignore[attr-defined]

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        with self._told:
            if self.returncode is None and select.select([self._status], [], [], 0)[0]:
                told = os.read(self._status, STATUS.size)
                os.close(self._status)
                self.returncode = int(STATUS.unpack(told)[0]) if told else -9
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status. Raises TimeoutExpired."""
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            with suppress(OSError, ValueError):  # another thread has taken it
                select.select([self._status], [], [], left)
        return status
