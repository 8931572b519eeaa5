"""How one member is brought back under a primary: the cheapest way that is right. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.replication.divergence import Parting, Relation, Tail, parting
from cctrl.replication.facts import Facts, Ran, Server, View
from cctrl.replication.position import Position, size
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Group, Plan, Step


class Way(Enum):
    """The ways back, cheapest first."""

    NOTHING = "it already streams from the {primary}"
    RESUME = "it streams from the {primary}; its replay was paused and goes on"
    END = "its server runs: it is ended first, and what its log holds then decides"
    FOLLOW = "nothing diverged: it is pointed at the {primary} and catches up"
    START = "nothing diverged: it is started as a standby and catches up"
    REWIND = "its log went on after the fork: it is rewound"
    COPY = "its log went on after the fork: it gets a full copy, which is quicker"

    def text(self, called: str) -> str:
        """What is done; `called`: see View."""
        return self.value.format(primary=called)


@dataclass(frozen=True, slots=True)
class Remedy:
    """The way back that was chosen, and its plan."""

    way: Way
    plan: Plan
    reason: str = ""  # the numbers it was chosen by


@dataclass(frozen=True, slots=True)
class LogRange:
    """Which part of a stopped member's log has to be looked at before a way can be chosen."""

    timeline: int
    start: Position
    further: tuple[tuple[int, Position], ...] = ()  # the timelines it went on to, and where each begins

    @property
    def spans(self) -> tuple[tuple[int, Position], ...]:
        """Every timeline with the position to read it from, up to its end."""
        return ((self.timeline, self.start), *self.further)


def log_after(member: Facts, timeline: int, at: Position) -> LogRange:
    """All of a member's log after a position on one of its timelines."""
    begins = [(fork.timeline, fork.at) for fork in member.history if fork.timeline >= timeline]
    later = [*(number for number, _ in begins[1:]), member.timeline]
    starts = [start for _, start in begins]
    return LogRange(timeline, at, tuple(zip(later, starts, strict=True)) if begins else ())


def timeline_at(member: Facts, at: Position) -> int:
    """The timeline on which a member wrote what follows a position."""
    return next((fork.timeline for fork in member.history if fork.at > at), member.timeline)


def unread(member: Facts, primary: Facts) -> LogRange | None:
    """What must be read of a member's log (`Engine.tail`) before `remedy`; None where facts are enough."""
    no_log = member.server in (Server.UNSEEN, Server.NO_DATA, Server.NO_BINARIES, Server.MISCONFIGURED)
    if no_log or not member.timeline or not primary.timeline:
        return None
    part = parting(member, primary)
    if part.relation in (Relation.FOREIGN, Relation.AHEAD):
        return None
    if part.relation is Relation.SAME:
        gone = not member.up and member.received < primary.oldest_log
        return LogRange(member.timeline, member.received) if gone else None
    if part.relation is Relation.BEFORE_FORK and member.standby:
        return None
    return log_after(member, part.timeline, part.at)


def remedy(view: View, primary: str, name: str, tail: Tail | None, *, force: bool = False) -> Remedy:
    """Choose the way back for one member. Raises Rejected, with nothing changed.

    `tail` is what `unread` asked for. `force` accepts that transactions only this member has leave the
    service; their log is kept aside first.
    """
    member, source = view[name], view[primary]
    _possible(member, source)
    if member.standby and view.streams(name, primary):
        return _resumed(member, source) if member.replay_paused else Remedy(Way.NOTHING, Plan())
    part = parting(member, source)
    comparable(member, source, part)
    if _diverged(member, part, tail):
        _can_be_rewound(member, source, part, tail, force)
        chosen = _rewound(member, source, part, tail)
    else:
        _log_is_there(member, source, tail)
        chosen = _followed(member, source)
    return _ended_first(member, chosen, view.called) if member.may_run and not member.standby else chosen


