"""How scripts and statements get to a server's host, and what is made of their end: beneath all parts of the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from threading import Event

from cctrl.config import Server, Service
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.facts import Server as ServerState
from cctrl.replication.postgresql import conninfo
from cctrl.replication.postgresql.scripts import script
from cctrl.replication.rejection import NO_SPACE
from cctrl.ssh import LOST, CommandResult, Ended, Hosts, Job, end_job, fenced, run_job

TIMED_OUT_THERE = (124, 137)  # exit statuses of timeout(1)
STILL = re.compile(r"at (\S+) for ([\d.]+) s, wanted (\S+)")  # what queries.WAIT raises
FULL = re.compile("No space left|printf: I/O error|write error|quota exceeded")


class Remote:
    """Runs scripts and statements for the members of one service, each on its own host."""

    def __init__(self, hosts: Hosts, service: Service, timeout: float) -> None:
        """`timeout`: seconds a short command may take."""
        self.hosts = hosts
        self.service = service
        self.timeout = timeout

    def run(self, member: str, name: str, *words: str, timeout: float = 0.0, changes: bool = False) -> CommandResult:
        """The script of that name with its arguments; `timeout`: the usual one where 0; `changes`: only under the lock
        under which this thread acts (ssh.fenced). Never raises for what a host can cause."""
        server = self.service.member(member)
        argv = command(name, server, words)
        if changes:
            argv = tuple(fenced(server.host, argv))
        return self.hosts.run(server.host, argv, timeout=timeout or self.timeout)

    def must(self, member: str, name: str, *words: str, what: str, timeout: float = 0.0) -> CommandResult:
        """The same; raises StepFailed, which says `what`, unless it ended well."""
        result = self.run(member, name, *words, timeout=timeout, changes=True)
        check(result, what)
        return result

    def sql(self, member: str, *statements: str, timeout: float = 0.0) -> str:
        """What statements print (unaligned, without headers). Each is one transaction, all are one session.
        Raises StepFailed with what the server said."""
        result = self.run(member, "sql", *statements, timeout=timeout, changes=True)
        check(result, f"{member} refused: {statements[-1].strip().splitlines()[0][:80]}")
        return result.stdout.strip()

    def job(
        self, member: str, name: str, script: str, *words: str, on_text: OnText, stall: float
    ) -> tuple[CommandResult, list[str]]:
        """Run a script as the job of that name, which goes on by itself, or follow the one that runs (see ssh.jobs);
        its end, and all lines it said. `stall`: seconds it may say nothing before nobody waits for it any more."""
        lines: list[str] = []

        def hear(line: str) -> None:
            lines.append(line)
            on_text(line)

        server = self.service.member(member)
        directory = str(PurePosixPath(server.data_dir).parent)
        job = Job(name=f"{name}-{member}", directory=directory, argv=command(script, server, words))
        return run_job(self.hosts, server.host, job, on_line=hear, stall=stall), lines

    def end_job(self, member: str, name: str) -> CommandResult:
        """End that job, where it runs (see ssh.jobs)."""
        server = self.service.member(member)
        return end_job(self.hosts, server.host, str(PurePosixPath(server.data_dir).parent), f"{name}-{member}")

    def way(self, caller: str, source: str, database: str = "", *, bulk: bool = False) -> str:
        """How `caller`, a member's name or another, reaches a member as the replication role (see `conninfo`)."""
        return conninfo.to_source(self.service, caller, self.service.member(source), database=database, bulk=bulk)

    def lines(self, member: str, query: str, period: float, stop: Event) -> Iterator[str | None]:
        """What `query` prints every `period` seconds, for as long as the host can be heard and `stop` is not set; None
        where nothing came for as long. A server that is down yields `down`, one that does not answer `running`."""
        server = self.service.member(member)
        process = self.hosts.open(server.host, command("pulse", server, (query, f"{period:g}")))
        try:
            while not stop.is_set():
                line = process.readline(period)
                if line is None and not process.running:
                    return
                yield line
        finally:
            process.close()


def command(name: str, server: Server, words: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs the script of that name for a server."""
    return ("sh", "-c", script(name), f"cctrl-{name}", *arguments(server), *words)


def arguments(server: Server) -> tuple[str, ...]:
    """What every script is told of a server, in the order in which its prelude reads it."""
    log = str(beside(server, "log"))
    data = str(PurePosixPath(server.data_dir))
    port, user = str(server.port), server.user
    return (server.bin_dir, data, server.config_file, server.socket_dir, port, user, server.database, log)


def beside(server: Server, what: str) -> PurePosixPath:
    """A place of our own beside a data directory."""
    data = PurePosixPath(server.data_dir)
    return data.parent / f".cctrl-{data.name}.{what}"


def last_line(text: str) -> str:
    """The last line that says anything."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def check(result: CommandResult, what: str, said: str = "") -> None:
    """Raise StepFailed unless the command ended well."""
    if result.ok:
        return
    uncertain = result.ended in (Ended.TIMED_OUT, Ended.UNREACHABLE) or result.status == LOST
    lines = (said or result.stderr).strip().splitlines()[-6:]
    ended = f"{result.host}: {result.ended.value}" + (f" {result.status}" if result.status is not None else "")
    reason = f", {result.reason}" if result.reason else ""
    detail = "\n".join([*lines, f"{ended}{reason} after {result.duration:.1f} s"])
    if any(FULL.search(line) for line in lines):
        what = f"{what}: {NO_SPACE} {result.host}"
    raise StepFailed(what, detail=detail, next=result.next, uncertain=uncertain)


def given_up(error: StepFailed, member: str, ask: Callable[[], str]) -> StepFailed | None:
    """The error of a wait that queries.WAIT gave up, in words; `ask` finds out why nothing moves. None for another."""
    found = STILL.search(error.detail)
    if found is None:
        return None
    what = f"{member} does not come as far as {found[3]}"
    return StepFailed(what, detail=f"it has been at {found[1]} for {found[2]} s\n{ask()}".strip())


def not_looked_at(result: CommandResult) -> ServerState:
    """What is known of a server whose host ran no look to its end: one that took the command is there."""
    if result.ended is Ended.TIMED_OUT or result.status in TIMED_OUT_THERE:
        return ServerState.FROZEN  # something on it hangs
    return ServerState.MISCONFIGURED if result.ended is Ended.EXITED else ServerState.UNSEEN
