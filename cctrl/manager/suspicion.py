"""How long something has been wrong: one bad look is not a failure. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that one look showed."""

    kind: str  # a word of the vocabulary that watches
    member: str
    text: str  # what is seen, for people
    patience: float  # seconds that it must have been so before it counts
    lasted: float = 0.0  # seconds that it is known to have been so already, by another way than looks
    cause: str = ""  # why it is so, as far as its host shows that

    @property
    def told(self) -> str:
        """What is seen, with its cause."""
        return f"{self.text} ({self.cause})" if self.cause else self.text

    @property
    def key(self) -> tuple[str, str]:
        """What it is about: the same thing seen again has the same key."""
        return self.kind, self.member


@dataclass(frozen=True, slots=True)
class Suspicions:
    """What was seen in every look since some time."""

    since: Mapping[tuple[str, str], float] = field(default_factory=dict)
    present: tuple[Suspicion, ...] = ()
    at: float = 0.0  # the end of the last look, in seconds of a monotonic clock

    def after(self, seen: tuple[Suspicion, ...], at: float) -> Suspicions:
        """The same after another look, which ended at `at`: what was not seen again is forgotten."""
        since = {s.key: min(self.since.get(s.key, at), at - s.lasted) for s in seen}
        return Suspicions(since, seen, at)

    @property
    def due(self) -> tuple[Suspicion, ...]:
        """Those that have lasted."""
        return tuple(s for s in self.present if self.at - self.since[s.key] >= s.patience)

    def pause(self, longest: float, ahead: float = 0.0) -> float:
        """Seconds until the next look, about `longest` at most: it is to end when the next of them is due.

        `ahead`: seconds that a look takes. One that could not end in time begins when it is due.
        """
        waits = [s.patience - (self.at - self.since[s.key]) for s in self.present]
        begins = [wait - ahead if wait >= ahead else wait for wait in waits if wait > 0]
        soonest = min(begins, default=longest)
        # A little longer rather than a look that would still be going on when the last one should begin.
        return soonest if soonest <= longest + ahead else longest
