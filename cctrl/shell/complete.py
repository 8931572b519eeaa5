"""What the completions of bash, zsh and fish ask for: `cctrl --complete WHAT [-- TEXT]`.

Prints `word<TAB>remark` lines. Reads the configuration, asks no host, imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cctrl import grammar
from cctrl.config import Config
from cctrl.shell.common import COMMON
from cctrl.shell.console import Script
from cctrl.shell.options import Options
from cctrl.shell.session import Session

AHEAD = 8  # words that are filled in at once, at most, where there is no choice


def complete(options: Options, load: Callable[[], Config | None]) -> Iterator[str]:
    """The lines for `--complete hosts`, `services` or `line` (the text typed after -c so far)."""
    config, what, arguments = load(), options.complete, options.arguments
    if what == "services" and config:
        yield from (f"{s.name}\t{s.kind}" for s in config.services)
    elif what == "hosts" and config:
        yield from dict.fromkeys(f"{m.name}\t{s.name}" for s in config.services for m in (*s.members, *s.spares))
    elif what == "line":
        text = arguments[0] if arguments else ""
        yield from (f"{line}\t{remark}" for line, remark in lines(config, text, options.service))


def lines(config: Config | None, text: str, service: str = "") -> list[tuple[str, str]]:
    """What `text` may become: whole texts, each with a remark on its last word.

    Where one word alone fits and the command goes on after it, the next words are offered with it: a
    shell would otherwise close the quote too early.
    """
    session = _session(config, service)
    found = _next(session, text)
    for _ in range(AHEAD):
        if len(found) != 1 or _whole(session, found[0][0]):
            break
        longer = _next(session, found[0][0] + " ")
        if not longer:
            break
        found = longer
    return found


def _session(config: Config | None, service: str) -> Session:
    def nowhere(_line: str) -> None:
        """Nothing is said while completing."""

    there = service if config and config.service(service) else ""
    return Session(config or Config(Path(), (), Path()), Script(nowhere, nowhere), service=there)


def _next(session: Session, text: str) -> list[tuple[str, str]]:
    commands = session.known_commands() if session.config.services else COMMON
    begun = grammar.last_word(text)
    found = grammar.completions(commands, text, session.words)
    return [(text[: len(text) - len(begun)] + word, remark) for word, remark in found]


def _whole(session: Session, text: str) -> bool:
    tokens = grammar.scan(text)[-1].tokens
    return grammar.expected(session.known_commands(), tokens, session.words).complete
