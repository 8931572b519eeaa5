"""Whether others still reach a member that is out of sight from here: they are asked in the background.

A question takes its time only where nobody answers, so they are asked again and again while the silence ripens: the
answer is there when it counts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Protocol

from cctrl.outcome import CctrlError
from cctrl.threads import fan_out

PERIOD = 1.0  # seconds from one question to the next, where answers come sooner


class Asked(Protocol):
    """Who asks on a member's host: an engine."""

    def reaches(self, member: str, source: str, patience: float) -> bool | None:
        """See replication.engine.Engine."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What those who could be asked said."""

    reach: tuple[str, ...]  # they reach it
    do_not: tuple[str, ...]  # they do not; who could not be asked is in neither


class Witnesses:
    """The last testimony about one member. May be asked from any thread."""

    def __init__(self, asked: Asked, patience: float) -> None:
        """`patience`: seconds that one question may go unanswered."""
        self._asked = asked
        self._patience = patience
        self._lock = Lock()
        self._about = ""
        self._answer: Testimony | None = None
        self._enough = Event()

    def ask(self, source: str, members: Sequence[str]) -> None:
        """Ask `members` whether they reach `source`, until `forget`; returns at once."""
        with self._lock:
            if self._about == source:
                return
            self._enough.set()  # of an earlier one
            self._about, self._answer, self._enough = source, None, Event()
            work = (source, tuple(members), self._enough)
        Thread(target=self._work, args=work, name=f"witnesses {source}", daemon=True).start()

    def answer(self, source: str) -> Testimony | None:
        """What was last said of `source` since it went out of sight; None before the first answer."""
        with self._lock:
            return self._answer if self._about == source else None

    def forget(self) -> None:
        """It is in sight again: nobody is asked any more, and what was said is out of date."""
        with self._lock:
            self._enough.set()
            self._about, self._answer = "", None

    def _work(self, source: str, members: tuple[str, ...], enough: Event) -> None:
        while not enough.is_set():
            began = time.monotonic()
            said = dict(zip(members, fan_out(members, lambda name: self._says(name, source)), strict=True))
            with self._lock:
                if not enough.is_set():
                    self._answer = Testimony(
                        tuple(name for name, reaches in said.items() if reaches),
                        tuple(name for name, reaches in said.items() if reaches is False),
                    )
            enough.wait(max(0.0, began + PERIOD - time.monotonic()))

    def _says(self, member: str, source: str) -> bool | None:
        try:
            return self._asked.reaches(member, source, self._patience)
        except CctrlError:  # it cannot be asked now
            return None
