"""What gprecoverseg looks at and does before the recovery itself (reference greenplum.md, 7, steps 2 to 12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import TypeVar

from cctrl.outcome import CctrlError, Refused
from cctrl.replication.executor import Performer
from cctrl.replication.facts import Facts, Server
from cctrl.replication.steps import Action, Step
from cctrl.segments import catalog_sql
from cctrl.segments.recover.work import Job, Kind
from cctrl.segments.service import Cluster, now
from cctrl.segments.utilities.running import Failed, Run
from cctrl.threads import cancelled, paused

Value = TypeVar("Value")
_CHECKSUM = re.compile(r"^Data page checksum version:\s*(\d+)", re.MULTILINE)
_LINE = re.compile(r"^Database system identifier:\s*(\d+).*^Latest checkpoint's TimeLineID:\s*(\d+)", re.M | re.S)
_NONCE = re.compile(r"^Mock authentication nonce:.*\n", re.MULTILINE)  # a secret of the server
MARK_LIMIT = 1800.0  # seconds
MARK_LOOK = 0.5  # seconds from one look to the next
SET_UP_LIMIT = 300.0  # seconds that a checkpoint may take


def control_data(run: Run, jobs: list[Job], seen: dict[int, Facts]) -> None:
    """Show both instances' control data, and compare the checksums, and timelines with what was `seen`. Raises Failed
    where the checksums differ, Refused where the timelines do."""
    rows = [row for job in jobs for row in (job.source, job.failed)]  # of one that moves, where it was
    asking, member = run.cluster.asking, run.cluster.member
    everyone = [run.cluster.coordinator.name, *(member(row) for row in rows)]
    coordinator, *results = run.cluster.hosts.fan_out(everyone, asking.control)
    wanted = _CHECKSUM.search(coordinator.stdout)
    lines: dict[int, re.Match[str] | None] = {}
    for row, result in zip(rows, results, strict=True):
        if not result.ok:
            run.log.warning(f"cannot access pg_controldata for dbid {row.dbid} on host {row.hostname}")
            continue
        text = f"Successfully finished pg_controldata {row.datadir} for dbid {row.dbid}:"
        run.log.info(f"{text}\nstdout: {_NONCE.sub('', result.stdout)}\nstderr: {result.stderr}")
        lines[row.dbid] = _LINE.search(result.stdout)
        found = _CHECKSUM.search(result.stdout)
        if wanted and found and wanted[1] != found[1]:
            what = f"dbid {row.dbid} has data page checksum version {found[1]}, the coordinator {wanted[1]}"
            raise Failed(f"Heap checksum setting differs: {what}")
    text = "Heap checksum setting is consistent between coordinator and the segments that are candidates for recoverseg"
    run.log.info(text)
    for job in jobs:
        _not_later(job, lines.get(job.failed.dbid), seen[job.source.dbid])


def _not_later(job: Job, failed: re.Match[str] | None, source: Facts) -> None:
    """Refuse to overwrite one that was promoted after the primary of its pair: the catalog is older than that, and
    what was acknowledged since is there alone. A full copy, which keeps it aside, has to be asked for.

    The primary's own word counts: its control file still has its former timeline for a while after a promotion."""
    if job.kind is Kind.FULL or not failed or failed[1] != source.system or int(failed[2]) <= source.timeline:
        return
    its_own, primary = f"dbid {job.failed.dbid} is on timeline {failed[2]}", f"its primary, dbid {job.source.dbid}"
    what = f"{its_own}, {primary}, on {source.timeline}"
    raise Refused(f"{what}: it was promoted later, and alone has what was written since", next="gpstate -e")


def confirmed(run: Run, question: str, *, abort: bool = True) -> bool:
    """Ask; False where the answer is no, which is said where that ends the run (`abort`). Raises Refused where nobody
    can be asked."""
    while True:
        run.log.raw("")
        run.log.raw(f"{question} Yy|Nn (default=N):")
        answer = run.talk.ask("> ")
        if answer is None:
            raise Refused("EOF when reading a line", next=f"{run.text} -a   (asks nothing)")
        word = answer.strip().lower()
        if word in ("y", "yes"):
            return True
        if word in ("", "n", "no"):
            if abort:
                run.log.info("User abort requested, Exiting...")
            return False
        run.log.raw(f"Invalid input: '{answer.strip()}'")


def reach(run: Run, jobs: list[Job]) -> None:
    """Whether each source lets its mirror in; pg_hba.conf is nobody's but the administrator's."""
    run.log.info("Starting to create new pg_hba.conf on primary segments")
    engine, member = run.cluster.engine, run.cluster.member
    here = [job for job in jobs if not job.moves]  # of the others the look before a copy shows it
    refusals = run.cluster.hosts.fan_out(
        here, lambda job: engine.source_refuses(member(job.failed), member(job.source))
    )
    wrong = [(job, said) for job, said in zip(here, refusals, strict=True) if said]
    if not wrong:
        run.log.info("None of the reachable segments require update to pg_hba.conf")
    for job, said in wrong:
        run.log.warning(f"{job.source.place} took no connection of {job.failed.place}: {said}")


