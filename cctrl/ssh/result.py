"""What a remote command ended in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ended(Enum):
    """How a remote command ended. Unreachable is not failed: nothing is known of the host."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """One remote command, from start to end."""

    host: str  # the name in the configuration
    argv: tuple[str, ...]
    ended: Ended
    status: int | None = None  # the exit status where it exited
    signal: str = ""  # the signal's name where it was signalled
    stdout: str = ""
    stderr: str = ""
    duration: float = 0.0  # seconds
    reason: str = ""  # why the host is unreachable or what ran out, in words
    next: str = ""  # the literal next command where there is one (`cctrl trust host1`)

    @property
    def ok(self) -> bool:
        """True where the command exited with 0."""
        return self.ended is Ended.EXITED and self.status == 0
