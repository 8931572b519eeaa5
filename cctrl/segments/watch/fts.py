"""What FTS makes of the answer of an acting primary (reference greenplum.md, 3.3 and 3.4). Pure.

Primaries answer for their mirrors: a mirror is looked at by itself only where its primary is dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.replication.facts import Downstream, Facts, Server
from cctrl.replication.position import ZERO, Position
from cctrl.replication.synchrony import SETTING
from cctrl.segments.catalog import DOWN, NOT_IN_SYNC, SYNC, UP, Change, Pair, Row, marked, swapped
from cctrl.segments.catalog_sql import WALRECEIVER

RETRY = 1.0  # seconds from one attempt to the next


class Act(Enum):
    """What is to be done for a pair."""

    NOTHING = "the catalog is right"
    RETRY = "it has not answered, and is asked again"
    WAIT = "not known well enough yet"
    MARK = "what the primary says of its mirror is put into the catalog"
    ACKNOWLEDGE = "commits wait for the mirror from now on; then the pair is in sync"
    RELEASE = "the mirror is down: commits no longer wait for it"
    SWAP = "the roles are swapped and the mirror is promoted"
    PROMOTE = "the acting primary is still a mirror: its promotion is asked for again"
    DOUBLE_FAULT = "neither of the two can be the primary"

    @property
    def settled(self) -> bool:
        """True where nothing is left that another look would change."""
        return self in (Act.NOTHING, Act.DOUBLE_FAULT)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for a pair, and the catalog afterwards."""

    act: Act
    changes: tuple[Change, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long an acting primary has not answered: in seconds, and in attempts as they are documented, each of which
    takes the probe's timeout where nothing is refused before."""

    since: float = 0.0
    attempts: float = 0.0
    at: float = 0.0  # of the last look; all on a monotonic clock

    def after(self, began: float, ended: float, timeout: float) -> Silence:
        """The same after another look that brought nothing: an attempt at the most, however long ago the one before it
        was, since this process may have stood still; one that failed at once is an attempt of its own."""
        if ended - began < min(RETRY, timeout):
            return Silence(self.since or began, self.attempts + 1.0, ended)
        lasted = ended - (self.at or began - RETRY)
        return Silence(self.since or began, self.attempts + min(1.0, lasted / (timeout + RETRY)), ended)


@dataclass(frozen=True, slots=True)
class Startup:
    """Since when an acting primary starts up and has come no further."""

    since: float  # on a monotonic clock
    replaying: str  # the file of its log that it has come to; "" where that is not known

    def after(self, replaying: str, at: float) -> Startup:
        """The same after another look."""
        return self if replaying == self.replaying else Startup(at, replaying)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something has lasted, in seconds, beside what is allowed; and what is known of before."""

    without_mirror: float = 0.0  # since the primary last had a mirror, or began to accept connections
    grace: float = 30.0
    starting: float = 0.0  # since the primary was first seen to start up, or last seen to get on with it
    start_limit: float = 120.0
    silence: Silence = Silence()
    timeout: float = 20.0
    retries: int = 5
    reached_by: str | None = ""  # who reaches its server though its host is out of sight; None: not known yet
    acknowledged: Position = ZERO  # what the mirror had on disk, by the word of its primary, when the pair was in sync

    @property
    def exhausted(self) -> bool:
        """True where all attempts were in vain."""
        return self.silence.attempts > self.retries + 0.95  # looks take a little less or more than they may


def silent(primary: Facts) -> bool:
    """True where one look is not enough: it may have been the network, or a moment."""
    return primary.server in (Server.UNSEEN, Server.FROZEN)


def decide(pair: Pair, primary: Facts, mirror: Facts | None, patience: Patience) -> Decision:
    """What is to be done for a pair. `mirror` is needed where the primary does not answer as one."""
    if primary.writable:
        return _answered(pair, primary, patience)
    if primary.up or primary.promoting:
        return _a_mirror(pair, primary, mirror)
    why = primary.reason or primary.server.value
    if silent(primary) and not _given_up(primary, patience):
        return Decision(Act.RETRY, why=why)
    waiting = _may_be_well(primary, patience)
    if waiting:
        return Decision(Act.WAIT, why=waiting)
    if not pair.synchronized or mirror is None:
        return Decision(Act.DOUBLE_FAULT, why=why)
    if not mirror.standby:
        why = outrun(pair, primary, mirror) or why
        return Decision(Act.DOUBLE_FAULT, why=f"{why}; its mirror {mirror.server.value}")
    if mirror.received < patience.acknowledged:
        had = f"its mirror has log up to {mirror.received}, its primary said {patience.acknowledged}"
        return Decision(Act.WAIT, why=f"{had}: {why}")
    if mirror.full:  # as it is either can still become the primary: this one started again, that one given room
        return Decision(Act.WAIT, why=f"{no_room(pair.mirror, mirror)}: {why}")
    return Decision(Act.SWAP, swapped(pair), why=why)


def _a_mirror(pair: Pair, primary: Facts, mirror: Facts | None) -> Decision:
    """An acting primary that is a standby: the promotion that the catalog speaks of is still to be made."""
    if mirror is not None and (older := outrun(pair, primary, mirror)):
        return Decision(Act.WAIT, why=older)
    if primary.full and not primary.promoting:
        return Decision(Act.WAIT, why=no_room(pair.primary, primary))
    return Decision(Act.PROMOTE, why="it answers as a mirror")


def no_room(row: Row, facts: Facts) -> str:
    """Why a mirror is not promoted whose disk has no room for the first file of its new timeline: it would end."""
    return f"dbid {row.dbid} ({row.place}) cannot be promoted, the disk of {row.hostname} is full, {facts.room}"


def outrun(pair: Pair, primary: Facts, mirror: Facts) -> str:
    """How it shows that the catalog is older than what happened (it was restored, or edited): the mirror took the
    writes after the primary, and alone has what was acknowledged since. "" where it does not show."""
    if not mirror.writable or mirror.system != primary.system:
        return ""
    if mirror.promoted_after(primary):
        lines = f"on timeline {mirror.timeline}, and its primary is on {primary.timeline}"
        return f"the catalog is older than the servers, whose mirror accepts writes {lines}"
    if primary.standby and (pair.mirror.up or not acknowledged(mirror)):
        return "the catalog is older than the servers, whose primary is a standby while the mirror accepts writes"
    return ""


def _given_up(primary: Facts, patience: Patience) -> bool:
    """True where no more attempts are made. A process that was stopped by a signal, as its own host says, does not
    answer a second one either."""
    stopped = primary.suspended and patience.silence.at - patience.silence.since >= patience.timeout
    return stopped or (patience.exhausted and patience.reached_by is not None)


def _may_be_well(primary: Facts, patience: Patience) -> str:
    """Why an acting primary that did not answer is not taken for dead; "" where it is."""
    if primary.server is Server.REJECTING:
        return f"it runs but refuses connections: {primary.reason}"
    if primary.server is Server.STARTING and patience.starting < patience.start_limit:
        return f"it {primary.server.value}"
    if primary.server is Server.UNSEEN and patience.reached_by:
        return f"its host is out of sight, but {patience.reached_by} reaches its server"
    return ""


def receiver(primary: Facts) -> Downstream | None:
    """The mirror, as its primary sees it."""
    named = [d for d in primary.downstreams if d.name == WALRECEIVER and d.state in ("streaming", "catchup")]
    return max(named, key=lambda d: d.flushed, default=None)


def acknowledged(primary: Facts) -> bool:
    """True where commits wait for the mirror."""
    return bool(primary.settings.get(SETTING))


def _answered(pair: Pair, primary: Facts, patience: Patience) -> Decision:
    found = receiver(primary)
    if found is None:
        return _no_mirror(pair, primary, patience)
    if found.state != "streaming":
        return _marked(pair, UP, NOT_IN_SYNC)
    if not acknowledged(primary) or (found.sync != "async" and pair.mirror.mode == NOT_IN_SYNC):
        return Decision(Act.ACKNOWLEDGE, _real(marked(pair, UP, NOT_IN_SYNC)))
    if found.sync == "async":
        return Decision(Act.WAIT, why="its mirror does not count for commits yet")
    return _marked(pair, UP, SYNC)


def _no_mirror(pair: Pair, primary: Facts, patience: Patience) -> Decision:
    if pair.mirror.up and patience.without_mirror < patience.grace:
        left = patience.grace - patience.without_mirror
        return Decision(
            Act.WAIT, why=f"requesting fts retry as mirror didn't connect yet but in grace period: {left:.0f}"
        )
    changes = _real(marked(pair, DOWN, NOT_IN_SYNC))
    if changes or acknowledged(primary):
        return Decision(Act.RELEASE, changes, why="its mirror is not connected")
    return Decision(Act.NOTHING)


def _marked(pair: Pair, status: str, mode: str) -> Decision:
    changes = _real(marked(pair, status, mode))
    return Decision(Act.MARK, changes) if changes else Decision(Act.NOTHING)


def _real(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.real)
