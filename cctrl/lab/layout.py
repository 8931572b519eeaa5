"""What a lab consists of and where it lies: the frozen description kept in `lab.json`.

A lab has hosts, a host has one or more servers. `DIR` is the lab's own directory (0711, so that the
servers' user can pass through it); `hosts_dir` holds one directory per host and may lie elsewhere::

    DIR/lab.json          this description (0600)
    DIR/cctrl.toml        the configuration cctrl is given
    DIR/ssh/              client key, host keys, known_hosts, an ssh_config for people
    DIR/state/            the state directory of cctrl for this lab
    DIR/traffic/          the writer's targets, record and log
    DIR/switchboard.log   the supervisor's log
    DIR/manager.log       the manager's
    hosts_dir/pgpass      the replication password, readable by the servers' user only
    hosts_dir/HOST/       home of the host's commands: conf/, data/ (or primary/, mirror/), log/, run/
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cctrl.config import NAME, NAME_RULE, default_state_dir
from cctrl.outcome import ConfigError, UsageError, did_you_mean


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that can be found by its name."""

    name: str
    dir: Path

    @property
    def config_path(self) -> Path:
        """The lab's complete configuration."""
        return self.dir / "cctrl.toml"

    @property
    def log_path(self) -> Path:
        """The switchboard's log."""
        return self.dir / "switchboard.log"


@dataclass(frozen=True, slots=True)
class RunAs:
    """The ordinary user the servers and all commands run as."""

    name: str
    uid: int
    gid: int
    switch: bool  # true where the lab was started by root, so that the user must be changed


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One database server of a host."""

    name: str
    port: int
    data_dir: str
    config_file: str
    socket_dir: str
    log_file: str
    startup_log: str  # what the server says before its log is open
    dbid: int = 0  # these three are of segment clusters
    content: int = 0  # which servers replicate each other
    preferred_role: str = ""  # p, m
    home: str = ""  # these three are of a grid's data instances
    daemon_port: int = 0
    data_space: int = 0
    place: str = ""  # of a segment: host:port, as its catalog and the shell call it

    @property
    def called(self) -> str:
        """How it is called where its users can read it."""
        return self.place or self.name

    @property
    def instance(self) -> bool:
        """True for the place of an element on a data instance: a manager makes the server there, not the lab."""
        return bool(self.home)

    @property
    def ports(self) -> tuple[int, ...]:
        """Where it is listened."""
        return (self.port, self.port + 1, self.daemon_port) if self.home else (self.port,)  # of two databases


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One host: where it is reached, and where its servers really listen."""

    name: str
    address: str  # published: what the configuration says
    inside: str  # where sshd and the servers listen; the same as `address` in a namespace of its own
    ssh_port: int
    home: str
    netns: str  # its network namespace; "" on loopback
    servers: tuple[ServerPlan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a lab that does not change while it lives."""

    name: str
    kind: str
    service: str
    directory: str
    made_directory: bool  # false where the user had made `directory`: it is emptied, not removed
    hosts_dir: str
    scratch: tuple[str, ...]  # directories outside `directory`, removed with the lab
    control: str  # the switchboard's unix socket
    run_as: RunAs
    bin_dir: str
    sshd: str  # path of OpenSSH's sshd; "" for the built-in server
    ssh_user: str
    bridge: str  # of network namespaces; "" on loopback
    hosts: tuple[HostPlan, ...]
    disk: int = 0  # MB of each host's own file system; 0 where it has none
    synchronous: bool = False  # these three stand in the configuration, see `config.Service`
    failure_timeout: float = 4.0
    failover_block: float = 60.0

    @property
    def spares(self) -> tuple[HostPlan, ...]:
        """The hosts without a server: a segment can be recovered onto them."""
        return tuple(host for host in self.hosts if not host.servers)

    def sockets(self, spare: HostPlan) -> str:
        """Where a server on a host without one has its socket: as the others have theirs."""
        first = self.hosts[0]
        usual = Path(first.servers[0].socket_dir)
        return f"{spare.home}/run" if usual.parent == Path(first.home) else str(usual.parent / spare.name)

    @property
    def lab(self) -> Lab:
        """The handle of this lab."""
        return Lab(self.name, Path(self.directory))

    @property
    def passfile(self) -> str:
        """The libpq password file of the replication role, on every host."""
        return f"{self.hosts_dir}/pgpass"

    @property
    def sets(self) -> list[list[tuple[HostPlan, ServerPlan]]]:
        """The servers that replicate each other, the first primary of each set first."""
        found: dict[int, list[tuple[HostPlan, ServerPlan]]] = {}
        for host in self.hosts:
            for server in host.servers:
                found.setdefault(server.content, []).append((host, server))
        return [sorted(found[content], key=lambda one: one[1].preferred_role == "m") for content in sorted(found)]

    @property
    def data_dirs(self) -> list[str]:
        """Where servers work that the lab knows of, the daemons of data instances with them."""
        servers = [server for host in self.hosts for server in host.servers]
        return [s.data_dir for s in servers] + [f"{s.home}/daemon" for s in servers if s.instance]

    @property
    def host_names(self) -> tuple[str, ...]:
        """The hosts, in order."""
        return tuple(h.name for h in self.hosts)

    def host(self, name: str) -> HostPlan:
        """The host called `name`. Raises UsageError with the nearest name."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise UsageError(
            f"lab {self.name} has no host {name!r}",
            detail="\n".join(t for t in (did_you_mean(name, self.host_names), f"its hosts: {self._listed}") if t),
            next="cctrl lab list",
        )

    @property
    def _listed(self) -> str:
        return ", ".join(self.host_names)

    def servers(self, where: str) -> list[tuple[HostPlan, ServerPlan]]:
        """The servers that `where` means: `host` (all of its), `host:port` or `host.instance`.
        Raises UsageError."""
        if where in self.host_names:
            return [(self.host(where), s) for s in self.host(where).servers]
        name, mark, rest = where.partition(":")
        if not mark:
            name, mark, rest = where.rpartition(".")
        if not mark:
            name = where
        host = self.host(name)
        found = [s for s in host.servers if rest in (str(s.port), s.name, s.name.removeprefix(f"{host.name}."))]
        if not found:
            known = ", ".join(f"{host.name}:{s.port}" for s in host.servers)
            raise UsageError(f"host {name} has no server {rest!r}", detail=f"its servers: {known}")
        return [(host, s) for s in found]

    def server(self, where: str) -> tuple[HostPlan, ServerPlan]:
        """The one server that `where` means. Raises UsageError where it means several."""
        found = self.servers(where)
        if len(found) > 1:
            known = ", ".join(f"{h.name}:{s.port}" for h, s in found)
            raise UsageError(f"{where} has {len(found)} servers", next=f"name one of: {known}")
        return found[0]


