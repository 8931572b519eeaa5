"""What may come next: for completion, colours and the toolbar."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cctrl.grammar.line import Token, last_word, scan
from cctrl.grammar.match import Match, Words, fits, matches
from cctrl.grammar.usage import Item, literal
from cctrl.registry import Command


@dataclass(frozen=True, slots=True)
class Expected:
    """What may follow some tokens."""

    words: Mapping[str, str]  # literal words, each with what it leads to
    kinds: frozenset[str]  # argument types
    flags: frozenset[str]
    commands: tuple[Command, ...]  # the commands that are still possible
    options: Mapping[str, str]  # of a program that reads them itself, each with a remark
    complete: bool  # the tokens alone are a whole command


def expected(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> Expected:
    """What may come after `tokens`; nothing where they already are wrong."""
    commands = tuple(commands)
    alive = [m for m in matches(commands, tokens, words) if m.reached == len(tokens)]
    inner = next((m for m in alive if m.rest and m.path.items[-1].argument == "COMMAND"), None)
    if inner is not None:
        return expected(commands, tokens[len(tokens) - len(inner.rest) :], words)
    nexts: dict[str, list[Match]] = {}
    for match in alive:
        for word in match.next.words if match.next else ():
            nexts.setdefault(word, []).append(match)
    whole = {m.command for m in alive if m.next is None}
    items = [m.next for m in alive if m.next]
    return Expected(
        words={word: _remark(found, whole) for word, found in nexts.items()},
        kinds=frozenset(i.argument for i in items if i.argument),
        flags=frozenset(f for m in alive for f in m.free_flags()),
        commands=tuple(dict.fromkeys(m.command for m in alive)),
        options={option: remark for m in alive if m.in_options for option, remark in _options(m.command).items()},
        complete=any(m.next is None for m in alive) and bool(tokens),
    )


def _remark(found: Sequence[Match], whole: Collection[Command]) -> str:
    """What the next word leads to: its command's summary; of several commands the words that tell them apart; of a
    word that may be left out what comes after it."""
    after = {m.command: _rest(m) for m in reversed(found)}
    first = found[0].command
    if first in whole:
        return after[first][0].shown if after[first] else ""
    alone = next((command for command, items in after.items() if not items), first if len(after) == 1 else None)
    if alone is not None:
        return alone.summary
    telling = [next((i.words for i in items if i.words and not i.argument), ()) for items in map(_rest, found)]
    return ", ".join(dict.fromkeys(word for words in telling for word in words))


def _rest(match: Match) -> tuple[Item, ...]:
    return match.path.items[match.position + 1 :]


def _options(command: Command) -> Mapping[str, str]:
    return command.options() if command.options else {}


def _candidates(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> dict[str, str]:
    """The words that may come after `tokens`, each with a remark: what is completed."""
    commands = tuple(commands)
    after = expected(commands, tokens, words)
    found = dict(after.words)
    if "COMMAND" in after.kinds:
        found.update(expected(commands, (), words).words)
    for kind in sorted(after.kinds - {"COMMAND"}):
        found.update(words(kind))
    found.update(dict.fromkeys(sorted(after.flags), ""))
    found.update(after.options)
    return found


def completions(commands: Iterable[Command], text: str, words: Words) -> list[tuple[str, str]]:
    """The words that may end `text`, which is typed so far, each with its remark."""
    statement = scan(text)[-1]
    if statement.open:
        return []
    begun = last_word(text)
    tokens = statement.tokens[:-1] if begun else statement.tokens
    fitting = [(w, r) for w, r in _candidates(commands, tokens, words).items() if w.lower().startswith(begun.lower())]
    words_alone = [(w, r) for w, r in fitting if not w.startswith("-")]
    return fitting if begun.startswith("-") else words_alone or fitting


def typed(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> Iterator[tuple[Token, str]]:
    """Each token with what it is, for the highlighter: `word`, `argument`, `flag` or `wrong`."""
    commands = tuple(commands)
    for index, token in enumerate(tokens):
        after = expected(commands, tokens[:index], words)
        if "COMMAND" in after.kinds:
            yield from typed(commands, tokens[index:], words)
            return
        yield token, _what(after, token, words)


def _what(after: Expected, token: Token, words: Words) -> str:
    if token.text in after.flags:
        return "flag"
    if literal(Item(tuple(after.words)), token.text) is not None:
        return "word"
    right = any(fits(kind, token, words) for kind in after.kinds)
    return "argument" if right else "wrong"
