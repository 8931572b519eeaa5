"""How many channels of one host may be open at once."""

from __future__ import annotations

from threading import Condition

from cctrl.ssh.deadline import Deadline

CHANNELS = 8  # sshd's MaxSessions is 10 where nobody changed it


class Slots:
    """A counter with a limit that is lowered where the host allows less."""

    def __init__(self, limit: int = CHANNELS) -> None:
        self._limit = limit
        self._used = 0
        self._changed = Condition()

    @property
    def limit(self) -> int:
        """The number of channels that may be open at once."""
        return self._limit

    def take(self, deadline: Deadline) -> bool:
        """Take one; False where none became free in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._used < self._limit, deadline.left()):
                return False
            self._used += 1
            return True

    def take_anyway(self) -> None:
        """Take one beyond the limit, for a caller that will give one back in any case."""
        with self._changed:
            self._used += 1

    def give_back(self) -> None:
        """One is free again."""
        with self._changed:
            self._used -= 1
            self._changed.notify()

    def too_many(self) -> bool:
        """The host refused a channel: allow no more than are open beside it; False where none is."""
        with self._changed:
            if self._used <= 1:
                return False
            self._limit = min(self._limit, self._used - 1)
            return True
