"""Live processes: a conversation line by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from cctrl.config import Host
from cctrl.ssh import CommandEvent, Ended, Hosts
from cctrl.ssh.process import Lines
from tests.ssh.servers import Server, free_port


def test_a_conversation(host: Host) -> None:
    events: list[CommandEvent] = []
    with Hosts(on_command=events.append) as hosts:
        process = hosts.open(host, ["cat"])
        assert process.running
        for word in ("one", "two"):
            assert process.send(f"{word}\n".encode())
            assert process.readline() == word
        before = monotonic()
        assert process.readline(0.1) is None
        assert monotonic() - before >= 0.1
        process.close_stdin()
        result = process.wait()
        assert result.ok
        assert result.stdout == "one\ntwo\n"
        assert not process.running
        assert process.readline() is None
        assert not process.send(b"late")
        assert process.wait() is result
        assert process.close() is result
    assert [event.result is None for event in events] == [True, False]


def test_one_that_does_not_end_is_given_up(hosts: Hosts, host: Host) -> None:
    process = hosts.open(host, ["sleep", "5"])
    result = process.wait(0.2)
    assert result.ended is Ended.TIMED_OUT
    assert not process.running


def test_it_holds_one_of_the_eight_channels(hosts: Hosts, host: Host) -> None:
    processes = [hosts.open(host, ["cat"]) for _ in range(8)]
    result = hosts.run(host, ["true"], timeout=0.3)
    assert result.ended is Ended.UNREACHABLE
    assert "all 8 channels" in result.reason
    processes[0].close()
    assert hosts.run(host, ["true"]).ok
    for process in processes:
        process.close()


def test_an_unreachable_host_is_born_ended(hosts: Hosts, known_hosts: Path) -> None:
    process = hosts.open(Host("db9", "127.0.0.1", free_port(), "x", "/none", str(known_hosts)), ["cat"])
    assert process.readline() is None
    assert not process.send(b"x")
    assert process.wait().ended is Ended.UNREACHABLE
    process.close_stdin()


def test_a_connection_that_goes_away(start_server: Callable[..., Server], known_hosts: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    with Hosts() as hosts:
        process = hosts.open(started.host("db1", known_hosts), ["cat"])
        started.stop()
        assert process.readline() is None
        assert process.wait().ended is Ended.UNREACHABLE


def test_lines_end_in_any_way_and_anywhere() -> None:
    text = b"a\nb\r\nc\rd\r\r\ne\xc3\xa9"
    for step in range(1, len(text) + 1):
        lines = Lines()
        found = [line for at in range(0, len(text), step) for line in lines.feed(text[at : at + step])]
        assert found + lines.end() == ["a", "b", "c", "d", "", "eé"]
