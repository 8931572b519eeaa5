"""`gprecoverseg`: bring failed segments back (reference greenplum.md, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cctrl.outcome import CctrlError, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.executor import Performer
from cctrl.replication.facts import Facts
from cctrl.segments import preparing, rebalance, recover_file, recover_options, running, work
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.dispatch import dispatched
from cctrl.segments.gpstate import PROGRESS
from cctrl.segments.locking import locked
from cctrl.segments.options import Wrong
from cctrl.segments.recovering import Recovering, Tongue
from cctrl.segments.running import Failed, Run
from cctrl.segments.service import Cluster
from cctrl.segments.work import Ended, Job, Kind, Stage

PROGRAM = "gprecoverseg"
QUESTION = "Continue with segment recovery procedure"


def gprecoverseg(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`gprecoverseg [OPTIONS]`."""
    return run(cluster, invocation.rest, talk)


def run(cluster: Cluster, argv: Sequence[str], talk: Talk) -> Outcome:
    """The same with its options as a list."""
    with locked(cluster, PROGRAM, argv, talk) as held:
        if held is None:
            return Outcome.DONE
        return running.run(cluster, recover_options.parser(), argv, talk, lambda run: _run(replace(run, held=held)))


def _run(run: Run) -> int:
    recover_options.check(run.given)
    if run.given.differential or run.given.hosts:
        option = "--differential" if run.given.differential else "-p"
        raise Wrong("", f"gprecoverseg: error: {option} is not in this version of cctrl; next: gprecoverseg -F")
    catalog, seen = dispatched(run)
    if run.given.rebalance:
        return rebalance.rebalance(run, catalog, seen, recover)
    return recover(run, catalog, seen, asked=not run.given.no_prompt)


def recover(run: Run, catalog: Catalog, seen: dict[int, Facts], *, asked: bool) -> int:
    """Recover what is down, or what the file says; the exit status."""
    unreachable = _unreachable(run, catalog, seen)
    if run.given.output:
        return _written(run, catalog, unreachable)
    jobs = [job for job in _jobs(run, catalog) if job.failed.hostname not in unreachable]
    if not jobs:
        run.log.info("No segments to recover")
        left = [row.place for row in catalog.segments if not row.up]
        if left:
            run.log.truth(f"still down: {', '.join(left)}: their hosts do not answer")
            run.log.truth("NEXT: gprecoverseg   (when they answer again)")
        return 0
    preparing.control_data(run, catalog, jobs)
    title = (
        "Recovery from configuration -i option supplied"
        if run.given.config
        else "Recovery type              = Standard"
    )
    run.page(work.parameters(jobs, title))
    if asked and not preparing.confirmed(run, QUESTION):
        return 4
    return _recovered(run, jobs, seen)


def _written(run: Run, catalog: Catalog, unreachable: frozenset[str]) -> int:
    rows = [row for row in catalog.segments if not row.up]
    try:
        Path(run.given.output).expanduser().write_text(recover_file.written(rows, unreachable), encoding="utf-8")
    except OSError as error:
        raise _of_the_system(error, run.given.output) from None
    run.log.info(f"Configuration file output to {run.given.output} successfully.")
    return 0


def _of_the_system(error: OSError, path: str) -> Refused:
    return Refused(f"[Errno {error.errno}] {error.strerror}: '{path}'")


def _unreachable(run: Run, catalog: Catalog, seen: dict[int, Facts]) -> frozenset[str]:
    hosts = list(dict.fromkeys(row.hostname for row in catalog.segments if not seen[row.dbid].seen))
    if hosts:
        text = "One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down"
        run.log.warning(text)
    for host in hosts:
        run.log.warning(f"Host {host} is unreachable")
    for row in catalog.segments:
        if row.hostname in hosts:
            run.log.warning(f"Not recovering segment {row.dbid} because {row.hostname} is unreachable")
    return frozenset(hosts)


