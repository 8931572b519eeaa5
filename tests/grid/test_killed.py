"""Managers that are killed as soon as an act was begun, one act after the other; and a disk that fills up under a copy.

The next manager brings about what was wanted. The client of each set goes on meanwhile: what it was told of is there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cctrl.config import Server, load
from cctrl.lab import processes, traffic
from tests.grid.grid import Grid
from tests.stage import Labs, wait_for

ROOT = os.geteuid() == 0
STATE = "SELECT text FROM document WHERE name = 'database1'"
TOLD = "SELECT count(*) FROM event WHERE text LIKE ?"


class Small(Grid):
    """Two replica sets, and host7 to spare; a client on each set."""

    def element(self, host: str) -> dict[str, object]:
        """An element as it is recorded."""
        elements = json.loads(self.asked(STATE))["elements"]
        return next((e for e in elements if e["instance"].startswith(f"{host}.")), {})

    def killed_when(self, began: Callable[[], bool], what: str) -> None:
        """SIGKILL for the manager at the moment in which something was begun, and the next one."""
        wait_for(began, 60, what)
        self.kill_manager()
        self.lab.run("start", "manager")

    def kill_manager(self) -> None:
        """It ends, and its lease with it: that one runs out is seen elsewhere."""
        pid = int(re.findall(r"pid (\d+)", self.asked("SELECT holder FROM leader"))[0])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: processes.state(pid) in ("", "Z"), 10)
        with contextlib.closing(sqlite3.connect(self.lab.directory / "lab" / "state" / "cctrl.db")) as store, store:
            store.execute("DELETE FROM leader")

    def has(self, host: str, *statuses: str) -> Callable[[], bool]:
        """Whether an element has one of these: the one meanwhile may be over before it is looked for."""
        return lambda: self.element(host).get("status") in statuses

    def told(self, text: str) -> Callable[[], bool]:
        """Whether something is told that was not told before."""
        before = self.asked(TOLD, text)
        return lambda: self.asked(TOLD, text) != before

    def member(self, host: str) -> Server:
        """A data instance as it is configured."""
        return load(self.lab.directory / "lab" / "cctrl.toml", {}).services[0].member(f"{host}.instance1")

    def data(self, host: str) -> Path:
        """The data directory of an element."""
        return Path(self.member(host).home) / "db" / "database1" / "data"

    def leave_socket_locked(self, host: str) -> None:
        """As a server that was killed leaves it, whose number is another process's by now."""
        member = self.member(host)
        number = processes.postmaster(f"{member.home}/daemon")
        lock = Path(member.socket_dir) / f".s.PGSQL.{member.port}.lock"
        lock.write_text(f"{number}\n{self.data(host)}\n1\n{member.port}\n{member.socket_dir}\n")


@pytest.fixture(scope="module")
def small(likeness: tuple[str, ...]) -> Iterator[Small]:
    labs = Labs(likeness)
    try:
        lab = labs("--hosts", 5, *(("--disk", "400MB") if ROOT else ()), kind="grid", manager=True)
        traffic.start(lab.place)
        yield Small(lab)
    finally:
        labs.down()


def test_the_next_manager_brings_about_what_a_command_wanted(small: Small) -> None:
    small.run("dbCreate database1 -instance host7")
    small.killed_when(small.has("host7", "creating", "unloaded", "loading", "loaded"), "creating")
    for command, host, meanwhile, end in (
        ("dbClose", "host3", "closing", "loaded"),
        ("dbUnload -force", "host4", "unloading", "unloaded"),
        ("dbLoad", "host5", "loading", "loaded"),
        ("dbOpen", "host6", "opening", "opened"),
    ):
        with small.lab.cctrl.start("-c", f"ttGridAdmin {command} database1") as given:
            small.killed_when(small.has(host, meanwhile, end), meanwhile)
            given.communicate(timeout=60)
        for each in ("host3", "host4", "host5", "host6"):
            small.becomes(each, end)
    small.becomes("host7", "loaded")


def test_the_next_manager_goes_on_with_what_the_last_one_did_by_itself(small: Small) -> None:
    active = small.active("host3", "host4")
    other = "host4" if active == "host3" else "host3"
    began = small.told(f"{other}.instance1 is brought up to%")
    small.lab.run("kill", other)
    small.killed_when(began, "catch-up")
    small.well(other)
    small.lab.run("kill", active)
    small.killed_when(lambda: small.element(other).get("active") is True, "promotion")
    small.well(active)
    assert small.active("host3", "host4") == other
    began = small.told(f"{active}.instance1 is brought up to%it becomes a copy%")
    small.lab.run("wipe", active)
    small.killed_when(began, "copy")
    small.well("host3", "host4")
    both = ("host5", "host6")  # a whole set: the seed, then the other
    ends = [small.told(f"host_.instance1 is {end}%") for end in ("the seed", "the active element", "brought up to")]
    for host in both:
        small.lab.run("kill", host)
    loading = [small.has(host, "loading") for host in both]
    small.killed_when(lambda: any(one() for one in (*loading, *ends)), "seed")
    small.well(*both)


