"""Making a member the primary where none accepts writes: who is how far, what each choice loses, the plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cctrl.replication.diagnosis import Diagnosis, Health, diagnose
from cctrl.replication.divergence import Relation, Tail, parting
from cctrl.replication.facts import Facts, Ran, Server, View
from cctrl.replication.position import Position, size
from cctrl.replication.recovery import LogRange, log_after
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Group, Plan, Step


@dataclass(frozen=True, slots=True)
class Loss:
    """What one member has that another one, were it the primary, has not."""

    holder: str
    timeline: int
    at: Position  # where the holder's log leaves the other's
    size: int  # bytes
    foreign: bool = False  # the two logs cannot be compared
    tail: Tail | None = None  # what lies in those bytes, where they were read

    @property
    def matters(self) -> bool:
        """True where committed transactions would be lost, or may be."""
        unknown = self.foreign or self.tail is None or bool(self.tail.problem)
        return unknown or bool(self.tail and self.tail.own)

    def text(self) -> str:
        """The loss in numbers."""
        if self.foreign:
            return f"all of {self.holder}'s log, which cannot be compared with it"
        if self.tail is None or self.tail.problem:
            why = f": {self.tail.problem}" if self.tail else ""
            return f"{size(self.size)} of {self.holder}'s log, of which nobody can tell what they hold{why}"
        if not self.tail.own:
            what = "no committed transaction" if not self.tail.statistics else "no transaction but on statistics"
            return f"{size(self.size)} of {self.holder}'s log, with {what} in them"
        span = self.tail.first if self.tail.first == self.tail.last else f"{self.tail.first} to {self.tail.last}"
        return f"{self.tail.counted} that {self.holder} has ({size(self.size)} of log, {span})"


@dataclass(frozen=True, slots=True)
class Standing:
    """One member among those that could be made the primary."""

    name: str
    timeline: int
    end: Position  # the true end of its log
    obstacle: str  # why it cannot be made the primary; "" where it can
    losses: tuple[Loss, ...] = ()

    def text(self) -> str:
        """How far it is and what choosing it would lose."""
        if self.obstacle:
            return f"{self.name}: {self.obstacle}"
        lost = "; ".join(loss.text() for loss in self.losses) or "nothing that was seen"
        return f"{self.name}: timeline {self.timeline}, log up to {self.end}; choosing it loses {lost}"


@dataclass(frozen=True, slots=True)
class Appointment:
    """A plan that makes `target` the primary, and all that could have been taken instead, best first."""

    target: str
    standings: tuple[Standing, ...]
    plan: Plan
    timeline: int  # the new primary's, at least


_NO_LOG = (Server.UNSEEN, Server.NO_DATA, Server.NO_BINARIES)


def unread_end(member: Facts) -> LogRange | None:
    """The log that must be read (`Engine.tail`) before its end is known; None where it is known, or there is none."""
    known = member.up or member.server in _NO_LOG or not member.timeline
    return None if known else LogRange(member.timeline, member.received)


def with_ends(view: View, tails: Mapping[str, Tail]) -> View:
    """The view with the true ends of the logs that were read."""

    def ended(member: Facts) -> Facts:
        tail = tails.get(member.name)
        return replace(member, received=max(member.received, tail.end)) if tail is not None else member

    return replace(view, members=tuple(ended(member) for member in view.members))


def standings(view: View) -> tuple[Standing, ...]:
    """Every member with what choosing it would lose, best first: timeline, then end of log, then who was the primary.

    `view` has the true ends of the logs (`with_ends`). What the losses hold is still to be read (`with_tails`).
    """
    order = {m.name: (m.server is not Server.UP, n) for n, m in enumerate(view.members)}
    former = diagnose(view).primary
    found = [
        Standing(m.name, m.timeline, m.received, _obstacle(view, m), () if _obstacle(view, m) else _losses(view, m))
        for m in view.members
    ]
    return tuple(sorted(found, key=lambda s: (bool(s.obstacle), -s.timeline, -s.end, s.name != former, order[s.name])))


def with_tails(found: tuple[Standing, ...], tails: Mapping[LossKey, Tail]) -> tuple[Standing, ...]:
    """The same with what was read of each loss."""

    def read(loss: Loss) -> Loss:
        return replace(loss, tail=tails.get(key(loss), loss.tail))

    return tuple(replace(s, losses=tuple(read(loss) for loss in s.losses)) for s in found)


LossKey = tuple[str, int, Position]


def key(loss: Loss) -> LossKey:
    """What two losses have in common that need be read only once."""
    return loss.holder, loss.timeline, loss.at


def to_read(view: View, found: tuple[Standing, ...]) -> dict[LossKey, LogRange]:
    """The parts of the members' logs that hold the losses."""
    losses = [loss for standing in found for loss in standing.losses if not loss.foreign]
    return {key(loss): log_after(view[loss.holder], loss.timeline, loss.at) for loss in losses}


