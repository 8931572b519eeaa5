"""A grid's lab on which rounds are played: the repair and the checks after each round."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from cctrl.lab import act, sql, traffic
from cctrl.lab.layout import read_plan
from cctrl.outcome import CctrlError
from tests.campaign.grid_rounds import SETS
from tests.campaign.playing import LOOK, MENDED_WITHIN, Playing
from tests.campaign.rounds import Round
from tests.grid.grid import Grid
from tests.stage import Labs

HOSTS = tuple(f"host{number}" for number in range(3, 9))
IN_SYNC = "select count(*) from pg_stat_replication where sync_state = 'sync' and state = 'streaming'"


@dataclass(slots=True)
class GridStand(Playing):
    """One lab; the elements of set N are on host3 + 2 N and the next."""

    grid: Grid = field(kw_only=True)

    def shown(self) -> str:
        """See Playing."""
        return self.grid.run("dbStatus database1 -all").stdout

    def prepared(self, round: Round, began: float) -> Mapping[str, str]:
        """See Playing."""
        found: dict[str, str] = {}
        for number in SETS:
            active, other = self._active(number)
            found |= {f"a{number}": active, f"b{number}": other}
        return found

    def _active(self, number: int) -> tuple[str, str]:
        one, two = HOSTS[2 * number : 2 * number + 2]
        return (one, two) if sql(self.place, one, "select pg_is_in_recovery()") == "f" else (two, one)

    def mend(self, began: float) -> None:
        """See Playing: daemons are started, the database is opened, and what failed to load is loaded again; all else
        comes back by itself."""
        since = time.monotonic()
        self.grid.run("instanceExec -type data ttDaemonAdmin -start")
        told = ""
        while not self._whole():
            waited = time.monotonic() - since
            assert waited < MENDED_WITHIN, f"not whole after {waited:.0f} s: {self.grid.rows()}"
            statuses = set(self.grid.statuses().values())
            command = "dbLoad database1" if "load failed" in statuses else "dbOpen database1" if _shut(statuses) else ""
            if command and command != told:
                self.by_hand += 1
                done = self.grid.run(command)
                self.tell(began, f"by hand: {command}: {done.returncode}")
                assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
            told = command
            Event().wait(LOOK)  # between two looks
        self.tell(began, f"whole after {time.monotonic() - since:.1f} s")

    def _whole(self) -> bool:
        if self.grid.statuses() != dict.fromkeys(HOSTS, "opened"):
            return False
        try:
            return all(sql(self.place, self._active(number)[0], IN_SYNC) == "1" for number in SETS)
        except CctrlError:
            return False

    def check(self, round: Round, began: float) -> None:
        """See Playing: an acknowledged row is on every element that is opened."""
        reports = {number: traffic.report(self.place, number)[0] for number in SETS}
        act(self.place, ("traffic", "stop"))
        for number, found in reports.items():
            assert not found.lost, f"set {number}: acknowledged rows are lost: {found.lost[:20]}"
            assert not found.overlaps, f"set {number}: two servers took writes at the same time: {found.overlaps}"
            acknowledged = {row.id for row in traffic.record(self.place, number).rows}
            for host in self._active(number):
                there = {int(n) for n in sql(self.place, host, "select id from traffic").split()}
                missing = sorted(acknowledged - there)
                assert not missing, f"{host} is opened and has not: {missing[:20]}"
        longest = max(found.longest.milliseconds for found in reports.values())
        rows = sum(found.rows for found in reports.values())
        self.tell(began, f"{rows} rows, 0 lost, longest gap {longest:.0f} ms")
        for plan in read_plan(self.place).hosts:  # what was kept aside: or the small disks fill up
            for aside in Path(plan.home).glob("instance1/db/*/.cctrl-data.*-*"):
                shutil.rmtree(aside, ignore_errors=True)


def _shut(statuses: set[str]) -> bool:
    return statuses <= {"loaded", "opened", "open failed", "closing"} and statuses != {"opened"}


def raised(labs: Labs, *, disks: bool, say: Callable[[str], None]) -> GridStand:
    """A new lab to play on."""
    options = ["--hosts", len(HOSTS), "--failure-timeout", "2", *(["--disk", "700MB"] if disks else [])]
    lab = labs(*options, kind="grid", manager=True)
    return GridStand(say, lab, grid=Grid(lab))
