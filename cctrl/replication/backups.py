"""What a member's host has for backups, whether one can be made, and which one a member can come back from. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cctrl.replication.copying import MARGIN, Extent
from cctrl.replication.facts import Facts
from cctrl.replication.position import Position, size
from cctrl.replication.rejection import Rejected, Why

AGENTS = ("pg_basebackup", "pgbackrest")
"""The programs that make backups; the first is taken where none is named."""
PGBACKREST = AGENTS[1]


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup, as the file beside it tells of it."""

    name: str  # of that file: `store-0000000001.properties`
    agent: str
    created: str  # ISO time, UTC
    system: str  # system identifier
    size: int = 0  # bytes
    place: str = ""  # where it lies: a directory, or `pgbackrest:STANZA/LABEL`
    tablespaces: int = 0  # in places of their own
    timeline: int = 0
    begins: Position = Position(0)  # of the last file of its log
    ends: Position = Position(0)  # of that file


@dataclass(frozen=True, slots=True)
class Stanza:
    """What pgBackRest calls a server and its backups, as `pgbackrest info` lists them."""

    name: str
    systems: tuple[str, ...]  # system identifiers, the present one last
    labels: tuple[str, ...] = ()  # of its backups


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a member's backups are kept, what could make one there, and those that there are, oldest first."""

    directory: str
    agents: tuple[str, ...]
    free: int  # bytes
    obstacle: str = ""  # the directory in which nothing can be written
    backups: tuple[Backup, ...] = ()
    stanzas: tuple[Stanza, ...] = ()
    unread: str = ""  # what `pgbackrest info` said that is no list of them


def can_back_up(member: Facts, extent: Extent, stores: Stores, agent: str) -> str:
    """Refuse where `agent` cannot back a member up there; pgBackRest's stanza for it, else "". Raises Rejected."""
    name = member.name
    if agent not in stores.agents:
        there = ", ".join(stores.agents) or "none of them"
        what = f"there is no backup agent {agent!r} on {name}"
        raise Rejected(Why.NO_AGENT, name, what, detail=f"known: {', '.join(AGENTS)}; installed on {name}: {there}")
    if stores.obstacle:
        raise Rejected(Why.NO_PLACE, name, f"{name} has no place for a backup: {stores.obstacle} is not writable")
    if agent == PGBACKREST:
        return _stanza(member, stores)
    if extent.tablespaces:
        detail = f"in {extent.tablespaces[0].location}; pgbackrest can keep them"
        raise Rejected(Why.NO_PLACE, name, f"{name} has tablespaces outside its data directory", detail=detail)
    wanted = int(extent.size * (1 + MARGIN)) + 4 * extent.log_file
    if stores.free < wanted:
        detail = f"{size(wanted)} needed in {stores.directory}, {size(stores.free)} free"
        raise Rejected(Why.NO_ROOM, name, f"{name} has no room for a backup", detail=detail)
    return ""


def _stanza(member: Facts, stores: Stores) -> str:
    """The name of pgBackRest's stanza for a member: of its system identifier. Raises Rejected."""
    name = member.name
    fit = [one.name for one in stores.stanzas if one.systems[-1:] == (member.system,)]
    if len(fit) == 1:
        return fit[0]
    what = f"pgbackrest has {len(fit)} stanzas for {name}" if fit else f"pgbackrest has no stanza for {name}"
    there = stores.unread or "it lists " + (", ".join(one.name for one in stores.stanzas) or "none")
    detail = f"of system identifier {member.system}; `pgbackrest info`: {there}"
    then = "pgbackrest info" if fit else "pgbackrest --stanza=NAME stanza-create"
    raise Rejected(Why.NO_AGENT, name, what, detail=detail, next=f"{then}   (on {name}, as its servers' user)")


def usable(name: str, primary: Facts, stores: Stores) -> Backup:
    """The newest backup from which `name` can follow `primary`. Raises Rejected."""
    reasons = []
    known = {f"{PGBACKREST}:{one.name}/{label}" for one in stores.stanzas for label in one.labels}
    for backup in reversed(stores.backups):
        reason = _out_of_reach(backup, known) or _unusable(backup, primary)
        if not reason:
            return backup
        reasons.append(f"{backup.name} of {backup.created}: {reason}")
    what = f"{name} has no backup that it could come back from"
    raise Rejected(Why.NO_BACKUP, name, what, detail="\n".join(reasons) or f"there is none in {stores.directory}")


def _out_of_reach(backup: Backup, known: set[str]) -> str:
    """Why nothing can be fetched from where a backup lies; `known`: those that pgBackRest has."""
    if backup.agent == AGENTS[0]:
        return ""
    if backup.agent != PGBACKREST:
        return f"it is restored with {backup.agent}'s own commands"
    if backup.place not in known:
        return f"`pgbackrest info` does not list {backup.place.partition(':')[2]}"
    if backup.tablespaces:
        name, _, label = backup.place.partition(":")[2].partition("/")
        by_hand = f"pgbackrest --stanza={name} --set={label} restore"
        return f"its {backup.tablespaces} tablespaces would be put where those in use are; by hand: {by_hand}"
    return ""


def _unusable(backup: Backup, primary: Facts) -> str:
    if backup.system != primary.system:
        return f"of another database system, {backup.system}"
    left = next((fork.at for fork in primary.history if fork.timeline == backup.timeline), None)
    if backup.timeline != primary.timeline and (left is None or backup.ends > left):
        return f"its timeline {backup.timeline} is not part of {primary.name}'s history that far"
    if backup.begins < primary.oldest_log:
        missing = size(primary.oldest_log - backup.begins)
        return (
            f"its log ends after {backup.begins}, {primary.name} keeps it from {primary.oldest_log}: {missing} missing"
        )
    return ""
