"""What may be configured, each key once: its name, its kind of value, what it is where absent, and its limits.

A key that only some kinds of service have is marked with `of`; nothing else needs to know of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from cctrl.outcome import UsageError, did_you_mean

ENGINES = ("postgresql",)
KINDS = DATASERVICE, SEGMENTS, GRID = ("dataservice", "segments", "grid")
"""The kinds of services: each is a vocabulary, and a table of the file."""
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 0.1, 3600.0  # seconds
PORT = (1, 65535)

Value = TypeVar("Value")
REQUIRED: Any = object()


def key(
    default: Value,
    *,
    of: str | tuple[str, ...] = (),
    limits: tuple[float, float] | None = None,
    word: str = "",
    path: bool = False,
    libpq: bool = False,
    among: tuple[str, ...] = (),
) -> Value:
    """A key of the file and its rules, as a dataclass takes it.

    `of`: the kinds of service that have it, all where absent; `limits`: of a number, both included; `word`: what a
    text names that is handed to programs and must not look like an option; `path`: from the root; `libpq`: connection
    parameters without a password; `among`: the values it may have.
    """
    owners = (of,) if isinstance(of, str) else of
    rules = {"of": owners, "limits": limits, "word": word, "path": path, "libpq": libpq, "among": among}
    return cast(Value, field(metadata=rules)) if default is REQUIRED else field(default=default, metadata=rules)


@dataclass(frozen=True, slots=True)
class Host:
    """How one host is reached by SSH. What is left out comes from the user's own SSH set-up."""

    name: str
    address: str  # as given to ssh: an alias of ~/.ssh/config, a name or an IP address
    ssh_port: int | None = key(None, limits=PORT)
    ssh_user: str | None = key(None, word="user")
    identity: str | None = None  # private key file
    known_hosts: str | None = None  # file; the user's and the system's where absent
    ssh_config: str | None = None  # file for `ssh -F`
    become: str | None = key(None, word="user")  # run commands as this user, through `sudo -n -u`


@dataclass(frozen=True, slots=True)
class Server:
    """One database server: where it lives on its host and how the others reach it."""

    name: str  # the member's name, also its application_name
    host: Host
    address: str = key(REQUIRED, word="address")  # database address as the other members and clients reach it
    port: int = key(REQUIRED, limits=PORT)
    data_dir: str = key(REQUIRED, path=True)
    bin_dir: str = ""  # "" means $PATH on the host
    config_file: str = ""  # postgresql.conf where it is outside data_dir
    socket_dir: str = ""  # "" means the server's default
    user: str = key("postgres", word="user")  # database superuser for local, password-free access
    database: str = key("postgres", word="database")
    start: tuple[str, ...] = ()  # service commands, run as the SSH user; pg_ctl where empty
    stop: tuple[str, ...] = ()
    backup_dir: str = key("", path=True)  # on its host; "" means beside data_dir
    application_name: str = ""  # what it calls itself to its primary; its own name where empty
    dbid: int = key(0, of=SEGMENTS, limits=(1, 32767))
    content: int = key(-1, of=SEGMENTS, limits=(-1, 32766))  # which pair it belongs to; -1 for the coordinator
    preferred_role: str = key("", of=SEGMENTS)  # p or m
    shown_address: str = key("", of=(SEGMENTS, GRID))  # what is shown of it; the database address where empty
    home: str = key("", of=GRID, path=True)  # the directory that an instance has for itself
    data_space_group: int = key(0, of=GRID, limits=(1, 5))  # of its host
    daemon_port: int = key(6624, of=GRID, limits=PORT)
    listen_addresses: str = key("*", of=GRID)  # of its host, where its servers listen


