"""Reads what the scripts about copies print. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from cctrl.replication.backups import PGBACKREST, Backup, Stanza, Stores
from cctrl.replication.copying import Aside, Extent, Spot, Survey, Tablespace, Working
from cctrl.replication.position import Position
from cctrl.replication.postgresql import probe_parse
from cctrl.replication.steps import Action


def extent(rows: list[str]) -> Extent:
    """Read the answer to `queries.EXTENT`: size, bytes of a log file, slots; then size and location of each part."""
    total, log_file, slots = (int(word) for word in rows[0].split("|"))
    parts = (row.partition("|") for row in rows[1:])
    spaces = tuple(Tablespace(location, int(bytes_)) for bytes_, _, location in parts)
    return Extent(total, spaces, log_file, "" if slots else "--no-slot")


def survey(lines: list[str], extent: Extent) -> Survey:
    """Read the output of copysurvey.sh."""
    said = [line[1:].partition(" ")[::2] for line in lines if line.startswith("@")]
    found = dict(said)
    status, _, reached = found.get("reach", "1 ").partition(" ")
    system, timeline, *_ = [*reached.split("|"), "0"] if status == "0" else ["", "0"]
    spots = [_spot(rest) for name, rest in said if name == "spot"]
    version = re.search(r"\(PostgreSQL\) (\d+)", found.get("version", ""))
    return Survey(
        version=int(version[1]) if version else 0,
        extent=extent,
        data=next(spot for kind, spot in spots if kind == "data"),
        log=next((spot for kind, spot in spots if kind == "log"), None),
        tablespaces=tuple(spot for kind, spot in spots if kind == "tablespace"),
        refused="" if status == "0" else reached or "no answer",
        system=system,
        timeline=int(timeline),
        running=found.get("running", ""),
        whole=found.get("whole", ""),
        half=int(found.get("half", "0") or 0),
        copied=found.get("copied", ""),
    )


def _spot(text: str) -> tuple[str, Spot]:
    kind, content, writable, mounted, device, free, path = text.split(" ", 6)
    return kind, Spot(path, content, writable == "yes", mounted == "yes", device, int(free))


def aside(lines: list[str]) -> tuple[Aside, ...]:
    """Read the list of copyaside.sh."""
    found: list[Aside] = []
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "@aside":
            name, bytes_, since = rest.rsplit(" ", 2)
            found.append(Aside(name, int(bytes_), float(since)))
        elif kind == "@outside" and found:
            found[-1] = replace(found[-1], outside=(*found[-1].outside, rest))
    return tuple(found)


def working(lines: list[str], names: Mapping[str, Action]) -> Working | None:
    """Read the output of working.sh; `names`: what each job does."""
    for line in lines:
        words = line.split(" ", 3)
        if len(words) == 4 and words[0] == "@work" and words[1] in names and words[2].isdigit():
            return Working(names[words[1]], int(words[2]), words[3])
    return None


def stores(lines: list[str], directory: str, log_file: int) -> Stores:
    """Read the output of backupsurvey.sh."""
    found: dict[str, str] = {}
    agents: list[str] = []
    backups: list[dict[str, str]] = []
    for line in lines:
        name, _, rest = line[1:].partition(" ") if line.startswith("@") else ("", "", "")
        if name == "agent":
            agents.append(rest)
        elif name == "backup":
            backups.append({"name": rest})
        elif name:
            found[name] = rest
        elif backups and "=" in line:
            key, _, value = line.partition("=")
            backups[-1][key] = value
    obstacle = "" if found.get("writable") == "yes" else found.get("writable", "")
    known = tuple(_backup(said, log_file) for said in backups if "agent" in said)
    free = int(found.get("free", "0") or 0)
    info = found.get("info", "")
    stanzas = _stanzas(info)
    return Stores(directory, tuple(agents), free, obstacle, known, stanzas or (), info if stanzas is None else "")


def _stanzas(text: str) -> tuple[Stanza, ...] | None:
    """Read the answer of `pgbackrest info --output=json`; None where it is none."""
    try:
        return tuple(
            Stanza(
                name=one["name"],
                systems=tuple(str(database["system-id"]) for database in one.get("db", ())),
                labels=tuple(backup["label"] for backup in one.get("backup", ())),
            )
            for one in json.loads(text)
        )
    except (ValueError, KeyError, TypeError):
        return None


def _backup(said: dict[str, str], log_file: int) -> Backup:
    log = said.get("log", "")
    named = bool(re.fullmatch(r"[0-9A-F]{24}", log))
    place = f"{PGBACKREST}:{said['stanza']}/{said.get('label', '')}" if "stanza" in said else said.get("directory", "")
    begins = probe_parse.wal_start(log[8:], log_file)
    return Backup(
        name=said["name"],
        agent=said["agent"],
        created=said.get("created", ""),
        system=said.get("system", ""),
        size=int(said["size"]) if said.get("size", "").isdigit() else 0,
        place=place,
        tablespaces=int(said["tablespaces"]) if said.get("tablespaces", "").isdigit() else 0,
        timeline=int(log[:8], 16) if named else 0,
        begins=begins,
        ends=Position(begins + log_file),
    )
