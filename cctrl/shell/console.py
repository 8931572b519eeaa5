"""Where a session's lines go and where its answers come from."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from textwrap import wrap
from typing import Protocol, TextIO

from cctrl.outcome import in_words, visible
from cctrl.shell.progress import Gauge

NARROW = 40  # columns; below that lines are left to the terminal
_WHOLE = re.compile(r'[+|]|NEXT:|\d{8}:\d\d:\d\d:\d\d:\d+ \w+:|\s*["{}\[\]]')


class Console(Protocol):
    """Two streams of lines and somebody, or nobody, to ask."""

    def out(self, line: str) -> None:
        """One line of data (stdout)."""

    def err(self, line: str) -> None:
        """One line of talk (stderr)."""

    def hint(self, text: str) -> None:
        """One line of advice, on a terminal only."""

    @property
    def live(self) -> bool:
        """True where `progress` is seen."""

    def progress(self, text: str) -> None:
        """How far long work is: a line that the next one replaces, on a terminal only."""

    @property
    def asks(self) -> bool:
        """True where somebody can be asked."""

    def answer(self, prompt: str) -> str | None:
        """Show `prompt` and return the line typed; None where there is nobody to ask or no more input."""

    def secret(self, prompt: str) -> str | None:
        """The same without showing what is typed."""


class Terminal:
    """The process's own stdout, stderr and stdin; each line is flushed at once.

    A reader of stdout that goes away (`cctrl -c ls | head -1`) or a full disk below it never stops a
    command half-way: what cannot be written is dropped.
    """

    def __init__(self, paint: Callable[[str], str] | None = None) -> None:
        """`paint` puts the colours into lines of data, where those can be seen and are wanted."""
        self._gauge = Gauge()
        self._paint = paint
        self.lost = ""  # why lines of data could not be written, where that was not the reader's wish

    def out(self, line: str) -> None:
        """One line on stdout."""
        self._gauge.wipe()
        text = _fitted(sys.stdout, line)
        if self._paint is not None and shows_colours(sys.stdout):
            text = self._paint(text)
        problem = _write(sys.stdout, text + "\n")
        if problem and not self.lost:
            self.lost = problem
            self.err(f"ERROR: cannot write to standard output: {problem}")

    def err(self, line: str) -> None:
        """One line on stderr."""
        self._gauge.wipe()
        _write(sys.stderr, _fitted(sys.stderr, line) + "\n")

    def hint(self, text: str) -> None:
        """One line on stderr, where that is a terminal."""
        if sys.stderr is not None and sys.stderr.isatty():
            self.err(text)

    @property
    def live(self) -> bool:
        """True where stderr is a terminal."""
        return self._gauge.live

    def progress(self, text: str) -> None:
        """The line that is written over."""
        self._gauge.show(visible(text))

    @property
    def asks(self) -> bool:
        """True at a terminal."""
        return is_terminal()

    def answer(self, prompt: str) -> str | None:
        """The line typed at the terminal; None where stdin is not one, and at end of input."""
        if not is_terminal():
            return None
        self._gauge.wipe()
        _write(sys.stderr, visible(prompt))
        line = sys.stdin.readline()
        if not line:
            _write(sys.stderr, "\n")
            return None
        return line.rstrip("\n")

    def secret(self, prompt: str) -> str | None:
        """The passphrase typed at the terminal; None where stdin is not one, and at end of input."""
        if not is_terminal():
            return None
        from getpass import getpass

        try:
            return getpass(prompt)
        except EOFError:
            return None


def is_terminal() -> bool:
    """True where somebody can be asked: standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def shows_colours(stream: TextIO | None) -> bool:
    """True where colours are understood, and not unwanted (https://no-color.org)."""
    there = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return there and not os.environ.get("NO_COLOR")


def _fitted(stream: TextIO | None, line: str) -> str:
    """A line as it is to be shown there: on a terminal with nothing in it that the terminal obeys, and broken at blanks
    to its width."""
    if stream is None or not stream.isatty():
        return line
    shown = visible(line)
    try:
        return folded(shown, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return shown


def folded(line: str, width: int) -> str:
    """A line broken at blanks to a width, the rest below its last column. Boxes, next commands, lines of a utility's
    log and JSON stay whole: they are copied, and the terminal itself breaks them without changing them."""
    if "\n" in line:
        return "\n".join(folded(part, width) for part in line.split("\n"))
    if len(line) <= width or width < NARROW or _WHOLE.match(line):
        return line
    columns = re.match(r"\s*\S+(?: \S+)*?\s{2,}(?=\S)|[A-Z]+: |\s*", line)
    indent = columns.end() if columns and columns.end() <= width * 3 // 5 else 4
    shown = wrap(
        line,
        width,
        subsequent_indent=" " * indent,
        expand_tabs=False,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(shown)


def _write(stream: TextIO | None, text: str) -> str:
    """Write and flush; why it could not be done, empty where it could or nobody reads any more."""
    if stream is None:
        return ""
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return "" if isinstance(error, BrokenPipeError) else in_words(error)
    return ""


class Script:
    """Lines go to callables, answers come from a list: a session without a terminal (transcripts, tests)."""

    def __init__(
        self,
        out: Callable[[str], None],
        err: Callable[[str], None],
        answers: Iterable[str] = (),
    ) -> None:
        self._out = out
        self._err = err
        self.answers = list(answers)

    def out(self, line: str) -> None:
        """One line of data, to the callable."""
        self._out(line)

    def err(self, line: str) -> None:
        """One line of talk, to the callable."""
        self._err(line)

    def hint(self, text: str) -> None:
        """Nothing: this is no terminal."""

    @property
    def live(self) -> bool:
        """False: this is no terminal."""
        return False

    def progress(self, text: str) -> None:
        """Nothing: this is no terminal."""

    @property
    def asks(self) -> bool:
        """True where an answer is left."""
        return bool(self.answers)

    def answer(self, prompt: str) -> str | None:
        """The next answer of the list, shown with its question as on a terminal; None when used up."""
        answer = self.answers.pop(0) if self.answers else None
        self._err(prompt if answer is None else prompt + answer)
        return answer

    def secret(self, prompt: str) -> str | None:
        """Nobody to ask: a passphrase stands in no script."""
        return None


class Tee:
    """A console that also tells somebody what was shown and what was answered (`cctrl record`)."""

    def __init__(self, console: Console, heard: Callable[[str, str], None]) -> None:
        self._console = console
        self._heard = heard  # called with "out", "err" or "answer", and the text

    def out(self, line: str) -> None:
        """One line of data, shown and told."""
        self._console.out(line)
        self._heard("out", line)

    def err(self, line: str) -> None:
        """One line of talk, shown and told."""
        self._console.err(line)
        self._heard("err", line)

    def hint(self, text: str) -> None:
        """Shown, and told nobody."""
        self._console.hint(text)

    @property
    def live(self) -> bool:
        """As the console."""
        return self._console.live

    def progress(self, text: str) -> None:
        """Shown, and told nobody."""
        self._console.progress(text)

    @property
    def asks(self) -> bool:
        """As the console."""
        return self._console.asks

    def answer(self, prompt: str) -> str | None:
        """Ask, and tell the question and its answer."""
        answer = self._console.answer(prompt)
        self._heard("err", prompt + (answer or ""))
        if answer is not None:
            self._heard("answer", answer)
        return answer

    def secret(self, prompt: str) -> str | None:
        """Ask, and tell nobody."""
        return self._console.secret(prompt)
