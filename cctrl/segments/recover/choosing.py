"""Which segments gprecoverseg recovers, and where: those that are down, those of a file, or onto other hosts
(reference greenplum.md, 7, steps 2 to 5)."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Mapping

from cctrl.config import Server, expanded, text_of
from cctrl.outcome import CctrlError, ConfigError, Refused
from cctrl.replication.copying import Working
from cctrl.replication.facts import Facts
from cctrl.replication.steps import Action
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.recover import moving, recover_file
from cctrl.segments.recover.recover_file import Entry
from cctrl.segments.recover.work import Job, Kind
from cctrl.segments.utilities.running import Failed, Run

UNREACHABLE = "One or more hosts are not reachable via SSH.  Any segments on those hosts will be marked down"


def unreachable(run: Run, catalog: Catalog, seen: dict[int, Facts]) -> frozenset[str]:
    """The hosts of segments that do not answer; they are told. `seen`: of one instance on each host at least."""
    away = {catalog.row(dbid).hostname for dbid, facts in seen.items() if not facts.seen}
    hosts = [host for host in dict.fromkeys(row.hostname for row in catalog.segments) if host in away]
    _tell(run, hosts)
    for row in catalog.segments:
        if row.hostname in hosts:
            run.log.warning(f"Not recovering segment {row.dbid} because {row.hostname} is unreachable")
    return frozenset(hosts)


def _tell(run: Run, hosts: list[str]) -> None:
    if hosts:
        run.log.warning(UNREACHABLE)
    for host in hosts:
        run.log.warning(f"Host {host} is unreachable")


def jobs(run: Run, catalog: Catalog, away: frozenset[str]) -> list[Job]:
    """What is to be done, of all that is in reach; `away`: the hosts that do not answer. Raises Failed, CctrlError."""
    if run.given.hosts:
        chosen = _onto(run, catalog)
    elif run.given.config:
        chosen = _of_file(run, catalog, away)
    else:
        chosen = [job_of(run, catalog, row) for row in catalog.segments if not row.up]
    found = [job for job in chosen if job.moves or job.at.hostname not in away]
    moving.conflicts(catalog, found)
    working = run.cluster.working([job.failed for job in found if not job.moves])
    kept, warnings = idle(found, working)
    for text in warnings:
        run.log.warning(text)
    if warnings:
        run.log.truth("NEXT: gpstate -e   (gprecoverseg -F follows a copy, gprecoverseg a rewind, to its end)")
    return kept


def idle(jobs: list[Job], working: Mapping[int, Working]) -> tuple[list[Job], list[str]]:
    """Those on which no other work than theirs goes on by itself (that is followed), and the documented warnings."""
    kept, warnings = list(jobs), []
    for action, (tool, kind) in _TOOLS.items():
        busy = [
            job for job in kept
            if (work := working.get(job.failed.dbid)) and work.action is action and job.kind is not kind
        ]  # fmt: skip
        if busy:
            contents = [job.failed.content for job in busy]
            found = f"Found {tool} running for segments with contentIds {contents}"
            warnings.append(f"{found}, skipping recovery of these segments")
        kept = [job for job in kept if job not in busy]
    return kept, warnings


_TOOLS = {
    Action.COPY: ("pg_basebackup", Kind.FULL),
    Action.REWIND: ("pg_rewind", Kind.INCREMENTAL),
    Action.REUSE: ("differential recovery", Kind.DIFFERENTIAL),
}


def job_of(run: Run, catalog: Catalog, row: Row, kind: Kind | None = None, target: Row | None = None) -> Job:
    """The recovery of a segment from its acting primary, as `kind` or the options say."""
    asked = Kind.FULL if run.given.full else Kind.DIFFERENTIAL if run.given.differential else Kind.INCREMENTAL
    return Job(row, catalog.pair(row.content).primary, kind or asked, target)


def _onto(run: Run, catalog: Catalog) -> list[Job]:
    """-p: all that is down goes to other hosts, by a full copy."""
    rows = [row for row in catalog.segments if not row.up]
    hosts, unused = moving.onto(rows, [name.strip() for name in run.given.hosts.split(",") if name.strip()])
    known: dict[str, Server] = {}
    reasons: list[CctrlError] = []
    for name in hosts.values():
        try:
            known[name] = run.cluster.host(name)
        except ConfigError as error:
            reasons.append(error)
    taken = _taken(run, known)
    missing = [name for name in hosts.values() if name not in taken]
    _tell(run, missing)
    for reason in reasons:
        run.log.truth(reason.what)
        run.log.truth(f"NEXT: {reason.next}")
    if missing:
        raise Failed(f"Cannot recover. The following recovery target hosts are unreachable: {missing}")
    if unused:
        run.log.warning("The following recovery hosts were not needed:")
        for name in unused:
            run.log.warning(f"\t{name}")
    targets = moving.pool(catalog, rows, {failed: (known[name], taken[name]) for failed, name in hosts.items()})
    return [job_of(run, catalog, row, Kind.FULL, targets[row.dbid]) for row in rows]


def _taken(run: Run, places: dict[str, Server]) -> dict[str, frozenset[int]]:
    """The ports that are taken at places, asked side by side; without those whose hosts do not answer."""
    found = run.cluster.hosts.fan_out(list(places.values()), run.cluster.asking.listening)
    return {name: ports for name, ports in zip(places, found, strict=True) if ports is not None}


def _of_file(run: Run, catalog: Catalog, away: frozenset[str]) -> list[Job]:
    """-i: what the file names, in place or to where it says."""
    path = run.given.config
    try:
        text = text_of(path, "utf-8-sig")
    except OSError as error:
        raise of_the_system(error, path) from None
    except UnicodeDecodeError as error:
        raise Failed(f"{path} is no text: {error.reason} at byte {error.start}") from None
    places: dict[str, Server] = {}
    found = [_of_entry(run, catalog, entry, places) for entry in recover_file.parse(path, text)]
    moves = [job for job in found if job.moves]
    near = {job.at.address: places[job.at.address] for job in moves if job.at.hostname not in away}
    taken = _taken(run, near)
    for job in moves:
        _may_go(job, taken.get(job.at.address))
    return found


def _of_entry(run: Run, catalog: Catalog, entry: Entry, places: dict[str, Server]) -> Job:
    """What a line asks for; the place it names goes into `places`, by the address that the catalog will show."""
    row = recover_file.found(catalog, entry)
    if entry.kind == Kind.DIFFERENTIAL.value and entry.target:
        raise Failed(f"line {entry.number}: a differential recovery is made in place; to another one it is full (F)")
    if entry.target is None:
        return job_of(run, catalog, row, Kind(entry.kind) if entry.kind else None)
    there = run.cluster.host(entry.target.host or entry.target.address)
    target = moving.target(row, there, entry.target.port, entry.target.directory)
    places[target.address] = there
    return job_of(run, catalog, row, Kind.FULL, target)


def _may_go(job: Job, taken: frozenset[int] | None) -> None:
    """Raises Failed where the host of its new place does not answer, Refused where another one has its port."""
    at, failed = job.at, job.failed
    if taken is None:
        raise Failed(f"The recovery target segment {at.hostname} (content {at.content}) is unreachable.")
    if at.port in taken and (at.hostname, at.port) != (failed.hostname, failed.port):
        raise Refused(f"port {at.port} of {at.hostname} is in use", next="another port in the file")


def written(run: Run, catalog: Catalog, away: frozenset[str]) -> None:
    """-o: the file for what is down; with -p where it would go. Raises Failed, CctrlError."""
    rows = [row for row in catalog.segments if not row.up]
    targets: dict[int, Row] = {}
    if run.given.hosts:
        targets = {job.failed.dbid: job.at for job in _onto(run, catalog)}
        away = frozenset()
    try:
        expanded(run.given.output).write_text(recover_file.written(rows, away, targets), encoding="utf-8")
    except OSError as error:
        raise of_the_system(error, run.given.output) from None
    run.log.info(f"Configuration file output to {run.given.output} successfully.")


def of_the_system(error: OSError, path: str) -> Refused:
    """What the system said of a file, in the documented words."""
    following = f"cat {shlex.quote(path)} >FILE   (then name FILE)" if error.errno == errno.EINVAL else ""
    return Refused(f"[Errno {error.errno}] {error.strerror}: '{path}'", next=following)
