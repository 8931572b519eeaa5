"""Commands on a real sshd: what they print, how they end, what they cost."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from cctrl.config import Host
from cctrl.outcome import UsageError
from cctrl.ssh import CommandEvent, Ended, Hosts
from cctrl.ssh.deadline import Deadline
from tests.ssh.servers import Server, free_port
from tests.stage import wait_for


def test_output_and_status(hosts: Hosts, host: Host) -> None:
    result = hosts.run(host, ["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.ended, result.status, result.stdout, result.stderr) == (Ended.EXITED, 3, "out\n", "err\n")
    assert not result.ok
    assert result.host == "db1"
    assert 0 < result.duration < 5


def test_arguments_arrive_as_given(hosts: Hosts, host: Host) -> None:
    words = ["a b", "$HOME", "'", '"', "*", "", "~", "a\nb", "\\", "!", "=x", "é", "-n"]
    assert hosts.run(host, ["printf", "%s\\0", *words]).stdout.split("\0")[:-1] == words


def test_stdin_small_and_large(hosts: Hosts, host: Host) -> None:
    assert hosts.run(host, ["cat"], stdin=b"hello").stdout == "hello"
    large = b"0123456789abcdef" * (5 << 16)
    assert hosts.run(host, ["cat"], stdin=large, timeout=20).stdout.encode() == large


def test_ten_megabytes_on_both_streams(hosts: Hosts, host: Host) -> None:
    script = "head -c 10000000 /dev/zero | tr '\\0' x; head -c 10000000 /dev/zero | tr '\\0' y >&2; exit 5"
    result = hosts.run(host, ["sh", "-c", script], timeout=20)
    assert result.status == 5
    assert result.stdout == "x" * 10_000_000
    assert result.stderr == "y" * 10_000_000


def test_a_signalled_command(hosts: Hosts, host: Host) -> None:
    result = hosts.run(host, ["sh", "-c", "kill -KILL $$"])
    assert (result.ended, result.signal, result.status) == (Ended.SIGNALLED, "KILL", None)


def test_a_command_that_is_not_there(hosts: Hosts, host: Host) -> None:
    result = hosts.run(host, ["no-such-command"])
    assert result.ended is Ended.EXITED
    assert result.status == 127


def test_a_hanging_command_times_out_and_is_ended_on_the_host(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    result = hosts.run(host, ["sh", "-c", f"echo $$ > {pid_file}; echo begun; exec sleep 60"], timeout=2)
    assert result.ended is Ended.TIMED_OUT
    assert result.stdout == "begun\n"
    assert "2 s" in result.reason
    wait_for(lambda: not Path(f"/proc/{pid_file.read_text().strip()}").exists())
    assert hosts.run(host, ["true"]).ok


def test_output_held_open_by_a_daemon_does_not_cost_the_deadline(
    hosts: Hosts, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cctrl.ssh.process._LEFT_OPEN", 0.4)
    result = hosts.run(host, ["sh", "-c", "sleep 8 & echo started; exit 4"], timeout=20)
    assert (result.ended, result.status, result.stdout) == (Ended.EXITED, 4, "started\n")
    assert result.duration < 5


def test_lines_are_told_as_they_come(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lines: list[str] = []

    def told(line: str) -> None:
        lines.append(line)
        if line == "one":
            gate.touch()

    script = f"echo one; while [ ! -e {gate} ]; do sleep 0.02; done; printf 'two\\rthree\\r\\nfour'"
    assert hosts.run(host, ["sh", "-c", script], on_line=told).ok
    assert lines == ["one", "two", "three", "four"]


def test_become_runs_through_sudo(start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    sudo = tmp_path / "bin" / "sudo"
    sudo.write_text('#!/bin/sh\necho "$1|$2|$3|$4" >&2\nshift 4\nexec "$@"\n')
    sudo.chmod(0o755)
    started = start_server(path=f"{tmp_path}/bin:/usr/bin:/bin")
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts, become="postgres")
    with Hosts() as hosts:
        assert hosts.run(host, ["echo", "a b"]).stderr == "-n|-u|postgres|--\n"
        assert hosts.run(host, ["echo", "a b"]).stdout == "a b\n"
        assert hosts.run(host, ["echo", "a b"], become=False).stderr == ""


def test_nul_and_empty_are_usage_errors(hosts: Hosts, host: Host) -> None:
    with pytest.raises(UsageError):
        hosts.run(host, ["echo", "a\0b"])
    with pytest.raises(UsageError):
        hosts.run(host, [])


def test_events_tell_start_and_end_but_not_stdin(host: Host) -> None:
    events: list[CommandEvent] = []
    with Hosts(on_command=events.append) as hosts:
        hosts.run(host, ["cat"], stdin=b"secret")
    assert [event.result is None for event in events] == [True, False]
    assert events[0].argv == ("cat",)
    assert events[1].result and events[1].result.ok
    assert "secret" not in repr(events[0])


def test_twenty_at_once_share_eight_channels(host: Host) -> None:
    script = "echo begin; sleep 0.15; echo end"
    running = 0
    most = 0

    def told(line: str) -> None:
        nonlocal running, most
        running += 1 if line == "begin" else -1
        most = max(most, running)

    with Hosts() as hosts:
        results = hosts.fan_out(range(20), lambda _: hosts.run(host, ["sh", "-c", script], on_line=told))
    assert all(result.ok for result in results)
    assert 4 <= most <= 8


def test_a_host_that_allows_fewer_sessions(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server("MaxSessions 2")
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    with Hosts() as hosts:
        results = hosts.fan_out(range(6), lambda _: hosts.run(host, ["sleep", "0.1"]))
        assert all(result.ok for result in results), results


def test_drops_by_max_startups_are_tried_again(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server("MaxStartups 2:100:2")
    known_hosts.write_text(started.known_hosts_line())
    with Hosts() as hosts:
        results = hosts.fan_out(range(8), lambda n: hosts.run(started.host(f"db{n}", known_hosts), ["true"]))
    assert all(result.ok for result in results), results


def test_a_dead_connection_is_replaced(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    with Hosts() as hosts:
        assert hosts.run(host, ["true"]).ok
        started.stop()
        gone = hosts.run(host, ["true"])
        assert gone.ended is Ended.UNREACHABLE
        assert "refused" in gone.reason
        started.start()
        assert hosts.run(host, ["true"]).ended is Ended.UNREACHABLE  # remembered
        hosts.fresh()
        assert hosts.run(host, ["true"]).ok


def test_a_connection_lost_while_a_command_runs(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    with Hosts() as hosts:
        stop = Thread(target=started.stop)

        def told(line: str) -> None:
            stop.start()

        script = ["sh", "-c", "echo begun; exec sleep 5"]
        result = hosts.run(started.host("db1", known_hosts), script, on_line=told, timeout=10)
        stop.join()
    assert result.ended is Ended.UNREACHABLE
    assert "not known" in result.reason


def test_a_frozen_sshd_costs_its_deadline_once(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    with Hosts(timeout=1.5) as hosts:
        assert hosts.run(host, ["true"], timeout=5).ok
        started.signal(signal.SIGSTOP)
        warm = hosts.run(host, ["true"])
        again = hosts.run(host, ["true"])
        assert (warm.ended, again.ended) == (Ended.UNREACHABLE, Ended.UNREACHABLE)
        assert again.duration < warm.duration, "it is not waited for again"
        hosts.fresh()
        cold = hosts.run(host, ["true"])
        assert cold.ended is Ended.UNREACHABLE
        assert "no answer within 1.5 s" in cold.reason


def test_input_that_a_frozen_sshd_does_not_take(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    with Hosts(timeout=1) as hosts:
        freeze = Thread(target=started.signal, args=(signal.SIGSTOP,))
        script = ["sh", "-c", "echo begun; sleep 0.3; cat >/dev/null"]
        before = monotonic()
        result = hosts.run(host, script, stdin=b"x" * (64 << 20), timeout=1, on_line=lambda _: freeze.start())
        assert not result.ok
        assert monotonic() - before < 10


def test_fan_out_with_one_dead_host_costs_one_deadline(host: Host, known_hosts: Path, tmp_path: Path) -> None:
    with _silent_listener() as port:
        dead = Host("dead", "127.0.0.1", port, "x", str(tmp_path / "none"), str(known_hosts))
        with Hosts(timeout=4) as hosts:
            hosts.warm([host, dead])
            before = monotonic()
            results = hosts.fan_out([host, dead, host], lambda one: hosts.run(one, ["true"]))
            hosts.fan_out([host, dead], lambda one: hosts.run(one, ["true"]))
            took = monotonic() - before
    assert [result.ended for result in results] == [Ended.EXITED, Ended.UNREACHABLE, Ended.EXITED]
    assert took < 8


def test_fan_out_raises_the_first_error_when_all_have_ended(hosts: Hosts) -> None:
    ended: list[int] = []
    gate = Event()

    def work(number: int) -> int:
        if number == 2:
            gate.wait(5)
            ended.append(number)
        if number in (0, 1):
            try:
                raise ValueError(str(number))
            finally:
                gate.set()
        return number

    with pytest.raises(ValueError, match="0"):
        hosts.fan_out(range(3), work)
    assert ended == [2]
    assert hosts.fan_out([], work) == []


def test_nobody_listens(hosts: Hosts, known_hosts: Path, tmp_path: Path) -> None:
    host = Host("db9", "127.0.0.1", free_port(), "x", str(tmp_path / "none"), str(known_hosts))
    result = hosts.run(host, ["true"])
    assert result.ended is Ended.UNREACHABLE
    assert f"cannot connect to 127.0.0.1 port {host.ssh_port}: connection refused" in result.reason


def test_ctrl_c_ends_a_wait_at_once(host: Host) -> None:
    program = f"""
