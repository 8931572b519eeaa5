"""Usage lines, compiled into the ways through them. Their grammar is told in `cctrl.registry`."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SYNONYMS = {"primary": "master", "replica": "slave", "primaries": "masters", "replicas": "slaves"}

_ARGUMENT = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_VALUED = re.compile(r"\[\s*-[^\[\]]+\]")  # an option that takes a value


@dataclass(frozen=True, slots=True)
class Item:
    """One place in a usage line: any of `words`, or an argument, or the rest of the line."""

    words: tuple[str, ...] = ()
    argument: str = ""
    rest: bool = False

    @property
    def shown(self) -> str:
        """The place as the usage line writes it."""
        names = [*self.words, *([self.argument] if self.argument else [])]
        return "|".join(names) + ("..." if self.rest else "")


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a usage line: its places in order, and the flags that may stand anywhere."""

    items: tuple[Item, ...]
    flags: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=1024)
def compile_usage(usage: str) -> tuple[Path, ...]:
    """All ways through a usage line, the fullest first. Raises ValueError for a line against the grammar."""
    flags: set[str] = set()

    def alone(found: re.Match[str]) -> str:
        flags.add(found[1])
        return " "

    fixed = re.sub(r"\[\s*(-[^\s\[\]|]+)\s*\]", alone, usage)  # a flag alone in brackets may stand anywhere
    paths: list[tuple[Item, ...]] = []
    for ordered in _orders(fixed):
        ways, rest = _expand(re.findall(r"\[|\]|[^\s\[\]]+", ordered))
        if rest or not all(ways):
            raise ValueError(f"usage line {usage!r}: brackets or words missing")
        paths += ways
    longest_first = sorted(dict.fromkeys(paths), key=len, reverse=True)
    return tuple(Path(items, frozenset(flags)) for items in longest_first)


def _orders(usage: str) -> Iterator[str]:
    """The line with its options that take a value in every order: `[--source HOST] [--max-rate RATE]` both ways."""
    for order in itertools.permutations(_VALUED.findall(usage)):
        yield _ordered(usage, iter(order))


def _ordered(usage: str, options: Iterator[str]) -> str:
    return _VALUED.sub(lambda _: next(options), usage)


def _expand(words: Sequence[str]) -> tuple[list[tuple[Item, ...]], Sequence[str]]:
    ways: list[tuple[Item, ...]] = [()]
    while words and words[0] != "]":
        word, words = words[0], words[1:]
        if word == "[":
            inner, words = _expand(words)
            if not words:
                raise ValueError("usage line: a bracket is not closed")
            words = words[1:]
            ways = [way + more for way in ways for more in [*inner, ()]]
        else:
            ways = [(*way, _item(word)) for way in ways]
    return ways, words


def _item(word: str) -> Item:
    rest = word.endswith("...")
    names = word.removesuffix("...").split("|") if word != "..." else []
    arguments = [n for n in names if _ARGUMENT.match(n)]
    if not names or not all(names) or len(arguments) > 1:
        raise ValueError(f"usage word {word!r}: at most one argument, and no empty alternative")
    return Item(tuple(n for n in names if n not in arguments), "".join(arguments), rest)


def literal(item: Item, text: str) -> str | None:
    """The word of `item` that `text` stands for; flags keep their case, words do not."""
    if text in item.words:
        return text
    if text.startswith("-"):
        return None
    lower = text.lower()
    lower = lower if lower in (w.lower() for w in item.words) else SYNONYMS.get(lower, lower)
    return next((w for w in item.words if w.lower() == lower and not w.startswith("-")), None)
