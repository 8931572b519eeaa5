"""How a round is played on any lab: acts and commands at their moments, the mending, the checks, and the log of all."""

from __future__ import annotations

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import ClassVar

from cctrl.lab import act, managers, traffic
from cctrl.lab.faults import VERBS
from cctrl.lab.layout import Lab as Place
from cctrl.lab.layout import read_plan
from cctrl.outcome import CctrlError
from tests.campaign.rounds import MANAGER, MANAGER2, Act, Round
from tests.stage import Lab

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
class Playing(ABC):
    """One lab on which rounds are played."""

    options: ClassVar[tuple[str, ...]] = ()  # of cctrl, for the commands of a round

    say: Callable[[str], None]
    lab: Lab
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
        policy = f"{round.policy}, " if round.policy else ""
        self.say(f"round {round.number}: {policy}{self.by_hand} by hand, {self.log[-1].strip()}")

    def _play(self, round: Round, began: float) -> None:
        parts = self.prepared(round, began)
        self.tell(began, ", ".join(f"{part} is {name}" for part, name in parts.items()))
        traffic.start(self.place)
        running: list[Running] = []
        for one in round.acts:
            self._pass(one.after, running)
            self._do(one, parts, running, began)
        self._pass(round.lasts, running)
        self._end(running, began)
        self._undo(began)
        self.mend(began)
        self.check(round, began)

    @property
    def place(self) -> Place:
        """The lab, for the lab's own functions."""
        return self.lab.place

    @property
    def hosts(self) -> tuple[str, ...]:
        """Its hosts."""
        return read_plan(self.place).host_names

    def start(self, command: str) -> subprocess.Popen[str]:
        """Begin a command to cctrl, its stderr with its stdout."""
        return self.lab.cctrl.start(*self.options, "-timeout", "2", "-c", command, stderr=subprocess.STDOUT)

    @abstractmethod
    def prepared(self, round: Round, began: float) -> Mapping[str, str]:
        """Before a round: which name stands for which part."""

    @abstractmethod
    def mend(self, began: float) -> None:
        """Give the documented verbs until the service is whole. Raises AssertionError."""

    @abstractmethod
    def check(self, round: Round, began: float) -> None:
        """What must be so after a round; the last line of the log is its summary. Raises AssertionError."""

    def tell(self, began: float, text: str) -> None:
        """A line of the log."""
        self.log.append(f"{time.monotonic() - began:7.2f}  {text}")

    def _pass(self, seconds: float, running: list[Running]) -> None:
        """Let a random time pass, and kill the commands whose moment comes in it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            due = min((r.until for r in running if r.until), default=end)
            Event().wait(max(0.0, min(left, due - time.monotonic())))  # a moment is what is wanted, no condition
            _kill_due(running)

    def _do(self, one: Act, parts: Mapping[str, str], running: list[Running], began: float) -> None:
        if one.command:
            command = one.command.format(**parts)
            self.tell(began, command + (f"   (to be killed after {one.killed:.2f} s)" if one.killed else ""))
            until = time.monotonic() + one.killed if one.killed else None
            running.append(Running(command, self.start(command), until))
            if one.awaited:
                self._end(running, began)
            return
        words = [word.format(**parts) for word in one.words]
        try:
            done = "; ".join(act(self.place, words).lines)
        except CctrlError as error:  # freezing a dead server, say
            done = f"not done: {error.what}"
        self.tell(began, f"lab {' '.join(words)}: {done}")

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
            self.tell(began, f"{one.command} ended: {'killed' if status == -signal.SIGKILL else status}: {last}")
            assert "Traceback" not in out, out
        running.clear()

    def _undo(self, began: float) -> None:
        """Thaw, heal and give back whatever was taken; managers run again."""
        plan = read_plan(self.place)
        for node in (*self.hosts, MANAGER, MANAGER2):
            for verb in ("thaw", "heal", "release", *(["unfill"] if plan.disk else [])):
                if verb in VERBS and (node in self.hosts or verb in ("thaw", "heal")):
                    self.quietly(verb, node)
        self.quietly("start", MANAGER)
        if MANAGER2 in managers.running(plan):
            self.quietly("stop", MANAGER2)
        self.tell(began, "all is thawed, healed and given back; the manager runs")

    def quietly(self, verb: str, node: str) -> None:
        """An act that may find nothing to do."""
        with suppress(CctrlError):  # it was not so
            act(self.place, (verb, node))

    def _evidence(self) -> list[str]:
        """What the manager said last, for whoever looks for the cause."""
        log = managers.log_path(read_plan(self.place), MANAGER)
        lines = log.read_text(errors="replace").splitlines()[-60:] if log.exists() else []
        return ["", "the manager's log:", *lines, "", self.shown()]

    @abstractmethod
    def shown(self) -> str:
        """How the service is, for the log of a failure."""


def _kill_due(running: list[Running]) -> None:
    for one in running:
        if one.until is not None and time.monotonic() >= one.until and one.process.poll() is None:
            one.process.kill()
