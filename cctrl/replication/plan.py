"""Plans for moving the primary: planned (`plan_move`) and after a failure (`plan_takeover`). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cctrl.replication.assurance import followed, left_by, uncertain, within
from cctrl.replication.candidates import Verdict, choose, parted, verdicts
from cctrl.replication.diagnosis import Diagnosis, Health, diagnose
from cctrl.replication.divergence import Tail
from cctrl.replication.facts import Facts, Server, View
from cctrl.replication.position import size
from cctrl.replication.recovery import misconfigured
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Group, Plan, Step
from cctrl.replication.synchrony import SETTING, demanded, kept, lacking, needed, promised


@dataclass(frozen=True, slots=True)
class Move:
    """A plan that makes `target` the primary in place of `source`, with the candidates' verdicts."""

    source: str
    target: str
    verdicts: tuple[Verdict, ...]
    plan: Plan
    timeline: int  # the new primary's, at least
    uncertain: str = ""  # why an acknowledged commit may be lost in spite of a quorum; "" where none can be


def plan_move(view: View, target: str, excluded: Mapping[str, str], limit: int) -> Move:
    """Plan a move of the primary while it is well. Raises Rejected.

    `target` "" takes the most advanced candidate. `limit`: bytes a candidate may be behind. A move that
    was broken off after the old primary was stopped is planned from where it stands.
    """
    diagnosis = diagnose(view)
    nobody_promotes(view, diagnosis, target)
    source = _movable(view, diagnosis)
    if target == source:
        raise Rejected(Why.IS_PRIMARY, target, f"{target} already is the {view.called}")
    judged = verdicts(view, diagnosis, excluded, limit=limit)
    chosen = _pick(view, judged, target)
    warnings = _hanging(view, chosen.name, _standbys(view, source, chosen.name))
    plan = Plan(_move_groups(view, source, chosen.name), warnings)
    return Move(source, chosen.name, judged, plan, view[chosen.name].timeline + 1)


def _movable(view: View, diagnosis: Diagnosis) -> str:
    """The primary's name, where a planned move from it is possible."""
    if diagnosis.strays or diagnosis.health in (Health.TWO_PRIMARIES, Health.STALE_PRIMARY):
        raise _two(view, diagnosis)
    if diagnosis.health in (Health.HEALTHY, Health.PRIMARY_STOPPED):
        _has_room(view[diagnosis.primary])
        return diagnosis.primary
    if diagnosis.health is Health.PRIMARY_MISCONFIGURED:
        raise misconfigured(view[diagnosis.primary])
    if not diagnosis.primary:
        raise Rejected(Why.NO_PRIMARY, "", f"no {view.called}: {diagnosis.health.text(view.called)}")
    what = f"{diagnosis.primary} cannot hand over: {diagnosis.health.text(view.called)}"
    raise Rejected(Why.PRIMARY_FAILED, diagnosis.primary, what, detail=diagnosis.evidence)


def _has_room(primary: Facts) -> None:
    """A checkpoint or a shutdown for which the disk has no room is the end of a server. Raises Rejected."""
    if primary.full:
        what = f"{primary.name} cannot hand over: {size(primary.free or 0)} are free where its data directory lies"
        detail = "a checkpoint would end its server; one that has ended is replaced by a failover"
        raise Rejected(Why.NO_ROOM, primary.name, what, detail=detail)


def nobody_promotes(view: View, diagnosis: Diagnosis, target: str) -> None:
    """Refuse while a member is being promoted, whoever asked for it: another promotion would make two primaries.

    Raises Rejected.
    """
    for member in view.promoting:
        if member.name != target or diagnosis.healthy:
            detail = f"it has replayed up to {member.replayed}" if member.up else member.reason
            raise Rejected(Why.PROMOTING, member.name, f"{member.name} is being promoted", detail=detail)


def _two(view: View, diagnosis: Diagnosis) -> Rejected:
    writable = ", ".join(f"{m.name} (timeline {m.timeline}, at {m.received})" for m in view.writable)
    stray = diagnosis.strays[0] if diagnosis.strays else ""
    health = Health.TWO_PRIMARIES if diagnosis.strays and diagnosis.healthy else diagnosis.health
    what = f"{health.text(view.called)}: {writable}"
    return Rejected(Why.TWO_PRIMARIES, stray, what, detail=diagnosis.evidence)


def _pick(view: View, judged: tuple[Verdict, ...], target: str) -> Verdict:
    if target:
        verdict = next((v for v in judged if v.name == target), None)
        if verdict is None or not verdict.eligible:
            reason = verdict.reason if verdict else "it is no candidate"
            following = view[target].next if verdict else ""
            what = f"{target} cannot become the {view.called}: {reason}"
            raise Rejected(Why.NOT_ELIGIBLE, target, what, next=following)
        return verdict
    chosen = choose(judged)
    if chosen is None:
        detail = "\n".join(f"{v.name}: {v.reason}" for v in judged)
        following = next((view[v.name].next for v in judged if view[v.name].next), "")
        what = f"no member can become the {view.called}"
        raise Rejected(Why.NO_CANDIDATE, "", what, detail=detail, next=following)
    return chosen


