"""Commits that a quorum of the members must have before they are acknowledged. Pure.

Every member holds the same setting, so that a new primary keeps it from its first write on. With n members each commit
is on n // 2 standbys beside the primary: on a majority, and any majority that a failover sees has one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cctrl.replication.facts import Facts, View

SETTING = "synchronous_standby_names"


def needed(members: int) -> int:
    """How many standbys must have a commit in a replica set of `members`."""
    return members // 2


def covering(members: int) -> int:
    """How many members' logs, at least, have every acknowledged commit between them, whichever members they are."""
    return members - needed(members)


def setting(names: Sequence[str]) -> str:
    """PostgreSQL's synchronous_standby_names for all of `names`; "" where there is nobody to wait for."""
    return f"ANY {needed(len(names))} ({_listed(names)})" if len(names) > 1 else ""


def every(standbys: Sequence[str]) -> str:
    """The same for which a commit waits for each of `standbys`; "" where there are none."""
    return f"FIRST {len(standbys)} ({_listed(standbys)})" if standbys else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def lacking(view: View) -> tuple[str, ...]:
    """The members that are up and have another setting than they should."""
    if not view.acknowledged_by:
        return ()
    return tuple(m.name for m in view.members if m.up and not _has(view, m))


def kept(view: View) -> bool:
    """True where every standby that is up has the setting: its primary then had it too, as far as can be known."""
    standbys = [m for m in view.members if m.standby]
    return bool(view.acknowledged_by and standbys) and all(_has(view, m) for m in standbys)


def promised(view: View) -> bool:
    """True where a standby that is up has the setting: the last primary then had it as well, as far as can be known."""
    return bool(view.acknowledged_by) and any(m.standby and _has(view, m) for m in view.members)


def _has(view: View, member: Facts) -> bool:
    return member.settings.get(SETTING) == view.acknowledged_by


_VALUE = re.compile(r"\s*(?:(?:FIRST|ANY)\s+)?(\d+)\s*\((.*)\)\s*\Z", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


@dataclass(frozen=True, slots=True)
class Demand:
    """What a primary waits for before it acknowledges a commit: so many of these standbys; `*` stands for any."""

    number: int
    names: tuple[str, ...]

    def met_by(self, standbys: Iterable[str]) -> int:
        """How many of some standbys it may wait for. Names are compared as PostgreSQL does it, without case."""
        known = {name.lower() for name in self.names}
        return sum("*" in known or standby.lower() in known for standby in standbys)


def demanded(value: str) -> Demand | None:
    """Read synchronous_standby_names: `FIRST k (…)`, `ANY k (…)`, `k (…)` or a list, of which one is waited for; None
    where nobody is waited for."""
    counted = _VALUE.match(value)
    listed = counted[2] if counted else value
    names = tuple(m[1].replace('""', '"') if m[1] is not None else m[2] for m in _NAME.finditer(listed))
    return Demand(int(counted[1]) if counted else 1, names) if names else None


def waits(primary: Facts) -> tuple[int, int] | None:
    """Of a primary whose writes hang: how many standbys it waits for, and how many of them receive from it."""
    demand = demanded(primary.settings.get(SETTING, ""))
    if demand is None or not primary.writable:
        return None
    there = demand.met_by(d.name for d in primary.downstreams if d.state == "streaming")
    return (demand.number, there) if there < demand.number else None
