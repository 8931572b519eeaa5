"""A toy stage and a toy session, for the mechanics of replaying."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from cctrl.outcome import CctrlError, Refused
from cctrl.transcript.contract import Opening, Screen
from cctrl.transcript.model import Head


class ToyStage:
    """Hosts that are up or down, and one value that SQL reads."""

    def __init__(self, head: Head, config_path: Path) -> None:
        self.head = head
        self.config_path = config_path
        self.dead: set[str] = set()
        self.faults: list[tuple[str, ...]] = []
        self.downs = 0
        self.rows = "1\n2\n"

    def act(self, words: Sequence[str]) -> str:
        verb, host, *_ = words
        if verb == "traffic":
            return f"traffic {host}\nnothing lost"
        if host == "host9":
            raise Refused(f"the lab has no {host}", next="one of host1, host2, host3")
        self.faults.append(tuple(words))
        (self.dead.add if verb in ("kill", "stop", "cut") else self.dead.discard)(host)
        return ""

    def sql(self, host: str, statement: str) -> str:
        if host in self.dead:
            raise Refused(f"{host}: connection refused")
        if "nonsense" in statement:
            raise Refused(f"{host}: syntax error")
        return self.rows

    def down(self) -> None:
        self.downs += 1


class ToySession:
    """Says what it is told: `say A|B` prints two lines, `fail N` ends with N, `ask` asks, `expert` switches."""

    def __init__(self, stage: ToyStage | None, opening: Opening, screen: Screen) -> None:
        self.stage = stage
        self.screen = screen
        self.mode = opening.mode
        self.service = opening.service
        self.leaving = False
        self.closed = 0
        self.typed: list[str] = []
        self.looks = 0
        self.hang = threading.Event()

    @property
    def prompt(self) -> str:
        return f"[{self.mode}] /{self.service} > "

    def execute(self, line: str) -> int:
        self.typed.append(line)
        verb, _, rest = line.partition(" ")
        if verb == "say":
            for text in rest.split("|"):
                self.screen.out(text)
        elif verb == "fail":
            self.screen.err(f"ERROR: failed with {rest}")
            return int(rest)
        elif verb == "ask":
            self.screen.err("")
            answer = self.screen.answer("Do you want to continue? (y/n)> ")
            self.screen.out(f"answered {answer}")
            return 0 if answer == "y" else 3
        elif verb == "quit":
            self.leaving = True
        elif verb == "hang":
            self.hang.wait(30)
        elif verb == "crash":
            raise ZeroDivisionError("toy")
        elif verb == "set":
            self.screen.out(f"policy mode is now {rest.split()[-1].upper()}")
        elif verb in ("expert", "logical"):
            self.mode = "LOGICAL:EXPERT" if verb == "expert" else "LOGICAL"
        return 0

    def states(self) -> Mapping[str, str]:
        self.looks += 1
        if self.looks == 1:
            raise CctrlError("not seen yet")
        dead = self.stage.dead if self.stage else set()
        watched = {"manager": "OFFLINE" if "manager" in dead else "ONLINE"}
        return watched | {
            name: f"{'master' if name == 'host1' else 'slave'}:{'FAILED(NODE GONE)' if name in dead else 'ONLINE'}"
            for name in ("host1", "host2", "host3")
        }

    def close(self) -> None:
        self.closed += 1


class Toys:
    """Both factories, and everything they made."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.stages: list[ToyStage] = []
        self.sessions: list[ToySession] = []
        self._lock = threading.Lock()

    def stage(self, head: Head) -> ToyStage:
        with self._lock:
            stage = ToyStage(head, self.directory / f"cctrl{len(self.stages)}.toml")
            self.stages.append(stage)
            return stage

    def session(self, config_path: Path, opening: Opening, screen: Screen) -> ToySession:
        stage = next((s for s in self.stages if s.config_path == config_path), None)
        with self._lock:
            self.sessions.append(ToySession(stage, opening, screen))
            return self.sessions[-1]


class Printed:
    """What was printed on stdout (`lines`) and stderr (`notes`)."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []

    def line(self, text: str = "") -> None:
        self.lines.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
