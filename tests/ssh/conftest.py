"""Fixtures: a real sshd for the whole room, and more of them where a test needs its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cctrl.config import Host
from cctrl.ssh import Hosts
from tests.ssh.servers import Server, make_key


@pytest.fixture(scope="session")
def user_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key that every server lets in."""
    return make_key(tmp_path_factory.mktemp("user") / "id")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, user_key: Path) -> Iterator[Server]:
    """An sshd that no test changes."""
    started = Server(tmp_path_factory.mktemp("sshd"), user_key)
    try:
        yield started.start()
    finally:
        started.stop()


@pytest.fixture
def start_server(tmp_path: Path, user_key: Path) -> Iterator[Callable[..., Server]]:
    """Start another sshd, with more lines in its configuration, for one test."""
    started: list[Server] = []

    def start(options: str = "", **more: object) -> Server:
        started.append(Server(tmp_path / f"sshd{len(started)}", user_key, options, **more))  # type: ignore[arg-type]
        return started[-1].start()

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    """A known_hosts file, empty at first."""
    file = tmp_path / "known_hosts"
    file.touch()
    return file


@pytest.fixture
def host(server: Server, tmp_path: Path) -> Host:
    """The host of `server`, its key known."""
    file = tmp_path / "known"
    file.write_text(server.known_hosts_line())
    return server.host("db1", file)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    """Hosts with the default deadline."""
    with Hosts() as opened:
        yield opened
