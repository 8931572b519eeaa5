"""One thread that does a play's work, so that whoever waits for it can give up."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
_SLICE = 0.2  # seconds after which a waiter looks whether it is to give up


class Late(Exception):
    """The call had not returned within its limit; it goes on in its thread."""


class Cancelled(Exception):
    """The replay was interrupted while the call ran."""


@dataclass(slots=True)
class _Job(Generic[T]):
    call: Callable[[], T]
    done: threading.Event = field(default_factory=threading.Event)
    result: list[T] = field(default_factory=list)
    raised: BaseException | None = None

    def run(self) -> None:
        try:
            self.result.append(self.call())
        except BaseException as error:  # handed to the caller's thread, which raises it
            self.raised = error
        finally:
            self.done.set()


class Worker:
    """Runs calls one after the other in a thread of its own: what a session opens there (a database
    connection, say) is used and closed there."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.stuck = False  # a call was given up and may still be running

    def call(self, call: Callable[[], T], limit: float) -> T:
        """The result of `call`, waited for `limit` seconds. Raises what it raises, Late, or Cancelled."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="transcript", daemon=True)
            self._thread.start()
        job = _Job(call)
        self._jobs.put(job)  # type: ignore[arg-type]
        end = time.monotonic() + limit
        while not job.done.wait(min(_SLICE, max(0.0, end - time.monotonic()))):
            self.stuck = True
            if self._cancelled.is_set():
                raise Cancelled
            if time.monotonic() >= end:
                raise Late
        self.stuck = False
        if job.raised is not None:
            raise job.raised
        return job.result[0]

    def end(self) -> None:
        """Let the thread end after what it is doing."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
