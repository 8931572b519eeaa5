"""Whether a takeover is certain: that nothing acknowledged is lost, and that no timeline is begun twice. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cctrl.replication.divergence import Relation, Tail, parting
from cctrl.replication.facts import Facts, View
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.synchrony import covering, promised


def followed(view: View, source: str, target: str) -> None:
    """Refuse one that has not followed the last primary onto its timeline.

    Its promotion would begin a timeline of the same number from the same one, which no rewind and no standby could
    tell from the other; and all that was written there would be left. Raises Rejected.
    """
    latest, here = max(view.reached, view[source].timeline), view[target].timeline
    if here >= latest:
        return
    what = f"{target} has not followed {source} to timeline {latest}: it is on {here}"
    detail = f"its promotion would begin another timeline {latest}, without anything that {source} wrote on it"
    raise Rejected(Why.NOT_FOLLOWED, target, what, detail=detail)


def left_by(member: Facts, target: Facts) -> bool:
    """True where a member has log that the target can never get from it: their histories have parted."""
    return parting(member, target).relation in (Relation.AFTER_FORK, Relation.FOREIGN)


def within(view: View, source: str, target: Facts, lying: Mapping[str, Tail]) -> list[Facts]:
    """Members that are down, and whose logs were read and have nothing that the target has not."""
    read = {name: tail for name, tail in lying.items() if not tail.problem and name not in (source, target.name)}
    ended = [replace(view[name], received=max(view[name].received, tail.end)) for name, tail in read.items()]
    return [
        m
        for m in ended
        if m.system == target.system and parting(m, target).relation in (Relation.SAME, Relation.BEFORE_FORK)
    ]


def uncertain(view: View, logs: Sequence[Facts], tail: Tail | None) -> str:
    """Why an acknowledged commit may not be on the new primary, although a quorum had it; "" where all are, or where
    none was to have it. `logs`: the members of which the new primary has, or gets, all they have."""
    number, names = covering(len(view.members)), [m.name for m in logs]
    if not promised(view) or len(names) >= number:
        return ""
    if tail is not None and not tail.problem and not tail.own:
        return ""  # whatever was acknowledged is in the failed primary's log, and that was read
    return (
        f"commits that were acknowledged may be lost: the logs of {number} of the {len(view.members)} members are "
        f"needed to have each of them, and there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
    )
