"""The shell's own verbs on a segment cluster: ls, recover."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cctrl.outcome import Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.segments.catalog import MODES, ROLES
from cctrl.segments.recover import gprecoverseg, recover_file
from cctrl.segments.service import Cluster
from cctrl.segments.state.advice import promoted, short_of_room
from cctrl.segments.state.gpstate import advice, look
from cctrl.segments.state.status import GOOD, Seen
from cctrl.segments.utilities.tables import Cells, table


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
