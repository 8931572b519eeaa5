"""How far tokens go along the ways through usage lines; which command they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cctrl.grammar.line import Token
from cctrl.grammar.usage import Item, Path, compile_usage, literal
from cctrl.registry import Command

Words = Callable[[str], Mapping[str, str]]  # argument type -> known words, each with a remark

CLOSED = frozenset({"HOST", "SERVICE", "ROUTER"})  # types whose words must be known ones


@dataclass(slots=True)
class Match:
    """How far one path goes along some tokens."""

    command: Command
    path: Path
    reached: int = 0  # tokens taken
    position: int = 0  # places filled
    arguments: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    rest: tuple[str, ...] = ()
    literal: list[bool] = field(default_factory=list)

    @property
    def next(self) -> Item | None:
        """The place that comes next, None at the end of the path."""
        return self.path.items[self.position] if self.position < len(self.path.items) else None

    @property
    def in_options(self) -> bool:
        """True where a program's own options come next, or have begun."""
        items = self.path.items
        return bool(items) and items[-1].argument == "OPTIONS" and self.position >= len(items) - 1

    def free_flags(self) -> frozenset[str]:
        """Flags that may still be given here."""
        return self.path.flags - self.flags if self.position else frozenset()

    def take(self, tokens: Sequence[Token], words: Words) -> None:
        """Go along the tokens as far as the path allows."""
        while self.reached < len(tokens) and self._step(tokens, words):
            pass

    def _step(self, tokens: Sequence[Token], words: Words) -> bool:
        token, item = tokens[self.reached], self.next
        if token.text in self.free_flags():
            self.flags.add(token.text)
            self.reached += 1
            return True
        if item is None:
            return False
        word = literal(item, token.text)
        if word is not None:
            self.words.append(word)
            if word.startswith("-"):
                self.flags.add(word)
        elif not item.argument or not fits(item.argument, token, words):
            return False
        elif item.rest:
            self.rest = tuple(t.text for t in tokens[self.reached :])
        else:
            self.arguments[self._key(item.argument)] = token.text
        self.literal.append(word is not None)
        self.position += 1
        self.reached = len(tokens) if item.rest else self.reached + 1
        return True

    def _key(self, kind: str) -> str:
        number = sum(1 for key in self.arguments if key.rstrip("0123456789") == kind) + 1
        return kind if number == 1 else f"{kind}{number}"


def fits(kind: str, token: Token, words: Words) -> bool:
    """True where the token can be an argument of that type."""
    if kind in CLOSED:
        return token.text in words(kind)
    if kind == "OPTIONS":  # of a program that reads them itself
        return True
    return bool(token.text) and (token.quoted or not token.text.startswith("-"))


def matches(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> list[Match]:
    """How far each way through each command goes along the tokens."""
    found = [Match(c, path) for c in commands for path in compile_usage(c.usage)]
    for match in found:
        match.take(tokens, words)
    return found
