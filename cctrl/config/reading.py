"""Reads the file: the parsed document becomes the inventory, and every complaint names the file's line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from cctrl.config import keys
from cctrl.config.inventory import KINDS, Config, Host, Router, Server, Service
from cctrl.config.keys import HOST, MEMBER, NAME, NAME_RULE, ROUTERS, SERVICE
from cctrl.config.places import default_state_dir, expanded
from cctrl.outcome import ConfigError, did_you_mean, in_words


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
        self.check(document, keys.TOP, "")
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
            state_dir=expanded(state) if state else default_state_dir(self.environ),
            timeout=float(document.get("timeout", 5.0)),
            lab=Path(document["lab"]) if "lab" in document else None,
        )

    def service(self, kind: str, name: str, table: Any) -> Service:
        where = f"{kind}.{name}"
        self.name(name, where)
        self.check(table, keys.of(kind, {**SERVICE, **MEMBER}), where)
        members = table.get("members", {})
        if not members:
            self.fail(where, name, f"service {name} has no members", "add [" + where + ".members.HOST] tables")
        defaults = {k: v for k, v in table.items() if k in MEMBER}
        own = {k: v for k, v in table.items() if k in SERVICE and not isinstance(v, dict)}
        servers = tuple(self.member(f"{where}.members.{m}", m, defaults, t) for m, t in members.items())
        self.distinct(where, servers)
        hosts = {s.host.name: s.host for s in servers}
        routers = table.get("routers", {}).items()
        found = tuple(self.router(f"{where}.routers.{r}", r, defaults, t, hosts) for r, t in routers)
        unused = (self.spare(f"{where}.spares.{s}", s, defaults, t) for s, t in table.get("spares", {}).items())
        return Service(kind=kind, name=name, members=servers, routers=found, spares=tuple(unused), **own)

    def member(self, where: str, name: str, defaults: dict[str, Any], table: Any) -> Server:
        self.name(name, where)
        self.check(table, keys.of(where.partition(".")[0], MEMBER), where)
        merged = {**defaults, **table}
        if "home" in merged:
            merged.setdefault("data_dir", merged["home"])
        if "data_dir" not in merged:
            self.fail(where, name, f"member {name} has no data_dir", 'add data_dir = "/path" to it or to its service')
        host_name = merged.pop("host", name)
        ssh = {k: merged.pop(k) for k in HOST if k in merged}
        address = merged.pop("address", host_name)
        host = Host(name=host_name, address=merged.pop("ssh_address", address), **ssh)
        merged |= {k: tuple(merged[k]) for k in ("start", "stop") if k in merged}
        return Server(name=name, host=host, address=address, port=merged.pop("port", 5432), **merged)

    def spare(self, where: str, name: str, defaults: dict[str, Any], table: Any) -> Server:
        """A host that segments can be recovered onto; its `data_dir` is the directory for theirs, "" for the same path
        as before."""
        shared = {k: v for k, v in defaults.items() if k not in ("start", "stop", "config_file")}
        return self.member(where, name, {**shared, "data_dir": ""}, table)

    def router(self, where: str, name: str, defaults: dict[str, Any], table: Any, hosts: Mapping[str, Host]) -> Router:
        """A router on a member's host is reached as that is; it acts as another user unless that is given too."""
        self.name(name, where)
        self.check(table, keys.ROUTER, where)
        kind = table.get("kind", "")
        if kind not in ROUTERS:
            what = f"router {name} has the kind {kind!r}" if kind else f"router {name} has no kind"
            self.fail(where, "kind" if kind else name, what, f"kind is {' or '.join(map(repr, ROUTERS))}")
        host_name = table.get("host", name)
        own = {k: v for k, v in table.items() if k in HOST}
        shared = {k: v for k, v in defaults.items() if k in HOST and k != "become"}
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

    def check(self, table: Any, known: keys.Keys, where: str) -> None:
        if not isinstance(table, dict):
            self.fail(where, where.rpartition(".")[2], f"{where} is not a table", f"write [{where}] above its keys")
        for key, value in table.items():
            if key not in known:
                kinds = " or ".join(keys.owners(key))
                what = f"unknown key {key}" + (f": only a service of the kind {kinds} has it" if kinds else "")
                self.fail(where, key, what, did_you_mean(key, known) or f"one of: {', '.join(known)}")
            kind = known[key]
            right = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
            if not right or (isinstance(value, bool) and kind is not bool):
                self.fail(where, key, f"{key} must be {keys.A[kind]}", "")
            wrong = keys.problem(key, value)
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
