"""The cluster as it is configured: which instance is which, checked."""

from __future__ import annotations

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
