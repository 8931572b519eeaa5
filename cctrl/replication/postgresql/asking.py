"""SQL and small questions for single servers: for a vocabulary that keeps its own state in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from time import monotonic

from cctrl.config import Server, Service
from cctrl.replication.engine import StepFailed
from cctrl.replication.postgresql import queries
from cctrl.replication.postgresql.remote import Remote, command
from cctrl.ssh import CommandResult, Hosts
from cctrl.ssh.quoting import quote


class HeldBack(StepFailed):
    """Nothing was done: transactions of users that are open still stand in the way."""


@dataclass(frozen=True, slots=True)
class Process:
    """What there is of a server's process on its host."""

    pid_file: bool = False
    pid: int = 0  # as its file says, 0 where that says nothing
    lock_file: bool = False  # of its socket
    lives: bool = False
    suspended: bool = False  # stopped by a signal


class Asking:
    """Runs statements through psql on a member's own host; every call has its deadline."""

    def __init__(self, hosts: Hosts, service: Service, timeout: float) -> None:
        self._service = service
        self._remote = Remote(hosts, service, timeout)

    def serve(self, service: Service) -> None:
        """From now on its members are where this says."""
        self._service = self._remote.service = service

    def sql(self, member: str, *statements: str, timeout: float = 0.0) -> str:
        """See Remote.sql."""
        return self._remote.sql(member, *statements, timeout=timeout)

    def try_sql(self, member: str, *statements: str, timeout: float = 0.0) -> CommandResult:
        """The same for a caller who looks at the end of it; never raises for what a host can cause."""
        return self._remote.run(member, "sql", *statements, timeout=timeout)

    def process(self, member: str) -> Process | None:
        """The server's process; None where the host cannot be asked."""
        result = self._remote.run(member, "process")
        words = result.stdout.split()
        if not result.ok or len(words) != 6:
            return None
        return Process(words[1] == "1", int(words[2]), *(word == "1" for word in words[3:]))

    def command_for(self, member: str, caller: str, query: str) -> str:
        """The shell's command by which one of the servers, as `caller`, asks a member: as the replication role."""
        server = self._service.member(member)
        way = self._remote.way(caller, member, server.database)
        psql = f"{server.bin_dir}/psql" if server.bin_dir else "psql"
        return quote([psql, "-XAtqw", "-d", way, "-c", query])

    def control(self, member: str) -> CommandResult:
        """What pg_controldata prints on the member's host, with its status."""
        return self._remote.run(member, "control")

    @contextmanager
    def definitions_held(self, member: str, patience: float) -> Iterator[None]:
        """Within this nobody changes a definition on a member: what would, waits. Raises HeldBack where transactions
        that have changed some do not end within `patience` seconds, StepFailed where it cannot be done."""
        server = self._service.member(member)
        words = (f"{patience:g}s", queries.CONNECTABLE, queries.HOLD_DEFINITIONS)
        process = self._remote.hosts.open(server.host, command("holding", server, words))
        try:
            held, wanted, said = set[str](), 0, ""
            until = monotonic() + patience + self._remote.timeout
            while not wanted or len(held) < wanted:
                line = process.readline(max(0.01, until - monotonic()))
                if line is None:
                    raise StepFailed(f"definitions on {member} cannot be held", detail=said)
                if "lock timeout" in line:
                    what = f"open transactions on {member} have changed definitions, and have not ended"
                    raise HeldBack(f"{what} after {patience:g} s")
                word, _, rest = line.partition(" ")
                wanted = int(rest) if word == "databases" else wanted
                held |= {rest} if word == "held" else set()
                said = line
            yield
        finally:
            process.close()

    def listening(self, there: Server) -> frozenset[int] | None:
        """The ports that no other server could listen on at a place; None where its host cannot be asked."""
        argv, remote = command("listening", there, (there.address,)), self._remote
        result = remote.hosts.run(there.host, argv, timeout=remote.timeout)
        words = result.stdout.split()
        return frozenset(int(word) for word in words if word.isdigit()) if words[-1:] == ["@end"] else None

    def lines(self, member: str, query: str, period: float, stop: Event) -> Iterator[str]:
        """See Remote.lines; only what was said."""
        return (line for line in self._remote.lines(member, query, period, stop) if line is not None)