@pytest.mark.skipif(not ROOT, reason="needs file systems of its own for the hosts")
def test_a_disk_that_fills_up_under_a_copy(small: Small) -> None:
    active = small.active("host3", "host4")
    other = "host4" if active == "host3" else "host3"
    small.done(f"instanceExec -only {other} ttDaemonAdmin -stop")
    small.becomes(other, "down")
    small.done(f"instanceExec -only {other} 'cd db/database1 && rm -rf data && initdb -A trust -D data'")
    foreign = (small.data(other) / "PG_VERSION").stat().st_ino
    with _no_checkpoint(small, active):  # a copy begins with one: it cannot be over before it is seen
        small.done(f"instanceExec -only {other} ttDaemonAdmin -start")
        copying = _suspended_copy(small)
    small.lab.run("fill", other)
    os.kill(copying, signal.SIGCONT)
    small.becomes(other, "load failed")
    message = small.rows()[other][1]
    assert re.search(r"no space is left on|MB needed where .*, \d+ MB free", message), message
    assert (small.data(other) / "PG_VERSION").stat().st_ino == foreign  # nothing was done to what was there
    assert not list(small.data(other).parent.glob(".cctrl-data.copy/new"))
    small.lab.run("unfill", other)
    small.leave_socket_locked(other)
    small.done(f"dbLoad database1 -instance {other} -wait 60")
    small.well(other)
    kept = [p for p in small.data(other).parent.glob(".cctrl-data.*-*/PG_VERSION") if p.stat().st_ino == foreign]
    assert len(kept) == 1


@contextlib.contextmanager
def _no_checkpoint(small: Small, host: str) -> Iterator[None]:
    """Within this an element makes none."""
    checkpointer = int(small.lab.sql(host, "select pid from pg_stat_activity where backend_type = 'checkpointer'"))
    os.kill(checkpointer, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(checkpointer, signal.SIGCONT)


def _suspended_copy(small: Small) -> int:
    """The pid of the pg_basebackup that runs on the lab, suspended in the middle."""
    found: list[int] = []

    def runs() -> bool:
        for pid in processes.marked(str(small.lab.directory / "lab")):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == "pg_basebackup":
                    os.kill(pid, signal.SIGSTOP)
                    found.append(pid)
        return bool(found)

    wait_for(runs, 60, "a copy is made")
    return found[0]


def test_a_replacement_and_an_eviction_that_lost_their_manager_are_settled_by_resync(small: Small) -> None:
    if not small.element("host7"):
        small.done("dbCreate database1 -instance host7 -wait 60")
    argv = ("--yes", "-c")
    remove = "ttGridAdmin dbDistribute database1 -remove host3.instance1 -replaceWith host7.instance1 -apply"
    with small.lab.cctrl.start(*argv, remove) as given:
        small.killed_when(small.told("host7.instance1 is brought up to%"), "replacement")
        said = given.communicate(timeout=60)[1]
    assert "Error : Distribution failed" in said
    wait_for(lambda: json.loads(small.asked(STATE))["phase"] == "broken off", 20)
    second = small.run("dbDistribute database1 -apply")
    assert second.returncode == 255 and "-resync" in second.stderr
    assert "Distribution map updated" in small.done("dbDistribute database1 -resync")
    small.becomes("host3", "evicted")
    small.well("host4", "host7")
    with small.lab.cctrl.start("-c", "ttGridAdmin dbDestroy database1 -instance host3") as given:
        small.killed_when(small.has("host3", "destroying", "destroyed"), "destroying")
        given.communicate(timeout=60)
    small.becomes("host3", "destroyed")
    _nothing_lost(small)
    only = small.lab.cctrl("--yes", "-c", "ttGridAdmin dbDistribute database1 -evict host4 -evict host7"
                           " -evict host5 -evict host6 -apply")  # fmt: skip
    assert only.returncode == 255 and "the only one" in only.stderr, only.stderr
    small.done("dbDistribute database1 -reset")
    evict = "ttGridAdmin dbDistribute database1 -evict host5 -evict host6 -apply"
    with small.lab.cctrl.start(*argv, evict) as given:
        small.killed_when(small.has("host5", "evicted (unloading)", "evicted"), "eviction")
        given.communicate(timeout=60)
    if "Distribution map updated" not in small.run("dbStatus database1").stdout:
        small.run("dbDistribute database1 -resync")
    small.becomes("host5", "evicted")
    small.becomes("host6", "evicted")


def _nothing_lost(small: Small) -> None:
    for number in (0, 1):
        found = traffic.report(small.lab.place, number)[0]
        assert not found.lost, f"set {number}: {found.lost[:20]}"
        assert not found.overlaps, f"set {number}: two took writes at once"
        assert found.rows > 100
    small.lab.run("traffic", "stop")