@dataclass(frozen=True, slots=True)
class Router:
    """One router that clients connect to, and how it is spoken to on its host."""

    name: str
    kind: str
    host: Host
    socket: str = key(REQUIRED, path=True)  # of HAProxy its admin socket, of pgbouncer the directory of its socket
    port: int = key(6432, limits=PORT)  # of pgbouncer
    user: str = key("pgbouncer", word="user")  # of pgbouncer's console


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its kind of vocabulary, its members and what holds for all of them."""

    kind: str
    name: str
    members: tuple[Server, ...]
    engine: str = key("postgresql", among=ENGINES)
    replication_user: str = key("replicator", word="user")
    passfile: str = ""  # libpq password file on the hosts; "" means the user's ~/.pgpass
    conninfo: str = key("", libpq=True)  # further libpq parameters between members, such as sslmode=verify-full
    maximum_lag: int = key(16 << 20, of=DATASERVICE, limits=(0, 2**63))  # bytes a switch's target may be behind
    check_address: str = key("127.0.0.1", of=DATASERVICE, word="address")  # where health checks are answered over HTTP
    check_port: int = key(0, of=DATASERVICE, limits=(0, 65535))  # 0: it answers none
    routers: tuple[Router, ...] = key((), of=DATASERVICE)
    synchronous: bool = key(False, of=DATASERVICE)  # a commit is acknowledged once a quorum of the members has it
    # Seconds without an answer after which the manager takes a host for gone, and after an automatic failover in which
    # there is no second one.
    failure_timeout: float = key(10.0, of=(DATASERVICE, GRID), limits=(2.0, 3600.0))
    failover_block: float = key(60.0, of=DATASERVICE, limits=(0.0, 86400.0))
    gp_fts_probe_interval: float = key(60.0, of=SEGMENTS, limits=(1.0, 3600.0))  # seconds
    gp_fts_probe_timeout: float = key(20.0, of=SEGMENTS, limits=(0.5, 3600.0))  # seconds
    gp_fts_probe_retries: int = key(5, of=SEGMENTS, limits=(0, 100))
    gp_fts_mark_mirror_down_grace_period: float = key(30.0, of=SEGMENTS, limits=(0.0, 3600.0))  # seconds
    spares: tuple[Server, ...] = key((), of=SEGMENTS)  # hosts without a segment; `data_dir`: where theirs would lie
    k: int = key(2, of=GRID, limits=(1, 5))  # copies of the data
    durability: int = key(1, of=GRID, limits=(0, 1))  # of new databases; 0: a commit does not wait for any disk

    def member(self, name: str) -> Server:
        """The member of that name; KeyError where there is none."""
        for member in self.members:
            if member.name == name:
                return member
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, as configured."""
        return tuple(m.name for m in self.members)

    @property
    def places(self) -> tuple[str, ...]:
        """What a command about hosts may name: the datasources; of what can have several servers on a host the hosts,
        and each server as `host.instance` or `host:port`."""
        if self.kind == DATASERVICE:
            return self.names
        hosts = dict.fromkeys(s.host.name for s in (*self.members, *self.spares))
        return (*hosts, *(m.name if "." in m.name else f"{m.host.name}:{m.port}" for m in self.members))


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration."""

    path: Path
    services: tuple[Service, ...]
    state_dir: Path
    timeout: float = key(5.0, limits=(SHORTEST_TIMEOUT, LONGEST_TIMEOUT))  # seconds one host may take to answer
    lab: Path | None = None  # the lab this is the configuration of, if it is one's

    def service(self, name: str) -> Service | None:
        """The service of that name, if there is one."""
        return next((s for s in self.services if s.name == name), None)

    def chosen(self, name: str) -> tuple[Service, ...]:
        """The service that `-service` names, all of them where it names none. Raises UsageError."""
        found = tuple(s for s in self.services if name in ("", s.name))
        if not found:
            names = [s.name for s in self.services]
            raise UsageError(
                f"unknown service {name!r}",
                detail=f"{self.path} configures: {', '.join(names)}",
                next=did_you_mean(name, names) or f"-service {names[0]}",
            )
        return found
