"""A hundred hosts: one hundred SSH endpoints that lead to the three servers of a lab."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.figures import Figure, in_turn
from bench.place import Lab, Place, Shell, milliseconds
from bench.warm import fan_out, recorded
from cctrl.config import Config, Server
from cctrl.lab.processes import wait_until
from cctrl.ssh import Hosts

HOSTS = 100
LISTENERS = 10  # sshd processes: each limits the log-ins under way at once by itself
MOST_MEMORY = 100.0  # MB
DEADLINE = 5.0  # seconds a host may take


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an SSH server answers."""

    address: str
    port: int


@contextmanager
def endpoints(lab: Lab, count: int) -> Iterator[list[Endpoint]]:
    """`count` SSH endpoints with the lab's keys, on addresses of 127.0.0.0/8 of their own."""
    ports = [_free_port() for _ in range(LISTENERS)]
    servers = [_sshd(lab, number, port) for number, port in enumerate(ports)]
    try:
        for port in ports:
            _wait_for(port)
        yield [Endpoint(f"127.9.0.{number + 1}", ports[number % LISTENERS]) for number in range(count)]
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(10)


def _free_port() -> int:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        return int(listener.getsockname()[1])


def _sshd(lab: Lab, number: int, port: int) -> subprocess.Popen[bytes]:
    """One OpenSSH server, configured as the lab's own but for where it listens."""
    ssh = lab.directory / "ssh"
    text = (ssh / "host1.sshd_config").read_text()
    text = re.sub(r"ListenAddress .*", "ListenAddress 0.0.0.0", text)
    text = re.sub(r"Port .*", f"Port {port}", text)
    config = lab.place.directory / f"sshd{number}.conf"
    config.write_text(text)
    with (lab.place.directory / f"sshd{number}.log").open("ab") as log:
        argv = [lab.plan.sshd, "-D", "-e", "-f", str(config)]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait_for(port: int) -> None:
    def listens() -> bool:
        with socket.socket() as end:
            return end.connect_ex(("127.0.0.1", port)) == 0

    if not wait_until(listens, 10, 0.02):
        raise RuntimeError(f"sshd does not listen on port {port} within 10 s")


def configuration(lab: Lab, places: list[Endpoint]) -> Config:
    """The lab's master once, its standbys as many times as are needed, each under a name and an address of its own."""
    key = (lab.directory / "ssh" / "host1.key.pub").read_text().split()
    known_hosts = lab.place.directory / "known_hosts"
    known_hosts.write_text("".join(f"[{p.address}]:{p.port} {key[0]} {key[1]}\n" for p in places))
    master, *standbys = lab.service.members
    members = [
        _member(master if number == 0 else standbys[number % len(standbys)], number, place, str(known_hosts))
        for number, place in enumerate(places)
    ]
    service = replace(lab.service, members=tuple(members))
    return replace(lab.config, services=(service,), timeout=DEADLINE, state_dir=lab.place.directory / "state100")


def _member(server: Server, number: int, place: Endpoint, known_hosts: str) -> Server:
    name = f"h{number + 1:03}"
    host = replace(
        server.host, name=name, address=place.address, ssh_port=place.port, known_hosts=known_hosts, ssh_config=None
    )
    address = server.address if number == 0 else place.address
    return replace(server, name=name, host=host, address=address)


def write(config: Config, path: Path) -> None:
    """The configuration as a file, for a process of its own."""
    service = config.services[0]
    lines = [f"timeout = {config.timeout}", f"state_dir = {json.dumps(str(config.state_dir))}"]
    lines += [f"[dataservice.{service.name}]", f"replication_user = {json.dumps(service.replication_user)}"]
    for member in service.members:
        host = member.host
        values = {
            "ssh_address": host.address, "ssh_port": host.ssh_port, "ssh_user": host.ssh_user,
            "identity": host.identity, "known_hosts": host.known_hosts, "address": member.address, "port": member.port,
            "data_dir": member.data_dir, "bin_dir": member.bin_dir, "config_file": member.config_file,
            "socket_dir": member.socket_dir, "user": member.user,
        }  # fmt: skip
        lines.append(f"[dataservice.{service.name}.members.{member.name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path.write_text("\n".join(lines) + "\n")


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """`ls` on a hundred hosts: cold, warm, with a dead one; and the memory it takes."""
    lab = place.lab()
    if not lab.plan.sshd:
        raise RuntimeError("a hundred hosts need OpenSSH's server (apt install openssh-server)")
    with endpoints(lab, HOSTS) as places:
        config = configuration(lab, places)
        shell = place.shell(config)
        calls = recorded(shell, "ls")
        hosts = shell.dataservice.hosts
        ours, limit = in_turn(samples, lambda: shell("ls"), lambda: milliseconds(lambda: fan_out(hosts, calls)))
        yield Figure(f"ls, {HOSTS} warm hosts", ours, limit, "fan-out of its remote command", 1.5)
        yield _dead(place, config, shell, samples)
        shell.close()

        def cold_ls() -> float:
            fresh = Shell(config)
            took = fresh("ls")
            fresh.close()
            return took

        def cold_fan_out() -> float:
            with Hosts(timeout=config.timeout) as fresh:
                return milliseconds(lambda: fan_out(fresh, calls))

        ours, limit = in_turn(samples, cold_ls, cold_fan_out)
        yield Figure(f"ls, {HOSTS} cold hosts", ours, limit, "fan-out of its remote command", 1.5)
        yield _memory(place, config, samples)


def _dead(place: Place, config: Config, shell: Shell, samples: int) -> Figure:
    """One host among them that accepts a connection and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        service = config.services[0]
        *members, last = service.members
        silent = replace(last.host, address="127.0.0.1", ssh_port=listener.getsockname()[1])
        dead = replace(service, members=(*members, replace(last, host=silent)))
        broken = place.shell(replace(config, services=(dead,)))
        with_it, without = in_turn(samples, lambda: broken("ls"), lambda: shell("ls"))
        broken.close()
    extra = tuple(a - b for a, b in zip(with_it, without, strict=True))
    whole = max(with_it) / 1000
    note = f"ls then takes {whole:.1f} s at most"
    deadline = (config.timeout * 1000,)
    return Figure(f"one dead host in {HOSTS}: extra", extra, deadline, "one --timeout", 1.05, note=note)


def _memory(place: Place, config: Config, samples: int) -> Figure:
    """The peak of a process that shows all of them several times."""
    path = place.directory / "hundred.toml"
    write(config, path)
    again = ["-c", "ls"] * 3
    peaks = tuple(_peak([*place.cctrl, "--config", str(path), *again], place) for _ in range(samples))
    return Figure(f"peak memory, {HOSTS} hosts", peaks, (MOST_MEMORY,), "at most", 1.0, unit="MB", note="3 × ls")


def _peak(argv: list[str], place: Place) -> float:
    """Peak resident memory of a program, in MB."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=place.environ, cwd=place.home, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {process.returncode}")
    return usage.ru_maxrss / 1024
