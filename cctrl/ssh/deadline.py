"""Points in time by which something must have happened."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The point `seconds` from now."""
        return cls(monotonic() + seconds)

    def left(self) -> float:
        """Seconds until then; 0 where it has passed."""
        return max(0.0, self.at - monotonic())

    @property
    def passed(self) -> bool:
        """True from that point on."""
        return monotonic() >= self.at

    def within(self, seconds: float) -> Deadline:
        """The earlier of this and the point `seconds` from now."""
        return Deadline(min(self.at, monotonic() + seconds))