def _ended_first(member: Facts, so_far: Remedy, called: str) -> Remedy:
    """What runs may write until it has ended, and a primary's shutdown writes too: only then its log tells the way.

    Where that leads to a rewind anyway a shutdown is better: a rewind needs one. A standby's writes nothing.
    """
    answers = member.server in (Server.UP, Server.REJECTING)
    clean = answers and (so_far.way is Way.REWIND or member.ran is Ran.STANDBY)
    step = Step(Action.STOP if clean else Action.END, member.name)
    return Remedy(Way.END, Plan(((step,),)), f"as it stands, {so_far.way.text(called)}")


def _possible(member: Facts, primary: Facts) -> None:
    """Refuse what no way back exists for."""
    name = member.name
    if member.server is Server.UNSEEN:
        raise Rejected(Why.UNREACHABLE, name, f"{name} cannot be reached: {member.reason}", next=member.next)
    if member.server is Server.MISCONFIGURED:
        raise misconfigured(member)
    if member.server is Server.NO_BINARIES:
        raise Rejected(Why.NO_BINARIES, name, f"{name} {member.server.value}", detail=member.reason)
    if member.server is Server.NO_DATA:
        raise Rejected(Why.NO_DATA, name, f"{name} {member.server.value}", detail=member.reason)
    if member.system and primary.system and member.system != primary.system:
        detail = f"system identifier {member.system}, {primary.name} has {primary.system}"
        raise Rejected(Why.FOREIGN, name, f"{name} holds another database system", detail=detail)
    if member.version and primary.version and member.version != primary.version:
        what = f"{name} runs major version {member.version}, {primary.name} runs {primary.version}"
        raise Rejected(Why.OTHER_VERSION, name, what)


def misconfigured(member: Facts) -> Rejected:
    """The refusal where nothing can be done with a server as it is configured."""
    return Rejected(
        Why.MISCONFIGURED, member.name, member.reason, detail=f"{member.name}'s server {member.server.value}"
    )


def comparable(member: Facts, primary: Facts, part: Parting) -> None:
    """Refuse where the logs cannot tell what only this member has. Raises Rejected."""
    name = member.name
    if part.relation is Relation.FOREIGN:
        what = f"{name}'s timeline {member.timeline} is not part of {primary.name}'s history"
        raise Rejected(Why.FOREIGN, name, what)
    if member.timeline != primary.timeline or member.half_rewound:
        return
    if part.timeline != member.timeline or (member.ran is Ran.PRIMARY and (member.fence or not member.standby_mark)):
        # pg_rewind goes by the number alone: it would find nothing to do
        what = f"{name} and {primary.name} were each promoted to a timeline {member.timeline} of its own"
        detail = f"their logs have parted at {part.at} at the latest, and a rewind cannot tell the two timelines apart"
        raise Rejected(Why.FOREIGN, name, what, detail=detail)
    if part.relation is Relation.AHEAD and not member.up:
        what = f"{name} has log that {primary.name} lost: it is further on the same timeline {member.timeline}"
        raise Rejected(Why.FOREIGN, name, what, detail=f"{name} is at {member.received}, {primary.name} at {part.at}")


def _diverged(member: Facts, part: Parting, tail: Tail | None) -> bool:
    if member.half_rewound:
        return True
    if part.relation is Relation.AFTER_FORK and part.timeline != member.timeline:
        return True
    if tail is not None and part.relation is not Relation.SAME:
        return tail.records or bool(tail.problem)
    return part.relation is Relation.AFTER_FORK


def _can_be_rewound(member: Facts, primary: Facts, part: Parting, tail: Tail | None, force: bool) -> None:
    """Raises Rejected where it cannot, or would lose transactions."""
    if not member.rewindable:
        name = member.name
        what = f"{name} went on after the fork at {part.at} and cannot be rewound"
        detail = (
            "neither wal_log_hints nor data checksums were on while it wrote: only a full copy helps now\n"
            "for the next time: alter system set wal_log_hints = on, then restart, on every member\n"
            "(or pg_checksums --enable while it is stopped)"
        )
        raise Rejected(Why.NOT_REWINDABLE, name, what, detail=detail)
    if primary.oldest_log > part.at:
        raise _log_gone(member, primary, part.at)
    if tail is not None and not force:
        nothing_at_stake(member, primary, part, tail)


