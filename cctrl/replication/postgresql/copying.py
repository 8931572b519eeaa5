"""Full copies between PostgreSQL servers, from host to host: looking first, the copy itself, putting it in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from cctrl.replication import copying, strangers
from cctrl.replication.copying import Aside, Extent, Survey, Working
from cctrl.replication.engine import StepFailed
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, copyparse, probe_parse, queries
from cctrl.replication.postgresql.remote import Remote, check
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result, Step
from cctrl.ssh import CommandResult

COPY = "copy"  # how the job is called that makes a copy, also one from a backup
QUIET = 900.0  # seconds a copy may say nothing, in the checkpoint before it say, before nobody waits for it any more
REMOVE_LIMIT = 600.0  # seconds to remove old data directories
MOVE_LIMIT = 60.0  # seconds for what is only moved


class Copies:
    """The part of the engine that copies."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def handlers(self) -> dict[Action, Handler]:
        """What carries out each action."""
        return {Action.COPY: self._copy, Action.REUSE: self._reuse, Action.SWAP: self._swap}

    def extent(self, member: str) -> Extent:
        """See Engine."""
        return copyparse.extent(self._remote.sql(member, queries.EXTENT).splitlines())

    def survey(self, member: str, source: str) -> Survey:
        """See Engine."""
        extent = self.extent(source)
        words = (self._source(member, source), f"{COPY}-{member}", *(t.location for t in extent.tablespaces))
        what = f"cannot look for a place for a copy on {member}"
        return copyparse.survey(self._must(member, "copysurvey", what, *words).stdout.splitlines(), extent)

    def reuse_lacks(self, source: str) -> str:
        """See Engine."""
        role = self._remote.service.replication_user
        lacking = self._remote.sql(source, queries.REUSE_RIGHTS.format(role=role.replace("'", "''"))).splitlines()
        quoted = '"' + role.replace('"', '""') + '"'
        return f"GRANT EXECUTE ON FUNCTION {', '.join(lacking)} TO {quoted}" if lacking else ""

    def _copy(self, work: Work) -> Result:
        return self._made(work, lambda: self._remote.job(work.member, COPY, "copy", on_text=work.on_text, stall=QUIET))

    def _reuse(self, work: Work) -> Result:
        job = self._remote.job
        return self._made(
            work, lambda: job(work.member, COPY, "reuse", queries.FILES, on_text=work.on_text, stall=QUIET)
        )

    def _made(self, work: Work, job: Callable[[], tuple[CommandResult, list[str]]]) -> Result:
        """Begin it, or follow one that is being made; the operation names it and what it displaces."""
        step = work.step
        survey = step.survey or self.survey(step.member, step.other)
        said = "running" if survey.running else self._prepared(step, survey, work.operation)
        if said == "whole":
            return Result(text="a copy that was made before is good still")
        result, lines = job()
        check(result, f"cannot copy {step.other} to {step.member}", "\n".join(lines[-6:]))
        return Result(text="a copy was being made already" if said == "running" else "")

    def end(self, member: str) -> None:
        """See Engine."""
        check(self._remote.end_job(member, COPY), f"cannot end the copy on {member}")

    def working(self, member: str) -> Working | None:
        """See Engine."""
        jobs = {f"{COPY}-{member}": Action.COPY, f"rewind-{member}": Action.REWIND}
        result = self._remote.run(member, "working", *jobs)
        return copyparse.working(result.stdout.splitlines(), jobs | {f"reuse-{member}": Action.REUSE})

    def _prepared(self, step: Step, survey: Survey, operation: str) -> str:
        """Write down what is to be copied; "whole" where an earlier copy is good still, "running" where it goes on."""
        log, places = copying.outside(survey, operation)
        oldest = probe_parse.wal_name(survey.timeline, step.position or Position(0), survey.extent.log_file)
        plan = (operation, step.other, self._source(step.member, step.other), step.rate, log, survey.extent.log_options)
        maps = [word for old, new in places for word in (_mapping(old, new), new)]
        return self.prepare(step.member, (survey.system, oldest, *plan, *maps))

    def prepare(self, member: str, words: tuple[str, ...]) -> str:
        """Run copyprepare.sh; what it says."""
        what = f"cannot prepare a copy on {member}"
        return self._must(member, "copyprepare", what, self._lock(member), *words).stdout.strip()

    def aside(self, member: str, left: str = "") -> tuple[Aside, ...]:
        """See Engine."""
        what = f"cannot look for what is kept aside on {member}"
        said = self._must(member, "copyaside", what, "list", self._lock(member), left)
        return copyparse.aside(said.stdout.splitlines())

    def remove_aside(self, member: str, what: tuple[Aside, ...], left: str = "", used: tuple[str, ...] = ()) -> None:
        """See Engine."""
        words = ("remove", self._lock(member), left, "\n".join(used), *(one.name for one in what))
        failure = f"cannot remove what is kept aside on {member}"
        self._remote.must(member, "copyaside", *words, what=failure, timeout=REMOVE_LIMIT)

    def _lock(self, member: str) -> str:
        """The lock that the job holds while it runs (see `ssh.jobs`)."""
        data = PurePosixPath(self._remote.service.member(member).data_dir)
        return str(data.parent / f".cctrl-job-{COPY}-{member}.lock")

    def _swap(self, work: Work) -> Result:
        """The result's text is where the old directory is now, "" where there was none."""
        step = work.step
        line = conninfo.setting("primary_conninfo", self._remote.way(step.member, step.other))
        what = f"cannot put the copy in {step.member}'s place"
        result = self._remote.run(step.member, "copyswap", line, work.operation, timeout=MOVE_LIMIT)
        said = result.stdout.splitlines()
        try:
            check(result, what)
        except StepFailed as error:
            error.uncertain = error.uncertain or "@moving" in said
            raise
        if "@source-files" in said:
            text = "there was no configuration of its own to keep: what lies in the data directory is the source's"
            work.on_text(text)
        return Result(text=next((line.partition(" ")[2] for line in said if line.startswith("@aside ")), ""))

    def _must(self, member: str, name: str, what: str, *words: str) -> CommandResult:
        return self._remote.must(member, name, *words, what=what, timeout=3 * self._remote.timeout)

    def _source(self, member: str, source: str) -> str:
        """How a copy is received: under a name of its own, or it would be taken for the standby."""
        return self._remote.way(f"{strangers.COPY}{member}", source, bulk=True)


def _mapping(old: str, new: str) -> str:
    """A tablespace's place as pg_basebackup's -T takes it; "" where it stays the same."""
    return "" if old == new else "=".join(path.replace("=", "\\=") for path in (old, new))
