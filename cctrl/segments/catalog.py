"""The cluster's catalog as it is read: rows, pairs, and which states of a pair there can be. Pure.

Columns, letters and valid states are the documented ones (reference greenplum.md, 1 and 2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cctrl.outcome import CctrlError, Outcome

PRIMARY, MIRROR = "p", "m"
UP, DOWN = "u", "d"
SYNC, NOT_IN_SYNC = "s", "n"
COORDINATOR = -1  # its content

ROLES = {PRIMARY: "Primary", MIRROR: "Mirror"}
MODES = {SYNC: "Synchronized", NOT_IN_SYNC: "Not In Sync"}
STATUSES = {UP: "Up", DOWN: "Down"}

VALID = {("u", "s", "u", "s"), ("u", "n", "u", "n"), ("u", "n", "d", "n")}
"""Status and mode of the acting primary, then of the acting mirror."""


class InvalidCatalog(CctrlError):
    """The catalog says what cannot be: it was edited."""

    outcome = Outcome.USAGE


@dataclass(frozen=True, slots=True)
class Row:
    """One instance, as a row of gp_segment_configuration has it."""

    dbid: int
    content: int
    role: str
    preferred_role: str
    mode: str
    status: str
    port: int
    hostname: str
    address: str
    datadir: str

    @property
    def up(self) -> bool:
        """True where the catalog says so."""
        return self.status == UP

    @property
    def primary(self) -> bool:
        """True for an acting primary."""
        return self.role == PRIMARY

    @property
    def balanced(self) -> bool:
        """True where it is in its preferred role."""
        return self.role == self.preferred_role

    @property
    def place(self) -> str:
        """How people and labs name it: `sdw1:6000`."""
        return f"{self.hostname}:{self.port}"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two instances of one content, by their current roles."""

    content: int
    primary: Row
    mirror: Row

    @property
    def rows(self) -> tuple[Row, Row]:
        """Both."""
        return self.primary, self.mirror

    @property
    def synchronized(self) -> bool:
        """True where the catalog says that a commit is on both."""
        return self.mirror.mode == SYNC and self.mirror.up

    @property
    def balanced(self) -> bool:
        """True where both are in their preferred roles."""
        return self.primary.balanced and self.mirror.balanced

    def preferred(self, role: str) -> Row:
        """The one that was built as primary (`p`) or mirror (`m`)."""
        return next(row for row in self.rows if row.preferred_role == role)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All rows, by content and preferred role."""

    rows: tuple[Row, ...]
    version: str = ""  # what the coordinator says of its software
    era: str = ""  # which start of the coordinator this is: `<hex>_<yymmddHHMMSS>`

    @property
    def coordinator(self) -> Row:
        """The acting coordinator. Raises InvalidCatalog."""
        for row in self.rows:
            if row.content == COORDINATOR and row.primary:
                return row
        raise InvalidCatalog("Invalid GpArray: there is no row of the coordinator", next=_MEND)

    @property
    def segments(self) -> tuple[Row, ...]:
        """The instances of the pairs."""
        return tuple(row for row in self.rows if row.content != COORDINATOR)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs in the order of their contents. Raises InvalidCatalog for what no pair can be."""
        return tuple(self.pair(content) for content in dict.fromkeys(row.content for row in self.segments))

    def pair(self, content: int) -> Pair:
        """The pair of that content. Raises InvalidCatalog for what no pair can be."""
        return _pair([row for row in self.segments if row.content == content], content)

    def row(self, dbid: int) -> Row:
        """The row of that dbid. Raises KeyError."""
        for row in self.rows:
            if row.dbid == dbid:
                return row
        raise KeyError(dbid)


_MEND = "put the rows of gp_segment_configuration right on the coordinator (help gpstate lists the valid states)"


def _pair(rows: list[Row], content: int) -> Pair:
    primaries = [row for row in rows if row.role == PRIMARY]
    mirrors = [row for row in rows if row.role == MIRROR]
    if len(primaries) != 1 or len(mirrors) != 1:
        what = (
            f"content {content} has {len(primaries)} acting primaries and {len(mirrors)} acting mirrors, not one each"
        )
        raise InvalidCatalog(f"Invalid GpArray: {what}", next=_MEND)
    if {rows[0].preferred_role, rows[1].preferred_role} != {PRIMARY, MIRROR}:
        raise InvalidCatalog(f"Invalid GpArray: content {content} prefers no primary and mirror", next=_MEND)
    pair = Pair(content, primaries[0], mirrors[0])
    state = (pair.primary.status, pair.primary.mode, pair.mirror.status, pair.mirror.mode)
    if state not in VALID:
        valid = "; ".join(f"{a}/{b} and {c}/{d}" for a, b, c, d in sorted(VALID, reverse=True))
        detail = f"valid (status/mode of primary and mirror): {valid}"
        what = f"content {content} is {state[0]}/{state[1]} and {state[2]}/{state[3]}"
        raise InvalidCatalog(f"Invalid GpArray: {what}", detail=detail, next=_MEND)
    return pair


def read(text: str) -> Catalog:
    """The catalog from what `catalog_sql.READ` prints. Raises InvalidCatalog where a column is missing or empty."""
    found = json.loads(text)
    return Catalog(tuple(map(_row, found["rows"] or ())), found["version"], found["era"])


def _row(found: Mapping[str, Any]) -> Row:
    """One row; columns that somebody added are none of ours."""
    known: dict[str, Any] = {field.name: found.get(field.name) for field in fields(Row)}
    for name, value in known.items():
        if value is None:
            what = f"dbid {known['dbid']} has no {name}" if name in found else f"there is no column {name}"
            raise InvalidCatalog(f"Invalid GpArray: {what}", next=_MEND)
    return Row(**known)


def complete(catalog: Catalog, places: Mapping[int, str]) -> None:
    """Refuse a catalog without the row of a segment that is configured: nothing could be told of it. `places`: where
    each is configured, by its dbid. Raises InvalidCatalog."""
    missing = sorted(places.keys() - {row.dbid for row in catalog.rows})
    if missing:
        told = ", ".join(f"dbid {dbid} ({places[dbid]})" for dbid in missing)
        raise InvalidCatalog(f"Invalid GpArray: there is no row of {told}", next=_MEND)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one row; roles, status and mode as letters."""

    row: Row
    role: str
    status: str
    mode: str

    @property
    def real(self) -> bool:
        """False where the row says so already."""
        return (self.row.role, self.row.status, self.row.mode) != (self.role, self.status, self.mode)


def after(pair: Pair, changes: Iterable[Change]) -> Pair:
    """The pair once they are made."""
    done = {c.row.dbid: replace(c.row, role=c.role, status=c.status, mode=c.mode) for c in changes}
    rows = [done.get(row.dbid, row) for row in pair.rows]
    return Pair(pair.content, *sorted(rows, key=lambda row: not row.primary))


def swapped(pair: Pair) -> tuple[Change, Change]:
    """The failed primary becomes the mirror that is down, the mirror becomes the primary."""
    return Change(pair.primary, MIRROR, DOWN, NOT_IN_SYNC), Change(pair.mirror, PRIMARY, UP, NOT_IN_SYNC)


def marked(pair: Pair, status: str, mode: str) -> tuple[Change, Change]:
    """The mirror's status, and the mode of both."""
    return Change(pair.primary, PRIMARY, UP, mode), Change(pair.mirror, MIRROR, status, mode)