def check_name(name: str) -> str:
    """The name of a lab, checked. Raises UsageError."""
    if not NAME.match(name):
        raise UsageError(
            f"{name!r} cannot name a lab", detail=NAME_RULE, next="cctrl lab list   (the names that are taken)"
        )
    return name


def labs_dir() -> Path:
    """Where labs are found by name: a directory each, or a symbolic link to one."""
    return default_state_dir() / "labs"


def names() -> list[str]:
    """The names of all labs of this user, dead ones too."""
    try:
        return sorted(entry.name for entry in labs_dir().iterdir() if NAME.match(entry.name))
    except OSError:
        return []


def find(name: str) -> Lab:
    """The lab called `name`, running or not. Raises UsageError where there is none."""
    place = labs_dir() / check_name(name)
    if not os.path.lexists(place):
        near = did_you_mean(name, names())
        raise UsageError(f"there is no lab {name!r}", detail=near, next="cctrl lab list")
    return Lab(name, Path(os.path.realpath(place)))


def name_option(name: str) -> str:
    """` --name NAME` for a command shown to the user, nothing for the default name."""
    return "" if name == "lab" else f" --name {name}"


def read_plan(lab: Lab) -> Plan:
    """The description of `lab`. Raises ConfigError where it was half made, or cleared by hand."""
    path = lab.dir / "lab.json"
    try:
        return _plan(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or "it is broken"
        raise ConfigError(
            f"lab {lab.name} is only half there: cannot read {path}: {reason}",
            next=f"cctrl lab down{name_option(lab.name)}",
        ) from None


def write_plan(plan: Plan) -> None:
    """Keep `plan` as `lab.json`."""
    write_private(Path(plan.directory) / "lab.json", json.dumps(asdict(plan), indent=1) + "\n")


def write_private(path: Path, text: str, owner: RunAs | None = None) -> None:
    """Write a file only its owner can read, in one step: the name never shows a half-written one."""
    passing = path.with_name(path.name + ".new")
    with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        if owner and owner.switch:
            os.fchown(file.fileno(), owner.uid, owner.gid)
    passing.replace(path)


def _plan(document: dict[str, Any]) -> Plan:
    hosts = tuple(_host(h) for h in document.pop("hosts"))
    scratch = tuple(document.pop("scratch"))
    return Plan(hosts=hosts, scratch=scratch, run_as=RunAs(**document.pop("run_as")), **document)


def _host(document: dict[str, Any]) -> HostPlan:
    servers = tuple(ServerPlan(**s) for s in document.pop("servers"))
    return HostPlan(servers=servers, **document)
