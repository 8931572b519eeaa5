"""How a session begins: from options to the shell, or to the commands of `-c`, `-f` and standard input."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cctrl.config import Config
from cctrl.outcome import Outcome, UsageError, in_words
from cctrl.registry import Command
from cctrl.shell.console import Terminal, is_terminal
from cctrl.shell.options import Options
from cctrl.shell.session import Session
from cctrl.shell.talk import Manner


def run(session: Session, options: Options) -> Outcome:
    """Run what the options ask for, and close the session: given commands, standard input, or the shell."""
    try:
        if options.sources or not is_terminal():
            outcome = batch(session, _lines(options.sources or [("file", "-")]))
            lost = isinstance(session.console, Terminal) and session.console.lost
            return Outcome.INTERNAL if lost and outcome is Outcome.DONE else outcome
        from cctrl.shell.repl import repl

        return repl(session, history=options.history)
    finally:
        session.close()


def begin(config: Config, options: Options, extra: Sequence[Command] = (), record: str = "") -> Session:
    """A session at the terminal as the options want it, written down in the file `record` if one is named.

    Raises UsageError for an unknown service, Refused where the file cannot be made.
    """
    console = Terminal()
    manner = Manner(options.expert, options.yes, options.verbose, options.json, mode=options.mode)
    if record:
        from cctrl.shell.recording import RecordedSession

        return RecordedSession(
            config, console, Path(record), service=options.service, manner=manner, multi=options.multi, extra=extra
        )
    return Session(config, console, service=options.service, manner=manner, multi=options.multi, extra=extra)


def batch(session: Session, lines: Iterable[tuple[str, str]]) -> Outcome:
    """Run lines, each with its place (empty, or `FILE:LINE`), up to the first that is not done."""
    for place, line in lines:
        outcome = session.execute(line)
        if outcome is not Outcome.DONE:
            if place:
                session.console.err(f"stopped at {place}")
            return outcome
        if session.leaving:
            break
    return Outcome.DONE


def _lines(sources: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for kind, text in sources:
        if kind == "command":
            yield "", text
        elif text == "-":
            yield from _joined("standard input", sys.stdin or ())
        else:
            yield from _joined(text, _read(text))


def _read(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - the name is shown as it was given
            return file.readlines()
    except (OSError, ValueError) as error:
        what = f"cannot read the commands in {path!r}: {in_words(error)}"
        raise UsageError(what, next=f"ls -l {shlex.quote(path)}   (in your system's shell)") from None


def _joined(name: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Commands with their places: comments left out, lines that end in a backslash joined."""
    begun = ""
    number = first = 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\n")
        if not begun:
            first = number
            if line.lstrip().startswith("#"):
                continue
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield f"{name}:{first}", begun + line
        begun = ""
    if begun:
        yield f"{name}:{first}", begun
