"""`gpstate`: how the cluster is (reference greenplum.md, 5)."""

from __future__ import annotations

from cctrl.outcome import Outcome
from cctrl.registry import Invocation, Talk
from cctrl.segments import detail, pages, running
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.detail import Processes
from cctrl.segments.gplog import log_directory
from cctrl.segments.options import Parser, Wrong, common
from cctrl.segments.pages import Page
from cctrl.segments.running import Run
from cctrl.segments.service import Cluster
from cctrl.segments.status import Recovery, Seen, recoveries

PROGRESS = "recovery_progress.file"  # in the log directory
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
    made.add_argument(
        "-B", dest="parallel", type=int, default=16, metavar="N", help="instances asked at once (all are)"
    )
    return made


def gpstate(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`gpstate [OPTIONS]`."""
    return running.run(cluster, parser(), invocation.rest, talk, _run)


def _run(run: Run) -> int:
    chosen = [letter for letter in _DISPLAYS if getattr(run.given, f"show_{letter}")]
    if len(chosen) > 1:
        raise Wrong("", "gpstate: error: Too many output options specified")
    if not 1 <= run.given.parallel <= 64:
        raise Wrong("", f"gpstate: error: Invalid parallelDegree value provided with -B argument: {run.given.parallel}")
    catalog = running.begin(run)
    letter = chosen[0] if chosen else "b"
    if letter in _OF_THE_CATALOG:
        lines, status = _OF_THE_CATALOG[letter](catalog)
        run.page(lines)
        return status
    if letter != "i":
        run.log.info("Gathering data from segments...")
    seen = look(run.cluster, catalog, run.given.logdir)
    lines, status = _page(run.cluster, seen, letter)
    run.page(lines)
    if letter == "e":
        _truth(run, seen)
    return status


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


def look(cluster: Cluster, catalog: Catalog, logdir: str = "") -> Seen:
    """One look at all instances, side by side; one that hangs costs its deadline, once."""
    return Seen(catalog, cluster.probe(catalog.segments), _recovering(logdir, catalog))


def _recovering(logdir: str, catalog: Catalog) -> dict[int, Recovery]:
    try:
        found = recoveries((log_directory(logdir) / PROGRESS).read_text(encoding="utf-8"))
    except OSError:
        return {}
    down = {row.dbid for row in catalog.segments if not row.up}
    return {dbid: recovery for dbid, recovery in found.items() if dbid in down}


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
    if run.cluster.store.leader(run.cluster.name) is None:
        run.log.truth("no manager runs, so nothing is detected and no status changes; NEXT: cctrl manager")
    faults = []
    for pair in seen.catalog.pairs:
        row, facts = pair.primary, seen.facts[pair.primary.dbid]
        if not facts.writable:
            run.log.truth(f"dbid {row.dbid} ({row.place}), an acting primary: {running.told(facts)}")
            faults += [] if pair.synchronized or facts.up else [row]
    down = [row for row in seen.ordered if not row.up]
    if faults:
        places = ", ".join(row.place for row in faults)
        run.log.truth(f"NEXT: start the server of {places}: no other one has all of its content; then gprecoverseg")
    elif down:
        run.log.truth(f"NEXT: gprecoverseg   ({len(down)} down)")
    elif any(not pair.balanced for pair in seen.catalog.pairs) and all(p.synchronized for p in seen.catalog.pairs):
        run.log.truth("NEXT: gprecoverseg -r   (to bring all into their preferred roles)")
