"""Commits that a quorum of the members must have before they are acknowledged. Pure.

Every member holds the same setting, so that a new primary keeps it from its first write on. With n members each commit
is on n // 2 standbys beside the primary: on a majority, and any majority that a failover sees has one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from cctrl.replication.facts import Facts, View

SETTING = "synchronous_standby_names"


def needed(members: int) -> int:
    """How many standbys must have a commit in a replica set of `members`."""
    return members // 2


def setting(names: Sequence[str]) -> str:
    """PostgreSQL's synchronous_standby_names for all of `names`; "" where there is nobody to wait for."""
    if len(names) < 2:
        return ""
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    return f"ANY {needed(len(names))} ({quoted})"


def lacking(view: View) -> tuple[str, ...]:
    """The members that are up and have another setting than they should."""
    if not view.acknowledged_by:
        return ()
    return tuple(m.name for m in view.members if m.up and not _has(view, m))


def kept(view: View) -> bool:
    """True where every standby that is up has the setting: its primary then had it too, as far as can be known."""
    standbys = [m for m in view.members if m.standby]
    return bool(view.acknowledged_by and standbys) and all(_has(view, m) for m in standbys)


def _has(view: View, member: Facts) -> bool:
    return member.settings.get(SETTING) == view.acknowledged_by
