"""Whether members hold the same rows: what follows from checksums taken while writers go on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Table:
    """One table, by its database, its schema and its name."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        name = f"{self.database}.{self.schema}.{self.name}"  # it may hold any character, a newline too
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read of a table: how many rows, and a checksum over all of them."""

    count: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A table that could not be read on a member."""

    why: str


class Match(Enum):
    """How a member's rows stand to the primary's."""

    SAME = "the same"
    DIFFERENT = "different"
    MOVING = "the table changes too fast to be compared"
    UNREAD = "not read"


def judge(before: Rows, member: Rows | Unread, after: Rows) -> Match:
    """Compare a member's rows with the primary's, which were read `before` and `after` the member's.

    The member had replayed all that the primary wrote until `before`. Where the primary's rows are the same at both
    times, so must the member's be. Where they are not, the member may stand anywhere in between.
    """
    if isinstance(member, Unread):
        return Match.UNREAD
    if member in (before, after):
        return Match.SAME
    return Match.DIFFERENT if before == after else Match.MOVING


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of one table."""

    table: Table
    rows: int  # on the primary
    matches: Mapping[str, Match]
    found: Mapping[str, Rows | Unread]

    def names(self, match: Match) -> tuple[str, ...]:
        """The members that match so."""
        return tuple(name for name, found in self.matches.items() if found is match)
