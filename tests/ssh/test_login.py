"""Getting in: keys, agents, jump hosts, and host keys that are unknown, changed or accepted."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.config import Host
from cctrl.outcome import Refused, Unreachable
from cctrl.ssh import CommandResult, Ended, Hosts, accept, trust
from tests.ssh.servers import Server, free_port, make_key
from tests.stage import wait_for


def once(host: Host, **more: Callable[[str], str | None]) -> CommandResult:
    with Hosts(**more) as hosts:  # type: ignore[arg-type]
        return hosts.run(host, ["echo", "hello"])


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ssh-agent without keys, in the environment."""
    sock = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(sock)], stdout=subprocess.DEVNULL) as process:
        wait_for(sock.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(sock))
        yield sock
        process.terminate()


def test_an_unknown_key_is_refused_until_it_is_trusted(server: Server, known_hosts: Path) -> None:
    host = server.host("db1", known_hosts)
    refused = once(host)
    assert refused.ended is Ended.UNREACHABLE
    assert "SHA256:" in refused.reason
    assert refused.next == "cctrl trust db1"
    offer = trust(host)
    assert not offer.known
    assert not offer.changed
    assert offer.verdict.fingerprint in refused.reason
    assert any(offer.verdict.fingerprint in line for line in offer.lines())
    accept(offer)
    assert known_hosts.stat().st_mode & 0o777 == 0o600
    assert once(host).stdout == "hello\n"
    assert trust(host).known
    assert "already known" in trust(host).lines()[-1]


def test_a_changed_key_is_refused_and_the_old_one_kept(server: Server, known_hosts: Path, tmp_path: Path) -> None:
    host = server.host("db1", known_hosts)
    name = f"[127.0.0.1]:{server.port}"
    kind, old, *_ = Path(f"{make_key(tmp_path / 'old')}.pub").read_text().split()
    known_hosts.write_text(f"# mine\nother {kind} {old}\n{name},alias {kind} {old}\n")
    refused = once(host)
    assert "has changed" in refused.reason
    assert f"{known_hosts}:3" in refused.reason
    offer = trust(host)
    assert offer.changed
    assert any("CHANGED" in line for line in offer.lines())
    accept(offer)
    lines = known_hosts.read_text().splitlines()
    assert lines[:2] == ["# mine", f"other {kind} {old}"]
    assert lines[2].startswith("# replaced ")
    assert lines[2].endswith(f"{name},alias {kind} {old}")
    assert lines[3] == f"alias {kind} {old}"
    assert once(host).ok


def test_a_key_in_a_file_of_the_system_is_not_replaced(server: Server, tmp_path: Path) -> None:
    kind, old, *_ = Path(f"{make_key(tmp_path / 'old')}.pub").read_text().split()
    (tmp_path / "system").write_text(f"[127.0.0.1]:{server.port} {kind} {old}\n")
    (tmp_path / "config").write_text(
        f"UserKnownHostsFile {tmp_path}/mine\nGlobalKnownHostsFile {tmp_path}/system\nIdentityFile {server.user_key}\n"
    )
    host = Host("db1", "127.0.0.1", server.port, ssh_config=str(tmp_path / "config"))
    with pytest.raises(Refused, match="system:1"):
        accept(trust(host))
    assert not (tmp_path / "mine").exists()


def test_no_device_is_taken_for_a_known_hosts_file(server: Server) -> None:
    offer = trust(server.host("db1", Path("/dev/null")))
    with pytest.raises(Refused, match="/dev/null is not a file"):
        accept(offer)


def test_names_are_hashed_where_the_user_wants_that(server: Server, tmp_path: Path) -> None:
    text = f"UserKnownHostsFile {tmp_path}/mine\nHashKnownHosts yes\nIdentityFile {server.user_key}\n"
    (tmp_path / "config").write_text(text)
    host = Host("db1", "127.0.0.1", server.port, ssh_config=str(tmp_path / "config"))
    accept(trust(host))
    assert (tmp_path / "mine").read_text().startswith("|1|")
    assert once(host).ok


