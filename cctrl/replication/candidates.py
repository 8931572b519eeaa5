"""Who may become the primary, who should, and why the others were not taken. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cctrl.replication.diagnosis import Diagnosis
from cctrl.replication.divergence import Relation, descends, parting
from cctrl.replication.facts import Facts, View
from cctrl.replication.position import Position, size


@dataclass(frozen=True, slots=True)
class Verdict:
    """One candidate with the numbers that were compared."""

    name: str
    eligible: bool
    received: Position
    replayed: Position
    behind: int  # bytes behind the most advanced member that was seen
    lag: float | None  # seconds its replay is behind
    reason: str  # why not, or what is still to be done first


def verdicts(
    view: View, diagnosis: Diagnosis, excluded: Mapping[str, str], *, limit: int | None = None
) -> tuple[Verdict, ...]:
    """A verdict for every member but the primary, best first.

    `excluded` holds members that are out of service on purpose, with the reason. `limit`: bytes a
    candidate may be behind (a planned move); None where being behind is no obstacle (the primary
    is gone, so the most advanced one wins).
    """
    others = [m for m in view.members if m.name != diagnosis.primary]
    ahead = max((m.received for m in view.members if m.up), default=Position(0))
    judged = [_judge(view, diagnosis, m, ahead, excluded, limit) for m in others]
    order = {m.name: n for n, m in enumerate(view.members)}
    timeline = {m.name: m.timeline for m in view.members}
    return tuple(
        sorted(judged, key=lambda v: (not v.eligible, -timeline[v.name], -v.received, -v.replayed, order[v.name]))
    )


def _judge(
    view: View, diagnosis: Diagnosis, member: Facts, ahead: Position, excluded: Mapping[str, str], limit: int | None
) -> Verdict:
    behind = max(0, ahead - member.received) if member.up else 0
    reason = _obstacle(view, diagnosis, member, excluded)
    if not reason and limit is not None:
        reason = _not_ready(view[diagnosis.primary], member, behind, limit)
    return Verdict(
        name=member.name,
        eligible=not reason,
        received=member.received,
        replayed=member.replayed,
        behind=behind,
        # Where nobody writes any more, all that was received is all there is.
        lag=0.0 if limit is None and member.standby and member.received == member.replayed else member.lag,
        reason=reason,
    )


def _obstacle(view: View, diagnosis: Diagnosis, member: Facts, excluded: Mapping[str, str]) -> str:
    if member.name in excluded:
        return excluded[member.name]
    if not member.up:
        return f"its server {member.server.value}" + (f": {member.reason}" if member.reason else "")
    if member.writable:
        return "it accepts writes itself"
    systems = {m.system for m in view.members if m.up and m.system and not m.writable} | _system(view, diagnosis)
    if len(systems) > 1 and member.system not in _system(view, diagnosis):
        return f"another system identifier: {member.system}"
    primary = view[diagnosis.primary] if diagnosis.primary else None
    if primary is not None and primary.timeline:
        return parted(member, primary)
    latest = max(m.timeline for m in view.members if m.up)
    return f"on timeline {member.timeline}, others are on {latest}" if member.timeline < latest else ""


def parted(member: Facts, primary: Facts) -> str:
    """What is wrong with a candidate's history, beside that of the primary it would replace."""
    part = parting(member, primary)
    if part.relation is Relation.FOREIGN:
        return f"its timeline {member.timeline} is not part of {primary.name}'s history"
    if part.relation is Relation.AFTER_FORK and not descends(member, primary):
        return f"its log went on after {part.at} on timeline {part.timeline}, where {primary.name}'s history left it"
    return ""


def _not_ready(primary: Facts, member: Facts, behind: int, limit: int) -> str:
    """Why a member could not take over in a planned move, in which it must first have all the primary has."""
    if member.timeline != primary.timeline:
        return f"on timeline {member.timeline}, {primary.name} is on {primary.timeline}: it does not follow it"
    if member.replay_paused:
        return "its replay is paused; first, on it: select pg_wal_replay_resume()"
    if member.full:  # its promotion would be refused when the primary is down already
        return f"its disk is full, {member.room}"
    return f"{size(behind)} behind, limit {size(limit)}" if behind > limit else ""


def _system(view: View, diagnosis: Diagnosis) -> set[str]:
    system = view[diagnosis.primary].system if diagnosis.primary else ""
    return {system} if system else set()


def choose(judged: tuple[Verdict, ...]) -> Verdict | None:
    """The most advanced eligible candidate; None where there is none."""
    return next((v for v in judged if v.eligible), None)
