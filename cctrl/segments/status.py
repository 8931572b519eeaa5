"""What is seen of each instance, in the utilities' words (reference greenplum.md, 5.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cctrl.replication.facts import Downstream, Facts, Server
from cctrl.replication.position import Position
from cctrl.segments import fts
from cctrl.segments.catalog import Catalog, Row

GOOD = "Up"
_NOT_RUNNING = (Server.DOWN, Server.NO_DATA, Server.NO_BINARIES)


def word(row: Row, facts: Facts) -> str:
    """The status of an instance: what the catalog says, then what its host says."""
    if not row.up:
        return "Down in configuration"
    if not facts.seen:
        return "Unknown -- unable to load segment status"
    if facts.server in _NOT_RUNNING:
        return "Process error -- database process may be down"
    if facts.server is Server.FROZEN:
        return "Down"
    if not facts.up:
        return "Rejecting Connections"
    if facts.writable != row.primary:
        return "Acting as Primary" if facts.writable else "Acting as Mirror"
    return GOOD


@dataclass(frozen=True, slots=True)
class Recovery:
    """How far a recovery is that runs now."""

    dbid: int
    kind: str  # full, incremental, differential
    done: str  # kB
    total: str  # kB
    percent: str


_PROGRESS = re.compile(r"(full|incremental):(\d+):\s*(\d+)/(\d+) kB \((\d+)%\)")


def recoveries(text: str) -> dict[int, Recovery]:
    """Read the progress file; the last line of each instance counts."""
    found: dict[int, Recovery] = {}
    for line in text.splitlines():
        match = _PROGRESS.match(line)
        if match:
            found[int(match[2])] = Recovery(int(match[2]), match[1], match[3], match[4], f"{match[5]}%")
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at all instances beside the catalog."""

    catalog: Catalog
    facts: Mapping[int, Facts]  # by dbid
    recovering: Mapping[int, Recovery]

    def word(self, row: Row) -> str:
        """The status of an instance."""
        return word(row, self.facts[row.dbid])

    def queried(self, row: Row) -> bool:
        """True where an acting primary could be asked."""
        return self.facts[row.dbid].writable

    def receiver(self, row: Row) -> Downstream | None:
        """The mirror, as its acting primary sees it."""
        return fts.receiver(self.facts[row.dbid])

    def behind(self, row: Row) -> Position:
        """Bytes of log that an acting primary has and its mirror has not on disk."""
        found = self.receiver(row)
        return Position(max(0, self.facts[row.dbid].received - (found.flushed if found else 0)))

    @property
    def ordered(self) -> tuple[Row, ...]:
        """The instances: of each pair the acting primary first."""
        return tuple(row for pair in self.catalog.pairs for row in pair.rows)
