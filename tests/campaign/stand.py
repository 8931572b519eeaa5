"""A lab on which rounds are played: acts, looks, the repair and the checks after each round."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from cctrl.lab import act, managers, tally, traffic
from cctrl.lab.faults import VERBS
from cctrl.lab.layout import read_plan
from cctrl.outcome import CctrlError
from tests.campaign.model import Sight, Tried, following, sight
from tests.campaign.rounds import MANAGER, MANAGER2, Act, Round
from tests.dataservice.alpha import Alpha
from tests.stage import Labs

MENDED_WITHIN = 150.0  # seconds on a busy machine; a round is mended in about 5
LOOK = 0.3  # seconds between two looks while the manager works
COMMAND = 90.0  # seconds a command may take


class Broken(AssertionError):
    """A check failed: what, and the log of the round."""


@dataclass(slots=True)
class Running:
    """A command of the round that has not been ended yet."""

    command: str
    process: subprocess.Popen[str]
    until: float | None


@dataclass(slots=True)
class Stand:
    """One lab; its hosts are host1 to host3."""

    alpha: Alpha
    synchronous: bool
    say: Callable[[str], None]
    log: list[str] = field(default_factory=list)
    by_hand: int = 0  # commands that were needed to mend the round

    def play(self, round: Round) -> None:
        """Play a round, mend the service, check. Raises Broken."""
        self.log, self.by_hand = [*round.lines(), ""], 0
        began = time.monotonic()
        try:
            self._play(round, began)
        except (AssertionError, CctrlError, subprocess.TimeoutExpired) as error:
            told = "\n".join(error.lines()) if isinstance(error, CctrlError) else str(error)
            raise Broken(f"{told}\n\nagain: {round.replay}\n" + "\n".join([*self.log, *self._evidence()])) from error
        self.say(f"round {round.number}: {round.policy}, {self.by_hand} by hand, {self.log[-1].strip()}")

    def _play(self, round: Round, began: float) -> None:
        self._tell(began, f"synchronous: {self.synchronous}")
        self._command("--yes", f"set policy {round.policy}")
        parts = self._parts()
        self._tell(began, ", ".join(f"{part} is {name}" for part, name in parts.items()))
        traffic.start(self.alpha.place)
        running: list[Running] = []
        for one in round.acts:
            self._pass(one.after, running)
            self._do(one, parts, running, began)
        self._pass(round.lasts, running)
        self._end(running, began)
        self._undo(began)
        self._mend(began)
        self._check(round, began)

    def _tell(self, began: float, text: str) -> None:
        self.log.append(f"{time.monotonic() - began:7.2f}  {text}")

    # ------------------------------------------------------------ what happens

    def _parts(self) -> dict[str, str]:
        master = self.alpha.master()
        slave, other = (host for host in self.alpha.hosts if host != master)
        return {"master": master, "slave": slave, "other": other}

    def _pass(self, seconds: float, running: list[Running]) -> None:
        """Let a random time pass, and kill the commands whose moment comes in it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            due = min((r.until for r in running if r.until), default=end)
            Event().wait(max(0.0, min(left, due - time.monotonic())))  # a moment is what is wanted, no condition
            _kill_due(running)

    def _do(self, one: Act, parts: dict[str, str], running: list[Running], began: float) -> None:
        if one.command:
            command = one.command.format(**parts)
            self._tell(began, command + (f"   (to be killed after {one.killed:.2f} s)" if one.killed else ""))
            process = self.alpha.start("-expert", "-timeout", "2", "-c", command, stderr=subprocess.STDOUT)
            running.append(Running(command, process, time.monotonic() + one.killed if one.killed else None))
            return
        words = [word.format(**parts) for word in one.words]
        try:
            done = "; ".join(act(self.alpha.place, words).lines)
        except CctrlError as error:  # freezing a dead server, say
            done = f"not done: {error.what}"
        self._tell(began, f"lab {' '.join(words)}: {done}")

    def _end(self, running: list[Running], began: float) -> None:
        """Wait for the commands of the round, up to their kill."""
        for one in running:
            left = COMMAND if one.until is None else max(0.0, one.until - time.monotonic())
            try:
                out, _ = one.process.communicate(timeout=left)
            except subprocess.TimeoutExpired:
                one.process.kill()
                out, _ = one.process.communicate()
                assert one.until is not None, f"{one.command} does not end within {COMMAND:g} s\n{out}"
            status = one.process.returncode
            last = (out.strip().splitlines() or [""])[-1]
            self._tell(began, f"{one.command} ended: {'killed' if status == -signal.SIGKILL else status}: {last}")
            assert "Traceback" not in out, out

    # ------------------------------------------------------------ mending

    def _undo(self, began: float) -> None:
        """Thaw, heal and give back whatever was taken; managers run again."""
        plan = read_plan(self.alpha.place)
        for node in (*self.alpha.hosts, MANAGER, MANAGER2):
            for verb in ("thaw", "heal", "release", *(["unfill"] if plan.disk else [])):
                if verb in VERBS and (node in self.alpha.hosts or verb in ("thaw", "heal")):
                    self._quietly(verb, node)
        self._quietly("start", MANAGER)
        if MANAGER2 in managers.running(plan):
            self._quietly("stop", MANAGER2)
        self._tell(began, "all is thawed, healed and given back; the manager runs")

    def _quietly(self, verb: str, node: str) -> None:
        with suppress(CctrlError):  # it was not so
            act(self.alpha.place, (verb, node))

    def _mend(self, began: float) -> None:
        """Give the documented verbs, one after the other, until the service is whole."""
        since, tried = time.monotonic(), Tried()
        while not (seen := self._sight()).whole or self.alpha.unfinished():
            waited = time.monotonic() - since
            assert waited < MENDED_WITHIN, (
                f"not whole after {waited:.0f} s: {seen}\nunfinished: {self.alpha.unfinished()}"
            )
            command = following(seen, tried, waited)
            if not command:
                Event().wait(LOOK)  # between two looks
                continue
            tried.note(command)
            self.by_hand += 1
            if command == "start":
                for host in self.alpha.hosts:
                    self._quietly("start", host)
                self._tell(began, "by hand: the servers are started as they lie")
                continue
            done = self.alpha("--yes", "-expert", command)
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            errors = [line for line in said if line.startswith("ERROR")]
            self._tell(began, f"by hand: {command}: {done.returncode} {'; '.join(errors[:2] or said[-1:])}")
            assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        self._tell(began, f"whole: {', '.join(f'{m.name} {m.role}' for m in seen.members)}")

    def _sight(self) -> Sight:
        return sight(self.alpha.ls())

    def _command(self, *words: str) -> None:
        self.alpha.does(*words)

    # ------------------------------------------------------------ the checks

    def _check(self, round: Round, began: float) -> None:
        master = self.alpha.master()
        self.alpha.stands(master, [host for host in self.alpha.hosts if host != master])
        found, _ = traffic.report(self.alpha.place)
        traffic.stop(self.alpha.place)
        cut = any(one.words[:1] == ("cut",) for one in round.acts)
        told = f"{found.rows} rows, {len(found.lost)} lost, longest gap {found.longest.milliseconds:.0f} ms"
        self._tell(began, told)
        problems = _problems(found, strict=self.synchronous, cut=cut)
        assert not problems, "\n".join([*problems, told])
        hosts = read_plan(self.alpha.place).hosts
        aside = [host.name for host in hosts if any(Path(host.home).glob(".cctrl-data.*"))]
        if aside:  # or the small disks fill up
            self._command("--yes", "-expert", *(f"datasource {name} cleanup" for name in aside))

    def _evidence(self) -> list[str]:
        """What the manager said last, for whoever looks for the cause."""
        log = managers.log_path(read_plan(self.alpha.place), MANAGER)
        lines = log.read_text(errors="replace").splitlines()[-60:] if log.exists() else []
        return ["", "the manager's log:", *lines, "", self.alpha("ls").stdout]


def _kill_due(running: list[Running]) -> None:
    for one in running:
        if one.until is not None and time.monotonic() >= one.until and one.process.poll() is None:
            one.process.kill()


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
    return Stand(Alpha(lab), synchronous, say)
