"""The shell's own verbs on a segment cluster: ls, recover, explain."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cctrl.outcome import CctrlError, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.segments import gprecoverseg, recover_file
from cctrl.segments.catalog import MODES, ROLES, Catalog, Row
from cctrl.segments.gpstate import look
from cctrl.segments.options import Wrong
from cctrl.segments.recovering import way_back
from cctrl.segments.service import Cluster
from cctrl.segments.status import GOOD, Seen
from cctrl.segments.tables import Cells, table
from cctrl.segments.work import Job, Kind


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
    for text in _next(seen, leader is not None):
        talk.note(text)
    return Outcome.DONE


def _next(seen: Seen, watched: bool) -> Iterator[str]:
    """What to type next, for what is not well."""
    if not watched:
        yield "NEXT: cctrl manager   (nothing is detected, and no status changes, before it runs)"
    for row in seen.ordered:
        if row.up and row.primary and seen.word(row) != GOOD:
            yield f"{row.place} is an acting primary, and is not up: FTS promotes its mirror where the pair is in sync"
    down = [row for row in seen.catalog.segments if not row.up]
    unbalanced = [pair for pair in seen.catalog.pairs if not pair.balanced]
    if down:
        yield f"down: {', '.join(row.place for row in down)}"
        yield "NEXT: gprecoverseg"
    elif unbalanced:
        yield f"not in the preferred roles: content {', '.join(str(pair.content) for pair in unbalanced)}"
        synchronized = all(pair.synchronized for pair in unbalanced)
        yield (
            "NEXT: gprecoverseg -r" if synchronized else "NEXT: gpstate -e   (when all are in sync: gprecoverseg -r)"
        )


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
        path.write_text(recover_file.written([row], frozenset()), encoding="utf-8")
        return gprecoverseg.run(cluster, ["-a", "-i", str(path)], talk)


def explain(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain gprecoverseg`, `explain recover`, `explain datasource SEGMENT recover`: each way back and its steps."""
    if "-r" in invocation.rest:
        raise Refused("the steps of a rebalance are not explained in this version", next="gpstate -m")
    kind = Kind.FULL if "-F" in invocation.rest else Kind.INCREMENTAL
    cluster.fresh()
    catalog = cluster.catalog()
    rows = _meant(catalog, invocation)
    if not rows:
        talk.line("No segments to recover")
    for row in rows:
        source = next(pair.primary for pair in catalog.pairs if pair.content == row.content)
        _explain(cluster, Job(row, source, kind), talk)
    return Outcome.DONE


def _meant(catalog: Catalog, invocation: Invocation) -> list[Row]:
    if "SEGMENT" in invocation.arguments:
        return [gprecoverseg.row_of(catalog, invocation.arguments["SEGMENT"])]
    return [row for row in catalog.segments if not row.up]


def _explain(cluster: Cluster, job: Job, talk: Talk) -> None:
    try:
        way, plan = way_back(cluster, job)
    except (CctrlError, Wrong) as error:
        talk.line(f"{job.failed.place}: {error}; next: gprecoverseg -F")
        return
    chosen = "a full copy, as asked" if job.kind is Kind.FULL else way.text("acting primary")
    for text in (f"{job.failed.place}: {chosen}", *plan.lines()):
        talk.line(text)
