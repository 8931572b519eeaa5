"""Where a grid's data instances listen."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cctrl.lab import spread
from cctrl.lab.layout import HostPlan
from cctrl.lab.spread import Where


@pytest.fixture
def listeners() -> Iterator[dict[str, socket.socket]]:
    """The sockets that a lab reserves, closed at the end."""
    found: dict[str, socket.socket] = {}
    yield found
    for one in found.values():
        one.close()


def _grid(listeners: dict[str, socket.socket]) -> tuple[HostPlan, ...]:
    return spread.hosts("grid", 8, 0, Where(Path("/lab"), None, "", listeners))


def test_every_daemon_has_the_manuals_port_on_an_address_of_its_own(listeners: dict[str, socket.socket]) -> None:
    """Also where several labs run side by side: their sockets are all still open."""
    labs = []
    with contextlib.ExitStack() as sockets:
        for _ in range(3):
            own: dict[str, socket.socket] = {}
            labs.append(_grid(own))
            for one in own.values():
                sockets.enter_context(one)
    assert {server.daemon_port for hosts in labs for host in hosts for server in host.servers} == {14000}
    assert len({host.inside for hosts in labs for host in hosts}) == 24


def test_a_port_that_is_taken_on_the_whole_machine_makes_no_lab_impossible(
    listeners: dict[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each data instance has another one then."""
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(spread, "DAEMON_PORT", port)
        ports = [server.daemon_port for host in _grid(listeners) for server in host.servers]
    assert len(set(ports)) == 8 and port not in ports


def test_a_daemon_that_a_killed_lab_left_behind_is_not_in_the_way(listeners: dict[str, socket.socket]) -> None:
    """Its address is seen to be taken."""
    free: dict[str, socket.socket] = {}
    address = _grid(free)[3].inside
    for one in free.values():
        one.close()
    with contextlib.suppress(OSError), socket.create_server((address, 14000)):
        assert address not in [host.inside for host in _grid(listeners)]
