"""Plays one transcript on a stage and compares what comes with what is expected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cctrl.outcome import CctrlError
from cctrl.transcript import programs
from cctrl.transcript.contract import Opening, Session, SessionFactory, Stage
from cctrl.transcript.diff import Comparison, compare, shown
from cctrl.transcript.match import Bindings
from cctrl.transcript.model import Fault, Program, Sql, Step, Traffic, Transcript, Typed, WaitSql, WaitState
from cctrl.transcript.screen import ReplayScreen
from cctrl.transcript.wait import sql_holds, state_holds, until
from cctrl.transcript.worker import Cancelled, Late, Worker

T = TypeVar("T")
_CLOSE = 10.0  # seconds that a session may take to close
_START = {"expert": "LOGICAL:EXPERT"}


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference: the line of its step, and the text to show."""

    line: int
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What one step gave: for the update."""

    step: Step
    comparison: Comparison
    status: int


@dataclass(slots=True)
class Result:
    """A transcript's replay: `failures` in order, `seconds` with its stage's way up and down;
    `ended_early` where the rest was not played."""

    transcript: Transcript
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    played: list[Played] = field(default_factory=list)
    ended_early: bool = False

    @property
    def ok(self) -> bool:
        """True where everything came as expected."""
        return not self.failures


class _Ends(Exception):
    """The rest of the file makes no sense any more; the text says why."""

    def __init__(self, *text: str) -> None:
        super().__init__(*text)
        self.text = text


class Player:
    """One transcript on one stage. `cancelled` set from another thread ends it between steps and in waits.

    A difference in output or exit status is noted and the play goes on; a command that does not end, a
    prompt that is not the session's, a wait that is not fulfilled or a direction that fails ends it.
    """

    def __init__(
        self,
        transcript: Transcript,
        stage: Stage,
        sessions: SessionFactory,
        cancelled: threading.Event | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.transcript = transcript
        self.stage = stage
        self.sessions = sessions
        self.cancelled = cancelled or threading.Event()
        self.now = now
        self.screen = ReplayScreen()
        self.worker = Worker(self.cancelled)
        self.session: Session | None = None
        self.bindings: Bindings = {}
        self.result = Result(transcript)

    def play(self) -> Result:
        """Play it to its end and close the session; the stage is the caller's to end."""
        line = 1
        try:
            self._policy()
            for step in self.transcript.steps:
                if self.cancelled.is_set():
                    self.result.ended_early = True
                    break
                line = step.line
                self._step(step)
        except _Ends as end:
            self._fail(line, *end.text, "the rest of the file was not played")
            self.result.ended_early = True
        finally:
            self.close()
            self.worker.end()
        return self.result

    def close(self) -> None:
        """Close the session, if one is open."""
        session, self.session = self.session, None
        if session is None:
            return
        worker = Worker(threading.Event()) if self.worker.stuck else self.worker
        try:
            worker.call(session.close, _CLOSE)
        except (CctrlError, Late, Cancelled):
            self.result.ended_early = True  # the stage's end takes with it what is left

    def _fail(self, line: int, *text: str) -> None:
        self.result.failures.append(Failure(line, text))

    def _policy(self) -> None:
        head = self.transcript.head
        if not head.policy:
            return
        status = self._execute(self._open(None), f"set policy {head.policy}", ())
        if status:
            raise _Ends(f"the head's `set policy {head.policy}` ended with {status}", *self.screen.lines())

    # ------------------------------------------------------------ steps

    def _step(self, step: Step) -> None:
        action = step.action
        if isinstance(action, Typed):
            self._typed(step, action)
        elif isinstance(action, Program):
            self._program(step, action)
        elif isinstance(action, Fault):
            self._staged(f"%% {' '.join(action.words)}", lambda: self.stage.act(action.words))
        elif isinstance(action, Traffic):
            told = self._staged(f"%% traffic {action.what}", lambda: self.stage.act(("traffic", action.what)))
            if step.expected:
                self._compare(step, told.split("\n"), 0)
        elif isinstance(action, Sql):
            output = self._staged(f"%% sql {action.host}", lambda: self.stage.sql(action.host, action.statement))
            if step.expected:
                self._compare(step, output.split("\n"), 0)
        else:
            self._wait(action)

    def _typed(self, step: Step, action: Typed) -> None:
        session = self._open(action)
        prompt = session.prompt.rstrip()
        if prompt != action.prompt:
            raise _Ends(f"  - {step.line:>4} {action.prompt}", f"  +      {prompt}", "         ^ the session's prompt")
        status = self._execute(session, action.command, step.answers) if action.command else 0
        self._compare(step, self.screen.lines() if action.command else [], status)

    def _program(self, step: Step, action: Program) -> None:
        def run() -> programs.Ended:
            argv = programs.argv_of(action.command)
            env = programs.environment(self.stage.config_path)
            stdin = "".join(f"{text}\n" for text in step.answers)
            return programs.run(argv, stdin, env, self.transcript.head.timeout, self.cancelled.is_set)

        ended = self._staged(action.command, run, bounded=False)
        self._compare(step, list(ended.lines), ended.status)

    def _staged(self, what: str, call: Callable[[], T], *, bounded: bool = True) -> T:
        try:
            return self._bounded(what, call) if bounded else call()
        except CctrlError as error:
            raise _Ends(f"{what} failed:", *error.lines()) from error

    def _wait(self, action: WaitState | WaitSql) -> None:
        limit = action.timeout or self.transcript.head.timeout
        if isinstance(action, WaitState):
            session = self._open(None)
            look = state_holds(action, lambda: session.states())
        else:
            look = sql_holds(action, lambda: self.stage.sql(action.host, action.statement), self.bindings)
        seen = until(lambda: self._bounded("the wait's look", look), limit, self.now, self.cancelled.wait)
        if seen is not None:
            raise _Ends(f"not within {limit:g} s; at last: {seen}")

    def _compare(self, step: Step, actual: list[str], status: int) -> None:
        takes_stdin = isinstance(step.action, Program)
        wanted = [e for e in step.expected if not (e.answer and takes_stdin)]
        texts = [f"< {e.text}" if e.answer else e.text for e in wanted]
        comparison = compare(texts, actual, self.bindings)
        self.bindings = comparison.bindings
        self.result.played.append(Played(step, comparison, status))
        text = shown(comparison, [e.at + 1 for e in wanted])
        if status != step.status:
            line = step.line if step.status_at is None else step.status_at + 1
            text += [f"  - {line:>4} ? {step.status}", f"  +      ? {status}", "         ^ the exit status"]
        if text:
            self._fail(step.line, self.transcript.lines[step.at].rstrip("\r\n"), *text)

    # ------------------------------------------------------------ the session

    def _open(self, first: Typed | None) -> Session:
        """The session; a new one where there is none, or where the last was left with `quit`."""
        if self.session is not None and self.session.leaving:
            self.close()
        if self.session is None:
            opening = self._opening(first)
            path = self.stage.config_path
            self.session = self._staged("to open a session", lambda: self.sessions(path, opening, self.screen))
        return self.session

    def _opening(self, first: Typed | None) -> Opening:
        head = self.transcript.head
        typed = first or next((s.action for s in self.transcript.steps if isinstance(s.action, Typed)), None)
        mode = _START.get(head.mode, head.mode.upper()) or (typed.mode if typed else "LOGICAL:EXPERT")
        return Opening(typed.service.partition("/")[0] if typed else head.service, mode)

    def _execute(self, session: Session, command: str, answers: tuple[str, ...]) -> int:
        self.screen.begin(answers)
        try:
            return self._bounded(command, lambda: int(session.execute(command)))
        except _Ends as end:
            raise _Ends(*end.text, *(f"  +      {line}" for line in self.screen.lines())) from None

    def _bounded(self, what: str, call: Callable[[], T]) -> T:
        """The result of `call`, waited for no longer than the head's timeout."""
        limit = self.transcript.head.timeout
        try:
            return self.worker.call(call, limit)
        except CctrlError:
            raise
        except Late:
            raise _Ends(f"{what} had not ended after {limit:g} s (#@ timeout)") from None
        except Cancelled:
            raise _Ends(f"{what}: interrupted") from None
        except Exception as error:
            raise _Ends(f"{what}: internal error, {type(error).__name__}: {error}") from error
