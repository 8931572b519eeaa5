"""SQL and small questions for single servers: for a vocabulary that keeps its own state in a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

from cctrl.config import Service
from cctrl.replication.postgresql import conninfo
from cctrl.replication.postgresql.remote import check, command
from cctrl.ssh import CommandResult, Hosts
from cctrl.ssh.quoting import quote


@dataclass(frozen=True, slots=True)
class Process:
    """What there is of a server's process on its host."""

    pid_file: bool = False
    pid: int = 0  # as its file says, 0 where that says nothing
    lock_file: bool = False  # of its socket
    lives: bool = False


class Asking:
    """Runs statements through psql on a member's own host; every call has its deadline."""

    def __init__(self, hosts: Hosts, service: Service, timeout: float) -> None:
        self._hosts = hosts
        self._service = service
        self._timeout = timeout

    def sql(self, member: str, *statements: str, timeout: float | None = None) -> str:
        """What the statements print (unaligned, without headers). Each is one transaction, all are one session.
        Raises StepFailed with what the server said."""
        result = self.try_sql(member, *statements, timeout=timeout)
        check(result, f"{member} refused: {statements[-1].strip().splitlines()[0][:80]}")
        return result.stdout.strip()

    def try_sql(self, member: str, *statements: str, timeout: float | None = None) -> CommandResult:
        """The same for a caller who looks at the end of it; never raises for what a host can cause."""
        return self._run(member, "sql", statements, timeout)

    def process(self, member: str) -> Process | None:
        """The server's process; None where the host cannot be asked."""
        result = self._run(member, "process", (), None)
        words = result.stdout.split()
        if not result.ok or len(words) != 5:
            return None
        return Process(words[1] == "1", int(words[2]), words[3] == "1", words[4] == "1")

    def command_for(self, member: str, caller: str, query: str) -> str:
        """The shell's command by which one of the servers, as `caller`, asks a member: as the replication role."""
        server = self._service.member(member)
        way = conninfo.to_source(self._service, caller, server, database=server.database)
        psql = f"{server.bin_dir}/psql" if server.bin_dir else "psql"
        return quote([psql, "-XAtqw", "-d", way, "-c", query])

    def control(self, member: str) -> CommandResult:
        """What pg_controldata prints on the member's host, with its status."""
        return self._run(member, "control", (), None)

    def lines(self, member: str, query: str, period: float, stop: Event) -> Iterator[str]:
        """What `query` prints every `period` seconds, for as long as the host can be heard and `stop` is not set.
        A server that is down yields `down`, one that does not answer `running`."""
        server = self._service.member(member)
        process = self._hosts.open(server.host, command("pulse", server, (query, f"{period:g}")))
        try:
            while not stop.is_set():
                line = process.readline(max(period, 1.0))
                if line is not None:
                    yield line
                elif not process.running:
                    return
        finally:
            process.close()

    def _run(self, member: str, name: str, words: tuple[str, ...], timeout: float | None) -> CommandResult:
        server = self._service.member(member)
        return self._hosts.run(server.host, command(name, server, words), timeout=timeout or self._timeout)
