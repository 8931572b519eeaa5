"""The screen that a replayed command writes on: lines merged in the order they come."""

from __future__ import annotations

import threading
from collections.abc import Iterable


def printable(text: str) -> str:
    """`text` as a transcript can hold it: what is not valid Unicode as a backslash and digits."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class ReplayScreen:
    """Collects lines; an answer appears as `< text` below its question. Any thread may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._answers: list[str] = []

    def begin(self, answers: Iterable[str]) -> None:
        """A new command, with the answers to its questions."""
        with self._lock:
            self._lines, self._answers = [], list(answers)

    def lines(self) -> list[str]:
        """What the command has written so far."""
        with self._lock:
            return list(self._lines)

    def out(self, line: str) -> None:
        """One line of stdout."""
        with self._lock:
            self._lines += printable(line).split("\n")

    def err(self, line: str) -> None:
        """One line of stderr."""
        self.out(line)

    @property
    def live(self) -> bool:
        """False."""
        return False

    def progress(self, text: str) -> None:
        """Nothing: how far long work is differs from time to time."""

    def hint(self, text: str) -> None:
        """Nothing: a transcript is no terminal."""

    @property
    def asks(self) -> bool:
        """True where an answer is left."""
        return bool(self._answers)

    def answer(self, prompt: str) -> str | None:
        """The transcript's next answer; None when used up."""
        with self._lock:
            self._lines += printable(prompt).rstrip().split("\n")
            if not self._answers:
                return None
            answer = self._answers.pop(0)
            self._lines.append(f"< {answer}")
            return answer

    def secret(self, prompt: str) -> str | None:
        """Nobody to ask: a passphrase stands in no transcript."""
        return None
