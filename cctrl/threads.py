"""Work side by side in threads, with a Ctrl-C that is felt at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from math import inf
from threading import Event, Lock, Thread, current_thread, local, main_thread
from time import CLOCK_BOOTTIME, clock_gettime, monotonic
from types import FrameType
from typing import Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")

_MOST = 256  # threads at once
_SLICE = 0.2  # seconds a wait in the main thread lasts before it looks up
_here = local()


def steady() -> float:
    """Seconds since this machine was started, its sleep included: the same for all of its processes; no change of the
    time of day moves it."""
    return clock_gettime(CLOCK_BOOTTIME)


def cancelled() -> Event:
    """Set once the user pressed Ctrl-C on what this thread works for."""
    event = getattr(_here, "cancelled", None)
    if event is None:
        event = _here.cancelled = Event()
    return event


def paused(seconds: float) -> bool:
    """Let so long pass; True at once where this thread works for somebody who pressed Ctrl-C. In the main thread that
    is a KeyboardInterrupt, and no Event is waited for there (see Begun.wait)."""
    if current_thread() is not main_thread():
        return cancelled().wait(seconds)
    turn = Lock()
    turn.acquire()
    turn.acquire(timeout=max(0.0, seconds))
    return cancelled().is_set()


@contextmanager
def _working_for(event: Event) -> Iterator[None]:
    before = getattr(_here, "cancelled", None)
    _here.cancelled = event
    try:
        yield
    finally:
        _here.cancelled = before


class Begun(Generic[Value]):
    """Work that another thread does, and what it returned or raised."""

    def __init__(self) -> None:
        self.ended = False
        self.value: list[Value] = []
        self.error: BaseException | None = None
        self._running = Lock()
        self._running.acquire()

    def run(self, work: Callable[[], Value], event: Event) -> None:
        try:
            with _working_for(event):
                self.value.append(work())
        except BaseException as error:  # handed on to the thread that waits
            self.error = error
        finally:
            self.ended = True
            self._running.release()

    def wait(self, seconds: float = inf) -> None:
        """Wait until it has ended, or so long. No Event: Ctrl-C in the middle of its `wait` can leave that with a lock
        it no longer holds, which is then a RuntimeError instead of a KeyboardInterrupt."""
        until = monotonic() + seconds
        while not self.ended and (left := until - monotonic()) > 0:
            if self._running.acquire(timeout=min(_SLICE, left)):
                self._running.release()

    def get(self) -> Value:
        """What it returned, once it has `ended`. Raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.value[0]


def begin(work: Callable[[], Value], event: Event | None = None) -> Begun[Value]:
    """Begin `work()` in a thread of its own, which ends with this process; `event`: its `cancelled`.

    What holds for this thread (`contextvars`: the leases it acts under) holds for that one.
    """
    begun: Begun[Value] = Begun()
    Thread(target=copy_context().run, args=(begun.run, work, event or Event()), daemon=True).start()
    return begun


def interruptibly(work: Callable[[], Value], stop: Callable[[], bool] = lambda: True) -> Value:
    """`work()`; in the main thread it is done by another, so that Ctrl-C never tears a connection's state.

    At Ctrl-C `stop` is asked whether it ends the wait; where it does not, the work goes on and is waited for."""
    if current_thread() is not main_thread():
        return work()
    event = Event()
    try:
        begun = begin(work, event)
        while not begun.ended:
            try:
                begun.wait()
            except KeyboardInterrupt:
                if stop():
                    raise
    except BaseException:
        event.set()
        raise
    return begun.get()


def to_its_end(work: Callable[[], Value]) -> Value:
    """`work()`, that soon ends: Ctrl-C in the main thread is raised only then. For what must not go on unseen, because
    what puts it back could come before it."""
    if current_thread() is not main_thread():
        return work()
    pressed: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda *which: pressed.append(which))
    try:
        begun = begin(work)
        begun.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed and callable(before):
        before(*pressed[0])
    return begun.get()


def fan_out(items: Sequence[Item], work: Callable[[Item], Value]) -> list[Value]:
    """`work(item)` for all items side by side, in threads for which holds what holds for this one; the results in the
    items' order.

    When all have ended the first exception in that order is raised. Ctrl-C ends the wait at once;
    what still runs then is told (`cancelled`), and starts no further remote command.
    """
    all_begun: list[Begun[Value]] = [Begun() for _ in items]
    event = Event() if current_thread() is main_thread() else cancelled()
    pending = list(zip(items, all_begun, strict=True))
    pending.reverse()
    lock = Lock()

    def serve() -> None:
        while True:
            with lock:
                if not pending:
                    return
                item, begun = pending.pop()
            begun.run(partial(work, item), event)

    try:
        for _ in range(min(len(pending), _MOST)):
            Thread(target=copy_context().run, args=(serve,), daemon=True).start()
        for begun in all_begun:
            begun.wait()
    except BaseException:
        event.set()
        raise
    return [begun.get() for begun in all_begun]
