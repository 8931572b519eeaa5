"""Whether two members' logs have parted, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.replication.facts import Facts
from cctrl.replication.position import ZERO, Position


@dataclass(frozen=True, slots=True)
class Commit:
    """One committed transaction that only one member has."""

    xid: str
    position: Position
    time: str  # as the server logged it


@dataclass(frozen=True, slots=True)
class Tail:
    """What a stopped member has in its log after a position; `problem` where it could not be read."""

    records: bool  # any record at all
    commits: int = 0
    end: Position = ZERO  # where the log ends, as far as it could be read
    first: str = ""  # time of the first commit
    last: str = ""
    listed: tuple[Commit, ...] = ()  # the first ones
    problem: str = ""


class Relation(Enum):
    """How a member's log stands to the primary's."""

    SAME = "the same history"
    BEFORE_FORK = "an ancestor's history, nothing known after the fork"
    AFTER_FORK = "went on after the fork"
    FOREIGN = "another history"


@dataclass(frozen=True, slots=True)
class Parting:
    """Where a member's history leaves the primary's: `at` on the member's `timeline`."""

    relation: Relation
    timeline: int
    at: Position


def parting(member: Facts, primary: Facts) -> Parting:
    """Compare a member's history with the primary's.

    For a server that crashed, `received` is only a lower bound: BEFORE_FORK then still asks for a
    look at its log (`Engine.tail`).
    """
    if member.timeline == primary.timeline:
        relation = Relation.SAME if member.received <= primary.received else Relation.AFTER_FORK
        return Parting(relation, member.timeline, primary.received)
    for fork in primary.history:
        if fork.timeline == member.timeline:
            after = member.received > fork.at
            return Parting(Relation.AFTER_FORK if after else Relation.BEFORE_FORK, fork.timeline, fork.at)
    mine = {fork.timeline: fork.at for fork in member.history}
    for fork in reversed(primary.history):
        if fork.timeline in mine:
            return Parting(Relation.AFTER_FORK, fork.timeline, min(fork.at, mine[fork.timeline]))
    if primary.timeline in mine:  # the member went on where the primary did not
        return Parting(Relation.AFTER_FORK, primary.timeline, mine[primary.timeline])
    return Parting(Relation.FOREIGN, member.timeline, Position(0))


def descends(member: Facts, ancestor: Facts) -> bool:
    """True where `member` continues `ancestor`'s timeline: it is the later of the two."""
    return any(fork.timeline == ancestor.timeline for fork in member.history)
