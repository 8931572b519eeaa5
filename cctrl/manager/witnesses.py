"""Whether others still reach a member that is out of sight from here: they are asked in the background."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock, Thread
from typing import Protocol

from cctrl.threads import fan_out


class Asked(Protocol):
    """Who asks on a member's host: an engine."""

    def source_refuses(self, member: str, source: str) -> str:
        """See replication.engine.Engine."""


class Witnesses:
    """The last answer about one member. A connection that is refused by its server proves that the host lives."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._lock = Lock()
        self._about = ""
        self._busy = False
        self._answer: tuple[str, ...] | None = None

    def ask(self, source: str, members: Sequence[str]) -> None:
        """Ask `members` whether they reach `source`; returns at once. An earlier answer about it stays meanwhile."""
        with self._lock:
            if self._about != source:
                self._about, self._answer = source, None
            if self._busy:
                return
            self._busy = True
        Thread(target=self._work, args=(source, tuple(members)), name=f"witnesses {source}", daemon=True).start()

    def answer(self, source: str) -> tuple[str, ...] | None:
        """Those that reached `source` when they were last asked since it went out of sight; None before the answer."""
        with self._lock:
            return self._answer if self._about == source else None

    def forget(self) -> None:
        """It is in sight again: what was said is out of date."""
        with self._lock:
            self._about, self._answer = "", None

    def _work(self, source: str, members: tuple[str, ...]) -> None:
        answer: tuple[str, ...] | None = None
        try:
            refusals = fan_out(members, lambda name: self._asked.source_refuses(name, source))
            answer = tuple(n for n, refused in zip(members, refusals, strict=True) if not refused or "FATAL" in refused)
        finally:
            with self._lock:
                self._busy = False
                if self._about == source:
                    self._answer = answer
