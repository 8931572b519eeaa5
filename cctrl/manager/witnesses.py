"""Whether others still reach a member that is out of sight from here: they are asked in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Protocol

from cctrl.threads import fan_out


class Asked(Protocol):
    """Who asks on a member's host: an engine."""

    def reaches(self, member: str, source: str) -> bool | None:
        """See replication.engine.Engine."""


@dataclass(frozen=True, slots=True)
class Testimony:
    """What those who could be asked said."""

    reach: tuple[str, ...]  # they reach it
    do_not: tuple[str, ...]  # they do not; who could not be asked is in neither


class Witnesses:
    """The last testimony about one member."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._lock = Lock()
        self._about = ""
        self._busy = False
        self._answer: Testimony | None = None

    def ask(self, source: str, members: Sequence[str]) -> None:
        """Ask `members` whether they reach `source`; returns at once. An earlier answer about it stays meanwhile."""
        with self._lock:
            if self._about != source:
                self._about, self._answer = source, None
            if self._busy:
                return
            self._busy = True
        Thread(target=self._work, args=(source, tuple(members)), name=f"witnesses {source}", daemon=True).start()

    def answer(self, source: str) -> Testimony | None:
        """What was last said of `source` since it went out of sight; None before the first answer."""
        with self._lock:
            return self._answer if self._about == source else None

    def forget(self) -> None:
        """It is in sight again: what was said is out of date."""
        with self._lock:
            self._about, self._answer = "", None

    def _work(self, source: str, members: tuple[str, ...]) -> None:
        answer: Testimony | None = None
        try:
            said = dict(zip(members, fan_out(members, lambda name: self._asked.reaches(name, source)), strict=True))
            answer = Testimony(
                tuple(name for name, reaches in said.items() if reaches),
                tuple(name for name, reaches in said.items() if reaches is False),
            )
        finally:
            with self._lock:
                self._busy = False
                if self._about == source:
                    self._answer = answer
