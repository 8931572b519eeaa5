"""A command that is killed at a line of what it tells."""

from __future__ import annotations

import fcntl
import os
import select
import signal
from collections.abc import Callable

from tests.stage import Cctrl


def killed(
    cctrl: Cctrl, command: str, stop: Callable[[str], bool], by: signal.Signals = signal.SIGKILL
) -> tuple[tuple[str, ...], str, int]:
    """Run a command and end cctrl as soon as it tells a line on which `stop` says so; what it told and printed, and its
    exit status.

    Its lines come through a pipe that holds one of them: it is never more than a line ahead of what was looked at here.
    """
    reader, writer = os.pipe2(os.O_DIRECT)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = cctrl.start("-v", "--yes", "-c", command, stderr=writer)
    os.close(writer)
    told: list[str] = []
    sent = False
    try:
        while line := _packet(reader):
            told.append(line)
            if not sent and stop(line):
                process.send_signal(by)
                sent = True
    finally:
        os.close(reader)
    out, _ = process.communicate(timeout=60)
    return tuple(told), out, process.returncode


def _packet(reader: int) -> str:
    ready, _, _ = select.select([reader], [], [], 120)
    assert ready, "cctrl told nothing for 120 s"
    return os.read(reader, 4096).decode()
