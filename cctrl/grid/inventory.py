"""The grid as it is configured: its data instances, and the servers of a database's elements on them, checked."""

from __future__ import annotations

from dataclasses import replace

from cctrl.config import Server, Service
from cctrl.grid.model import Database, Instance
from cctrl.outcome import ConfigError


def checked(service: Service) -> Service:
    """The grid, once it is seen to be one. Raises ConfigError."""
    where = f"[grid.{service.name}]"
    if service.durability == 0 and service.k == 1:  # documented as not supported
        raise ConfigError(f"{where}: durability = 0 needs a second copy of the data", next="k = 2, or durability = 1")
    for member in service.members:
        host, dot, name = member.name.partition(".")
        if not dot or not name or host != member.host.name:
            what = f"{where}: member {member.name!r} is no instance of host {member.host.name!r}"
            raise ConfigError(what, next=f'[grid.{service.name}.members."{member.host.name}.instance1"]')
        if not member.home:
            raise ConfigError(f"{where}: member {member.name} has no home", next='home = "/path" of its own')
        if not 1 <= member.data_space_group <= service.k:
            what = f"{where}: member {member.name} is in data space group {member.data_space_group}"
            raise ConfigError(what, next=f"data_space_group = 1 to {service.k} (k)")
        if member.port == member.daemon_port:
            what = f"{where}: member {member.name} has port {member.port} for its daemon and for its server"
            raise ConfigError(what, next="give port and daemon_port different numbers")
    return service


def instances(service: Service) -> tuple[Instance, ...]:
    """The data instances, in the order of the configuration."""
    return tuple(
        Instance(
            name=m.name,
            host=m.host.name,
            data_space=m.data_space_group,
            home=m.home,
            address=m.shown_address or m.address,
            daemon_port=m.daemon_port,
            server_port=m.port,
        )
        for m in service.members
    )


def daemons(service: Service) -> Service:
    """The daemons of all instances as servers that the core knows."""
    members = (_server(m, m.daemon_port, f"{m.home}/daemon", "") for m in service.members)
    return replace(service, name=f"{service.name}.daemons", members=tuple(members))


def elements(service: Service, database: Database) -> Service:
    """The elements of a database as servers that the core knows, on every instance that may ever have one."""
    name = database.name
    members = (
        _server(m, m.port + database.slot, f"{m.home}/db/{name}/data", f"{m.home}/db/{name}/conf/postgresql.conf")
        for m in service.members
    )
    return replace(service, name=f"{service.name}.{name}", members=tuple(members))


def _server(member: Server, port: int, data_dir: str, config_file: str) -> Server:
    socket_dir = member.socket_dir or f"{member.home}/run"
    return replace(member, port=port, data_dir=data_dir, config_file=config_file, socket_dir=socket_dir)