def _move_groups(view: View, source: str, target: str) -> tuple[Group, ...]:
    stopped = view[source].server is Server.DOWN
    has_all = view[target].replayed > view[source].received
    before: tuple[Group, ...] = ()
    if not stopped or not has_all:
        back = ((Step(Action.UNMARK, source, target),),) if stopped else ()
        before = (
            *back,
            (Step(Action.CHECKPOINT, source), *_synchronise(view, target)),
            (Step(Action.CATCH_UP, target, source),),
            (Step(Action.STOP, source, target, keep=tuple(m.name for m in view.members if m.standby)),),
        )
    final = view[source].received if stopped and has_all else None
    return (
        *before,
        (Step(Action.MARK, source, target),),
        (Step(Action.PROMOTE, target, source, final),),
        (Step(Action.START, source, target), *_followers(view, source, target)),
        tuple(Step(Action.STREAM, m, target) for m in _standbys(view, source, target)),
    )


def _standbys(view: View, source: str, target: str) -> list[str]:
    return [source, *(m.name for m in view.members if m.standby and m.name not in (source, target))]


def _followers(view: View, source: str, target: str) -> Group:
    """Every standby that is up is pointed at the new primary, side by side."""
    return tuple(Step(Action.FOLLOW, m, target) for m in _standbys(view, source, target)[1:])


def plan_takeover(
    view: View,
    target: str,
    excluded: Mapping[str, str],
    tail: Tail | None = None,
    lying: Mapping[str, Tail] = MappingProxyType({}),
) -> Move:
    """Plan a takeover after the primary failed. Raises Rejected.

    `tail`: what the failed primary's log holds beyond the best candidate, where it could be read; `lying`: the logs of
    others that are down, from where they were known on, where that was asked for (`Move.uncertain`).
    """
    diagnosis = diagnose(view)
    nobody_promotes(view, diagnosis, target)
    source = _failed(view, diagnosis)
    judged = verdicts(view, diagnosis, excluded)
    chosen = _pick(view, judged, target)
    followed(view, source, chosen.name)
    feeder = _feeder(view, view[source], chosen)
    fed = replace(view[chosen.name], received=feeder.received)
    standing = [m for m in _right(view, view[source], chosen) if not left_by(m, fed)]
    doubt = uncertain(view, [*standing, *within(view, source, fed, lying)], tail)
    warnings = (
        *_unfenced(view, view[source], chosen.name),
        *_lost(view, source, chosen, tail),
        *((f"at risk: {doubt}",) if doubt else ()),
        *_unseen(view, source, chosen),
        *_hanging(view, chosen.name, _standbys(view, source, chosen.name)[1:]),
    )
    plan = Plan(_takeover_groups(view, source, chosen, feeder), warnings)
    return Move(source, chosen.name, judged, plan, view[chosen.name].timeline + 1, doubt)


def _failed(view: View, diagnosis: Diagnosis) -> str:
    """The failed primary's name, where a takeover from it is right."""
    if diagnosis.strays or diagnosis.health in (Health.TWO_PRIMARIES, Health.STALE_PRIMARY):
        raise _two(view, diagnosis)
    if diagnosis.health is Health.HEALTHY:
        what = f"{diagnosis.primary} is healthy and accepts writes"
        raise Rejected(Why.PRIMARY_HEALTHY, diagnosis.primary, what)
    if diagnosis.health is Health.PRIMARY_SEEN_BY_OTHERS:
        what = f"{diagnosis.primary} is alive: {diagnosis.health.text(view.called)}"
        raise Rejected(Why.PRIMARY_SEEN_BY_OTHERS, diagnosis.primary, what, detail=diagnosis.evidence)
    if diagnosis.health is Health.PRIMARY_MISCONFIGURED:
        raise misconfigured(view[diagnosis.primary])
    if not diagnosis.primary:
        what = f"no {view.called} to take over from: {diagnosis.health.text(view.called)}"
        raise Rejected(Why.NO_PRIMARY, "", what)
    if not any(m.standby for m in view.members):
        detail = "\n".join(f"{m.name}: its server {m.server.value}" for m in view.members)
        raise Rejected(Why.NO_STANDBY, "", "no standby is up", detail=detail)
    return diagnosis.primary


