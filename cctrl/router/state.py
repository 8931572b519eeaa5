"""What a router says of itself, read. Pure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ONLINE, OFFLINE, DEGRADED, STOPPED, UNREACHABLE = "ONLINE", "OFFLINE", "DEGRADED", "STOPPED", "UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a router."""

    name: str
    state: str  # ONLINE: new connections are taken; OFFLINE: none; DEGRADED: in part
    pid: int = 0
    created: int | None = None  # client sessions since it began; None where it does not count them
    active: int = 0
    parts: tuple[tuple[str, bool], ...] = ()  # what it has for the service: frontends, databases; open or not
    paused: tuple[str, ...] = ()  # databases of pgbouncer
    servers: tuple[str, ...] = ()  # HAProxy's `backend/server`
    reason: str = ""  # why it is not seen, or cannot be steered
    next: str = ""

    @property
    def known(self) -> bool:
        """True where it answered."""
        return self.state in (ONLINE, OFFLINE, DEGRADED)


def _state(parts: Sequence[tuple[str, bool]]) -> str:
    open_ones = [is_open for _, is_open in parts]
    return ONLINE if all(open_ones) else DEGRADED if any(open_ones) else OFFLINE


def haproxy(name: str, service: str, text: str) -> Seen:
    """HAProxy's answer to `show info;show stat`: what begins with the service's name is the service's."""
    info, _, stat = text.partition("# pxname,")
    pid = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("Pid:")), "0")
    rows = [r for r in csv.DictReader(("pxname," + stat).splitlines()) if str(r["pxname"]).startswith(f"{service}_")]
    fronts = [r for r in rows if r.get("svname") == "FRONTEND"]
    parts = tuple((r["pxname"], r["status"] == "OPEN") for r in fronts)
    servers = tuple(f"{r['pxname']}/{r['svname']}" for r in rows if r.get("svname") not in ("FRONTEND", "BACKEND"))
    if not parts:
        what = f"it has no frontend whose name begins with {service}_"
        return Seen(name, STOPPED, int(pid), reason=what, next="router template haproxy   (a configuration that has)")
    created, active = (sum(int(r[key] or 0) for r in fronts) for key in ("stot", "scur"))
    return Seen(name, _state(parts), int(pid), created, active, parts, (), servers)


def pgbouncer(name: str, text: str) -> Seen:
    """The answers of pgbouncer's console to `show databases` and `show pools`, and its process id."""
    answers = text.split("@\n")[1:]
    databases, pools = (_table(answer) for answer in answers[:2])
    own = [row for row in databases if row["name"] != "pgbouncer"]
    parts = tuple((row["name"], row["disabled"] == "0" and row["paused"] == "0") for row in own)
    paused = tuple(row["name"] for row in own if row["paused"] != "0")
    active = sum(int(r["cl_active"]) + int(r["cl_waiting"]) for r in pools if r["database"] != "pgbouncer")
    pid = answers[2].strip() if len(answers) > 2 else ""
    return Seen(name, _state(parts), int(pid) if pid.isdigit() else 0, None, active, parts, paused)


def _table(text: str) -> list[Mapping[str, str]]:
    first, *rows = [line.split("|") for line in text.strip().splitlines()] or [[]]
    return [dict(zip(first, row, strict=False)) for row in rows]
