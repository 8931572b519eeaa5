"""Named diagnoses of a replica set: which member is the primary, and what is wrong with it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from cctrl.replication.divergence import descends
from cctrl.replication.facts import Facts, Ran, Server, View

_NO_ROOM = re.compile("No space left on device|could not (write|extend|create)")


class Health(Enum):
    """What one look says about the primary."""

    HEALTHY = "one {primary} accepts writes"
    PRIMARY_STOPPED = "the {primary} was shut down in an orderly way"
    PRIMARY_CRASHED = "the {primary}'s server is down"
    PRIMARY_NOT_ANSWERING = "the {primary}'s server runs but does not answer"
    PRIMARY_MISCONFIGURED = "the {primary} cannot be worked with as the configuration says"
    PRIMARY_UNREACHABLE = "the {primary}'s host cannot be reached"
    PRIMARY_SEEN_BY_OTHERS = "the {primary} cannot be asked from here, but standbys still receive from it"
    TWO_PRIMARIES = "more than one member accepts writes"
    STALE_PRIMARY = "the only member that accepts writes has been superseded"
    NO_PRIMARY = "no member is or was the {primary}"
    NOTHING_SEEN = "no host answered"

    def text(self, called: str) -> str:
        """The sentence; `called`: see View."""
        return self.value.format(primary=called)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The health of a replica set and the member that is, or last was, its primary ("" if none)."""

    health: Health
    primary: str = ""
    strays: tuple[str, ...] = ()  # members that accept writes and should not
    evidence: str = ""  # what was seen, with names
    recorded: str = ""  # of several primaries of which none is later: the one on record
    promoting: str = ""  # the member that is being promoted now

    @property
    def healthy(self) -> bool:
        """True where exactly one member accepts writes and nothing disputes it."""
        return self.health is Health.HEALTHY


def diagnose(view: View) -> Diagnosis:
    """Name what is wrong with the primary, from one look."""
    found = _diagnose(view)
    return replace(found, promoting=view.promoting[0].name) if view.promoting else found


def _diagnose(view: View) -> Diagnosis:
    if not any(m.seen for m in view.members):
        return Diagnosis(Health.NOTHING_SEEN, _intended(view))
    if view.writable:
        return _writable(view)
    primary = _former(view)
    if not primary:
        return Diagnosis(Health.NO_PRIMARY)
    facts = view[primary]
    return Diagnosis(_failure(view, facts), primary, evidence=facts.reason)


def _writable(view: View) -> Diagnosis:
    """At least one member accepts writes: is it the one, and the only one?"""
    latest = [m for m in view.writable if all(m is o or descends(m, o) for o in view.writable)]
    names = tuple(m.name for m in view.writable)
    if not latest:
        recorded = _intended(view) if _intended(view) in names else ""
        return Diagnosis(Health.TWO_PRIMARIES, strays=names, evidence=" and ".join(names), recorded=recorded)
    primary = latest[0]
    later = [m.name for m in view.members if not m.writable and descends(m, primary)]
    if later:
        evidence = f"{primary.name} is on timeline {primary.timeline}; {', '.join(later)} already on a later one"
        return Diagnosis(Health.STALE_PRIMARY, _former_but(view, primary), (primary.name,), evidence)
    strays = tuple(n for n in names if n != primary.name)
    return Diagnosis(Health.HEALTHY, primary.name, strays)


def _intended(view: View) -> str:
    """The primary on record, where it still is a member."""
    return view.intended if any(m.name == view.intended for m in view.members) else ""


def _former_but(view: View, stale: Facts) -> str:
    """The later primary that superseded a stale one, as far as anybody knows it."""
    if _intended(view) not in ("", stale.name):
        return view.intended
    return next((view.follows(m.name) for m in view.members if m.standby and view.follows(m.name) != stale.name), "")


def _former(view: View) -> str:
    """The member that was the primary, where none accepts writes now."""
    if _intended(view) and _could_have_been(view[view.intended]):
        return view.intended
    stopped = [m for m in view.members if m.server is Server.DOWN and m.ran is Ran.PRIMARY and m.fence is None]
    if stopped:
        return max(stopped, key=lambda m: (m.timeline, m.received)).name
    standbys = {m.name for m in view.members if m.standby}
    followed = {view.follows(name) or view.assigned_to(name) for name in standbys} - standbys - {""}
    return followed.pop() if len(followed) == 1 else ""


def _could_have_been(member: Facts) -> bool:
    """False where the member was seen to be a standby: the record is then out of date."""
    return not member.standby and not (member.server is Server.DOWN and member.ran is Ran.STANDBY)


def _failure(view: View, primary: Facts) -> Health:
    # Only we may not be let in: it has too many clients, say. One that cannot write its files lets nobody in.
    refuses_all = primary.full and _NO_ROOM.search(primary.reason)
    shut_out = primary.server is Server.UNSEEN or (primary.server is Server.REJECTING and not refuses_all)
    if shut_out and any(view.streams(m.name, primary.name) and _fresh(view, m) for m in view.members):
        return Health.PRIMARY_SEEN_BY_OTHERS
    if primary.server is Server.UNSEEN:
        return Health.PRIMARY_UNREACHABLE
    if primary.server is Server.MISCONFIGURED:
        return Health.PRIMARY_MISCONFIGURED
    if primary.server in (Server.FROZEN, Server.REJECTING, Server.STARTING):
        return Health.PRIMARY_NOT_ANSWERING
    return Health.PRIMARY_STOPPED if primary.clean else Health.PRIMARY_CRASHED


def _fresh(view: View, standby: Facts) -> bool:
    age = standby.upstream.age if standby.upstream else None
    return age is not None and abs(age) <= view.heard_within  # far below 0: its clock was set back