def _right(view: View, failed: Facts, chosen: Verdict) -> list[Facts]:
    """The standbys whose log is the failed primary's, as far as it goes."""
    same = [m for m in view.members if m.standby and m.system == view[chosen.name].system]
    return [m for m in same if m.name == chosen.name or not failed.timeline or not parted(m, failed)]


def _on_its_timeline(member: Facts, target: Facts) -> bool:
    return (member.timeline, member.history) == (target.timeline, target.history)


def _feeder(view: View, failed: Facts, chosen: Verdict) -> Facts:
    """Who has received most on the chosen one's timeline; it need not be a candidate itself."""
    target = view[chosen.name]
    able = [m for m in _right(view, failed, chosen) if _on_its_timeline(m, target)]
    return max(able, key=lambda m: (m.received, m.name == chosen.name))


def _takeover_groups(view: View, source: str, chosen: Verdict, feeder: Facts) -> tuple[Group, ...]:
    target = chosen.name
    fence = (Step(Action.FENCE, source, target),) if view[source].seen else ()
    catch_up: tuple[Group, ...] = ()
    if feeder.name != target:
        catch_up = (
            (Step(Action.FOLLOW, target, feeder.name),),
            (Step(Action.CATCH_UP, target, feeder.name, feeder.received),),
        )
    followers = _followers(view, source, target)
    stream = tuple(Step(Action.STREAM, step.member, target) for step in followers)
    promote: Group = (Step(Action.PROMOTE_NOW, target, source),)
    moves: tuple[Group, ...] = (promote, followers)
    if not fence and promised(view):
        # It may be back any moment, and acknowledge what they have: they leave it before another one is there.
        moves = (followers, tuple(Step(Action.LEAVE, step.member, target) for step in followers), promote)
    groups = ((*fence, *_synchronise(view, target)), *catch_up, *moves, stream)
    return tuple(group for group in groups if group)


def _synchronise(view: View, target: str) -> Group:
    """A new primary acknowledges nothing that only it has, from its first write on."""
    return (Step(Action.SYNCHRONISE, target),) if target in lacking(view) else ()


def _hanging(view: View, target: str, followers: Sequence[str]) -> tuple[str, ...]:
    """A new primary that waits for standbys which will not be there accepts writes, and acknowledges none."""
    value = view.acknowledged_by if target in lacking(view) else view[target].settings.get(SETTING, "")
    demand = demanded(value)
    there = demand.met_by(followers) if demand else 0
    if demand is None or there >= demand.number:
        return ()
    return (
        f"at risk: writes on {target} will hang: it waits for {demand.number} of the standbys "
        f"{', '.join(demand.names)} ({SETTING}), and {there} of them will receive from it",
    )


def _unfenced(view: View, source: Facts, target: str) -> tuple[str, ...]:
    if source.seen:
        return ()
    name = source.name
    first = f"unfenced: {name} cannot be reached ({source.reason or 'no answer'})"
    number, leave = needed(len(view.members)), [target, *_standbys(view, name, target)[1:]]
    if kept(view) and len(view.members) - 1 - len(leave) < number:
        return (first, f"It acknowledges no commit that {number} of the others do not have, and they leave it now.")
    return (
        first,
        f"If it lives it may still accept writes, and those will not be on the new {view.called}.",
        "Nothing but its isolation protects the data meanwhile.",
        *_unknown_tail(view, name, target),
    )


def _unknown_tail(view: View, source: str, target: str) -> tuple[str, ...]:
    """What a primary that is out of sight has beyond its successor, as far as it was heard of."""
    last = view.last_heard.get(source)
    if last is None:
        return (f"at risk: what {source} has beyond {view[target].received}; how much that is cannot be known",)
    ahead = max(0, last - view[target].received)
    return (f"at risk: {size(ahead)} that {source} had at {last} when it was last heard, and what it wrote since",)


def _lost(view: View, source: str, chosen: Verdict, tail: Tail | None) -> tuple[str, ...]:
    lines: list[str] = []
    if tail is not None and tail.problem:
        lines.append(f"at risk: cannot tell which transactions only {source} has ({tail.problem})")
    elif tail is not None and tail.own:
        span = tail.first if tail.first == tail.last else f"{tail.first} to {tail.last}"
        lines.append(f"at risk: {tail.counted} that only {source} has ({span})")
    target, failed = view[chosen.name], view[source]
    for other in _right(view, failed, chosen):
        if other.timeline >= target.timeline and not _on_its_timeline(other, target):
            lines.append(f"at risk: what {other.name} has of timeline {other.timeline}, which {target.name} has not")
    return tuple(lines)


def _unseen(view: View, source: str, chosen: Verdict) -> tuple[str, ...]:
    return tuple(
        f"at risk: {m.name} {m.server.value}; it may have received more than {chosen.name} ({chosen.received})"
        for m in view.members
        if m.name not in (source, chosen.name) and m.server is Server.UNSEEN
    )
