"""The shell's own verbs on a segment cluster: ls, recover, cleanup."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cctrl.outcome import Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication import aside
from cctrl.replication.facts import Facts, Server
from cctrl.replication.lock import lock
from cctrl.replication.operation import LiveOperation
from cctrl.segments.catalog import MODES, ROLES, STATUSES, Pair, Row
from cctrl.segments.recover import gprecoverseg, recover_file
from cctrl.segments.service import Cluster
from cctrl.segments.state.advice import promoted, short_of_room
from cctrl.segments.state.gpstate import advice, look
from cctrl.segments.state.status import GOOD, Seen
from cctrl.segments.utilities.tables import Cells, table
from cctrl.segments.watch import fts


def ls(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls`: the pairs."""
    cluster.fresh()
    seen = look(cluster, cluster.catalog())
    leader = cluster.store.leader(cluster.name)
    manager = "FTS runs" if leader else "FTS does not run"
    pairs, coordinator = len(seen.catalog.pairs), seen.catalog.coordinator.place
    talk.line(f"SEGMENT CLUSTER {cluster.name}: {pairs} pairs, coordinator {coordinator}, {manager}")
    rows = [Cells(("Content", "Segment", "Role", "Preferred", "Mode", "Status"))]
    for row in seen.ordered:
        state = (ROLES[row.role], ROLES[row.preferred_role], MODES[row.mode], seen.word(row))
        rows.append(Cells((str(row.content), row.place, *state)))
    for line in table(rows):
        talk.line(line.text)
    talk.data(
        "segments", [{"dbid": r.dbid, "place": r.place, "role": r.role, "status": seen.word(r)} for r in seen.ordered]
    )
    for text in (*_remarks(seen), *advice(cluster, seen)):
        talk.note(text)
    return Outcome.DONE


def _remarks(seen: Seen) -> Iterator[str]:
    """What is not well."""
    for pair in seen.catalog.pairs:
        row = pair.primary
        if seen.word(row) != GOOD:
            what = "FTS promotes its mirror" if promoted(pair, seen) else "a double fault: its mirror lacks changes"
            if short_of_room(pair, seen.facts[row.dbid], seen.facts[pair.mirror.dbid]):
                what = "nobody has room to take its writes"
            yield f"{row.place} is an acting primary, and is not up: {what}"
    for row in (row for row in seen.catalog.segments if row.dbid in seen.recovering):
        found = seen.recovering[row.dbid]
        yield f"{row.place} is being recovered ({found.kind}{', ' if found.percent else ''}{found.percent})"
    unbalanced = [pair for pair in seen.catalog.pairs if not pair.balanced]
    if seen.down:
        yield f"down: {', '.join(row.place for row in seen.down)}"
    elif unbalanced:
        yield f"not in the preferred roles: content {', '.join(str(pair.content) for pair in unbalanced)}"


def recover_all(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`recover`."""
    return gprecoverseg.run(cluster, ["-a"], talk)


def recover_one(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource SEGMENT recover`."""
    cluster.fresh()
    row = gprecoverseg.row_of(cluster.catalog(), invocation.arguments["SEGMENT"])
    if row.up:
        raise Refused(f"{row.place} is not down: there is nothing to recover", next="ls")
    with tempfile.TemporaryDirectory(prefix="cctrl-") as directory:
        path = Path(directory) / "recover"
        path.write_text(recover_file.written([row], frozenset(), {}), encoding="utf-8")
        return gprecoverseg.run(cluster, ["-a", "-i", str(path)], talk)


def cleanup(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource SEGMENT cleanup`: list, ask, remove. The lock is not held while a person thinks."""
    cluster.fresh()
    row = gprecoverseg.row_of(cluster.catalog(), invocation.arguments["SEGMENT"])
    name = cluster.member(row)
    _can_be_done_without(cluster, row)
    found = cluster.engine.copies.aside(name)
    if not aside.offered(found, row.place, talk):
        return Outcome.DONE
    with lock(cluster.engine, cluster.name, (cluster.coordinator.name,), invocation.text) as held:
        operation = LiveOperation(
            cluster.engine, cluster.store, cluster.name, held, "cleanup", invocation.text, "gpstate -e"
        )
        with operation.entered(target=row.place):
            _can_be_done_without(cluster, row)
            cluster.engine.copies.remove_aside(name, found)
            talk.line(aside.removed(found, row.place))
    return Outcome.DONE


def _can_be_done_without(cluster: Cluster, row: Row) -> None:
    """Raises Refused where what is kept aside may still be needed. One that is in sync has all that its pair has. So
    has an acting primary, which was in sync when it became one, and a mirror whose primary takes the writes has
    nothing that was acknowledged for itself alone."""
    catalog = cluster.catalog()
    pair, current = catalog.pair(row.content), catalog.row(row.dbid)
    if pair.synchronized:
        return
    seen = cluster.probe(pair.rows)
    if why := needed(pair, current, seen[pair.primary.dbid], seen[pair.mirror.dbid]):
        state = f"{row.place} is {STATUSES[current.status]}, {MODES[current.mode]}"
        raise Refused(f"{state}: what is kept aside may still be needed", detail=why, next="gpstate -e")


def needed(pair: Pair, row: Row, primary: Facts, mirror: Facts) -> str:
    """Why what is kept aside beside one of a pair that is not in sync may be the only copy of something; "" where it
    is not. Pure."""
    own = primary if row.primary else mirror
    if not own.seen or own.server in (Server.NO_DATA, Server.NO_BINARIES, Server.MISCONFIGURED) or own.half_rewound:
        return f"its server {own.server.value}" if not own.half_rewound else "its data is half rewound"
    if older := fts.outrun(pair, primary, mirror):
        return older
    return "" if row.primary or primary.writable else f"its primary {pair.primary.place} takes no writes"