from cctrl.config import Host
from cctrl.ssh import Hosts
host = {host!r}
hosts = Hosts()
sleep = ["sh", "-c", "echo asleep; exec sleep 30"]
told = lambda line: print(line, flush=True)
try:
    hosts.fan_out([1, 2], lambda n: hosts.run(host, sleep, timeout=60, on_line=told if n == 1 else None))
except KeyboardInterrupt:
    print("first", flush=True)
try:
    hosts.run(host, sleep, timeout=60, on_line=told)
except KeyboardInterrupt:
    print("second", hosts.run(host, ["echo", "alive"]).stdout, end="", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        try:
            for expected in ("first\n", "second alive\n"):
                assert client.stdout.readline() == "asleep\n"
                before = monotonic()
                client.send_signal(signal.SIGINT)
                assert client.stdout.readline() == expected
                assert monotonic() - before < 10
            assert client.wait(30) == 0
        finally:
            client.kill()


def test_nothing_is_held_back_and_everything_is_acknowledged_at_once() -> None:
    """paramiko's own socket does neither: a warm command then takes 48 ms instead of 4."""
    from cctrl.ssh.wire import dial

    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = dial("127.0.0.1", listener.getsockname()[1], Deadline.after(5))
        theirs, _ = listener.accept()
        with ours, theirs:
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)  # as the kernel does by itself
            theirs.sendall(b"x")
            assert ours.recv(1) == b"x"
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class _silent_listener:
    """A port that takes connections and says nothing."""

    def __enter__(self) -> int:
        self.sock = socket.create_server(("127.0.0.1", 0))
        return int(self.sock.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.sock.close()
