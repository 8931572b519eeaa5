"""`cctrl demo`: a lab, a shell on it, and no trace of either afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cctrl.outcome import CctrlError
from cctrl.shell.console import Terminal

WELCOME = """\
Three PostgreSQL servers, each behind its own SSH server, are streaming on this machine; a manager watches them.
See them:    ls                help lists the rest; explain VERB shows what one would do
Break one:   lab kill host1    the manager makes another one the master: ls, show events
Mend it:     datasource host1 recover, then ls again
By hand:     set policy manual, lab kill the master again, failover
Leave:       quit              everything made for this demo is then removed"""


def demo(up: Callable[[], object], shell: Callable[[], int], down: Callable[[], None]) -> int:
    """`up`, `shell` on it, and `down` at the end, always; the exit status of `shell`."""
    console = Terminal()
    with _ends_as_exit():
        up()
        try:
            for line in WELCOME.splitlines():
                console.out(line)
            return shell()
        finally:
            _ignore_signals()
            try:
                down()
            except CctrlError as error:
                for line in error.lines():
                    console.err(line)


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
