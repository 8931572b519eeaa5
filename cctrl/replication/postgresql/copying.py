"""Full copies between PostgreSQL servers, from host to host: looking first, the copy itself, putting it in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from time import monotonic

from cctrl.config import Service
from cctrl.replication import copying
from cctrl.replication.copying import Aside, Extent, Survey
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, copyparse, probe_parse, queries
from cctrl.replication.postgresql.remote import check, command
from cctrl.replication.steps import Result, Step
from cctrl.ssh import CommandResult, Hosts, Job, run_job

QUIET = 900.0  # seconds a copy may say nothing, in the checkpoint before it say, before nobody waits for it any more
REMOVE_LIMIT = 600.0  # seconds to remove old data directories
MOVE_LIMIT = 60.0  # seconds for what is only moved


class Copies:
    """The part of the engine that copies."""

    def __init__(self, hosts: Hosts, service: Service, sql: Callable[[str, str], str], timeout: float) -> None:
        """`sql` runs a statement on a member and returns its rows."""
        self.hosts = hosts
        self.service = service
        self.sql = sql
        self.timeout = timeout

    def extent(self, member: str) -> Extent:
        """See Engine."""
        return copyparse.extent(self.sql(member, queries.EXTENT).splitlines())

    def survey(self, member: str, source: str) -> Survey:
        """See Engine."""
        extent = self.extent(source)
        words = (self._source(member, source), _job_name(member), *(t.location for t in extent.tablespaces))
        what = f"cannot look for a place for a copy on {member}"
        return copyparse.survey(self._must(member, "copysurvey", words, what).stdout.splitlines(), extent)

    def copy(self, step: Step, operation: str, on_text: OnText) -> Result:
        """Action.COPY: begin it, or follow one that is being made; `operation` names it and what it displaces."""
        survey = self.survey(step.member, step.other)
        said = "running" if survey.running else self._prepared(step, survey, operation)
        if said == "whole":
            return Result(text="a copy that was made before is good still")
        server = self.service.member(step.member)
        directory = str(PurePosixPath(server.data_dir).parent)
        job = Job(name=_job_name(step.member), directory=directory, argv=command("copy", server, ()))
        lines, tell = telling(on_text)
        result = run_job(self.hosts, server.host, job, on_line=tell, stall=QUIET)
        check(result, f"cannot copy {step.other} to {step.member}", "\n".join(lines[-6:]))
        return Result(text="a copy was being made already" if said == "running" else "")

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
        return self._must(member, "copyprepare", (self._lock(member), *words), what).stdout.strip()

    def aside(self, member: str) -> tuple[Aside, ...]:
        """See Engine."""
        what = f"cannot look for what is kept aside on {member}"
        said = self._must(member, "copyaside", ("list", self._lock(member)), what)
        return copyparse.aside(said.stdout.splitlines())

    def remove_aside(self, member: str, what: tuple[Aside, ...]) -> None:
        """See Engine."""
        words = ("remove", self._lock(member), *(one.name for one in what))
        check(self._run(member, "copyaside", words, REMOVE_LIMIT), f"cannot remove what is kept aside on {member}")

    def _lock(self, member: str) -> str:
        """The lock that the job holds while it runs (see `ssh.jobs`)."""
        return str(PurePosixPath(self.service.member(member).data_dir).parent / f".cctrl-job-{_job_name(member)}.lock")

    def swap(self, step: Step, operation: str, on_text: OnText) -> Result:
        """Action.SWAP; the result's text is where the old directory is now, "" where there was none."""
        line = conninfo.setting("primary_conninfo", self._receives(step.member, step.other))
        what = f"cannot put the copy in {step.member}'s place"
        result = self._run(step.member, "copyswap", (line, operation), MOVE_LIMIT)
        said = result.stdout.splitlines()
        try:
            check(result, what)
        except StepFailed as error:
            error.uncertain = error.uncertain or "@moving" in said
            raise
        if "@source-files" in said:
            on_text("there was no configuration of its own to keep: what lies in the data directory is the source's")
        return Result(text=next((line.partition(" ")[2] for line in said if line.startswith("@aside ")), ""))

    def _source(self, member: str, source: str) -> str:
        """How a copy is received: under a name of its own, or it would be taken for the standby."""
        return conninfo.to_source(self.service, f"cctrl-copy-{member}", self.service.member(source))

    def _receives(self, member: str, source: str) -> str:
        return conninfo.to_source(self.service, member, self.service.member(source))

    def _must(self, member: str, name: str, words: tuple[str, ...], what: str) -> CommandResult:
        result = self._run(member, name, words, 3 * self.timeout)
        check(result, what)
        return result

    def _run(self, member: str, name: str, words: tuple[str, ...], timeout: float) -> CommandResult:
        server = self.service.member(member)
        return self.hosts.run(server.host, command(name, server, words), timeout=timeout)


def telling(on_text: OnText) -> tuple[list[str], OnText]:
    """The lines that a job has said so far, and what hears them and tells them on as people read them."""
    pace, lines = copyparse.Pace(), list[str]()

    def tell(line: str) -> None:
        lines.append(line)
        on_text(pace.read(line, monotonic()))

    return lines, tell


def _job_name(member: str) -> str:
    return f"copy-{member}"


def _mapping(old: str, new: str) -> str:
    """A tablespace's place as pg_basebackup's -T takes it; "" where it stays the same."""
    return "" if old == new else "=".join(path.replace("=", "\\=") for path in (old, new))