def test_a_revoked_key(server: Server, known_hosts: Path) -> None:
    known_hosts.write_text(server.known_hosts_line() + "@revoked " + server.known_hosts_line("*"))
    host = server.host("db1", known_hosts)
    assert "revoked" in once(host).reason
    with pytest.raises(Refused, match="revoked"):
        trust(host)


def test_trust_needs_an_answer(known_hosts: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="connection refused"):
        trust(Host("db1", "127.0.0.1", free_port(), "x", "/none", str(known_hosts)))


def test_a_host_with_several_keys_shows_the_known_one(
    start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path
) -> None:
    second = make_key(tmp_path / "second", kind="ecdsa")
    started = start_server(f"HostKey {second}")
    kind, key, *_ = Path(f"{second}.pub").read_text().split()
    known_hosts.write_text(f"[127.0.0.1]:{started.port} {kind} {key}\n")
    assert once(started.host("db1", known_hosts)).ok


def test_a_wrong_key_says_which_were_tried(host: Host, tmp_path: Path) -> None:
    wrong = make_key(tmp_path / "wrong")
    result = once(replace(host, identity=str(wrong)))
    assert result.ended is Ended.UNREACHABLE
    assert f"refused user {getpass.getuser()} with {wrong}" in result.reason
    assert result.next.startswith("ssh ")


def test_no_key_at_all(host: Host, tmp_path: Path) -> None:
    result = once(replace(host, identity=str(tmp_path / "absent")))
    assert "no key to log in with" in result.reason
    (tmp_path / "broken").write_text("not a key")
    assert "cannot be used" in once(replace(host, identity=str(tmp_path / "broken"))).reason


