"""Real routers in front of a lab's servers, with the configurations of the package; a watcher answers checks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.config import Service, load
from cctrl.dataservice.service import Dataservice
from cctrl.dataservice.watch.checks import shown
from cctrl.manager.answers import Shown
from cctrl.manager.check import CheckServer
from cctrl.shell.console import Script
from cctrl.shell.talk import Manner, TextTalk
from tests.dataservice.alpha import Alpha
from tests.stage import wait_for


def program(name: str) -> str:
    """The path of a router's program; the test is skipped where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def running(argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A router as a process in the foreground; it is ended with its children."""
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def quiet() -> TextTalk:
    """A talk that nobody hears."""
    return TextTalk(Script(lambda line: None, lambda line: None), Manner())


class Watcher:
    """Looks at a lab's service again and again, as the manager does, and keeps what it saw."""

    def __init__(self, config_path: Path) -> None:
        config = load(config_path)
        self.dataservice = Dataservice(config, config.services[0], quiet())
        self.seen: Mapping[str, Shown] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def __enter__(self) -> Watcher:
        self._thread.start()
        wait_for(lambda: bool(self.seen), 20, "a first look")
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()
        self.dataservice.close()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.seen = shown(self.dataservice.look(), time.monotonic())


@contextmanager
def checked(alpha: Alpha) -> Iterator[tuple[CheckServer, Service]]:
    """Health checks of a lab's service are answered; the server, and the service with its port in the configuration."""
    with Watcher(alpha.config) as watcher, CheckServer("127.0.0.1", 0, lambda: watcher.seen) as server:
        yield server, replace(watcher.dataservice.service, check_port=server.port)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
