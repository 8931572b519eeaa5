"""Writes a session as a transcript that replays.

The shell feeds it what is typed and shown; each line is on disk as soon as the next one begins.
Values that differ from run to run (times, WAL positions, latencies, …) become placeholders through the
table of `values`, because a record that does not replay is of little use. The file is the user's
alone (0600), and passwords typed into a command are starred out.
"""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

from cctrl.outcome import Refused, in_words
from cctrl.transcript.model import Head
from cctrl.transcript.screen import printable
from cctrl.transcript.writing import written

_SECRET = re.compile(r"(?i)(password\s*[=:]\s*|://[^/@\s:]+:)('[^']*'|\"[^\"]*\"|[^\s@&]+)")


def scrubbed(text: str) -> str:
    """`text` with passwords (`password=…`, `user:…@host`) as `***`."""
    return _SECRET.sub(r"\1***", text)


class Recorder:
    """One recording. Use: `command` before each command, `heard` for what it shows, `ended` after it."""

    def __init__(self, path: Path, head: Head) -> None:
        """Create `path`, which must not exist. Raises Refused."""
        self.path = path
        self._lock = threading.Lock()
        self._lines: list[str] = []  # of the command under way
        self._held: str | None = None  # the line shown last: it may turn out to be a question
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise Refused(f"{path} exists, and a recording never overwrites", next="give another FILE") from None
        except (OSError, ValueError) as error:
            raise Refused(f"cannot record to {path}: {in_words(error)}") from None
        self._file = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
        self._write(f"#@ lab: {head.lab}\n#@ service: {head.service}\n#@ hosts: {head.hosts}\n")

    def command(self, prompt: str, text: str) -> None:
        """A command is typed at `prompt` (as shown, `[LOGICAL] /alpha > `)."""
        with self._lock:
            self._flush()
            typed = scrubbed(printable(" ".join(text.splitlines()))).strip()
            self._write(f"\n{prompt.rstrip()} {typed}".rstrip() + "\n")

    def heard(self, kind: str, text: str) -> None:
        """Something was shown or answered: kind `out`, `err` or `answer`.

        A question comes as `err`, with or without its answer at the end, then the answer as `answer`.
        """
        with self._lock:
            if kind == "answer":
                self._answer(text)
                return
            for line in printable(text).split("\n"):
                self._flush()
                self._held = line.rstrip("\r")

    def ended(self, status: int) -> None:
        """The command has ended with this exit status."""
        with self._lock:
            self._flush()
            if status:
                self._write(f"? {int(status)}\n")

    def close(self) -> None:
        """Write what is held and close the file; idempotent."""
        with self._lock:
            if not self._file.closed:
                self._flush()
                self._file.close()

    def _answer(self, text: str) -> None:
        if self._held is not None and text and self._held.endswith(text):
            self._held = self._held.removesuffix(text)
        self._held = self._held.rstrip() if self._held is not None else None
        self._flush()
        answer = scrubbed(printable(" ".join(text.splitlines())))
        self._write(f"< {answer}".rstrip() + "\n")

    def _flush(self) -> None:
        line, self._held = self._held, None
        if line is None:
            return
        self._write(written(scrubbed(line)) + "\n")

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()