def best(found: tuple[Standing, ...]) -> str:
    """The member to choose; "" where none can be."""
    return next((s.name for s in found if not s.obstacle), "")


def _obstacle(view: View, member: Facts) -> str:
    if member.server is not Server.UP and member.server is not Server.DOWN:
        return f"its server {member.server.value}" + (f" ({member.reason})" if member.reason else "")
    if member.half_rewound:
        return "a rewind of it was begun and did not come to its end"
    if not member.timeline or not member.system:
        return "its control data cannot be read"
    system = _system(view)
    return f"another system identifier: {member.system}, others have {system}" if member.system != system else ""


def _system(view: View) -> str:
    """The system identifier that most members have; the first of those that are equally many."""
    systems = [m.system for m in view.members if m.system]
    return max(systems, key=systems.count, default="")


def _losses(view: View, target: Facts) -> tuple[Loss, ...]:
    chosen = replace(target, received=max(target.received, _feeder(view, target).received))
    others = [m for m in view.members if m.name != target.name and m.timeline and m.server not in _NO_LOG]
    found = [_loss(m, chosen) for m in others if m.system == target.system]
    return _without_the_same_again(view, [loss for loss in found if loss.size or loss.foreign])


def _without_the_same_again(view: View, losses: list[Loss]) -> tuple[Loss, ...]:
    """Without those whose holder has nothing that another holder does not have."""
    kept: list[Loss] = []
    for loss in sorted(losses, key=lambda loss: -view[loss.holder].received):
        own = [_loss(view[loss.holder], view[other.holder]) for other in kept]
        if all(part.size or part.foreign for part in own):
            kept.append(loss)
    return tuple(kept)


def _loss(holder: Facts, target: Facts) -> Loss:
    part = parting(holder, target)
    if part.relation is Relation.FOREIGN:
        return Loss(holder.name, holder.timeline, part.at, 0, foreign=True)
    return Loss(holder.name, part.timeline, part.at, max(0, holder.received - part.at))


def _feeder(view: View, target: Facts) -> Facts:
    """Who can feed a target that is up with what it lacks; the target itself where nobody has more."""
    same = [
        m
        for m in view.members
        if m.standby and (m.system, m.timeline, m.history) == (target.system, target.timeline, target.history)
    ]
    return max((*same, target), key=lambda m: (m.received, m.name == target.name)) if target.standby else target


def plan_appointment(
    view: View, target: str, found: tuple[Standing, ...], *, force: bool = False, again: str = ""
) -> Appointment:
    """Plan to make `target` the primary. Raises Rejected, with nothing changed.

    `found`: the standings, with what was read of the losses. `force` accepts the target's losses; the log that
    holds them is kept aside first. `again` is the command with which that can be said.
    """
    nobody_writes(view, diagnose(view), target)
    standing = next(s for s in found if s.name == target)
    if standing.obstacle:
        what = f"{target} cannot be made the {view.called}: {standing.obstacle}"
        raise Rejected(Why.NOT_ELIGIBLE, target, what)
    lost = [loss for loss in standing.losses if loss.matters]
    if lost and not force:
        raise _loses(target, view.called, lost, best(found), again)
    if not force:
        _not_left_out_of_sight(view, standing)
    plan = Plan(_groups(view, target, standing), (*_unseen(view, standing), *_later(view, standing)))
    promoted = any(step.action is Action.PROMOTE_NOW for step in plan.steps)
    return Appointment(target, found, plan, standing.timeline + promoted)


