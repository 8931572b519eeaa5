"""What gprecoverseg has to do for one segment, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.segments.catalog import Row
from cctrl.segments.utilities.tables import Line

RULE = "-" * 57


class Kind(Enum):
    """How a segment is recovered; the value is the word of the failure lines."""

    INCREMENTAL = "incremental"
    FULL = "full"
    DIFFERENTIAL = "differential"

    @property
    def command(self) -> str:
        """What is typed for such a recovery."""
        return {"full": "gprecoverseg -F", "differential": "gprecoverseg --differential"}.get(
            self.value, "gprecoverseg"
        )

    @property
    def copies(self) -> bool:
        """True where the new directory is made beside the old one, so that this can be given up."""
        return self is not Kind.INCREMENTAL


class Stage(Enum):
    """Where a recovery failed."""

    COPY = "copy"
    START = "start"


@dataclass(frozen=True, slots=True)
class Job:
    """A failed segment, and the acting primary it is recovered from."""

    failed: Row
    source: Row
    kind: Kind
    target: Row | None = None  # its row at another place; the same one, or None, in place

    @property
    def at(self) -> Row:
        """Where it is recovered."""
        return self.target or self.failed

    @property
    def moves(self) -> bool:
        """True where it is recovered at another place."""
        at, failed = self.at, self.failed
        return (at.hostname, at.port, at.datadir) != (failed.hostname, failed.port, failed.datadir)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended; `stage` is None where it was done."""

    job: Job
    stage: Stage | None = None
    cause: str = ""
    logfile: str = ""
    next: str = ""
    remark: str = ""  # of one that was done: what the documented lines do not say


def parameters(jobs: list[Job], *titles: str) -> list[Line]:
    """The table of what is going to be done."""
    lines = ["Greenplum instance recovery parameters", RULE, *titles, RULE]
    for number, job in enumerate(jobs, 1):
        lines += [f"Recovery {number} of {len(jobs)}", RULE]
        lines += [f"   {key:<36} = {value}" for key, value in _described(job)]
        lines.append(RULE)
    return [Line(text) for text in lines]


def _described(job: Job) -> list[tuple[str, str]]:
    failed, source = job.failed, job.source
    return [
        ("Synchronization mode", job.kind.value.capitalize()),
        ("Failed instance host", failed.hostname),
        ("Failed instance address", failed.address),
        ("Failed instance directory", failed.datadir),
        ("Failed instance port", str(failed.port)),
        ("Recovery Source instance host", source.hostname),
        ("Recovery Source instance address", source.address),
        ("Recovery Source instance directory", source.datadir),
        ("Recovery Source instance port", str(source.port)),
        *(_target(job.target) if job.target else [("Recovery Target", "in-place")]),
    ]


def _target(row: Row) -> list[tuple[str, str]]:
    return [
        ("Recovery Target instance host", row.hostname),
        ("Recovery Target instance address", row.address),
        ("Recovery Target instance directory", row.datadir),
        ("Recovery Target instance port", str(row.port)),
    ]


FAILED = "Failed to recover the following segments"
DUE = {
    Kind.INCREMENTAL: ". You must run gprecoverseg -F for all incremental failures",
    Kind.DIFFERENTIAL: ". You must run either gprecoverseg --differential or gprecoverseg -F for all differential "
    "failures",
    Kind.FULL: "",
}
NOT_STARTED = "Failed to start the following segments. Please check the latest logs located in segment's data directory"
SUCCESS = (
    "*" * 32,
    "Segments successfully recovered.",
    "*" * 32,
    "Recovered mirror segments need to sync WAL with primary segments.",
    "Use 'gpstate -e' to check progress of WAL sync remaining bytes",
)


def failures(ended: list[Ended]) -> list[Line]:
    """The documented lines about those that failed."""
    lines: list[str] = []
    copies = [one for one in ended if one.stage is Stage.COPY]
    if copies:
        kinds = {one.job.kind for one in copies}
        lines += ["-" * 58, FAILED + next(due for kind, due in DUE.items() if kind in kinds)]
        for one in copies:
            row = one.job.at
            where = f" hostname: {row.hostname}; port: {row.port}; logfile: {one.logfile}"
            lines.append(f"{where}; recoverytype: {one.job.kind.value}")
    starts = [one.job.at for one in ended if one.stage is Stage.START]
    if starts:
        lines += ["-" * 58, NOT_STARTED]
        lines += [f" hostname: {row.hostname}; port: {row.port}; datadir: {row.datadir}" for row in starts]
    return [Line(text) for text in lines]
