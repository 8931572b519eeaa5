"""Every status of Table 13-2 on real servers, as `dbStatus` shows it: each is held by a fault for as long as it is
looked at, since most last for a moment.

What holds one: a daemon that is stopped (uncreated, down, destroying); a FIFO in place of a configuration file, as on a
file system that hangs, then gone (creating, loading, opening, closing, and what failed after each); a replica that is
frozen, for which a shutdown waits (unloading, evicted (unloading)); a manager that is killed at that moment
(evicted (loaded)); a directory without permission (destroy failed).
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cctrl.grid.model import Database, Phase, Status
from cctrl.grid.record import decoded
from cctrl.grid.states import AWAY
from tests.grid.grid import Grid
from tests.stage import wait_for

NAME = "states"
KEPT, SPARE = ("host7", "host8"), ("host9", "host10")
HELD = f"db/{NAME}/conf/pg_hba.conf.new"  # what is written before users are let in or kept out


class Walk:
    """A database that goes through all statuses, and those that were shown."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.shown: set[str] = set()

    def do(self, command: str, *options: str) -> None:
        """A command for the database."""
        self.grid.done(" ".join((command, NAME, *options)))

    def on(self, host: str, command: str) -> str:
        """A command in the home of an instance."""
        return self.grid.done(f"instanceExec -only {host} {shlex.quote(command)}")

    def see(self, host: str, status: Status) -> None:
        """Wait until dbStatus shows an element so."""
        self.grid.becomes(host, status.value, database=NAME)
        self.shown.add(status.value)

    def daemon(self, verb: str, *hosts: str) -> None:
        """Start or stop data instances."""
        self.grid.done(f"instanceExec {' '.join(f'-only {h}' for h in hosts)} ttDaemonAdmin -{verb}")

    def record(self) -> Database:
        """The database as it is recorded at this moment."""
        return decoded(self.grid.asked("SELECT text FROM document WHERE name = ?", NAME))

    def active(self, *hosts: str) -> tuple[str, str]:
        """Of the two elements of a replica set first the active one."""
        found = [e.host for e in self.record().elements if e.host in hosts and e.active]
        assert len(found) == 1, found
        return found[0], next(h for h in hosts if h != found[0])

    @contextmanager
    def hanging(self, host: str) -> Iterator[None]:
        """The file that is written before users are let in or kept out hangs, and cannot be written in the end."""
        self.on(host, f"mkdir -p {Path(HELD).parent} && mkfifo {HELD}")
        yield
        self.on(host, f"mv {HELD} held && {{ timeout 5 cat held >/dev/null; rm held; }}")

    @contextmanager
    def frozen_replica(self, host: str) -> Iterator[None]:
        """What a standby receives by stands still: its primary waits for it when it shuts down."""
        postmaster = self.on(host, f"head -n 1 db/{NAME}/data/postmaster.pid").split()[-1]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        (receiver,) = [int(c) for c in children if b"walreceiver" in Path(f"/proc/{c}/cmdline").read_bytes()]
        os.kill(receiver, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(receiver, signal.SIGCONT)


def test_every_status_is_reached_and_shown(grid: Grid) -> None:
    walk = Walk(grid)
    _made(walk)
    _distributed(walk)
    _opened_and_closed(walk)
    _unloaded_and_loaded(walk)
    _evicted(walk)
    _destroyed(walk)
    assert walk.shown == {status.value for status in Status}
    grid.well()


def _made(walk: Walk) -> None:
    walk.do("dbCreate", "-instance host10 -wait 60")
    walk.see("host10", Status.LOADED)
    walk.daemon("stop", *SPARE)
    walk.see("host10", Status.DOWN)
    walk.do("dbCreate", "-instance host9")
    walk.see("host9", Status.UNCREATED)
    wait_for(lambda: walk.grid.rows(NAME)["host9"][1] == AWAY)
    with walk.hanging("host9"):
        walk.daemon("start", *SPARE)
        walk.see("host9", Status.CREATING)
    walk.see("host9", Status.CREATE_FAILED)
    for host in ("host9", *KEPT):
        walk.do("dbCreate", f"-instance {host}")
    for host in (*SPARE, *KEPT):
        walk.see(host, Status.LOADED)


def _distributed(walk: Walk) -> None:
    """Unloading it in the middle is refused, and with -force breaks it off: nobody waits for ever."""
    argv = walk.grid.lab.cctrl.argv("-c", f"ttGridAdmin dbDistribute {NAME} -add all -apply")
    held, env = walk.grid.open_definition("host7", "held", NAME), walk.grid.lab.environ
    with held, subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True) as applying:
        wait_for(lambda: walk.record().phase is Phase.APPLYING)
        refused = walk.grid.run(f"dbUnload {NAME}")
        assert (refused.returncode, "A distribution of" in refused.stderr) == (255, True), refused.stderr
        walk.do("dbUnload", "-force")
        assert "unloaded in the middle of it" in applying.communicate(timeout=60)[1]
    for host in (*SPARE, *KEPT):
        walk.see(host, Status.UNLOADED)
    assert "is not loaded" in walk.grid.run(f"dbDistribute {NAME} -resync").stderr
    walk.do("dbLoad", "-wait 120")
    walk.do("dbDistribute", "-resync")


