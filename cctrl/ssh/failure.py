"""Why a host cannot be reached; stays inside this room, where it becomes a CommandResult."""

from __future__ import annotations


class CannotReach(Exception):
    """No connection: `reason` in words, `next` the literal next command where there is one.

    `locked_key` names a private key file that needs a passphrase nobody was asked for yet;
    `untrusted` is set where the host's key is what is wrong.
    """

    def __init__(self, reason: str, *, next: str = "", locked_key: str = "", untrusted: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.next = next
        self.locked_key = locked_key
        self.untrusted = untrusted


class Dropped(CannotReach):
    """The host closed the connection before it said who it is: too many at once. Worth another try."""
