"""A state directory that is full, or that may not be written: what goes on all the same, and what is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.segments.gp import WELL, Gp
from tests.stage import Labs, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a small file system of its own needs root")


@pytest.fixture
def state(likeness: tuple[str, ...]) -> Iterator[tuple[Gp, Path]]:
    """A cluster whose state lies on a file system of 2 MB."""
    labs = Labs(likeness)
    gp = Gp(labs("--hosts", 2, "--failure-timeout", 2, kind="segments", manager=True))
    state = gp.lab.directory / "lab" / "state"
    gp.lab.run("stop", "manager")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "cctrl-test", str(state)], check=True)
    try:
        gp.lab.run("start", "manager")
        yield gp, state
    finally:
        labs.down()
        subprocess.run(["umount", "--lazy", str(state)], check=False, capture_output=True)


def remount(state: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(state)], check=True)


def refused(gp: Gp, said: str, following: str) -> None:
    """`gprecoverseg` changes nothing, and `gpstate` shows how things stand."""
    before = gp.sql("select count(*) from gp_configuration_history")
    ended = gp.run("gprecoverseg -a")
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert said in ended.stdout
    assert following in ended.stderr
    assert gp.sql("select count(*) from gp_configuration_history") == before
    shown = gp.run("gpstate -e")
    assert shown.returncode == 1
    assert "Down in configuration" in shown.stdout


def test_full_and_read_only(state: tuple[Gp, Path]) -> None:
    gp, place = state
    log = gp.lab.directory / "lab" / "manager.log"
    assert gp.sql("select gp_request_fts_probe_scan()") == "t"
    gp.becomes(0, WELL)
    (place / "filler").write_bytes(b"0" * (shutil.disk_usage(place).free - 4096))
    gp.fail(0)  # FTS leads on, and promotes, though no event can be written
    refused(gp, "cannot write the store", f"NEXT: df -h {place}")

    gp.lab.run("kill", "manager")
    (place / "filler").unlink()
    remount(place, "ro")
    refused(gp, "cannot open or write the store", f"NEXT: ls -ld {place}")
    since = len(log.read_text())
    gp.lab.run("start", "manager")
    wait_for(lambda: "cannot open or write the store" in log.read_text()[since:], 30, "it says why it does not lead")

    remount(place, "rw")
    looked = gp.lab.try_sql  # it leads by itself, once it has asked for the lease again
    wait_for(lambda: looked("cdw", "select gp_request_fts_probe_scan()").returncode == 0, 60, "it leads")
    gp.heal(0)
