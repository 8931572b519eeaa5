"""The file of -i and -o: which segments to recover, one a line (reference greenplum.md, 7.4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from cctrl.outcome import Refused
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.utilities.running import Failed

_PORT = re.compile("[0-9]{1,9}")
TYPES = {"I": "incremental", "D": "differential", "F": "full"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance is, as a line says it."""

    address: str
    port: int
    directory: str
    host: str = ""  # where the line gives it, too


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    number: int
    failed: Place
    target: Place | None = None  # None: in place
    kind: str = ""  # a recovery type of TYPES where the line gives one


def parse(path: str, text: str) -> list[Entry]:
    """Read the file. Raises Failed for a line that is not right."""
    entries: list[Entry] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            entries.append(_entry(path, number, line))
    _conflicts(entries)
    return entries


def _entry(path: str, number: int, line: str) -> Entry:
    where, groups = f"line {number} of file {path}", line.split()
    if len(groups) > 2:
        raise Failed(f"{where}: expected 1 or 2 groups but found {len(groups)}")
    parts = groups[0].split("|")
    kind = ""
    if parts[0] in TYPES and len(parts) in (4, 5):
        kind, parts = TYPES[parts[0]], parts[1:]
    failed = _place(where, number, "failed", parts)
    new = groups[1].split("|") if len(groups) == 2 else parts
    if {len(parts), len(new)} == {3, 4}:
        raise Failed(
            f"{where}: expected equal parts, either 3 or 4 on both segment group, obtained {len(parts)} on group1 "
            f"and {len(new)} on group2"
        )
    target = _place(where, number, "new", new) if len(groups) == 2 else None
    if target and not _absolute(target.directory):
        raise Failed(f"{where}: the data directory '{target.directory}' is not an absolute path")
    return Entry(number, failed, target, kind)


def _absolute(directory: str) -> bool:
    path = PurePosixPath(directory)
    return path.is_absolute() and ".." not in path.parts and directory.isprintable()


def _place(where: str, number: int, group: str, parts: list[str]) -> Place:
    host = ""
    if len(parts) == 4:
        host, *parts = parts
    if len(parts) != 3:
        raise Failed(f"{where}: expected 3 parts on {group} segment group, obtained {len(parts)}")
    if not _PORT.fullmatch(parts[1]) or not 1 <= int(parts[1]) <= 65535:
        raise Failed(f"Invalid port on line {number}")
    return Place(parts[0], int(parts[1]), parts[2], host)


def _conflicts(entries: list[Entry]) -> None:
    failed: dict[tuple[str, str], int] = {}
    targets: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.failed.address, entry.failed.directory)
        if key in failed:
            what = f"Cannot recover the same failed segment {key[0]} and data directory {key[1]} twice."
            raise _conflict(failed[key], entry, what)
        failed[key] = entry.number
        if entry.target is None:
            continue
        new = (entry.target.address, entry.target.directory)
        if new in targets:
            what = f"Cannot recover to the same segment {new[0]} and data directory {new[1]} twice."
            raise _conflict(targets[new], entry, what)
        targets[new] = entry.number
    for entry in entries:
        key = (entry.failed.address, entry.failed.directory)
        if entry.target is None and key in targets:
            what = f"Cannot recover segment {key[0]} with data directory {key[1]} in place if it is used as a recovery "
            raise _conflict(targets[key], entry, f"{what}segment.")


def _conflict(first: int, entry: Entry, what: str) -> Failed:
    return Failed(f"config file lines {first} and {entry.number} conflict: {what}")


def found(catalog: Catalog, entry: Entry) -> Row:
    """The instance that a line names. Raises Refused where the catalog has none, Failed for an acting primary."""
    place = entry.failed
    for row in catalog.segments:
        here = place.host in ("", row.hostname)
        if here and (row.address, row.port, row.datadir) == (place.address, place.port, place.directory):
            if row.primary:
                raise Failed(f"Segment to recover from for content {row.content} is not a primary")
            return row
    words, name = f"{place.address}|{place.port}|{place.directory}", "address|port|directory"
    if place.host:
        words, name = f"{place.host}|{words}", f"hostname|{name}"
    what = "A segment to recover was not found in configuration.  This segment is described by"
    raise Refused(f"{what} {name} '{words}'")


def written(rows: Iterable[Row], unreachable: frozenset[str], targets: Mapping[int, Row]) -> str:
    """The file for instances that are down; those on hosts out of reach are commented out. `targets`: dbid -> the row
    at a new place."""
    lines = [
        "# If any entry is not needed, remove it or comment it out with #.",
        "# One line for each failed segment: address|port|data directory, recovered in place;",
        "# a blank and another address|port|data directory after it: recovered in full, to there.",
    ]
    for row in rows:
        mark = "# " if row.hostname in unreachable else ""
        new = targets.get(row.dbid)
        lines.append(f"{mark}{_line(row)}" + (f" {_line(new)}" if new else ""))
    return "".join(line + "\n" for line in lines)


def _line(row: Row) -> str:
    return f"{row.address}|{row.port}|{row.datadir}"