def _opened_and_closed(walk: Walk) -> None:
    for order, under_way, failed, done in (
        ("dbOpen", Status.OPENING, Status.OPEN_FAILED, Status.OPENED),
        ("dbClose", Status.CLOSING, Status.CLOSE_FAILED, Status.LOADED),
    ):
        with walk.hanging("host7"):
            walk.do(order)
            walk.see("host7", under_way)
        walk.see("host7", failed)
        walk.do(order, "-wait 60")
        walk.see("host7", done)


def _unloaded_and_loaded(walk: Walk) -> None:
    seed, other = walk.active(*KEPT)
    with walk.frozen_replica(other):
        walk.do("dbUnload")
        walk.see(seed, Status.UNLOADING)
    for host in KEPT:
        walk.see(host, Status.UNLOADED)
    with walk.hanging(seed):
        walk.do("dbLoad")
        walk.see(seed, Status.LOADING)
        walk.see(other, Status.WAITING_FOR_SEED)
    walk.see(seed, Status.LOAD_FAILED)
    walk.see(other, Status.WAITING_FOR_SEED)
    walk.do("dbLoad", f"-instance {seed} -wait 60")
    walk.see(other, Status.LOADED)


def _evicted(walk: Walk) -> None:
    seed, other = walk.active(*SPARE)
    argv = walk.grid.lab.cctrl.argv("-c", f"ttGridAdmin dbDistribute {NAME} -evict host9 -evict host10 -apply", "--yes")
    with walk.frozen_replica(other):
        manager = int(re.findall(r"pid (\d+)", walk.grid.asked("SELECT holder FROM leader"))[0])
        with subprocess.Popen(argv, env=walk.grid.lab.environ, stderr=subprocess.PIPE, text=True) as applying:
            wait_for(lambda: any(e.status is Status.EVICTED_LOADED for e in walk.record().elements), step=0.002)
            os.kill(manager, signal.SIGKILL)
            walk.see("host9", Status.EVICTED_LOADED)
            walk.grid.lab.run("start", "manager")
            walk.see(other, Status.EVICTED_UNLOADING)
            applying.communicate(timeout=60)
        walk.do("dbDistribute", "-resync")
    for host in SPARE:
        walk.see(host, Status.EVICTED)


def _destroyed(walk: Walk) -> None:
    walk.daemon("stop", "host9")
    walk.do("dbDestroy", "-instance host9")
    walk.see("host9", Status.DESTROYING)
    wait_for(lambda: walk.grid.rows(NAME)["host9"][1] == AWAY)
    walk.daemon("start", "host9")
    walk.see("host9", Status.DESTROYED)
    walk.on("host10", f"chmod 500 db/{NAME}")
    walk.do("dbDestroy", "-instance host10")
    walk.see("host10", Status.DESTROY_FAILED)
    walk.on("host10", f"chmod 700 db/{NAME}")
    walk.do("dbDestroy", "-instance host10 -wait 60")
    walk.see("host10", Status.DESTROYED)
    walk.do("dbUnload", "-wait 60")
    walk.do("dbDestroy", "-wait 60")
    assert walk.grid.run(f"dbStatus {NAME}").stderr.startswith(f"Error 2: Database {NAME} does not exist")
