"""Connection strings and configuration lines, quoted as libpq and PostgreSQL read them. Pure."""

from __future__ import annotations

import re

from cctrl.config import Server, Service

GIVES_UP = {
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "25000",
}
"""A connection that carries a copy ends some 25 s after its other end is gone; by itself it would wait for hours."""

_PAIR = re.compile(r"\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))")


def join(parameters: dict[str, str]) -> str:
    """Write `keyword=value` pairs (libpq manual, 'Keyword/Value Connection Strings')."""
    return " ".join(f"{key}={_value(value)}" for key, value in parameters.items())


def _value(value: str) -> str:
    if value and re.fullmatch(r"[A-Za-z0-9_./:@%+,-]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def split(text: str) -> dict[str, str]:
    """Read `keyword=value` pairs; what does not look like one ends the reading."""
    found: dict[str, str] = {}
    at = 0
    while match := _PAIR.match(text, at):
        raw = match[2] if match[2] is not None else match[3]
        found[match[1]] = re.sub(r"\\(.)", r"\1", raw)
        at = match.end()
    return found


def to_source(service: Service, member: str, source: Server, *, database: str = "", bulk: bool = False) -> str:
    """How `member` reaches `source`: for receiving, or (`bulk`) for rewinding and copying. Holds no password."""
    parameters = {"user": service.replication_user, "host": source.address, "port": str(source.port)}
    if service.passfile:
        parameters["passfile"] = service.passfile
    named = next((m.application_name for m in service.members if m.name == member), "")
    parameters["application_name"] = named or member
    if database:
        parameters["dbname"] = database
    parameters["connect_timeout"] = "10"
    parameters |= GIVES_UP if bulk else {}
    return join({**parameters, **split(service.conninfo)})


def setting(name: str, value: str) -> str:
    """One line of a PostgreSQL configuration file."""
    return f"{name} = '" + value.replace("\\", "\\\\").replace("'", "''") + "'"
