"""The log lines of the utilities: on stdout and in a file (reference greenplum.md, 4.1)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cctrl.config import expanded

DEBUG, INFO, WARNING, ERROR, CRITICAL = "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"
LEVELS = (DEBUG, INFO, WARNING, ERROR, CRITICAL)


def prefix(at: datetime, pid: int, program: str, where: str, level: str) -> str:
    """What stands before a message; `where` is `host:user`."""
    return f"{at:%Y%m%d:%H:%M:%S}:{pid:06d} {program}:{where}-[{level}]:-"


def log_directory(given: str) -> Path:
    """Where the log files are: `-l`, else ~/gpAdminLogs."""
    return expanded(given or "~/gpAdminLogs")


class GpLog:
    """One run's log. What cannot be written to the file is told once, and the run goes on."""

    def __init__(
        self,
        program: str,
        where: str,
        out: Callable[[str], None],
        note: Callable[[str], None],
        *,
        directory: Path,
        lowest: str = INFO,
        quiet: bool = False,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`out` gets the lines of stdout, `note` those of stderr; `quiet` keeps what is below WARNING off stdout."""
        self.directory = directory
        self._program = program
        self._where = where
        self._out = out
        self._note = note
        self._file = LEVELS[LEVELS.index(lowest) :]
        self._screen = LEVELS[LEVELS.index(WARNING) :] if quiet else self._file
        self._clock = clock
        self._told = False

    def say(self, level: str, message: str) -> None:
        """One message; one of several lines is prefixed once."""
        if level not in self._file:
            return
        at = self._clock()
        text = prefix(at, os.getpid(), self._program, self._where, level) + message
        if level in self._screen:
            for line in text.split("\n"):
                self._out(line)
        self._write(at, text)

    def debug(self, message: str) -> None:
        """A line for -v alone."""
        self.say(DEBUG, message)

    def info(self, message: str) -> None:
        """An ordinary line."""
        self.say(INFO, message)

    def warning(self, message: str) -> None:
        """Something that may matter."""
        self.say(WARNING, message)

    def error(self, message: str) -> None:
        """Something that failed."""
        self.say(ERROR, message)

    def raw(self, text: str) -> None:
        """A line of stdout without a prefix, which the file does not get."""
        self._out(text)

    def truth(self, text: str) -> None:
        """One more line, on stderr: what the documented lines leave out."""
        self._note(text)

    def _write(self, at: datetime, text: str) -> None:
        try:
            self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
            path = self.directory / f"{self._program}_{at:%Y%m%d}.log"
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text + "\n")
        except OSError as error:
            if not self._told:
                self._told = True
                self._note(f"cannot write the log in {self.directory}: {error.strerror}")


class Spoken(GpLog):
    """Messages alone, without a prefix and in no file: for what is only explained."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__("", "", note, note, directory=Path())

    def say(self, level: str, message: str) -> None:
        """One message."""
        if level != DEBUG:
            self.raw(message)
