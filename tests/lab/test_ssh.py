"""Both SSH servers do what OpenSSH is known to do: the built-in one is held to it by the same tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from cctrl.config import Host, load
from cctrl.lab import Lab, fault, processes
from cctrl.lab.layout import read_plan
from tests.stage import wait_for

from .conftest import labs


@pytest.fixture(scope="module", params=["builtin", "sshd"])
def ssh_lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with labs(tmp_path_factory.mktemp("ssh") / "state") as make:
        yield make(hosts=1, sshd=request.param == "sshd")


def host_of(lab: Lab) -> Host:
    service = load(lab.config_path).service("alpha")
    assert service
    return service.members[0].host


def connect(lab: Lab) -> paramiko.SSHClient:
    host = host_of(lab)
    client = paramiko.SSHClient()
    client.load_host_keys(str(host.known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        host.address, int(host.ssh_port or 0), host.ssh_user, key_filename=host.identity, allow_agent=False,
        look_for_keys=False, timeout=10,
    )  # fmt: skip
    return client


@pytest.fixture
def client(ssh_lab: Lab) -> Iterator[paramiko.SSHClient]:
    with connect(ssh_lab) as client:
        yield client


def test_output_errors_and_exit_status(client: paramiko.SSHClient) -> None:
    _, out, err = client.exec_command("echo out; echo err >&2; exit 7", timeout=10)
    assert (out.read(), err.read(), out.channel.recv_exit_status()) == (b"out\n", b"err\n", 7)


def test_stdin_and_its_end(client: paramiko.SSHClient) -> None:
    stdin, out, _ = client.exec_command("cat; echo end", timeout=10)
    data = b"x" * 300_000
    stdin.write(data)
    stdin.channel.shutdown_write()
    assert out.read() == data + b"end\n"
    assert out.channel.recv_exit_status() == 0


def test_a_signal_is_not_an_exit(client: paramiko.SSHClient) -> None:
    assert client.get_transport()
    _, out, _ = client.exec_command("kill -TERM $$", timeout=10)
    assert out.read() == b""
    assert out.channel.recv_exit_status() == -1  # how paramiko says that there was no exit status


def test_commands_run_as_an_ordinary_user_at_home(ssh_lab: Lab, client: paramiko.SSHClient) -> None:
    plan = read_plan(ssh_lab)
    _, out, _ = client.exec_command('id -u; id -G; echo "$HOME"; pwd', timeout=10)
    uid, groups, home, here = out.read().decode().splitlines()
    assert int(uid) == plan.run_as.uid != 0
    assert "0" not in groups.split()
    assert home == here == plan.hosts[0].home


def test_eight_channels_at_once(client: paramiko.SSHClient) -> None:
    running = [client.exec_command(f"read x; echo $x {n}", timeout=10) for n in range(8)]
    for number, (stdin, _, _) in enumerate(running):
        stdin.write(f"line {number}\n")
        stdin.flush()
    assert [out.read().decode() for _, out, _ in running] == [f"line {n} {n}\n" for n in range(8)]


def test_a_lost_connection_ends_stdin_at_once_and_kills_nothing(ssh_lab: Lab, tmp_path: Path) -> None:
    home = Path(read_plan(ssh_lab).hosts[0].home)
    client = connect(ssh_lab)
    client.exec_command("cat >/dev/null; echo ended >ended; exec sleep 600 >/dev/null 2>&1", timeout=10)
    client.exec_command("setsid sh -c 'echo $$ >job; exec sleep 600' >/dev/null 2>&1 </dev/null &", timeout=10)
    wait_for(lambda: (home / "job").exists() and (home / "job").read_text() != "")
    transport = client.get_transport()
    assert transport
    transport.sock.close()
    wait_for(lambda: (home / "ended").exists())
    assert processes.alive([int((home / "job").read_text())])


def test_another_key_or_name_is_refused(ssh_lab: Lab) -> None:
    host = host_of(ssh_lab)
    key = paramiko.RSAKey.generate(2048)
    right = paramiko.Ed25519Key(filename=str(host.identity))
    for name, given in ((str(host.ssh_user), key), ("somebody", right)):
        with socket.create_connection((host.address, int(host.ssh_port or 0)), 10) as connection:
            transport = paramiko.Transport(connection)
            try:
                transport.start_client(timeout=10)
                with pytest.raises(paramiko.AuthenticationException):
                    transport.auth_publickey(name, given)
            finally:
                transport.close()


def test_an_orphan_is_reaped_and_a_cut_stalls_commands(ssh_lab: Lab, client: paramiko.SSHClient) -> None:
    _, out, _ = client.exec_command("(sleep 0.1; exit 3) >/dev/null 2>&1 & echo $!", timeout=10)
    orphan = int(out.read())
    wait_for(lambda: processes.state(orphan) == "")
    fault(ssh_lab, "cut", "host1")
    transport = client.get_transport()
    assert transport
    with pytest.raises(paramiko.SSHException):
        transport.open_session(timeout=0.5)
    fault(ssh_lab, "heal", "host1")
    _, out, _ = client.exec_command("echo healed", timeout=10)
    assert out.read() == b"healed\n"