def _rewound(member: Facts, primary: Facts, part: Parting, tail: Tail | None) -> Remedy:
    name = member.name
    keep: tuple[Group, ...] = ()
    # One that is half rewound has been through this: what its log held then is kept, or there was nothing.
    if not member.half_rewound and (tail is None or tail.own or tail.problem):
        keep = ((Step(Action.KEEP, name, primary.name, part.at),),)
    stop: tuple[Group, ...] = ((Step(Action.STOP, name),),) if member.standby else ()
    # Before version 16 pg_rewind believes a promoted source's last checkpoint, which is still on the old timeline.
    checkpoint: tuple[Group, ...] = ((Step(Action.CHECKPOINT, primary.name),),) if primary.version < 16 else ()
    groups = (*stop, *keep, *checkpoint, (Step(Action.REWIND, name, primary.name),), *_up(member, primary))
    return Remedy(Way.REWIND, Plan(groups))


def nothing_at_stake(member: Facts, primary: Facts, part: Parting, tail: Tail) -> None:
    """Refuse where the member has transactions that the primary has not, or that cannot be told. Raises Rejected."""
    if tail.problem and not member.half_rewound:
        what = f"cannot tell which transactions only {member.name} has"
        raise Rejected(Why.TAIL_UNREADABLE, member.name, what, detail=tail.problem, tail=tail)
    if tail.own:
        what = f"{member.name} has {tail.counted} that {primary.name} does not have"
        kind = "committed" if tail.commits else "prepared"
        span = f"{kind} {tail.first} to {tail.last}, after the fork at {part.at} on timeline {part.timeline}"
        listed = "\n".join(transaction.shown for transaction in tail.listed)
        more = tail.own - len(tail.listed)
        rest = f"\nand {more} more" if more else ""
        rest += f"\n{only_statistics(tail)}" if tail.statistics else ""
        raise Rejected(Why.ORPHANS, member.name, what, detail=f"{span}\n{listed}{rest}", tail=tail)


def only_statistics(tail: Tail) -> str:
    """What is said of transactions that do not count: nobody misses them."""
    number = "1 transaction" if tail.statistics == 1 else f"{tail.statistics} transactions"
    return f"not counted: {number} that only touched statistics (ANALYZE, autovacuum)"


def _log_is_there(member: Facts, primary: Facts, tail: Tail | None) -> None:
    """A standby starts at the end of its own log; from there on the primary must have all of it."""
    needed = max(member.received, tail.end if tail is not None else member.received)
    if primary.oldest_log > needed and not member.restores_log:
        raise _log_gone(member, primary, needed)


def _log_gone(member: Facts, primary: Facts, needed: Position) -> Rejected:
    what = f"the log {member.name} needs is gone from {primary.name}"
    missing = size(primary.oldest_log - needed)
    detail = f"needed from {needed}, {primary.name} keeps it from {primary.oldest_log}: {missing} are missing"
    return Rejected(Why.LOG_GONE, member.name, what, detail=detail)


def _resumed(member: Facts, primary: Facts) -> Remedy:
    steps = ((Step(Action.RESUME, member.name),), (Step(Action.STREAM, member.name, primary.name),))
    return Remedy(Way.RESUME, Plan(steps))


def _followed(member: Facts, primary: Facts) -> Remedy:
    name = member.name
    if member.standby:
        resume: tuple[Group, ...] = ((Step(Action.RESUME, name),),) if member.replay_paused else ()
        groups: tuple[Group, ...] = (
            (Step(Action.FOLLOW, name, primary.name),),
            *resume,
            (Step(Action.STREAM, name, primary.name),),
        )
        return Remedy(Way.FOLLOW, Plan(groups))
    mark = (Step(Action.MARK, name, primary.name),)
    return Remedy(Way.START, Plan((mark, *_up(member, primary))))


def _up(member: Facts, primary: Facts) -> tuple[Group, ...]:
    return (Step(Action.START, member.name, primary.name),), (Step(Action.STREAM, member.name, primary.name),)