def _jobs(run: Run, catalog: Catalog) -> list[Job]:
    """What is to be done. Raises Failed, CctrlError."""
    kind = Kind.FULL if run.given.full else Kind.INCREMENTAL
    sources = {pair.content: pair.primary for pair in catalog.pairs}
    if not run.given.config:
        return [Job(row, sources[row.content], kind) for row in catalog.segments if not row.up]
    try:
        text = Path(run.given.config).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise _of_the_system(error, run.given.config) from None
    except UnicodeDecodeError as error:
        raise Failed(f"{run.given.config} is no text: {error.reason} at byte {error.start}") from None
    jobs: list[Job] = []
    for entry in recover_file.parse(run.given.config, text):
        row = recover_file.found(catalog, entry)
        if (entry.target and entry.target != entry.failed) or entry.kind == "differential":
            raise Failed(f"line {entry.number}: only a recovery in place is in this version of cctrl")
        full = entry.target is not None or entry.kind == Kind.FULL.value
        jobs.append(Job(row, sources[row.content], Kind.FULL if full else kind))
    return jobs


def _recovered(run: Run, jobs: list[Job], seen: dict[int, Facts]) -> int:
    """Carry it out: stop, set up, recover side by side, start, and let FTS look."""
    operation, log = run.operation(PROGRAM), run.log
    with operation.entered(target=",".join(job.failed.place for job in jobs)):
        preparing.reach(run, jobs)
        log.info(f"{len(jobs)} segment(s) to recover")
        log.info(f"Ensuring {len(jobs)} failed segment(s) are stopped")
        preparing.stop(run, jobs, operation)
        log.info("Setting up the required segments for recovery")
        preparing.set_up(run, jobs)
        log.info("Updating configuration for mirrors")
        text = "Initiating segment recovery. Upon completion, will start the successfully recovered segments"
        log.info(text)
        log.info(f"era is {preparing.era(run)}")
        ended = _side_by_side(run, jobs, operation)
        run.page(work.failures(ended))
        status = _closed(run, ended)
        if status:
            operation.finish(Outcome.INCOMPLETE)
    return status


def _side_by_side(run: Run, jobs: list[Job], performer: Performer) -> list[Ended]:
    cluster, given = run.cluster, run.given
    rate = f"{given.max_rate}" if given.max_rate else ""
    tongue = Tongue(run.log.raw, run.log.directory / PROGRESS, silent=given.no_progress or given.quiet)
    one = Recovering(cluster, performer, tongue, run.log.directory, rate)
    try:
        return preparing.limited(cluster, jobs, one.work, given.parallel, given.per_host)
    finally:
        tongue.end()


def _closed(run: Run, ended: list[Ended]) -> int:
    run.log.info("Triggering FTS probe")
    try:
        for _ in range(2):
            run.cluster.scan()
    except CctrlError as error:
        run.log.truth(f"no FTS has looked, so the catalog still says down: {error.what}: {error.detail}")
        run.log.truth("NEXT: cctrl manager")
    wrong = [one for one in ended if one.stage is not None]
    if not wrong:
        for text in work.SUCCESS:
            run.log.info(text)
        return 0
    run.log.error("gprecoverseg failed. Please check the output for more details.")
    for one in wrong:
        run.log.truth(f"{one.job.failed.place} (dbid {one.job.failed.dbid}): {one.cause}")
        run.log.truth(f"NEXT: {one.next or _next(one)}")
    return 1


def _next(one: Ended) -> str:
    if one.stage is Stage.START:  # its data is right: no copy would help
        return "gprecoverseg   (when the cause is mended)"
    return "gprecoverseg -F" if one.job.kind is Kind.INCREMENTAL else "gprecoverseg -F   (when the cause is mended)"


def row_of(catalog: Catalog, place: str) -> Row:
    """The instance at `host:port`. Raises Refused."""
    for row in catalog.segments:
        if row.place == place:
            return row
    raise Refused(f"the catalog has no segment {place}", next="ls")
