"""The lock of one member: a lease on its host, and what is said where there is no place for one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from cctrl.outcome import Refused, Unreachable
from cctrl.replication.facts import Facts, Server
from cctrl.ssh import Lease, under

LOCK_WAIT = 3.0  # seconds another command gets to end: a manager's are short, and a person need not type again


class HeldClaim:
    """The lock of one member (see replication.engine.Claim)."""

    def __init__(self, lease: Lease, facts: Facts) -> None:
        self.facts = facts
        self._lease = lease

    @property
    def held(self) -> bool:
        """See Claim."""
        return self._lease.held

    def acting(self) -> AbstractContextManager[None]:
        """See Claim."""
        return under(self._lease)

    def release(self) -> None:
        """See Claim."""
        self._lease.release()


def no_place(refused: Refused, look: Callable[[], Facts]) -> Refused:
    """Why a member cannot be locked: where the configuration names no data directory, that is why."""
    if isinstance(refused, Unreachable):
        return refused
    facts = look()
    wrong = facts.server in (Server.MISCONFIGURED, Server.NO_DATA)
    return Refused(facts.reason, next="cctrl doctor") if wrong else refused
