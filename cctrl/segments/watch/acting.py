"""Carries out what FTS decided for a pair; every step may be broken off and is done again by the next cycle."""

from __future__ import annotations

from collections.abc import Callable

from cctrl.config import Server
from cctrl.manager.leadership import still_leading
from cctrl.outcome import CctrlError
from cctrl.replication.engine import StepFailed
from cctrl.replication.facts import Facts
from cctrl.replication.facts import Server as State
from cctrl.replication.postgresql import queries
from cctrl.replication.steps import Action, Step
from cctrl.segments import catalog_sql
from cctrl.segments.catalog import SYNC, UP, Change, Pair, Row, after, marked
from cctrl.segments.service import Cluster
from cctrl.segments.watch import fts
from cctrl.segments.watch.fts import Act, Decision
from cctrl.threads import Begun, begin

CHECKPOINT = 300.0  # seconds that one may take
PATIENCE = 3.0  # seconds that a cycle waits for one: what is due for other pairs waits with it


class Acting:
    """The acts of FTS. `say` is told what was done, a line at a time; nothing is begun unless `leads` says so."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None], leads: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._say = say
        self._leads = leads
        self._synchronising: dict[int, Begun[None]] = {}  # dbid of a primary -> its mirror begins to count for commits

    def do(self, pair: Pair, decision: Decision, primary: Facts, mirror: Facts | None) -> bool:
        """Do what was decided; False where it still goes on by itself. The catalog is written before a server is
        touched. Raises CctrlError."""
        if decision.act in (Act.NOTHING, Act.RETRY, Act.WAIT, Act.DOUBLE_FAULT):
            return True
        self._mark(decision.changes)
        if decision.act is Act.ACKNOWLEDGE:
            return self._acknowledge(after(pair, decision.changes))
        if decision.act is Act.RELEASE:
            self._say(f"turning off synchronous wal replication due to FTS request (content={pair.content})")
            self._set_names(pair.primary, "")
        elif decision.act is Act.SWAP:
            self._fence_former(pair.primary, pair.mirror, primary)
            self._promote(pair.mirror, mirror)
        elif decision.act is Act.PROMOTE:
            self._fence_former(pair.mirror, pair.primary, mirror)
            self._promote(pair.primary, primary)
        return True

    def fence(self, row: Row, successor: Row) -> bool:
        """End a server for good that is not to accept writes; whether it was seen to have ended."""
        name, other = self._cluster.member(row), self._cluster.member(successor)
        try:
            self._perform(Step(Action.FENCE, name, other))
        except CctrlError as error:
            self._say(f"unfenced: dbid {row.dbid} ({row.place}): {error.what}; its commits wait for its mirror")
            return False
        self._say(f"dbid {row.dbid} ({row.place}) is fenced: it does not run and cannot start writable")
        return True

    def end_left_behind(self, place: Server) -> bool:
        """End for good what runs at a place that its segment has left: it would write, or pass for the segment. False
        where its host is out of sight, or the segment's pair, which tells whose it is."""
        there = self._cluster.at(place)
        facts = there.probe(place.name)
        if facts.server not in (State.UP, State.STARTING, State.REJECTING, State.FROZEN):
            return facts.seen
        catalog = self._cluster.catalog()
        pair = self._cluster.probe(catalog.pair(catalog.row(place.dbid).content).rows)
        systems = {seen.system for seen in pair.values()} - {""}
        if facts.system in systems:  # else it is somebody else's by now
            still_leading(self._leads)
            step = Step(Action.FENCE, place.name, self._cluster.coordinator.name)
            there.perform(step, {}, lambda _: None)
            self._say(f"what ran at {place.host.name}:{place.port}, which dbid {place.dbid} has left, is fenced")
        return bool(systems)

    def _perform(self, step: Step) -> None:
        still_leading(self._leads)
        self._cluster.engine.perform(step, {}, lambda _: None)

    def _mark(self, changes: tuple[Change, ...]) -> None:
        statement = catalog_sql.by_fts(changes)
        if not statement:
            return
        still_leading(self._leads)
        self._sql(self._cluster.coordinator.name, "the catalog was not changed", statement)
        for change in changes:
            row = change.row
            self._say(
                f"FTS: update role, status, and mode for dbid {row.dbid} with contentid {row.content} to "
                f"{change.role}, {change.status}, and {change.mode}"
            )

    def _sql(self, member: str, what: str, *statements: str, timeout: float = 0.0) -> None:
        """Run statements; `what` has not come about where one fails. Raises StepFailed."""
        result = self._cluster.asking.try_sql(member, *statements, timeout=timeout)
        if not result.ok:
            said = result.stderr.strip().partition("\n")[0] or result.reason or result.ended.value
            raise StepFailed(what, detail=said)

    def _set_names(self, row: Row, names: str) -> None:
        still_leading(self._leads)
        self._cluster.asking.sql(self._cluster.member(row), *queries.acknowledge(names))

    def _acknowledge(self, pair: Pair) -> bool:
        """Let commits wait for the mirror; False while that lasts, which a busy server's checkpoint makes minutes."""
        dbid = pair.primary.dbid
        begun = self._synchronising.pop(dbid, None)
        if begun is None or begun.ended:  # what became of an earlier one, the look has shown
            begun = begin(lambda: self._synchronise(pair))
            begun.wait(PATIENCE)
        if not begun.ended:
            self._synchronising[dbid] = begun
            return False
        begun.get()
        return True

    def _synchronise(self, pair: Pair) -> None:
        """The pair is in sync once its mirror has what was there before commits wait for it."""
        still_leading(self._leads)
        name, what = self._cluster.member(pair.primary), f"content {pair.content} is not in sync yet"
        self._sql(name, what, *catalog_sql.SYNCHRONISED, timeout=CHECKPOINT + 2.0 * catalog_sql.SETTLE)
        self._mark(marked(pair, UP, SYNC))

    def _fence_former(self, row: Row, successor: Row, seen: Facts | None) -> None:
        """Before a promotion the former primary is fenced, where it is in sight: where it is not, its commits wait for
        a mirror that no longer follows."""
        if seen is None or seen.server is not State.UNSEEN:
            self.fence(row, successor)
        else:
            self._say(
                f"unfenced: dbid {row.dbid} ({row.place}) is out of sight: {seen.reason}; "
                "its commits wait for the mirror that is promoted now, so none is acknowledged"
            )

    def _promote(self, row: Row, seen: Facts | None) -> None:
        """Make a mirror the primary that the catalog says it is; nothing waits for a mirror of it."""
        name = self._cluster.member(row)
        if seen is None or fts.acknowledged(seen):
            self._set_names(row, "")
        self._say(f"FTS promoting mirror (content={row.content}, dbid={row.dbid}) to be the new primary")
        self._perform(Step(Action.PROMOTE_NOW, name))
        # kept from now on, so that the former primary can be rewound
        self._cluster.asking.sql(name, catalog_sql.ENSURE_SLOT)
        self._say(f"dbid {row.dbid} ({row.place}) accepts writes")
