"""Health checks over real HTTP: which members take clients, and what bad guests can do."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cctrl.manager import check
from cctrl.manager.answers import READERS, WRITERS, Shown
from cctrl.manager.check import CheckServer
from cctrl.outcome import ConfigError
from tests.manager.visits import ask, raw
from tests.stage import wait_for

STATES = {
    "host1": Shown("master", "ONLINE", 100.0, WRITERS),
    "host2": Shown("slave", "ONLINE", 100.0, READERS),
    "host3": Shown("slave", "SHUNNED(MANUALLY-SHUNNED)", 100.0, READERS, "not ONLINE"),
    "host4": Shown("standby", "ONLINE", 100.0),
    "host5": Shown("archive", "ONLINE", 100.0, READERS),
    "host6": Shown("master", "ONLINE", 100.0, WRITERS, "ACCEPTS WRITES BESIDE 'host1@alpha'"),
}


class World:
    """What the server answers from, to be changed under it."""

    def __init__(self) -> None:
        self.states = dict(STATES)
        self.now = 101.0
        self.broken = False

    def shown(self) -> dict[str, Shown]:
        if self.broken:
            raise ValueError("no states")
        return self.states


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[CheckServer]:
    with CheckServer("127.0.0.1", 0, world.shown, stale=10, clock=lambda: world.now) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/primary/host1", 200, "host1 is master:ONLINE"),
        ("/master/host1", 200, "host1 is master:ONLINE"),
        ("/replica/host1", 503, "host1 is master:ONLINE; not a replica"),
        ("/replica/host2", 200, "host2 is slave:ONLINE"),
        ("/slave/host2", 200, "host2 is slave:ONLINE"),
        ("/primary/host2", 503, "host2 is slave:ONLINE; not a primary"),
        ("/replica/host3", 503, "host3 is slave:SHUNNED(MANUALLY-SHUNNED); not ONLINE"),
        ("/replica/host4", 503, "host4 is standby:ONLINE; not a replica"),
        ("/replica/host5", 200, "host5 is archive:ONLINE"),
        ("/primary/host6", 503, "host6 is master:ONLINE; ACCEPTS WRITES BESIDE 'host1@alpha'"),
        ("/primary/host1?x=y", 200, "host1 is master:ONLINE"),
        ("/primary/host9", 404, "there is no member host9; there are host1, host2, host3, host4, host5, host6"),
        ("/", 404, "there is no /; there are /primary, /replica, /primary/HOST, /replica/HOST, /status"),
        ("/status/host1", 404, "there is no /status/host1; there are /primary, /replica, /primary/HOST, /replica/HOST, "
         "/status"),
        ("/primary", 400, "no member is named: ask for /primary/HOST, or let HAProxy do it with http-check send-state"),
    ],
)  # fmt: skip
def test_who_takes_clients(server: CheckServer, path: str, status: int, text: str) -> None:
    assert ask(server, path) == (status, text)
    assert ask(server, path, "OPTIONS") == (status, text)
    assert ask(server, path, "HEAD") == (status, "")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("UP 2/3; name=bck/host1; node=lb1; weight=1/2; scur=13/22; qcur=0", 200),
        ("DOWN; address=127.0.0.1; port=29877; name=b-e/host1; node=vm; weight=1/0; scur=0/0; qcur=0", 200),
        ("UP; name=alpha_primary/host2; node=lb1", 503),
        ("UP; name=alpha_primary/host9; node=lb1", 404),
        ("UP; node=a/host1", 400),
        ("no check", 400),
        ("", 400),
    ],
)
def test_haproxy_names_the_server_in_a_header(server: CheckServer, state: str, status: int) -> None:
    assert ask(server, "/primary", X_Haproxy_Server_State=state)[0] == status


def test_what_was_seen_too_long_ago_does_not_count(server: CheckServer, world: World) -> None:
    world.now = 110.0
    assert ask(server, "/primary/host1")[0] == 200
    world.now = 110.5
    assert ask(server, "/primary/host1") == (
        503,
        "host1 is master:ONLINE; it was last looked at 10.5 s ago, more than 10 s: does the manager stand still?",
    )


def test_a_change_is_answered_at_once(server: CheckServer, world: World) -> None:
    world.states["host1"] = replace(STATES["host1"], state="SHUNNED(FAILED-OVER-TO-host2)", fault="not ONLINE")
    world.states["host2"] = replace(STATES["host2"], role="master", takes=WRITERS)
    assert ask(server, "/primary/host1")[0] == 503
    assert ask(server, "/primary/host2")[0] == 200


def test_status_tells_of_all(server: CheckServer) -> None:
    status, text = ask(server, "/status")
    members = json.loads(text)
    assert (status, list(members)) == (200, list(STATES))
    told = {"role": "slave", "state": "SHUNNED(MANUALLY-SHUNNED)", "fault": "not ONLINE", "age": 1.0}
    assert members["host3"] == {**told, "primary": False, "replica": False}
    assert [name for name, told in members.items() if told["primary"]] == ["host1"]


def test_states_that_cannot_be_had_are_no_end(server: CheckServer, world: World) -> None:
    world.broken = True
    assert ask(server, "/primary/host1") == (503, "the states of the members cannot be had: no states")
    world.broken = False
    assert ask(server, "/primary/host1")[0] == 200


@pytest.mark.parametrize(
    ("parts", "first_line"),
    [
        ([b"GET /primary/host1 HTTP/1.0\r\n\r\n"], b"HTTP/1.1 200 OK"),
        ([b"GET /primary/host1 HTTP/1.0\n\n"], b"HTTP/1.1 200 OK"),
        ([b"GET /pri", b"mary/host1 HTTP/1.1\r\nHos", b"t: x\r\n\r", b"\n"], b"HTTP/1.1 200 OK"),
        ([b"POST /primary/host1 HTTP/1.1\r\nContent-Length: 9\r\n\r\nxxxxxxxxx"], b"HTTP/1.1 405 Method Not Allowed"),
        ([b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"], b"HTTP/1.1 400 Bad Request"),
        ([b"\r\n\r\n"], b"HTTP/1.1 400 Bad Request"),
        ([b"GET /\x1b[2J HTTP/1.0\r\n\r\n"], b"HTTP/1.1 400 Bad Request"),
        ([b"GET " + b"/" * 5000, b"/" * 5000], b"HTTP/1.1 431 Request Header Fields Too Large"),
    ],
)
def test_requests_in_all_shapes(server: CheckServer, parts: list[bytes], first_line: bytes) -> None:
    assert raw(server, *parts).partition(b"\r\n")[0] == first_line


def test_who_says_nothing_is_sent_away(server: CheckServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "LONGEST", 0.2)
    begun = time.monotonic()
    assert raw(server, b"GET / HTT") == b""
    assert time.monotonic() - begun > 0.1


def test_many_who_say_nothing_keep_nobody_out(server: CheckServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(check, "LONGEST", 60)
    silent = [socket.create_connection((server.address, server.port)) for _ in range(50)]
    try:
        assert ask(server, "/primary/host1")[0] == 200
        wait_for(lambda: len(server._visitors) <= 20)
        assert raw(server, b"GET /primary/host1 HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")
    finally:
        for connection in silent:
            connection.close()
    wait_for(lambda: not server._visitors)


def test_its_end_ends_all_connections(world: World) -> None:
    server = CheckServer("127.0.0.1", 0, world.shown)
    server.start()
    with socket.create_connection((server.address, server.port), timeout=5) as open_still:
        server.close()
        server.close()
        assert open_still.recv(1) == b""
    assert not server._thread.is_alive()


def test_an_address_that_cannot_be_had(server: CheckServer, world: World) -> None:
    second = CheckServer("127.0.0.1", server.port, world.shown)
    with pytest.raises(ConfigError) as caught:
        second.start()
    assert caught.value.what == f"cannot answer health checks on 127.0.0.1 port {server.port}: address already in use"
