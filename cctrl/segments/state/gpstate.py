"""`gpstate`: how the cluster is (reference greenplum.md, 5)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from cctrl.outcome import Outcome
from cctrl.registry import Invocation, Talk
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.service import Cluster
from cctrl.segments.state import detail, pages
from cctrl.segments.state.advice import Ways, advised
from cctrl.segments.state.detail import Processes
from cctrl.segments.state.pages import Page
from cctrl.segments.state.status import Seen, recovery
from cctrl.segments.utilities import running
from cctrl.segments.utilities.options import Parser, Wrong, common
from cctrl.segments.utilities.running import Run

PIPE = "--segmentStatusPipeSeparatedForTableUse"
NO_EXPANSION = "Cluster Expansion State = No Expansion Detected"
_DISPLAYS = {
    "b": "brief summary of all instances (also without any option)",
    "c": "which mirror belongs to which primary",
    "e": "the pairs that need attention",
    "f": "the standby of the coordinator",
    "i": "the version of each instance",
    "m": "the mirrors",
    "p": "the ports",
    "Q": "quick: from the catalog alone",
    "s": "everything about each instance",
}


def parser() -> Parser:
    """The options."""
    made = common("gpstate", "Show how a segment cluster is.")
    for letter, meaning in _DISPLAYS.items():
        made.add_argument(f"-{letter}", dest=f"show_{letter}", action="store_true", help=meaning)
    add = made.add_argument
    add("-x", dest="expansion", action="store_true", help="how far an expansion of the cluster is")
    add(
        "-B",
        dest="parallel",
        type=int,
        default=16,
        metavar="N",
        help="accepted, 1 to 64: all instances are asked at once",
    )
    add("--timeout", type=int, default=0, metavar="SECONDS", help="how long an instance may take to answer")
    add("--retries", type=int, default=0, metavar="N", help="accepted: who does not answer in time is not asked again")
    add(PIPE, dest="pipe", action="store_true", help="one line for each instance, its fields with | between them")
    return made


def gpstate(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`gpstate [OPTIONS]`."""
    return running.run(cluster, parser(), invocation.rest, talk, _run)


def _run(run: Run) -> int:
    check(run.given)
    chosen = _chosen(run.given)
    catalog = running.begin(run)
    if run.given.expansion:
        run.log.info(NO_EXPANSION)
        if not chosen:
            return 0
    letter = chosen[0] if chosen else "b"
    if letter in _OF_THE_CATALOG:
        lines, status = _OF_THE_CATALOG[letter](catalog)
        run.page(lines)
        return status
    if letter != "i":
        run.log.info("Gathering data from segments...")
    if run.given.timeout:
        run.cluster.engine.look = float(run.given.timeout)
    with run.dots():
        seen = look(run.cluster, catalog)
    if run.given.pipe:
        for text in detail.piped(seen, _processes(run.cluster, catalog), _versions(run.cluster, seen)):
            run.log.raw(text)
        return 0
    lines, status = _page(run.cluster, seen, letter)
    run.page(lines)
    if letter == "e":
        _truth(run, seen)
    return status


def _chosen(given: argparse.Namespace) -> list[str]:
    return [letter for letter in _DISPLAYS if getattr(given, f"show_{letter}")]


def check(given: argparse.Namespace) -> None:
    """Refuse what does not go together, or is out of range. Raises Wrong."""
    wrong = ""
    if len(_chosen(given)) + given.pipe > 1:
        wrong = "Too many output options specified"
    elif not 1 <= given.parallel <= 64:
        wrong = f"Invalid parallelDegree value provided with -B argument: {given.parallel}"
    elif given.timeout < 0 or given.retries < 0:
        wrong = "--timeout and --retries take no negative number"
    if wrong:
        raise Wrong("", f"gpstate: error: {wrong}")


_OF_THE_CATALOG = {
    "m": pages.mirrors,
    "c": pages.mapping,
    "Q": pages.quick,
    "p": pages.ports,
    "f": pages.standby,
}


def _page(cluster: Cluster, seen: Seen, letter: str) -> Page:
    if letter == "e":
        return pages.problems(seen)
    if letter == "i":
        return pages.versions(seen, _versions(cluster, seen))
    return (detail.brief if letter == "b" else detail.full)(seen, _processes(cluster, seen.catalog))


def look(cluster: Cluster, catalog: Catalog) -> Seen:
    """One look at all instances, side by side; one that hangs costs its deadline, once."""
    facts = cluster.probe(catalog.segments)
    down = [row for row in catalog.segments if not row.up and facts[row.dbid].seen]
    return Seen(catalog, facts, {dbid: recovery(found) for dbid, found in cluster.working(down).items()})


def _versions(cluster: Cluster, seen: Seen) -> dict[int, str]:
    rows = [row for row in seen.ordered if seen.facts[row.dbid].up]

    def ask(row: Row) -> str:
        result = cluster.asking.try_sql(cluster.member(row), "select version()")
        return result.stdout.strip() if result.ok else ""

    answers = cluster.hosts.fan_out(rows, ask)
    found = {row.dbid: answer for row, answer in zip(rows, answers, strict=True)}
    return {seen.catalog.coordinator.dbid: seen.catalog.version, **found}


def _processes(cluster: Cluster, catalog: Catalog) -> Processes:
    rows = (catalog.coordinator, *catalog.segments)
    answers = cluster.hosts.fan_out(rows, lambda row: cluster.asking.process(cluster.member(row)))
    return Processes({row.dbid: answer for row, answer in zip(rows, answers, strict=True)})


def _truth(run: Run, seen: Seen) -> None:
    """What the documented lines leave out: which instance it is, why, and what to type next."""
    cluster = run.cluster
    for pair in seen.catalog.pairs:
        row, facts = pair.primary, seen.facts[pair.primary.dbid]
        if not facts.writable:
            run.log.truth(f"dbid {row.dbid} ({row.place}), an acting primary: {running.told(facts)}")
    for text in advice(cluster, seen):
        run.log.truth(text)


def advice(cluster: Cluster, seen: Seen) -> Iterator[str]:
    """What to type next."""

    watched = cluster.store.leader(cluster.name) is not None
    return advised(seen, Ways(cluster.starting_of, cluster.room, cluster.spare), watched=watched)