def test_an_encrypted_key_is_asked_for_once(server: Server, host: Host, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(server.user_key.read_bytes())
    locked.chmod(0o600)
    change = ["ssh-keygen", "-q", "-p", "-a", "1", "-N", "secret", "-f", str(locked)]
    subprocess.run(change, check=True, stdout=subprocess.DEVNULL)
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "secret"

    first, second = (replace(host, name=name, identity=str(locked)) for name in ("db1", "db2"))
    with Hosts(ask_secret=ask) as hosts:
        hosts.warm([first, second])  # in the background nobody is asked
        assert all(result.ok for result in hosts.fan_out([first, second], lambda one: hosts.run(one, ["true"])))
    assert asked == [f"Passphrase for key {locked}: "]
    assert "needs a passphrase" in once(first).reason
    wrong = once(first, ask_secret=lambda prompt: "wrong")
    assert "does not open" in wrong.reason
    assert wrong.next == f"ssh-add {locked}"


def test_the_agents_key(server: Server, host: Host, agent: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f"UserKnownHostsFile {host.known_hosts}\nIdentityFile {tmp_path}/absent\n")
    plain = replace(host, identity=None, known_hosts=None, ssh_config=str(config))
    assert "no key to log in with" in once(plain).reason
    subprocess.run(["ssh-add", "-q", str(make_key(tmp_path / "noise"))], check=True)
    subprocess.run(["ssh-add", "-q", str(server.user_key)], check=True)
    assert once(plain).ok
    config.write_text(config.read_text() + "IdentitiesOnly yes\n")
    assert not once(plain).ok
    config.write_text(config.read_text().replace(f"{tmp_path}/absent", f"{server.user_key}.pub"))
    assert once(plain).ok
    config.write_text(config.read_text() + "IdentityAgent none\n")
    assert not once(plain).ok


def _jump_config(file: Path, target: Server, jumps: list[Server], known: Path) -> Host:
    lines = [f"Host jump{n}\n HostName 127.0.0.1\n Port {jump.port}" for n, jump in enumerate(jumps)]
    hops = ",".join(f"jump{n}" for n in range(len(jumps)))
    lines += [f"Host db1\n HostName 127.0.0.1\n Port {target.port}\n HostKeyAlias target\n ProxyJump {hops}"]
    lines += [f"Host *\n IdentityFile {target.user_key}\n UserKnownHostsFile {known}\n User {getpass.getuser()}"]
    file.write_text("\n".join(lines) + "\n")
    return Host("db1", "db1", ssh_config=str(file))


def test_proxy_jump_over_two_hops(
    server: Server, start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path
) -> None:
    jumps = [start_server(), start_server()]
    host = _jump_config(tmp_path / "config", server, jumps, known_hosts)
    # Each hop is trusted by way of the host behind it, one after the other.
    for expected in ("jump0", "jump1", "db1"):
        refused = once(host)
        assert refused.next == "cctrl trust db1"
        assert ("jump host" in refused.reason) == (expected != "db1")
        offer = trust(host)
        assert offer.host == expected
        accept(offer)
    assert "target" in known_hosts.read_text()
    result = once(host)
    assert result.stdout == "hello\n"
    sessions = [(jump.home / "log").read_text().count("Accepted publickey") for jump in jumps]
    assert all(count >= 1 for count in sessions)


def test_hosts_behind_one_jump_host_share_its_connection(
    server: Server, start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path
) -> None:
    jump = start_server()
    known_hosts.write_text(jump.known_hosts_line() + server.known_hosts_line("target"))
    host = _jump_config(tmp_path / "config", server, [jump], known_hosts)
    with Hosts() as hosts:
        several = [replace(host, name=f"db{n}") for n in range(4)]
        results = hosts.fan_out(several, lambda one: hosts.run(one, ["true"]))
    assert all(result.ok for result in results), results
    assert (jump.home / "log").read_text().count("Accepted publickey") == 1


def test_a_jump_host_that_is_down(server: Server, known_hosts: Path, tmp_path: Path) -> None:
    jump = Server(tmp_path / "never", server.user_key)
    host = _jump_config(tmp_path / "config", server, [jump], known_hosts)
    result = once(host)
    assert result.reason.startswith("jump host jump0: cannot connect to 127.0.0.1")


def test_a_target_that_the_jump_host_cannot_reach(
    server: Server, start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path
) -> None:
    jump = start_server()
    known_hosts.write_text(jump.known_hosts_line())
    host = _jump_config(tmp_path / "config", replace(server, port=free_port(), process=None), [jump], known_hosts)
    assert "jump host jump0 cannot connect to 127.0.0.1" in once(host).reason


def test_a_proxy_command(server: Server, host: Host, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def pump(read, write):\n"
        "    while data := read():\n        write(data)\n"
        "threading.Thread(target=pump, args=(lambda: os.read(0, 65536), s.sendall), daemon=True).start()\n"
        "pump(lambda: s.recv(65536), lambda data: os.write(1, data))\n"
    )
    config = tmp_path / "config"
    config.write_text(f"ProxyCommand python3 {relay} 127.0.0.1 {server.port}\nHostKeyAlias target\n")
    (tmp_path / "known").write_text(server.known_hosts_line("target"))
    behind = replace(host, address="db1.invalid", ssh_config=str(config), identity=None)
    config.write_text(config.read_text() + f"IdentityFile {server.user_key}\n")
    assert once(behind).stdout == "hello\n"
    config.write_text("ProxyCommand sh -c 'echo no way >&2; exit 1'\n")
    assert once(behind).reason == "the ProxyCommand ended with status 1: no way"


def test_a_host_that_gives_no_session(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server("MaxSessions 0")
    known_hosts.write_text(started.known_hosts_line())
    result = once(started.host("db1", known_hosts))
    assert result.ended is Ended.UNREACHABLE
    assert "opens no session" in result.reason


def test_something_that_is_not_ssh(known_hosts: Path, tmp_path: Path) -> None:
    import socket
    from threading import Thread

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 120)

        greeter = Thread(target=greet, daemon=True)
        greeter.start()
        host = Host("db1", "127.0.0.1", listener.getsockname()[1], "x", "/none", str(known_hosts))
        result = once(host)
        greeter.join(5)
    assert "does not speak SSH" in result.reason
