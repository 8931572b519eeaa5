"""Whether two members' logs have parted, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.replication.facts import Facts
from cctrl.replication.position import ZERO, Position


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction, committed or prepared for a commit, that only one member has."""

    xid: str
    position: Position
    time: str  # as the server logged it
    gid: str = ""  # of a prepared one: the name that whoever is to commit it knows it by

    @property
    def shown(self) -> str:
        """The transaction for people."""
        prepared = f"prepared transaction {self.gid!r}, " if self.gid else ""
        return f"{prepared}transaction {self.xid} at {self.position}, {self.time}"


@dataclass(frozen=True, slots=True)
class Tail:
    """What a stopped member has in its log after a position; `problem` where it could not be read."""

    records: bool  # any record at all
    commits: int = 0
    end: Position = ZERO  # where the log ends, as far as it could be read
    first: str = ""  # time of the first transaction
    last: str = ""
    listed: tuple[Commit, ...] = ()  # the first ones
    problem: str = ""
    statistics: int = 0  # transactions beside `commits` that certainly touched nothing but planner statistics
    prepared: int = 0  # prepared, and neither committed nor rolled back in what was read

    @property
    def own(self) -> int:
        """How many transactions only this member has."""
        return self.commits + self.prepared

    @property
    def counted(self) -> str:
        """`1 committed transaction`, `1 committed and 1 prepared transactions` …"""
        numbers = [f"{self.commits} committed"] * bool(self.commits) + [f"{self.prepared} prepared"] * bool(
            self.prepared
        )
        return " and ".join(numbers) + (" transaction" if self.own == 1 else " transactions")


class Relation(Enum):
    """How a member's log stands to the primary's."""

    SAME = "the same history"
    AHEAD = "the same history, but further than the primary"
    BEFORE_FORK = "an ancestor's history, nothing known after the fork"
    AFTER_FORK = "went on after the fork"
    FOREIGN = "another history"


@dataclass(frozen=True, slots=True)
class Parting:
    """Where a member's history leaves the primary's: `at` on the common `timeline`."""

    relation: Relation
    timeline: int
    at: Position


Stretch = tuple[int, Position | None]
"""A timeline and where it was left for the next; None where the member still is on it."""


def parting(member: Facts, primary: Facts) -> Parting:
    """Compare a member's history with the primary's.

    For a server that crashed, `received` is only a lower bound: BEFORE_FORK then still asks for a
    look at its log (`Engine.tail`). Two servers promoted without knowing of each other are on timelines
    of the same number: only the points where they forked off tell them apart.
    """
    mine, theirs = _aligned(_stretches(member), _stretches(primary))
    before: Stretch | None = None
    for own, other in zip(mine, theirs, strict=False):
        if own[0] != other[0]:
            break
        if own[1] != other[1] or own[1] is None:
            return _parted(own, other, member, primary)
        before = own
    if before is None or before[1] is None:
        return Parting(Relation.FOREIGN, member.timeline, ZERO)
    return Parting(Relation.AFTER_FORK, before[0], before[1])  # two timelines begun at the same point


def _parted(own: Stretch, other: Stretch, member: Facts, primary: Facts) -> Parting:
    """Both were on this timeline; at least one still is, or they left it at different points."""
    timeline, mine, theirs = own[0], own[1], other[1]
    if mine is None and theirs is None:
        relation = Relation.SAME if member.received <= primary.received else Relation.AHEAD
        return Parting(relation, timeline, primary.received)
    if mine is None and theirs is not None:
        relation = Relation.AFTER_FORK if member.received > theirs else Relation.BEFORE_FORK
        return Parting(relation, timeline, theirs)
    left = mine if mine is not None else ZERO
    return Parting(Relation.AFTER_FORK, timeline, min(left, primary.received if theirs is None else theirs))


def _stretches(facts: Facts) -> list[Stretch]:
    return [*((fork.timeline, fork.at) for fork in facts.history), (facts.timeline, None)]


def _aligned(mine: list[Stretch], theirs: list[Stretch]) -> tuple[list[Stretch], list[Stretch]]:
    """A history file that is lost leaves one stretch: the other's begins there too."""
    if len(mine) == 1:
        theirs = _from(mine[0][0], theirs)
    elif len(theirs) == 1:
        mine = _from(theirs[0][0], mine)
    return mine, theirs


def _from(timeline: int, stretches: list[Stretch]) -> list[Stretch]:
    at = next((n for n, (number, _) in enumerate(stretches) if number == timeline), 0)
    return stretches[at:]


def descends(member: Facts, ancestor: Facts) -> bool:
    """True where `member` continues `ancestor`'s timeline: it is the later of the two."""
    mine, theirs = _aligned(_stretches(member), _stretches(ancestor))
    *before, last = theirs
    return len(mine) > len(theirs) and mine[: len(before)] == before and mine[len(before)][0] == last[0]
