"""Small things on connections: `ls` on three hosts, one command, one connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from unittest.mock import patch

from bench.figures import Figure, in_turn
from bench.place import Lab, Place, Shell, milliseconds
from cctrl.config import Host, Server
from cctrl.ssh import CommandResult, Hosts


@dataclass(frozen=True, slots=True)
class Call:
    """One remote command that cctrl ran, to be run again as it was."""

    host: Host
    argv: tuple[str, ...]
    more: dict[str, Any]


def recorded(shell: Shell, line: str) -> list[Call]:
    """Run a command line; the remote commands it ran."""
    hosts = shell.hosts
    run, calls = hosts.run, []

    def record(host: Host, argv: tuple[str, ...], **more: Any) -> CommandResult:
        calls.append(Call(host, tuple(argv), more))
        return run(host, argv, **more)

    with patch.object(hosts, "run", record):
        shell(line)
    return calls


def fan_out(hosts: Hosts, calls: list[Call], at_once: int = 1000) -> None:
    """The same remote commands side by side on the same connections, and nothing else."""
    turn = BoundedSemaphore(at_once)

    def run(call: Call) -> CommandResult:
        with turn:
            return hosts.run(call.host, call.argv, **call.more)

    results = hosts.fan_out(calls, run)
    failed = [r for r in results if not r.ok]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(calls)} failed: {failed[0].host}: {failed[0].reason}")


def psql(server: Server) -> Call:
    """The least that asks a server something."""
    where = ["-h", server.socket_dir, "-p", str(server.port), "-U", server.user, "-d", server.database]
    return Call(server.host, (f"{server.bin_dir}/psql", "-XAtq", *where, "-c", "select 1"), {})


def measure_ls(place: Place, samples: int) -> Iterator[Figure]:
    """`ls` on three warm hosts."""
    lab = place.lab()
    shell = place.shell(lab.config)
    calls = recorded(shell, "ls")
    hosts = shell.dataservice.hosts
    queries = [psql(member) for member in lab.service.members]
    ours, limit, own = in_turn(
        6 * samples,
        lambda: shell("ls"),
        lambda: milliseconds(lambda: fan_out(hosts, queries)),
        lambda: milliseconds(lambda: fan_out(hosts, calls)),
    )
    yield Figure("ls, 3 warm hosts", ours, limit, "psql -c 'select 1' there", 1.5)
    yield Figure("  its remote commands alone", own, limit, "psql -c 'select 1' there", note=f"{len(calls)} commands")


def measure_command(place: Place, samples: int) -> Iterator[Figure]:
    """A command on a warm connection and a cold connect, beside paramiko as it comes."""
    lab = place.lab()
    host = lab.service.members[0].host
    with Hosts() as hosts:
        theirs = _paramiko(lab)
        try:
            ours, limit = in_turn(
                6 * samples,
                lambda: milliseconds(lambda: hosts.run(host, ["true"])),
                lambda: milliseconds(lambda: theirs("exec true")),
            )
        finally:
            theirs.close()
    yield Figure("a command, warm connection", ours, limit, "paramiko as it comes", 1.0)

    def cold() -> None:
        with Hosts() as fresh:
            assert fresh.run(host, ["true"]).ok

    def cold_paramiko() -> None:
        client = _paramiko(lab)
        client("exec true")
        client.close()

    ours, limit = in_turn(2 * samples, lambda: milliseconds(cold), lambda: milliseconds(cold_paramiko))
    yield Figure("connect and first command", ours, limit, "paramiko as it comes", 1.0)


class _paramiko:  # noqa: N801
    """paramiko's own client, as its manual says."""

    def __init__(self, lab: Lab) -> None:
        import paramiko

        host = lab.service.members[0].host
        self._client = paramiko.SSHClient()
        self._client.load_host_keys(host.known_hosts or "")
        self._client.connect(
            host.address, host.ssh_port or 22, host.ssh_user, key_filename=host.identity, look_for_keys=False,
            allow_agent=False,
        )  # fmt: skip

    def __call__(self, command: str) -> None:
        _, stdout, _ = self._client.exec_command(command)
        stdout.read()
        assert stdout.channel.recv_exit_status() == 0

    @property
    def close(self) -> Callable[[], None]:
        """Close the connection."""
        return self._client.close
