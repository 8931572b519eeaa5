"""What gpstate and gprecoverseg have in common: the log, the first lines, how they end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from threading import Event, Thread

from cctrl.outcome import CctrlError, Outcome, Refused
from cctrl.registry import Talk
from cctrl.replication.facts import Facts
from cctrl.replication.lock import Lock
from cctrl.replication.operation import LiveOperation
from cctrl.segments.catalog import Catalog, complete
from cctrl.segments.service import Cluster
from cctrl.segments.utilities.gplog import CRITICAL, DEBUG, INFO, GpLog, log_directory
from cctrl.segments.utilities.options import Parser, Wrong
from cctrl.segments.utilities.tables import Line

OUTCOMES = {0: Outcome.DONE, 1: Outcome.INTERNAL, 2: Outcome.USAGE, 4: Outcome.INCOMPLETE}
"""The utilities' own exit statuses, as cctrl's."""


class Failed(Exception):
    """A known fatal condition: `PROGRAM error: …`, exit status 2."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a utility."""

    cluster: Cluster
    given: argparse.Namespace
    log: GpLog
    talk: Talk
    text: str  # as it was typed
    held: Lock | Refused = field(default_factory=lambda: Lock({}))  # of a run that changes something; why there is none

    def operation(self, verb: str) -> LiveOperation:
        """What this run changes, under its lock. Raises Refused where there is none."""
        cluster = self.cluster
        if isinstance(self.held, Refused):
            raise self.held
        look = "gpstate -e"
        return LiveOperation(cluster.engine, cluster.store, cluster.name, self.held, verb, self.text, look)

    @contextmanager
    def dots(self) -> Iterator[None]:
        """A dot for each second that remote work takes, where somebody watches."""
        over = Event()

        def show() -> None:
            count = 0
            while not over.wait(1.0):
                count += 1
                self.talk.progress("." * count)

        shown = Thread(target=show, name="dots", daemon=True)
        if self.talk.live:
            shown.start()
        try:
            yield
        finally:
            over.set()
            if self.talk.live:
                shown.join()  # or a dot could come behind the next line

    def page(self, lines: Sequence[Line]) -> None:
        """Log all lines."""
        for line in lines:
            self.log.say(line.level, line.text)


def parsed(parser: Parser, argv: Sequence[str], talk: Talk) -> argparse.Namespace | Outcome:
    """The options; how the run ends where they ask for help, or are none: that is told."""
    try:
        return parser.parse(argv)
    except Wrong as wrong:
        for text in wrong.text.split("\n"):
            talk.line(text)
        if wrong.error:
            talk.note(wrong.error)
        return OUTCOMES[wrong.status]


def run(cluster: Cluster, parser: Parser, argv: Sequence[str], talk: Talk, body: Callable[[Run], int]) -> Outcome:
    """Run a utility with its options; its exit status as an outcome."""
    program = parser.prog
    given = parsed(parser, argv, talk)
    if isinstance(given, Outcome):
        return given
    log = _log(cluster, program, given, talk)
    log.info(f"Starting {program} with args: {' '.join(argv)}")
    cluster.fresh()
    try:
        _its_own(cluster, program, given)
        with cluster.speaking():
            return OUTCOMES[body(Run(cluster, given, log, talk, " ".join((program, *argv))))]
    except Wrong as wrong:
        log.error(wrong.error)
        log.truth(f"NEXT: {program} --help")
    except Failed as failed:
        log.error(f"{program} error: {failed}")
        _tell_next(log, given, "")
    except KeyboardInterrupt:
        log.truth("interrupted")
        log.truth(f"NEXT: {'gpstate -e' if program == 'gprecoverseg' else program}")
    except CctrlError as error:
        reason = "\n".join(part for part in (error.what, error.detail) if part)
        log.say(CRITICAL, f"{program} failed. (Reason='{reason}') exiting...")
        _tell_next(log, given, error.next)
    return Outcome.USAGE


def _tell_next(log: GpLog, given: argparse.Namespace, following: str) -> None:
    """The next command; of a file that is not right the one that writes one."""
    if getattr(given, "config", "") or getattr(given, "output", ""):
        following = following or "gprecoverseg -o FILE   (writes a file of what is down, where you may write)"
    if following:
        log.truth(f"NEXT: {following}")


def _its_own(cluster: Cluster, program: str, given: argparse.Namespace) -> None:
    """Refuse a data directory that is not this cluster's. Raises Wrong."""
    known = cluster.coordinator.data_dir
    if given.coordinator and PurePosixPath(given.coordinator) != PurePosixPath(known):
        what = f"the coordinator of {cluster.name} has the data directory {known}, not {given.coordinator}"
        raise Wrong("", f"{program}: error: {what}")


def _log(cluster: Cluster, program: str, given: argparse.Namespace, talk: Talk) -> GpLog:
    # As who the servers are worked on, where: whoever gives the command need not be known there.
    where = f"{cluster.coordinator.host.name}:{cluster.coordinator.user}"
    lowest = DEBUG if given.verbose else INFO
    directory = log_directory(given.logdir)
    return GpLog(program, where, talk.line, talk.note, directory=directory, lowest=lowest, quiet=given.quiet)


def begin(run: Run) -> Catalog:
    """The first lines of every run, and the catalog. Raises CctrlError where the coordinator does not answer."""
    catalog = run.cluster.catalog()
    number = catalog.version.split(" on ")[0].removeprefix("PostgreSQL ")
    run.log.info(f"local Greenplum Version: 'postgres (PostgreSQL) {number}'")
    run.log.info(f"coordinator Greenplum Version: '{catalog.version}'")
    run.log.info("Obtaining Segment details from coordinator...")
    complete(catalog, {member.dbid: member.name for member in run.cluster.service.members})
    catalog.pairs  # noqa: B018 - raises for a catalog that cannot be
    return catalog


def told(facts: Facts) -> str:
    """Why an instance does not answer, on one line."""
    return f"{facts.server.value}: {facts.reason}" if facts.reason else facts.server.value
