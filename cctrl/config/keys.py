"""Which keys the tables of the file have, and what is wrong with a value: all of it follows from `inventory`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from cctrl.config.inventory import KINDS, Config, Host, Router, Server, Service

ROUTERS = {"haproxy": "/run/haproxy/admin.sock", "pgbouncer": "/var/run/postgresql"}  # kind -> its usual socket
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")  # of services, members, labs, jobs
NAME_RULE = "letters, digits, '.', '_' and '-', at most 63"

Keys = Mapping[str, type]  # the keys of a table, and the type of each

_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("str", "str | None", "Path", "Path | None"), str),
    **dict.fromkeys(("int", "int | None"), int),
    "float": float,
    "bool": bool,
    "tuple[str, ...]": list,
}
A = {
    bool: "true or false",
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    list: "a list of strings",
    dict: "a table",
}


def _keys(record: type, *but: str) -> dict[str, type]:
    """The keys that fill a dataclass: its fields that hold one value each."""
    return {f.name: _TYPES[str(f.type)] for f in fields(record) if f.name not in but and str(f.type) in _TYPES}


HOST: Keys = _keys(Host, "name", "address")
MEMBER: Keys = {**HOST, "host": str, "ssh_address": str, **_keys(Server, "name", "application_name")}
SERVICE: Keys = {**_keys(Service, "kind", "name"), "members": dict, "routers": dict, "spares": dict}
ROUTER: Keys = {**HOST, "host": str, "ssh_address": str, **_keys(Router, "name")}
TOP: Keys = {**_keys(Config, "path"), **dict.fromkeys(KINDS, dict)}

_PARAMETER = r"\s*([a-z_]+)\s*=\s*(?:'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)"
_RULES = MappingProxyType({f.name: f.metadata for r in (Config, Host, Router, Server, Service) for f in fields(r)})
_WORDS = {"host": "host", "ssh_address": "address"}  # that no dataclass has under this name


def of(kind: str, keys: Keys) -> Keys:
    """Those of the keys that a kind of service has."""
    return {name: type for name, type in keys.items() if kind in (owners(name) or KINDS)}


def owners(name: str) -> tuple[str, ...]:
    """The only kinds of service that have a key; none where all have it, or it is no key."""
    found: tuple[str, ...] = _rule(name, "of") or ()
    return found


def problem(name: str, value: Any) -> str:
    """What is wrong with a value of the right type; "" where nothing is."""
    words = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not all(isinstance(word, str) for word in value):
        return "must be a list of strings"
    if any(isinstance(word, str) and not word.isprintable() for word in words):
        return "holds a character that cannot be printed"
    limits = _rule(name, "limits")
    if limits and not limits[0] <= value <= limits[1]:
        return f"is {value}, it must be from {limits[0]} to {limits[1]}"
    among = _rule(name, "among")
    if among and value not in among:
        return f"is {value!r}, it must be {' or '.join(among)}"
    word = _WORDS.get(name) or _rule(name, "word")
    if word and (value.startswith("-") or not value or " " in value):
        return f"is {value!r}, which is no {word}"
    if _rule(name, "path") and not (value.startswith("/") and value.strip("/")):
        return f"is {value!r}, it must be a path from the root"
    return _parameters(value) if _rule(name, "libpq") else ""


def _parameters(value: str) -> str:
    """What is wrong with connection parameters; a value that may be a secret is not shown."""
    if not re.fullmatch(rf"({_PARAMETER})*\s*", value):
        return "must be `keyword=value` pairs, as libpq reads them"
    given = {found[1] for found in re.finditer(_PARAMETER, value)}
    if given & {"password", "sslpassword"}:
        return "holds a password, which would stand in argument lists; passfile names a file for it"
    taken = sorted(given & {"host", "hostaddr", "port", "user", "dbname", "application_name", "service"})
    return f"gives {taken[0]}, which follows from the members" if taken else ""


def _rule(name: str, rule: str) -> Any:
    rules = _RULES.get(name)
    return rules.get(rule) if rules else None
