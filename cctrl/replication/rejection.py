"""Why a plan cannot be made. A vocabulary turns the reason into its own next command. Pure."""

from __future__ import annotations

from enum import Enum

from cctrl.outcome import CctrlError, Refused
from cctrl.replication.divergence import Tail


class Why(Enum):
    """The reasons for which a verb is refused before anything is changed."""

    PRIMARY_HEALTHY = "primary healthy"
    PRIMARY_FAILED = "primary failed"
    PRIMARY_SEEN_BY_OTHERS = "primary seen by others"
    NO_PRIMARY = "no primary"
    TWO_PRIMARIES = "two primaries"
    PROMOTING = "promoting"
    IS_PRIMARY = "is the primary"
    NOT_ELIGIBLE = "not eligible"
    NO_CANDIDATE = "no candidate"
    NOT_FOLLOWED = "the last primary was not followed"
    NOT_CERTAIN = "what was acknowledged may be lost"
    NO_STANDBY = "no standby is up"
    WOULD_LOSE = "would lose"
    UNREACHABLE = "unreachable"
    NO_BINARIES = "no binaries"
    MISCONFIGURED = "misconfigured"
    NO_DATA = "no data"
    FOREIGN = "foreign"
    OTHER_VERSION = "other version"
    ORPHANS = "orphans"
    TAIL_UNREADABLE = "tail unreadable"
    LOG_GONE = "log gone"
    NOT_REWINDABLE = "not rewindable"
    STREAMS = "streams"
    SOURCE = "source"
    NO_PLACE = "no place"
    NO_ROOM = "no room"
    NO_AGENT = "no agent"
    NO_BACKUP = "no backup"


COPY_NEEDED = frozenset({Why.NO_DATA, Why.FOREIGN, Why.LOG_GONE, Why.NOT_REWINDABLE})
"""The reasons after which only a full copy helps."""


NO_SPACE = "no space is left on"
"""Stands in what is told of a step that failed for that reason."""


class Rejected(Refused):
    """No plan: `why` and `member` say what stands in the way, `tail` holds transactions at stake."""

    def __init__(self, why: Why, member: str, what: str, *, detail: str = "", next: str = "", tail: Tail | None = None):
        super().__init__(what, detail=detail, next=next)
        self.why = why
        self.member = member
        self.tail = tail


def lacks_room(error: CctrlError) -> bool:
    """True where something was refused, or failed, because a disk is full."""
    return NO_SPACE in error.what or (isinstance(error, Rejected) and error.why is Why.NO_ROOM)
