"""The cluster as gprecoverseg reads it: over all acting primaries (reference greenplum.md, 7 and 14)."""

from __future__ import annotations

import contextlib

from cctrl.outcome import CctrlError, Unreachable
from cctrl.replication.facts import Facts
from cctrl.segments.catalog import Catalog, Pair, Row
from cctrl.segments.service import Cluster
from cctrl.segments.state.advice import after_room, short_of_room
from cctrl.segments.utilities import running
from cctrl.segments.utilities.running import Run
from cctrl.segments.watch import fts


def dispatched(run: Run) -> tuple[Catalog, dict[int, Facts]]:
    """The catalog, and a look at all acting primaries and hosts. Where a primary takes no writes FTS looks first, as a
    query that fails makes it. Raises Unreachable where one still takes none: a double fault, or nobody watches."""
    catalog = running.begin(run)
    seen = run.cluster.probe(enough(catalog))
    if _stuck(catalog, seen) and run.cluster.store.leader(run.cluster.name) is not None:
        with contextlib.suppress(CctrlError):  # there is no FTS: what is seen is told
            run.cluster.scan()
        run.cluster.fresh()
        catalog = run.cluster.catalog()
        seen = run.cluster.probe(enough(catalog))
    refuse(run.cluster, catalog, seen)
    return catalog, seen


def refuse(cluster: Cluster, catalog: Catalog, seen: dict[int, Facts]) -> None:
    """Raises Unreachable where an acting primary takes no writes."""
    for pair in _stuck(catalog, seen):
        raise _no_gang(cluster, pair, seen[pair.primary.dbid])


def enough(catalog: Catalog) -> tuple[Row, ...]:
    """The instances to look at: acting primaries, and one on each host that has none. Pure."""
    primaries = [row for row in catalog.segments if row.primary]
    hosts = {row.hostname for row in primaries}
    others = {row.hostname: row for row in catalog.segments if row.hostname not in hosts}
    return (*primaries, *others.values())


def _stuck(catalog: Catalog, seen: dict[int, Facts]) -> list[Pair]:
    return [pair for pair in catalog.pairs if not seen[pair.primary.dbid].writable]


def _no_gang(cluster: Cluster, pair: Pair, facts: Facts) -> Unreachable:
    row = pair.primary
    what = (
        "error 'ERROR:  failed to acquire resources on one or more segments\n"
        f"DETAIL:  dbid {row.dbid} {running.told(facts)}\n (seg{row.content} {row.address}:{row.port})\n"
        "' in 'SET CLIENT_MIN_MESSAGES='ERROR''"
    )
    mirror = cluster.probe((pair.mirror,))[pair.mirror.dbid]
    if older := fts.outrun(pair, facts, mirror):
        following = f"gpstate -e   (which says what to put right: {older})"
    elif short := short_of_room(pair, facts, mirror):
        seen = facts if short == row else mirror
        what += f"\n{short.place} cannot take its writes: the disk of {short.hostname} is full: {seen.room}"
        following = cluster.room(short, f"{after_room(short, seen, cluster.starting_of)}; then the same again")
    elif cluster.store.leader(cluster.name) is None:
        following = "cctrl manager   (FTS runs in it: without it no mirror is promoted)"
    elif pair.synchronized or facts.up:
        following = "gpstate -e   (FTS promotes the mirror of its pair; then the same again)"
    else:
        following = f"{cluster.starting_of(row)}   (it alone has all of content {row.content}; then the same again)"
    return Unreachable(what, next=following)
