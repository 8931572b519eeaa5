"""`cctrl replay FILE|DIR…`: transcripts played side by side, results in the order of the files."""

from __future__ import annotations

import difflib
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from cctrl.outcome import CctrlError, Outcome, Refused, UsageError
from cctrl.transcript.contract import Existing, Printer, SessionFactory, Stage, StageFactory
from cctrl.transcript.format import parse, read, render
from cctrl.transcript.model import Fault, Sql, Traffic, Transcript, WaitSql
from cctrl.transcript.replay import Failure, Player, Result
from cctrl.transcript.update import rewritten

SUFFIX = ".t"
_SLICE = 0.2  # seconds after which the printing thread looks whether it was interrupted
_GRACE = 60.0  # seconds that stages get to end after Ctrl-C


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How to replay. `config`: play on this configuration, which is no lab's, instead of the stages asked for."""

    jobs: int = 2
    update: bool = False
    config: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def replay(
    paths: Sequence[Path],
    options: ReplayOptions,
    stage_factory: StageFactory,
    session_factory: SessionFactory,
    out: Printer,
) -> int:
    """Play the transcripts and print `ok FILE (3.2 s)` or `FAIL FILE:LINE` with the difference for each.

    Returns 0 where all came as expected, 1 on any difference, 2 where a file does not parse (then none is
    played), 3 where it is refused, 130 after Ctrl-C; stages are ended in every case.
    """
    try:
        if options.update and options.environ.get("CI"):
            raise Refused("--update rewrites transcripts, and $CI is set", next="run it where the result is read")
        transcripts = _parsed(files(paths), out)
        if transcripts is None:
            return Outcome.USAGE
        if options.config is not None:
            _refuse_directions(transcripts, options.config)
    except CctrlError as error:
        for text in error.lines():
            out.note(text)
        return error.outcome
    return _Run(transcripts, options, stage_factory, session_factory, out).run()