def stop(run: Run, jobs: list[Job], performer: Performer, away: frozenset[str]) -> None:
    """End what still runs where a segment failed, and what stays behind there for good; of hosts in `away` it is told.
    Raises CctrlError."""
    cluster, member = run.cluster, run.cluster.member
    near = [job for job in jobs if job.failed.hostname not in away]
    if near:
        run.log.info(f"Ensuring {len(near)} failed segment(s) are stopped")
    for job in jobs:
        if job.failed.hostname in away:
            host, content = job.failed.hostname, job.failed.content
            run.log.info(f"Skipping gpsegstop on unreachable host: {host} segment: {content}")
            run.log.truth(f"{job.failed.place} is out of sight, so nothing has ended what may run there")
    processes = cluster.hosts.fan_out(near, lambda job: cluster.asking.process(member(job.failed)))
    running = {job.failed.dbid: found.pid for job, found in zip(near, processes, strict=True) if found and found.lives}
    for job in near:
        if job.failed.dbid in running:
            run.log.info(f"{running[job.failed.dbid]}: {job.failed.datadir}")

    def end(job: Job) -> None:
        action = ending(job, cluster.engine.probe(member(job.failed)))
        if action is not None:
            performer.perform(Step(action, member(job.failed), member(job.source)), {}, lambda _: None)

    cluster.hosts.fan_out([job for job in near if job.failed.dbid in running or job.moves], end)
    _marked_down(run, [job for job in jobs if job.failed.up])


def ending(job: Job, facts: Facts) -> Action | None:
    """How what may run where a segment failed is ended; None where nothing is there. A server that hangs is not asked:
    it is ended, and cannot start writable. So is one that is left behind."""
    if job.moves:
        return None if facts.server in (Server.UNSEEN, Server.NO_DATA) else Action.FENCE
    if facts.server in (Server.UNSEEN, Server.NO_DATA, Server.DOWN, Server.NO_BINARIES):
        return None
    return Action.STOP if facts.server is Server.UP and facts.standby else Action.FENCE


def _marked_down(run: Run, jobs: list[Job]) -> None:
    """Wait until FTS has marked those down that were up. Raises Failed."""
    if not jobs:
        return
    run.log.info("Waiting for segments to be marked down.")
    run.log.info(f"This may take up to {MARK_LIMIT:g} seconds on large clusters.")
    until, left, dbids = now() + MARK_LIMIT, len(jobs), [job.failed.dbid for job in jobs]
    while now() < until and not cancelled().is_set():
        run.cluster.scan()
        catalog = run.cluster.catalog()
        left = sum(catalog.row(dbid).up for dbid in dbids)
        if not left:
            run.log.info(f"{len(jobs)} of {len(jobs)} segments have been marked down.")
            return
        paused(MARK_LOOK)
    raise Failed(f"{left} segments were not marked down by FTS")


def set_up(run: Run, jobs: list[Job]) -> None:
    """A checkpoint on each source, so that its control data is of its new timeline, and the slot. Raises Failed."""
    cluster = run.cluster

    def one(job: Job) -> str:
        try:
            statements = ("checkpoint", catalog_sql.ENSURE_SLOT)
            cluster.asking.sql(cluster.member(job.source), *statements, timeout=SET_UP_LIMIT)
        except CctrlError as error:
            return f"{error.what}: {error.detail}"
        return ""

    errors = [(job, said) for job, said in zip(jobs, cluster.hosts.fan_out(jobs, one), strict=True) if said]
    if errors:
        run.log.info("Failed to setup recovery for the following segments")
        for job, said in errors:
            run.log.error(f" hostname: {job.failed.hostname}; port: {job.failed.port}; error: {said}")
        raise Failed("")


def limited(cluster: Cluster, jobs: list[Job], do: Callable[[Job], Value], hosts: int, per_host: int) -> list[Value]:
    """`do` for all jobs side by side: at most so many hosts at once, and so many on each."""
    names = list(dict.fromkeys(job.at.hostname for job in jobs))
    turn = BoundedSemaphore(hosts)
    slots = {name: BoundedSemaphore(per_host) for name in names}

    def on_host(name: str) -> dict[int, Value]:
        mine = [job for job in jobs if job.at.hostname == name]

        def one(job: Job) -> Value:
            with slots[name]:
                return do(job)

        with turn:
            return {job.failed.dbid: value for job, value in zip(mine, cluster.hosts.fan_out(mine, one), strict=True)}

    found = {dbid: value for part in cluster.hosts.fan_out(names, on_host) for dbid, value in part.items()}
    return [found[job.failed.dbid] for job in jobs]
