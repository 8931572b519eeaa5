"""How many channels of one host may be open at once."""

from __future__ import annotations

from threading import Condition

from cctrl.ssh.deadline import Deadline

CHANNELS = 8  # sshd's MaxSessions is 10 where nobody changed it
_PAUSE = 0.05  # seconds before a refused channel is asked for again, if none of ours ends before
_IN_VAIN = 4  # refusals of a host that never opened one


class Slots:
    """A counter with a limit, which gives way where the host allows less than that just now."""

    def __init__(self) -> None:
        self._limit = CHANNELS
        self._used = 0
        self._ever_opened = False
        self._changed = Condition()

    def take(self, deadline: Deadline) -> bool:
        """Take one; False where none became free in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._used < self._limit, deadline.left()):
                return False
            self._used += 1
            return True

    def give_back(self) -> None:
        """One is free again."""
        with self._changed:
            self._used -= 1
            self._changed.notify_all()

    def opened(self) -> None:
        """The host opened a channel: perhaps it allows one more."""
        with self._changed:
            self._ever_opened = True
            self._limit = min(CHANNELS, self._limit + 1)

    def refused(self, times: int, deadline: Deadline) -> bool:
        """The host refused a channel (MaxSessions) so often: wait a little; False where asking again is in vain."""
        with self._changed:
            self._limit = max(1, min(self._limit, self._used - 1))
            if deadline.passed or (times >= _IN_VAIN and not self._ever_opened):
                return False
            self._changed.wait(min(_PAUSE, deadline.left()))
            return True
