"""Standbys that receive from a member and are none themselves: what could be added, or should not be there. Pure."""

from __future__ import annotations

from cctrl.replication.facts import Downstream, Facts, View

TOOLS = ("pg_basebackup", "pg_receivewal", "pg_rewind", "barman_receive_wal", "pgbackrest")
"""Programs that receive, and are no servers; by the name they give themselves."""
OURS = "cctrl-"  # how the names begin that copies of ours receive under
COPY = OURS + "copy-"  # before the name of the member that a full copy is for


def copies(view: View) -> tuple[tuple[str, str], ...]:
    """The copies of ours that are under way: (who gives, who gets)."""
    sent = ((member.name, receiver.name) for member in view.members for receiver in member.downstreams)
    return tuple(sorted({(giver, name.removeprefix(COPY)) for giver, name in sent if name.startswith(COPY)}))


def strangers(view: View) -> tuple[tuple[str, Downstream], ...]:
    """Each with the member it receives from. Nothing where it may be a member that only goes by another name."""
    return tuple((member.name, standby) for member in view.members for standby in _of(view, member))


def _of(view: View, member: Facts) -> list[Downstream]:
    names = {m.name for m in view.members}
    unknown = [
        d
        for d in member.downstreams
        if d.state == "streaming" and not d.logical and d.name not in (*names, *TOOLS) and not d.name.startswith(OURS)
    ]
    known = {d.name for d in member.downstreams}
    unseen = [m.name for m in view.members if m is not member and m.name not in known and _may_receive(view, m, member)]
    for name in unseen:
        address = view.addresses.get(name, ("", 0))[0]
        alike = next((d for d in unknown if d.address == address), None)
        if alike is None:
            return []  # one of them is this member, and which one cannot be told
        unknown.remove(alike)
    return unknown


def _may_receive(view: View, standby: Facts, member: Facts) -> bool:
    return not standby.seen or view.streams(standby.name, member.name)
