"""A store that is locked, full or damaged: the manager says so once, does nothing, and goes on when it is mended."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.manager.conftest import Watched
from tests.stage import wait_for

pytestmark = pytest.mark.timeout(600)


def path(watched: Watched) -> Path:
    return watched.lab.directory / "lab" / "state" / "cctrl.db"


@contextmanager
def locked(watched: Watched) -> Iterator[None]:
    other = sqlite3.connect(path(watched), isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.close()


def told(watched: Watched, what: str, since: int) -> int:
    """How often it was said in what came after `since`."""
    return len(re.findall(what, watched.log()[since:]))


def test_locked(watched: Watched) -> None:
    with locked(watched):
        since = len(watched.log())
        wait_for(lambda: told(watched, "is locked by another process", since) > 0, 40, "it says so")
        wait_for(lambda: watched.leader() == 0, 20, "its lease is over")
        watched.fault("kill", "host1")
        wait_for(lambda: "master:FAILED" in watched.states()["host1"], 20, "the master is down")
        assert watched.standing("host2", "host3") == {"host2": "receives nothing", "host3": "receives nothing"}
    watched.has_a_master("host1")
    assert told(watched, "is locked by another process", since) <= 3  # in the look, for the lease, in what it did
    watched.does("--yes", "datasource host1 recover")
    watched.is_whole()


def test_damaged_then_moved_aside(watched: Watched) -> None:
    """As the message says: the file is moved aside, and a new one is begun."""
    watched.act("stop", "manager")
    path(watched).write_bytes(b"this is no database" * 500)
    since = len(watched.log())
    watched.act("start", "manager")
    wait_for(lambda: told(watched, "is damaged or not cctrl's", since) > 0, 30, "it says so")
    said = watched.refuses("ls")
    assert told(watched, "is damaged or not cctrl's", since) == 1
    command = re.search(r"^NEXT: (mv .*?)   \(", said, re.M)
    assert command, said
    subprocess.run(["sh", "-c", command[1]], check=True)
    wait_for(lambda: watched.leader() != 0, 30, "it leads in the new one")
    watched.fault("kill", "host1")
    watched.has_a_master("host1")
    watched.does("--yes", "datasource host1 recover")
    watched.is_whole()


def test_moved_aside_while_it_is_in_use(watched: Watched) -> None:
    """A manager that stayed with the old file would carry out a policy that nobody can set any more."""
    watched.does("set policy maintenance")
    aside = path(watched).parent / "aside"
    aside.mkdir()
    for file in path(watched).parent.glob("cctrl.db*"):
        file.rename(aside / file.name)
    wait_for(lambda: watched.leader() != 0, 30, "it leads in the new one")
    watched.fault("kill", "host1")
    watched.has_a_master("host1")


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of its own needs root")
def test_full(watched: Watched, tmp_path: Path) -> None:
    """A manager of its own whose state lies on a file system that fills up."""
    watched.act("stop", "manager")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "cctrl-test", str(state)], check=True)
    config = tmp_path / "cctrl.toml"
    text = watched.config.read_text()
    config.write_text(re.sub(r"^state_dir = .*$", f'state_dir = "{state}"', text, flags=re.M))
    config.chmod(0o600)
    log = tmp_path / "log"
    with log.open("wb") as file:
        argv = [sys.executable, "-m", "cctrl", "--config", str(config), "manager"]
        manager = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=file, env=watched.lab.environ)
    try:
        wait_for(lambda: "leading" in log.read_text(), 30, "it leads")
        (state / "filler").write_bytes(b"0" * (shutil.disk_usage(state).free - 4096))
        watched.fault("kill", "host1")
        wait_for(lambda: watched.standing("host2") == {"host2": "receives nothing"}, 20, "the master is down")
        wait_for(lambda: "no space left" in log.read_text(), 60, "it says that its store is full")
        (state / "filler").unlink()
        watched.has_a_master("host1")
        assert log.read_text().count("no space left") <= 3
        assert manager.poll() is None
    finally:
        manager.terminate()
        manager.wait(30)
        subprocess.run(["umount", "--lazy", str(state)], check=False)
