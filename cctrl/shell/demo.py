"""`cctrl demo`: a lab, a shell on it, and no trace of either afterwards."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cctrl.shell.stage import LabMain

WELCOME = """\
Three PostgreSQL servers, each behind its own SSH server, are streaming on this machine.
See them:       ls                 help lists the rest, explain VERB shows what one would do
Break one:      lab kill host1     from another terminal: cctrl lab kill host1 --name {name}
Mend it:        failover, then datasource host1 recover, then ls again
Leave:          quit               everything made for this demo is then removed"""


def demo(lab_main: LabMain, shell: Callable[[str], int]) -> int:
    """Lab up, `shell(name)` on it, lab down at the end, always; the exit status."""
    name = f"demo{os.getpid()}"
    with _ends_as_exit():
        try:
            status = lab_main(["up", "dataservice", "--name", name])
            if status:
                return status
            sys.stdout.write(WELCOME.format(name=name) + "\n")
            sys.stdout.flush()
            return shell(name)
        finally:
            _ignore_signals()
            lab_main(["down", "--name", name])


@contextmanager
def _ends_as_exit() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program by an exception, so that what was begun is taken down."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {s: signal.signal(s, leave) for s in (signal.SIGTERM, signal.SIGHUP)}
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.signal(signal.SIGINT, interrupt)


def _ignore_signals() -> None:
    """From here on nothing stops the taking down."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