def files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and the `*.t` below each directory named, in order. Raises UsageError."""
    found: list[Path] = []
    for path in paths:
        try:
            below = sorted(path.rglob("*" + SUFFIX)) if path.is_dir() else [path]
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {path}: {error}") from None
        if not below:
            raise UsageError(f"no transcripts in {path}", next=f"name a directory that holds *{SUFFIX} files")
        found += [file for file in below if file not in found]
    if not found:
        raise UsageError("no transcripts are named", next="cctrl replay FILE|DIR…")
    return found


def _parsed(paths: Sequence[Path], out: Printer) -> list[Transcript] | None:
    transcripts = []
    for path in paths:
        try:
            transcripts.append(read(path))
        except UsageError as error:
            for text in error.lines():
                out.note(text)
    return transcripts if len(transcripts) == len(paths) else None


def _refuse_directions(transcripts: Sequence[Transcript], config: Path) -> None:
    for transcript in transcripts:
        for step in transcript.steps:
            if isinstance(step.action, Fault | Traffic | Sql | WaitSql):
                raise Refused(
                    f"{transcript.path}:{step.line}: stage directions are played on a lab only, and {config} is not "
                    "a lab's configuration",
                    detail=f"the line is {transcript.lines[step.at].strip()!r}",
                    next=f"cctrl replay {transcript.path}   without --config: on a lab of its own",
                )


class _Run:
    """Worker threads play, the calling thread prints in file order."""

    def __init__(
        self,
        transcripts: Sequence[Transcript],
        options: ReplayOptions,
        stages: StageFactory,
        sessions: SessionFactory,
        out: Printer,
    ) -> None:
        self.transcripts = transcripts
        self.options = options
        self.stages = stages
        self.sessions = sessions
        self.out = out
        self.cancelled = threading.Event()
        self.change = threading.Condition()
        self.results: dict[int, Result] = {}
        self.next = 0
        self.up: dict[int, Stage] = {}

    def run(self) -> int:
        workers = [
            threading.Thread(target=self._work, name=f"replay {n + 1}", daemon=True)
            for n in range(max(1, min(self.options.jobs, len(self.transcripts))))
        ]
        before = _terminate_like_ctrl_c()
        try:
            for worker in workers:
                worker.start()
            return self._report()
        except KeyboardInterrupt:
            self._stop(workers)
            return Outcome.INTERRUPTED
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)

    def _stop(self, workers: Sequence[threading.Thread]) -> None:
        """End what is up, and wait for the stages that are just being made."""
        self.cancelled.set()
        self.out.note("interrupted: ending the stages")
        with self.change:
            up = list(self.up.values())
        for stage in up:
            stage.down()
        for worker in workers:
            if worker.ident is not None:
                worker.join(_GRACE)

    # ------------------------------------------------------------ worker threads

    def _work(self) -> None:
        while True:
            with self.change:
                number = self.next
                self.next += 1
            if number >= len(self.transcripts) or self.cancelled.is_set():
                return
            result = self._play(number, self.transcripts[number])
            with self.change:
                self.results[number] = result
                self.change.notify_all()

    def _play(self, number: int, transcript: Transcript) -> Result:
        started = time.monotonic()
        result = self._staged(number, transcript)
        result.seconds = time.monotonic() - started
        return result

    def _staged(self, number: int, transcript: Transcript) -> Result:
        config = self.options.config
        try:
            stage: Stage = Existing(config) if config is not None else self.stages(transcript.head)
        except CctrlError as error:
            return _failed(transcript, "the stage did not come up:", *error.lines())
        except Exception as error:
            return _failed(transcript, f"the stage did not come up: {type(error).__name__}: {error}")
        player = Player(transcript, stage, self.sessions, self.cancelled)
        with self.change:
            self.up[number] = stage
        try:
            return player.play()
        except Exception as error:  # a defect of ours: one file fails, the others go on
            return _failed(transcript, f"internal error: {type(error).__name__}: {error}")
        finally:
            stage.down()
            with self.change:
                del self.up[number]

    # ------------------------------------------------------------ the printing thread

    def _report(self) -> int:
        failed = 0
        for number in range(len(self.transcripts)):
            with self.change:
                while number not in self.results:
                    self.change.wait(_SLICE)  # a wait without a limit can sleep through a signal
                result = self.results[number]
            failed += not (self._updated(result) if self.options.update else self._printed(result))
        if len(self.transcripts) > 1:
            self.out.line(f"{len(self.transcripts)} transcripts: {len(self.transcripts) - failed} ok, {failed} failed")
        return Outcome.INTERNAL if failed else Outcome.DONE

    def _printed(self, result: Result) -> bool:
        path = result.transcript.path
        if result.ok:
            self.out.line(f"ok {path} ({result.seconds:.1f} s)")
        for failure in result.failures:
            self._failure(path, failure)
        return result.ok

    def _failure(self, path: str, failure: Failure) -> None:
        self.out.line(f"FAIL {path}:{failure.line}")
        for text in failure.text:
            self.out.line(f"  {text}")

    def _updated(self, result: Result) -> bool:
        if result.ok:
            return self._printed(result)
        transcript = result.transcript
        old, new = render(transcript), rewritten(transcript, result.played)
        if new != old:
            if not _same_commands(transcript, new):
                self._failure(transcript.path, Failure(1, ("not updated: the result would not be the same commands",)))
                return False
            _replace(Path(transcript.path), new)
            changes = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "before", "after", "", "", 1, ""))
            for text in changes[2:]:
                self.out.line(f"  {text}")
            lines = max(sum(text.startswith(sign) for text in changes[2:]) for sign in "+-")
            counted = "1 line" if lines == 1 else f"{lines} lines"
            self.out.line(f"updated {transcript.path} ({counted}, {result.seconds:.1f} s)")
        if result.ended_early:
            self._failure(transcript.path, result.failures[-1])
        return not result.ended_early


def _failed(transcript: Transcript, *text: str) -> Result:
    return Result(transcript, failures=[Failure(1, text)], ended_early=True)


def _same_commands(transcript: Transcript, text: str) -> bool:
    try:
        return [s.action for s in parse(text).steps] == [s.action for s in transcript.steps]
    except UsageError:
        return False


def _replace(path: Path, text: str) -> None:
    """Rewrite a file in one step, its mode kept."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.chmod(path.stat().st_mode & 0o7777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _terminate_like_ctrl_c() -> signal._HANDLER:
    """From here on SIGTERM ends the stages as Ctrl-C does; the handler that was there before."""
    if threading.current_thread() is not threading.main_thread():
        return None

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    return signal.signal(signal.SIGTERM, interrupt)
