"""What is seen of each instance, in the utilities' words (reference greenplum.md, 5.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cctrl.replication.copying import Working
from cctrl.replication.facts import Downstream, Facts, Server
from cctrl.replication.position import Position
from cctrl.replication.steps import Action
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.watch import fts

GOOD = "Up"
NOT_RUNNING = (Server.DOWN, Server.NO_DATA, Server.NO_BINARIES)


def word(row: Row, facts: Facts) -> str:
    """The status of an instance: what the catalog says, then what its host says."""
    if not row.up:
        return "Down in configuration"
    if not facts.seen:
        return "Unknown -- unable to load segment status"
    if facts.server in NOT_RUNNING:
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

    kind: str  # full, incremental, differential
    since: float  # seconds since the epoch
    done: str = ""  # kB; these three are "" while its program has not said so yet
    total: str = ""  # kB
    percent: str = ""
    stage: str = ""  # of a differential one: what is copied


_PROGRESS = re.compile(r"\s*(\d+)/(\d+) kB \((\d+)%\)(?:, (data|log|control file)$)?")
_KINDS = {Action.REWIND: "incremental", Action.REUSE: "differential"}
_STAGES = {"data": "pg_data", "log": "pg_wal directory", "control file": "pg_control file"}


def recovery(working: Working) -> Recovery:
    """Long work on a segment's host, in the words of the report."""
    kind = _KINDS.get(working.action, "full")
    match = _PROGRESS.match(working.said)
    if match is None:
        return Recovery(kind, working.since)
    return Recovery(kind, working.since, match[1], match[2], f"{match[3]}%", _STAGES.get(match[4] or "", ""))


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
    def down(self) -> list[Row]:
        """The instances that are down by the catalog, and are not being recovered."""
        return [row for row in self.catalog.segments if not row.up and row.dbid not in self.recovering]

    @property
    def ordered(self) -> tuple[Row, ...]:
        """The instances: of each pair the acting primary first."""
        return tuple(row for pair in self.catalog.pairs for row in pair.rows)
