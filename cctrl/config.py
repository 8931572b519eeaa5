"""The inventory: which services there are, who is a member, how each host is reached.

One TOML file. Keys of a member may also stand in its service's table, as a default for all members;
an unknown key is an error that names file, line and the nearest known key.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from cctrl.outcome import ConfigError, UsageError, did_you_mean, in_words

KINDS = ("dataservice", "segments", "grid")
ENGINES = ("postgresql",)
ROUTERS = {"haproxy": "/run/haproxy/admin.sock", "pgbouncer": "/var/run/postgresql"}  # kind -> its usual socket
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 0.1, 3600.0  # seconds
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")  # of services, members, labs, jobs
NAME_RULE = "letters, digits, '.', '_' and '-', at most 63"


@dataclass(frozen=True, slots=True)
class Host:
    """How one host is reached by SSH. What is left out comes from the user's own SSH set-up."""

    name: str
    address: str  # as given to ssh: an alias of ~/.ssh/config, a name or an IP address
    ssh_port: int | None = None
    ssh_user: str | None = None
    identity: str | None = None  # private key file
    known_hosts: str | None = None  # file; the user's and the system's where absent
    ssh_config: str | None = None  # file for `ssh -F`
    become: str | None = None  # run commands as this user, through `sudo -n -u`


@dataclass(frozen=True, slots=True)
class Server:
    """One database server: where it lives on its host and how the others reach it."""

    name: str  # the member's name, also its application_name
    host: Host
    address: str  # database address as the other members and clients reach it
    port: int
    data_dir: str
    bin_dir: str = ""  # "" means $PATH on the host
    config_file: str = ""  # postgresql.conf where it is outside data_dir
    socket_dir: str = ""  # "" means the server's default
    user: str = "postgres"  # database superuser for local, password-free access
    database: str = "postgres"
    start: tuple[str, ...] = ()  # service commands, run as the SSH user; pg_ctl where empty
    stop: tuple[str, ...] = ()
    backup_dir: str = ""  # on its host; "" means beside data_dir
    application_name: str = ""  # what it calls itself to its primary; its own name where empty
    dbid: int = 0  # these four are of segment clusters
    content: int = -1  # which pair it belongs to; -1 for the coordinator
    preferred_role: str = ""  # p or m
    shown_address: str = ""  # the address that the catalog names; the database address where empty
    home: str = ""  # these four are of data instances of a grid: the directory that the instance has for itself
    data_space_group: int = 0  # of its host, from 1
    daemon_port: int = 6624
    listen_addresses: str = "*"  # of its host, where its servers listen


@dataclass(frozen=True, slots=True)
class Router:
    """One router that clients connect to, and how it is spoken to on its host."""

    name: str
    kind: str  # of ROUTERS
    host: Host
    socket: str  # of HAProxy its admin socket, of pgbouncer the directory of its socket
    port: int = 6432  # of pgbouncer
    user: str = "pgbouncer"  # of pgbouncer's console


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its kind of vocabulary, its members and what holds for all of them."""

    kind: str
    name: str
    members: tuple[Server, ...]
    engine: str = "postgresql"
    replication_user: str = "replicator"
    passfile: str = ""  # libpq password file on the hosts; "" means the user's ~/.pgpass
    conninfo: str = ""  # further libpq parameters between members, such as sslmode=verify-full
    maximum_lag: int = 16 * 1024 * 1024  # bytes a switch's target may be behind at its start
    check_address: str = "127.0.0.1"  # where the manager answers health checks over HTTP
    check_port: int = 0  # 0: it answers none
    routers: tuple[Router, ...] = ()
    synchronous: bool = False  # a commit is acknowledged once a quorum of the members has it
    failure_timeout: float = 10.0  # seconds without an answer after which the manager takes a host for gone
    failover_block: float = 60.0  # seconds after an automatic failover in which there is no second one
    gp_fts_probe_interval: float = 60.0  # seconds; these four are of segment clusters
    gp_fts_probe_timeout: float = 20.0  # seconds
    gp_fts_probe_retries: int = 5
    gp_fts_mark_mirror_down_grace_period: float = 30.0  # seconds
    k: int = 2  # copies of the data in a grid

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


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration."""

    path: Path
    services: tuple[Service, ...]
    state_dir: Path
    timeout: float = 5.0  # seconds one host may take to answer
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


