"""A dataservice's lab on which rounds are played: the repair and the checks after each round."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from cctrl.lab import tally, traffic
from cctrl.lab.layout import read_plan
from tests.campaign.model import Sight, Tried, following, sight
from tests.campaign.playing import LOOK, MENDED_WITHIN, Playing
from tests.campaign.rounds import Round
from tests.dataservice.alpha import Alpha
from tests.stage import Labs

LEFT_BEHIND = re.compile(r"^NEXT: (recover using \S+)   ", re.M)  # what a refused failover says to do


@dataclass(slots=True)
class Stand(Playing):
    """One lab; its hosts are host1 to host3."""

    options = ("-expert",)

    alpha: Alpha = field(kw_only=True)
    synchronous: bool = field(kw_only=True)

    def shown(self) -> str:
        """See Playing."""
        return self.alpha("ls").stdout

    def prepared(self, round: Round, began: float) -> Mapping[str, str]:
        """See Playing."""
        self.tell(began, f"synchronous: {self.synchronous}")
        self._command("--yes", f"set policy {round.policy}")
        master = self.alpha.master()
        slave, other = (host for host in self.alpha.hosts if host != master)
        return {"master": master, "slave": slave, "other": other}

    def mend(self, began: float) -> None:
        """See Playing."""
        since, tried, advised = time.monotonic(), Tried(), ""
        while not (seen := self._sight()).whole or self.alpha.unfinished():
            waited = time.monotonic() - since
            assert waited < MENDED_WITHIN, (
                f"not whole after {waited:.0f} s: {seen}\nunfinished: {self.alpha.unfinished()}"
            )
            command = advised or following(seen, tried, waited)
            advised = ""
            if not command:
                Event().wait(LOOK)  # between two looks
                continue
            tried.note(command)
            self.by_hand += 1
            if command == "start":
                for host in self.alpha.hosts:
                    self.quietly("start", host)
                self.tell(began, "by hand: the servers are started as they lie")
                continue
            done = self.alpha("--yes", "-expert", command)
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            errors = [line for line in said if line.startswith("ERROR")]
            self.tell(began, f"by hand: {command}: {done.returncode} {'; '.join(errors[:2] or said[-1:])}")
            assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
            if command == "failover" and (found := LEFT_BEHIND.search(done.stderr)):
                advised = found[1]
        self.tell(began, f"whole: {', '.join(f'{m.name} {m.role}' for m in seen.members)}")

    def _sight(self) -> Sight:
        return sight(self.alpha.ls())

    def _command(self, *words: str) -> None:
        self.alpha.does(*words)

    def check(self, round: Round, began: float) -> None:
        """See Playing."""
        master = self.alpha.master()
        self.alpha.stands(master, [host for host in self.alpha.hosts if host != master])
        found, _ = traffic.report(self.alpha.place)
        traffic.stop(self.alpha.place)
        cut = any(one.words[:1] == ("cut",) for one in round.acts)
        told = f"{found.rows} rows, {len(found.lost)} lost, longest gap {found.longest.milliseconds:.0f} ms"
        self.tell(began, told)
        problems = _problems(found, strict=self.synchronous, cut=cut)
        assert not problems, "\n".join([*problems, told])
        hosts = read_plan(self.alpha.place).hosts
        aside = [host.name for host in hosts if any(Path(host.home).glob(".cctrl-data.*"))]
        if aside:  # or the small disks fill up
            self._command("--yes", "-expert", *(f"datasource {name} cleanup" for name in aside))


def _problems(found: tally.Tally, *, strict: bool, cut: bool) -> list[str]:
    """What must never be. Without synchronous commits rows may be lost, and a master that is cut off from all but
    clients cannot be fenced: only there two may take writes."""
    problems = []
    if found.lost and strict:
        problems.append(f"acknowledged rows are lost: {found.lost[:20]}")
    if found.overlaps and (strict or not cut):
        problems.append(f"two servers took writes at the same time: {found.overlaps}")
    return problems


def raised(labs: Labs, *, synchronous: bool, disks: bool, say: Callable[[str], None]) -> Stand:
    """A new lab to play on."""
    options = [*(["--synchronous"] if synchronous else []), *(["--disk", "700MB"] if disks else [])]
    lab = labs("--failure-timeout", "2", "--failover-block", "0", *options, manager=True)
    return Stand(say, lab, alpha=Alpha(lab), synchronous=synchronous)
