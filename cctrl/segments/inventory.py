"""The cluster as it is configured: which instance is which, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cctrl.config import Server, Service
from cctrl.outcome import ConfigError
from cctrl.segments.catalog import COORDINATOR, MIRROR, NOT_IN_SYNC, PRIMARY, UP, Row
from cctrl.segments.catalog_sql import WALRECEIVER


def checked(service: Service) -> Service:
    """The service as the engine takes it, each instance by the name that a mirror uses. Raises ConfigError."""
    where = f"[segments.{service.name}]"
    dbids = [member.dbid for member in service.members]
    for member in service.members:
        if not member.dbid or dbids.count(member.dbid) > 1:
            what = (
                f"{where}: member {member.name} has no dbid"
                if not member.dbid
                else f"{where}: dbid {member.dbid} is there twice"
            )
            raise ConfigError(what, next="give each member a dbid of its own")
        if member.preferred_role not in (PRIMARY, MIRROR):
            what = f"{where}: member {member.name} has the preferred role {member.preferred_role!r}"
            raise ConfigError(what, next="preferred_role = p or m")
    for content in sorted({member.content for member in service.members} | {COORDINATOR}):
        _check_set(where, content, [m.preferred_role for m in service.members if m.content == content])
    members = (m if m.content == COORDINATOR else replace(m, application_name=WALRECEIVER) for m in service.members)
    return replace(service, members=tuple(members))


def _check_set(where: str, content: int, roles: list[str]) -> None:
    if content == COORDINATOR and sorted(roles) != [PRIMARY]:
        raise ConfigError(f"{where}: {len(roles)} members have content -1", next="one member is the coordinator")
    if content != COORDINATOR and sorted(roles) != [MIRROR, PRIMARY]:
        what = f"{where}: content {content} has the preferred roles {', '.join(sorted(roles))}"
        raise ConfigError(what, next="each content has one p and one m")


def coordinator(service: Service) -> Server:
    """The coordinator."""
    return next(member for member in service.members if member.content == COORDINATOR)


def by_dbid(service: Service, dbid: int) -> Server:
    """The member of that dbid. Raises ConfigError where the catalog names one that is not configured."""
    for member in service.members:
        if member.dbid == dbid:
            return member
    what = f"[segments.{service.name}] has no member with dbid {dbid}, which the catalog names"
    raise ConfigError(what, next="add it to the configuration")


def host(service: Service, name: str) -> Server:
    """A host by its name or by an address that the catalog shows, as a spare or a segment is there: what they have in
    common. Its `data_dir` is where segments are to lie, of a spare that says so. Raises ConfigError."""
    known = (*service.spares, *(replace(member, data_dir="") for member in service.members))
    for server in known:
        if name in (server.host.name, server.shown_address, server.address):
            return server
    where = f"[segments.{service.name}"
    raise ConfigError(f"{where}] has no host {name}", next=f"add {where}.spares.{name}] to the configuration")


def placed(service: Service, rows: Iterable[Row]) -> Service:
    """The service with each segment where the catalog has it. Raises ConfigError for a host that is not configured."""
    found = {row.dbid: row for row in rows}
    members = (_placed(service, m, found[m.dbid]) if m.dbid in found else m for m in service.members)
    return replace(service, members=tuple(members))


def _placed(service: Service, member: Server, row: Row) -> Server:
    """A segment that was recovered elsewhere has its configuration in its data directory, and pg_ctl starts it."""
    if (member.host.name, member.port, member.data_dir) == (row.hostname, row.port, row.datadir):
        return member
    there = host(service, row.hostname)
    return replace(
        member, host=there.host, address=there.address, port=row.port, data_dir=row.datadir, config_file="", start=(),
        stop=(), bin_dir=there.bin_dir, socket_dir=there.socket_dir, backup_dir="", shown_address=there.shown_address,
    )  # fmt: skip


def rows(service: Service) -> tuple[Row, ...]:
    """The catalog of a cluster that was just built: everyone in the preferred role, no pair known to be in sync."""
    made = [
        Row(
            m.dbid, m.content, m.preferred_role, m.preferred_role, NOT_IN_SYNC, UP, m.port,
            m.host.name, m.shown_address or m.address, m.data_dir,
        )
        for m in service.members
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda row: (row.content, row.preferred_role != PRIMARY)))
