"""`cctrl manager`: a process in the foreground that tends all its services until it is told to stop."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from cctrl.manager.keeper import Keeper
from cctrl.manager.loop import Loop
from cctrl.outcome import visible

_lock = Lock()


def say(line: str) -> None:
    """One line of the log, on stderr, with the time."""
    with _lock:
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} cctrl manager: {visible(line)}\n")
        sys.stderr.flush()


def run(keepers: Sequence[Keeper]) -> None:
    """Tend all services, each in a thread of its own; returns after SIGTERM or SIGINT, when all have ended."""
    stop = Event()
    loops = [Loop(keeper, _named(keeper.name, len(keepers)), stop) for keeper in keepers]

    def end(*_: object) -> None:
        stop.set()
        for loop in loops:
            loop.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    threads = [Thread(target=loop.run, name=f"manager {k.name}") for loop, k in zip(loops, keepers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # a join without end would not let the signals in
    say("stopped")


def _named(service: str, services: int) -> Callable[[str], None]:
    return say if services == 1 else lambda line: say(f"{service}: {line}")
