"""`explain gprecoverseg …`, `explain recover`, `explain datasource SEGMENT recover`: what would be done, step by step.

Chooses and plans as the command does, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from cctrl.outcome import CctrlError, Outcome, Refused, UsageError
from cctrl.registry import Invocation, Talk
from cctrl.replication.facts import Facts
from cctrl.replication.steps import Action, Plan, Step
from cctrl.segments.catalog import Catalog, Pair
from cctrl.segments.recover import choosing, dispatch, gprecoverseg, preparing, rebalance, recover_options
from cctrl.segments.recover.differential import NOTHING_THERE, reuses
from cctrl.segments.recover.recovering import way_back
from cctrl.segments.recover.work import Job, Kind
from cctrl.segments.service import Cluster
from cctrl.segments.utilities import running
from cctrl.segments.utilities.gplog import Spoken
from cctrl.segments.utilities.options import Wrong
from cctrl.segments.utilities.running import Failed, Run


def explain(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """Raises Refused, UsageError, Unreachable."""
    given = running.parsed(recover_options.parser(), invocation.rest, talk)
    if isinstance(given, Outcome):
        return given
    run = Run(cluster, given, Spoken(talk.note), talk, " ".join(("gprecoverseg", *invocation.rest)))
    cluster.fresh()
    try:
        recover_options.check(given)
        catalog = cluster.catalog()
        seen = cluster.probe(catalog.segments)
        dispatch.refuse(cluster, catalog, seen)
        if given.rebalance:
            lines = list(_rebalance(run, catalog, seen))
        else:
            jobs = _jobs(run, catalog, seen, invocation)
            if any(job.moves for job in jobs):
                at = {job.at.dbid: job.at for job in jobs}
                cluster.follow(at.get(row.dbid, row) for row in catalog.rows)
            lines = [line for job in jobs for line in _recovery(cluster, job, seen)] or ["No segments to recover"]
    except Wrong as wrong:
        raise UsageError(wrong.error, next="gprecoverseg --help") from None
    except Failed as failed:
        raise Refused(str(failed)) from None
    for line in lines:
        talk.line(cluster.spoken(line))
    return Outcome.DONE


def _jobs(run: Run, catalog: Catalog, seen: dict[int, Facts], invocation: Invocation) -> list[Job]:
    if "SEGMENT" not in invocation.arguments:
        return choosing.jobs(run, catalog, choosing.unreachable(run, catalog, seen))
    return [choosing.job_of(run, catalog, gprecoverseg.row_of(catalog, invocation.arguments["SEGMENT"]))]


def _recovery(cluster: Cluster, job: Job, seen: dict[int, Facts]) -> Iterator[str]:
    place = f"{job.failed.place} onto {job.at.place}" if job.moves else job.failed.place
    try:
        way, plan = way_back(cluster, job)
    except CctrlError as error:
        yield f"{place}: {error}; next: {error.next or 'gprecoverseg -F'}"
        return
    yield f"{place}: {_asked(job, plan) or way.text('acting primary')}"
    ending = preparing.ending(job, seen[job.failed.dbid])
    if ending is not None:
        yield f" -  {Step(ending, cluster.member(job.failed), cluster.member(job.source)).text()}"
    if job.moves:
        yield f" -  the catalog names {job.at.place}, {job.at.datadir}; {job.failed.place} again where the copy fails"
    yield from plan.lines()


def _asked(job: Job, plan: Plan) -> str:
    if job.kind is Kind.DIFFERENTIAL:
        return "a copy of what differs, as asked" if reuses(plan) else f"a full copy: {NOTHING_THERE}"
    return "a full copy, as asked" if job.kind is Kind.FULL else ""


def _rebalance(run: Run, catalog: Catalog, seen: dict[int, Facts]) -> Iterator[str]:
    """The exchanges, and the recovery of what is down: it follows them, and what a broken-off one has stopped."""
    cluster = run.cluster
    pairs = [pair for pair in catalog.pairs if not pair.balanced]
    if not pairs:
        yield "No segments are running in their non-preferred role and need to be rebalanced."
    for pair in pairs:
        yield from _exchange(cluster, pair, able=rebalance.able(pair, seen))
    if left := rebalance.left_over(cluster, catalog):
        yield f"{rebalance.STOPPED}: {', '.join(left)}"
    if left or any(rebalance.able(pair, seen) for pair in pairs):
        for job in choosing.jobs(run, catalog, choosing.unreachable(run, catalog, seen)):
            yield from _recovery(cluster, job, seen)


def _exchange(cluster: Cluster, pair: Pair, *, able: bool) -> Iterator[str]:
    old, new = pair.primary, pair.mirror
    if not able:
        yield f"content {pair.content}: nothing: one of {old.place} and {new.place} is not up, or they are not in sync"
        return
    yield f"content {pair.content}: {new.place} becomes the primary, {old.place} its mirror"
    yield f" 1  {Step(Action.STOP, cluster.member(old), cluster.member(new)).text()}"
    yield f" 2  FTS swaps the roles and promotes {cluster.member(new)}; nobody writes there meanwhile"
    yield f" 3  {Step(Action.START, cluster.member(old), cluster.member(new)).text()}, as a mirror (gprecoverseg -a)"
