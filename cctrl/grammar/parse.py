"""`parse`: the command that a statement means."""

from __future__ import annotations

from collections.abc import Iterable

from cctrl.grammar.complaint import complaint
from cctrl.grammar.line import Statement
from cctrl.grammar.match import Words, matches
from cctrl.registry import Command, Invocation


def whole(command: Command, statement: Statement, words: Words) -> bool:
    """True where a statement is that command, with all its words."""
    count = len(statement.tokens)
    return any(m.reached == count and m.next is None for m in matches((command,), statement.tokens, words))


def parse(commands: Iterable[Command], statement: Statement, words: Words) -> tuple[Command, Invocation]:
    """The command that a statement means, with its arguments. Raises UsageError, and nothing else."""
    commands = tuple(commands)
    found = matches(commands, statement.tokens, words)
    count = len(statement.tokens)
    whole = [m for m in found if m.reached == count and m.next is None]
    if not whole or not count:
        raise complaint(statement, found, words)
    best = max(whole, key=lambda m: m.literal)
    return best.command, Invocation(
        text=statement.text.strip(),
        arguments=best.arguments,
        flags=frozenset(best.flags),
        words=tuple(best.words),
        rest=best.rest,
    )