def _not_left_out_of_sight(view: View, standing: Standing) -> None:
    """Refuse what leaves the last primary's timeline behind where nobody in sight has it. Raises Rejected."""
    gone = any(m.name == view.intended and m.server is Server.NO_DATA for m in view.members)
    if gone or view.reached <= standing.timeline or any(m.seen and m.timeline >= view.reached for m in view.members):
        return
    lost = f"all that {view.intended} wrote on timeline {view.reached}"
    what = f"making {standing.name} the {view.called} would lose {lost}"
    detail = f"{standing.name} is on timeline {standing.timeline}, and nobody in sight has followed {view.intended}"
    raise Rejected(Why.NOT_FOLLOWED, standing.name, what, detail=detail)


def nobody_writes(view: View, diagnosis: Diagnosis, target: str) -> None:
    """Raises Rejected where a member accepts writes, or lives unseen by us: then no other may be made the primary."""
    if view.writable:
        names = ", ".join(m.name for m in view.writable)
        why = Why.TWO_PRIMARIES if diagnosis.strays else Why.PRIMARY_HEALTHY
        what = f"{names} accepts writes: {target} cannot be made the {view.called} beside it"
        raise Rejected(why, view.writable[0].name, what)
    if diagnosis.health is Health.PRIMARY_SEEN_BY_OTHERS:
        what = f"{diagnosis.primary} is alive: {diagnosis.health.text(view.called)}"
        raise Rejected(Why.PRIMARY_SEEN_BY_OTHERS, diagnosis.primary, what, detail=diagnosis.evidence)


def _loses(target: str, called: str, lost: list[Loss], better: str, again: str) -> Rejected:
    what = f"making {target} the {called} would lose {lost[0].text()}"
    listed = [f"{loss.holder}: {c.shown}" for loss in lost if loss.tail for c in loss.tail.listed]
    detail = [f"and {loss.text()}" for loss in lost[1:]] + listed
    if better != target:
        detail.append(f"{better} is the one that is furthest")
    following = f"{again}   (what only they have is kept aside first)" if again else ""
    return Rejected(Why.WOULD_LOSE, target, what, detail="\n".join(detail), next=following, tail=lost[0].tail)


def _groups(view: View, target: str, standing: Standing) -> tuple[Group, ...]:
    member = view[target]
    keep = tuple(Step(Action.KEEP, loss.holder, target, loss.at) for loss in standing.losses if loss.matters)
    fence = tuple(Step(Action.FENCE, m.name, target) for m in view.members if m.name != target and _might_write(m))
    groups = (keep, fence, *_writable(view, member, standing))
    return tuple(group for group in groups if group)


def _might_write(member: Facts) -> bool:
    """True where a server, when it starts or goes on, could accept writes."""
    if member.server in _NO_LOG or member.standby or member.fence is not None:
        return False
    return not member.standby_mark


def _writable(view: View, member: Facts, standing: Standing) -> tuple[Group, ...]:
    """How the member comes to accept writes."""
    name = member.name
    promote: Group = (Step(Action.PROMOTE_NOW, name),)
    if member.standby:
        feeder = _feeder(view, member)
        if feeder.name == name:
            return (promote,)
        catch_up = Step(Action.CATCH_UP, name, feeder.name, feeder.received)
        return (Step(Action.FOLLOW, name, feeder.name),), (catch_up,), promote
    if _as_it_was(view, member, standing):
        return ((Step(Action.START, name),),)
    return (Step(Action.ISOLATE, name),), (Step(Action.START, name),), promote


def _as_it_was(view: View, member: Facts, standing: Standing) -> bool:
    """True where it may go on as the primary it was: nobody can have more of its timeline, so none parts from it."""
    was = member.ran is Ran.PRIMARY and not member.standby_mark and member.fence is None
    return was and not standing.losses and all(m.seen for m in view.members)


def _unseen(view: View, standing: Standing) -> tuple[str, ...]:
    return tuple(
        f"at risk: {m.name} {m.server.value}; it may have more than {standing.name} ({standing.end}), "
        "and if it lives it may accept writes"
        for m in view.members
        if m.name != standing.name and not m.seen
    )


def _later(view: View, standing: Standing) -> tuple[str, ...]:
    """One that was promoted since: the new primary's timeline may get the number of its own, for another history."""
    return tuple(
        f"at risk: {m.name} is on the later timeline {m.timeline}, and may come back only by a full copy"
        for m in view.members
        if m.seen and m.timeline > standing.timeline
    )