def default_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration is looked for without `--config`: the first that exists, else the
    user's own place (`$CCTRL_CONFIG`, `$XDG_CONFIG_HOME/cctrl/cctrl.toml`, `/etc/cctrl/cctrl.toml`)."""
    if environ.get("CCTRL_CONFIG"):
        return Path(environ["CCTRL_CONFIG"])
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    places = (home / "cctrl" / "cctrl.toml", Path("/etc/cctrl/cctrl.toml"))
    return next((p for p in places if p.exists()), places[0])


def default_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/cctrl`, where history, intended state and audit are kept."""
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".local/state"
    return Path(home) / "cctrl"


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read and check the configuration at `path`. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"no configuration at {path}",
            detail="for your own hosts write that file: see README, 'Your own hosts'",
            next="cctrl demo   (three servers on this machine; it needs the extra: pip install '.[lab]')",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        following = f"ls -l {path}   (it must be a file of text that you may read; --config names another)"
        raise ConfigError(f"cannot read the configuration {path}: {in_words(error)}", next=following) from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"\(at line (\d+), ", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        raise ConfigError(f"{place}: not valid TOML: {error}", next=f"correct {path}") from None
    return _Reader(path, text, environ).config(document)


_HOST_KEYS = {"ssh_port": int, "ssh_user": str, "identity": str, "known_hosts": str, "ssh_config": str, "become": str}
_SERVER_KEYS = {
    "host": str, "address": str, "port": int, "data_dir": str, "bin_dir": str, "config_file": str,
    "socket_dir": str, "user": str, "database": str, "start": list, "stop": list, "backup_dir": str,
    "dbid": int, "content": int, "preferred_role": str, "shown_address": str,
    "home": str, "data_space_group": int, "daemon_port": int, "listen_addresses": str,
}  # fmt: skip
_MEMBER_KEYS = {**_HOST_KEYS, **_SERVER_KEYS, "ssh_address": str}
_SERVICE_KEYS = {
    "engine": str, "replication_user": str, "passfile": str, "conninfo": str, "maximum_lag": int,
    "check_address": str, "check_port": int, "synchronous": bool, "failure_timeout": float, "failover_block": float,
    **dict.fromkeys(("gp_fts_probe_interval", "gp_fts_probe_timeout", "gp_fts_mark_mirror_down_grace_period"), float),
    "gp_fts_probe_retries": int, "k": int, "members": dict, "routers": dict,
}  # fmt: skip
_ROUTER_KEYS = {
    **_HOST_KEYS, "kind": str, "host": str, "ssh_address": str, "socket": str, "port": int, "user": str,
}  # fmt: skip
_TOP_KEYS = {"state_dir": str, "timeout": float, "lab": str, **dict.fromkeys(KINDS, dict)}


def lines_of(path: Path, table: str) -> tuple[int, int]:
    """The first and the last line of a table and those below it in a file, from 1; (0, 0) where they cannot be told."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0, 0
    headers = {n: m[1].replace('"', "").replace(" ", "") for n, t in enumerate(lines, 1) if (m := _HEADER.match(t))}
    own = [n for n, name in headers.items() if name == table or name.startswith(table + ".")]
    if not own:
        return 0, 0
    last = min((n for n in headers if n > own[-1]), default=len(lines) + 1) - 1
    while last > own[-1] and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return own[0], last


_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


class _Reader:
    """Turns the parsed document into dataclasses, with the file's line in every complaint."""

    def __init__(self, path: Path, text: str, environ: Mapping[str, str]) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.environ = environ

    def config(self, document: dict[str, Any]) -> Config:
        self.check(document, _TOP_KEYS, "")
        services = [self.service(kind, name, table) for kind in KINDS for name, table in document.get(kind, {}).items()]
        if not services:
            raise ConfigError(f"{self.path} configures no service", next="add a table [dataservice.NAME]: see README")
        for service in services:
            if sum(service.name == other.name for other in services) > 1:
                self.fail("", service.name, f"there are two services {service.name}", "give one another name")
        state = document.get("state_dir")
        return Config(
            path=self.path,
            services=tuple(services),
            state_dir=Path(state).expanduser() if state else default_state_dir(self.environ),
            timeout=float(document.get("timeout", 5.0)),
            lab=Path(document["lab"]) if "lab" in document else None,
        )

    def service(self, kind: str, name: str, table: Any) -> Service:
        where = f"{kind}.{name}"
        self.name(name, where)
        self.check(table, {**_SERVICE_KEYS, **_MEMBER_KEYS}, where)
        members = table.get("members", {})
        if not members:
            self.fail(where, name, f"service {name} has no members", "add [" + where + ".members.HOST] tables")
        defaults = {k: v for k, v in table.items() if k in _MEMBER_KEYS}
        own = {k: v for k, v in table.items() if k in _SERVICE_KEYS and k not in ("members", "routers")}
        servers = tuple(self.member(f"{where}.members.{m}", m, defaults, t) for m, t in members.items())
        self.distinct(where, servers)
        hosts = {s.host.name: s.host for s in servers}
        routers = table.get("routers", {}).items()
        found = tuple(self.router(f"{where}.routers.{r}", r, defaults, t, hosts) for r, t in routers)
        return Service(kind=kind, name=name, members=servers, routers=found, **own)

    def member(self, where: str, name: str, defaults: dict[str, Any], table: Any) -> Server:
        self.name(name, where)
        self.check(table, _MEMBER_KEYS, where)
        merged = {**defaults, **table}
        if "home" in merged:
            merged.setdefault("data_dir", merged["home"])
        if "data_dir" not in merged:
            self.fail(where, name, f"member {name} has no data_dir", 'add data_dir = "/path" to it or to its service')
        host_name = merged.pop("host", name)
        ssh = {k: merged.pop(k) for k in _HOST_KEYS if k in merged}
        address = merged.pop("address", host_name)
        host = Host(name=host_name, address=merged.pop("ssh_address", address), **ssh)
        merged |= {k: tuple(merged[k]) for k in ("start", "stop") if k in merged}
        return Server(name=name, host=host, address=address, port=merged.pop("port", 5432), **merged)

    def router(self, where: str, name: str, defaults: dict[str, Any], table: Any, hosts: Mapping[str, Host]) -> Router:
        """A router on a member's host is reached as that is; it acts as another user unless that is given too."""
        self.name(name, where)
        self.check(table, _ROUTER_KEYS, where)
        kind = table.get("kind", "")
        if kind not in ROUTERS:
            what = f"router {name} has the kind {kind!r}" if kind else f"router {name} has no kind"
            self.fail(where, "kind" if kind else name, what, f"kind is {' or '.join(map(repr, ROUTERS))}")
        host_name = table.get("host", name)
        own = {k: v for k, v in table.items() if k in _HOST_KEYS}
        shared = {k: v for k, v in defaults.items() if k in _HOST_KEYS and k != "become"}
        if host_name in hosts:
            host = replace(hosts[host_name], **{"become": None, **own})
        else:
            host = Host(host_name, table.get("ssh_address", host_name), **{**shared, **own})
        rest = {k: v for k, v in table.items() if k in ("socket", "port", "user")}
        return Router(name, kind, host, **{"socket": ROUTERS[kind], **rest})

    def name(self, name: str, where: str) -> None:
        if not NAME.match(name):
            self.fail(where, name, f"{name!r} is not a name", NAME_RULE)

    def distinct(self, where: str, servers: tuple[Server, ...]) -> None:
        """No server stands there under two names: a plan would stop it and follow it at once."""
        seen: dict[tuple[str, int], str] = {}
        for server in servers:
            place = (server.address, server.port)
            if place in seen:
                what = f"members {seen[place]} and {server.name} are the same server, {place[0]} port {place[1]}"
                self.fail(f"{where}.members.{server.name}", server.name, what, "correct host, address or port of one")
            seen[place] = server.name

    def check(self, table: Any, known: Mapping[str, type], where: str) -> None:
        if not isinstance(table, dict):
            self.fail(where, where.rpartition(".")[2], f"{where} is not a table", f"write [{where}] above its keys")
        for key, value in table.items():
            if key not in known:
                self.fail(where, key, f"unknown key {key}", did_you_mean(key, known) or f"one of: {', '.join(known)}")
            kind = known[key]
            right = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
            if not right or (isinstance(value, bool) and kind is not bool):
                self.fail(where, key, f"{key} must be {_A[kind]}", "")
            wrong = problem(key, value)
            if wrong:
                self.fail(where, key, f"{key} {wrong}", "")

    def fail(self, where: str, key: str, what: str, next: str) -> NoReturn:
        line = self.line(where, key)
        place = f"{self.path}:{line}" if line else str(self.path)
        raise ConfigError(f"{place}: {what}" + (f" (in [{where}])" if where else ""), next=next or f"correct {place}")

    def line(self, where: str, key: str) -> int:
        """The line of `key` in the table `where`, as well as it can be told from the text; 0 if not."""
        table = ""
        found = 0
        own = f"{where}.{key}" if where else key
        for number, text in enumerate(self.lines, 1):
            header = _HEADER.match(text)
            if header:
                table = header[1].replace('"', "")
                if any(table == near or table.startswith(near + ".") for near in (where, own) if near):
                    found = found or number
            if re.match(rf'\s*"?{re.escape(key)}"?\s*=', text) and table == where:
                return number
        return found or next((n for n, text in enumerate(self.lines, 1) if key in text), 0)


def problem(key: str, value: Any) -> str:
    """What is wrong with a value of the right type; "" where nothing is."""
    words = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not all(isinstance(word, str) for word in value):
        return "must be a list of strings"
    if any(isinstance(word, str) and not word.isprintable() for word in words):
        return "holds a character that cannot be printed"
    if key in _NUMBERS:
        low, high = _NUMBERS[key]
        return "" if low <= value <= high else f"is {value}, it must be from {low} to {high}"
    if key == "engine" and value not in ENGINES:
        return f"is {value!r}, it must be {' or '.join(ENGINES)}"
    if key in _OPTION_LIKE and (value.startswith("-") or not value or " " in value):
        return f"is {value!r}, which is no {_OPTION_LIKE[key]}"
    if key in ("data_dir", "backup_dir", "socket", "home") and not (value.startswith("/") and value.strip("/")):
        return f"is {value!r}, it must be a path from the root"
    return ""


_NUMBERS = {
    "port": (1, 65535),
    "ssh_port": (1, 65535),
    "timeout": (SHORTEST_TIMEOUT, LONGEST_TIMEOUT),
    "maximum_lag": (0, 2**63),
    "check_port": (0, 65535),
    "failure_timeout": (2.0, 3600.0),
    "failover_block": (0.0, 86400.0),
    "dbid": (1, 32767),
    "content": (-1, 32766),
    "gp_fts_probe_interval": (1.0, 3600.0),
    "gp_fts_probe_timeout": (0.5, 3600.0),
    "gp_fts_probe_retries": (0, 100),
    "gp_fts_mark_mirror_down_grace_period": (0.0, 3600.0),
    "daemon_port": (1, 65535),
    "data_space_group": (1, 5),
    "k": (1, 5),
}
_OPTION_LIKE = {  # these are handed to programs: none may look like an option
    "host": "host",
    "address": "address",
    "ssh_address": "address",
    "check_address": "address",
    "ssh_user": "user",
    "become": "user",
    "user": "user",
    "database": "database",
    "replication_user": "user",
}
_A = {
    bool: "true or false",
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    list: "a list of strings",
    dict: "a table",
}
