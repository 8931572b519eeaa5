"""`gprecoverseg`: bring failed segments back (reference greenplum.md, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cctrl.outcome import CctrlError, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.executor import Performer
from cctrl.replication.facts import Facts
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.recover import choosing, moving, placing, preparing, rebalance, recover_options, work
from cctrl.segments.recover.dispatch import dispatched
from cctrl.segments.recover.interrupting import COMPLETED, INTERRUPTED, Interrupting
from cctrl.segments.recover.locking import locked
from cctrl.segments.recover.recovering import Recovering, Tongue
from cctrl.segments.recover.work import Ended, Job, Kind, Stage
from cctrl.segments.service import Cluster
from cctrl.segments.utilities import running
from cctrl.segments.utilities.running import Run
from cctrl.threads import interruptibly

PROGRAM = "gprecoverseg"
PROGRESS = "recovery_progress.file"  # in the log directory
FAILED = "gprecoverseg failed. Please check the output for more details."
DIFFERENTIAL_FAILED = (
    "gprecoverseg differential recovery failed. Please check the gpsegrecovery.py log file and rsync log file for more "
    "details."
)
QUESTION = "Continue with segment recovery procedure"


def gprecoverseg(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """`gprecoverseg [OPTIONS]`."""
    return run(cluster, invocation.rest, talk)


def run(cluster: Cluster, argv: Sequence[str], talk: Talk) -> Outcome:
    """The same with its options as a list."""
    given = running.parsed(recover_options.parser(), argv, talk)
    if isinstance(given, Outcome):  # nothing is locked for the help
        return given
    with locked(cluster, PROGRAM, argv, talk) as held:
        if held is None:
            return Outcome.DONE
        return running.run(cluster, recover_options.parser(), argv, talk, lambda run: _run(replace(run, held=held)))


def _run(run: Run) -> int:
    recover_options.check(run.given)
    catalog, seen = dispatched(run)
    if run.given.rebalance:
        return rebalance.rebalance(run, catalog, recover)
    return recover(run, catalog, seen, asked=not run.given.no_prompt)


def recover(run: Run, catalog: Catalog, seen: dict[int, Facts], *, asked: bool) -> int:
    """Recover what is down, or what the file says; the exit status."""
    away = choosing.unreachable(run, catalog, seen)
    if run.given.output:
        choosing.written(run, catalog, away)
        return 0
    jobs = choosing.jobs(run, catalog, away)
    if not jobs:
        run.log.info("No segments to recover")
        left = [row.place for row in catalog.segments if not row.up and row.hostname in away]
        if left:
            run.log.truth(f"still down: {', '.join(left)}: their hosts do not answer")
            run.log.truth("NEXT: gprecoverseg   (when they answer again; gprecoverseg -p HOST: onto another host)")
        return 0
    preparing.control_data(run, jobs, seen)
    run.page(work.parameters(jobs, *_titles(run)))
    for text in moving.same_host(jobs):
        run.log.warning(text)
    if run.given.max_rate and any(job.kind is not Kind.FULL for job in jobs):
        run.log.truth("--max-rate limits full copies alone")
    if asked and not preparing.confirmed(run, QUESTION):
        return 4
    return _recovered(run, catalog, jobs, away)


def _titles(run: Run) -> tuple[str, ...]:
    if run.given.hosts:
        return "Recovery type              = Pool Host", f"Pool host for recovery     = {run.given.hosts}"
    if run.given.config:
        return ("Recovery from configuration -i option supplied",)
    return ("Recovery type              = Standard",)


def _recovered(run: Run, catalog: Catalog, jobs: list[Job], away: frozenset[str]) -> int:
    """Carry it out: stop, set up, recover side by side, start, and let FTS look."""
    operation, log = run.operation(rebalance.RECOVERY if run.given.rebalance else PROGRAM), run.log
    with operation.entered(target=",".join(job.failed.place for job in jobs)):
        preparing.reach(run, jobs)
        log.info(f"{len(jobs)} segment(s) to recover")
        with run.dots():
            preparing.stop(run, jobs, operation, away)
        log.info("Setting up the required segments for recovery")
        preparing.set_up(run, jobs)
        log.info("Updating configuration for mirrors")
        placing.moved(run, jobs)
        text = "Initiating segment recovery. Upon completion, will start the successfully recovered segments"
        log.info(text)
        log.info(f"era is {catalog.era}")
        interrupting = Interrupting(run, jobs)
        ended = _side_by_side(run, jobs, operation, interrupting)
        placing.back_out(run, ended)
        run.page(work.failures(ended))
        status = _closed(run, ended, interrupted=interrupting.ending)
        if status:
            operation.finish(Outcome.INCOMPLETE)
    return status


def _side_by_side(run: Run, jobs: list[Job], performer: Performer, interrupting: Interrupting) -> list[Ended]:
    cluster, given = run.cluster, run.given
    redraw = interrupting.progress if run.talk.live and not given.sequential else None
    silent = given.no_progress or given.quiet
    tongue = Tongue(run.log.raw, run.log.directory / PROGRESS, silent=silent, redraw=redraw)
    one = Recovering(cluster, performer, tongue, run.log.directory, given.max_rate, lambda: interrupting.ending)
    try:
        return interruptibly(
            lambda: preparing.limited(cluster, jobs, one.work, given.parallel, given.per_host), interrupting.asked
        )
    finally:
        tongue.end()


def _closed(run: Run, ended: list[Ended], *, interrupted: bool) -> int:
    run.log.info("Triggering FTS probe")
    try:
        for _ in range(2):
            run.cluster.scan()
    except CctrlError as error:
        run.log.truth(f"no FTS has looked, so the catalog still says down: {error.what}: {error.detail}")
        run.log.truth("NEXT: cctrl manager")
    for one in ended:
        if one.remark:
            run.log.truth(f"{one.job.failed.place} (dbid {one.job.failed.dbid}): {one.remark}")
    wrong = [one for one in ended if one.stage is not None]
    if not wrong:
        if interrupted:
            run.log.info(COMPLETED)
        for text in work.SUCCESS:
            run.log.info(text)
        return 0
    if interrupted:
        run.log.error(INTERRUPTED)
    run.log.error(DIFFERENTIAL_FAILED if run.given.differential else FAILED)
    for one in wrong:
        run.log.truth(f"{one.job.failed.place} (dbid {one.job.failed.dbid}): {run.cluster.spoken(one.cause)}")
        run.log.truth(f"NEXT: {one.next or _next(one)}")
    return 1


def _next(one: Ended) -> str:
    if one.stage is Stage.START:  # its data is right: no copy would help
        return "gprecoverseg   (when the cause is mended)"
    if one.job.kind is Kind.INCREMENTAL:
        return "gprecoverseg -F"
    return f"gprecoverseg {'-F' if one.job.kind is Kind.FULL else '--differential'}   (when the cause is mended)"


def row_of(catalog: Catalog, place: str) -> Row:
    """The instance at `host:port`. Raises Refused."""
    for row in catalog.segments:
        if row.place == place:
            return row
    host = place.partition(":")[0]
    there = [row.place for row in catalog.segments if row.hostname == host]
    known = f"on {host} there are {', '.join(there)}" if there else "a segment is called host:port, as ls shows it"
    raise Refused(f"the catalog has no segment {place}", detail=known, next="ls")
