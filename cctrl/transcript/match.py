"""Expected lines against actual lines. Pure: no I/O, no clock.

One expected line matches one actual line when, tried in this order,

1. both are the same text, byte for byte (so a line that really ends in ` (re)` matches itself);
2. it ends in ` (re)` and what stands before is a regular expression for the whole line; there are no
   placeholders in it, `[N]` is a character class;
3. it ends in ` (glob)`: `*` any characters, `?` one, `\\` takes the next character literally;
   brackets mean nothing, and placeholders work;
4. it holds placeholders (`values`), each standing for one value of its kind. In such a line (also
   with ` (glob)`) the blanks before a closing `|` match any number of blanks: a box keeps its width
   whatever the value's.

`...` alone on a line stands for any lines, none included. It gives way at the first place where the
lines up to the next `...` fit; the last such run of lines is tied to the end. That finds a fit
wherever there is one in time proportional to expected times actual lines; only a placeholder bound
inside a run is never bound a second way.

Blank lines at the end of the actual output do not count, nor do blanks at the end of a question
(the line directly before an answer, `< text`).
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cctrl.transcript.values import KINDS, PLACEHOLDER

ANY_LINES = "..."
Bindings = Mapping[str, str]  # "LSN:a" -> the text it was bound to

_warnings = threading.Lock()


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder in an expected line."""

    kind: str
    name: str  # "" where it binds nothing

    @property
    def key(self) -> str:
        """What it is called in the bindings."""
        return f"{self.kind}:{self.name}"

    def __str__(self) -> str:
        return f"[{self.key}]" if self.name else f"[{self.kind}]"


@dataclass(frozen=True, slots=True)
class Wild:
    """`*` or `?` in a ` (glob)` line."""

    many: bool

    def __str__(self) -> str:
        return "*" if self.many else "?"


Token = str | Slot | Wild


def matcher(expected: str) -> str:
    """Which matcher an expected line asks for: `any`, `re`, `glob`, `placeholder` or `literal`."""
    if expected == ANY_LINES:
        return "any"
    if expected.endswith(" (re)"):
        return "re"
    if expected.endswith(" (glob)"):
        return "glob"
    return "placeholder" if PLACEHOLDER.search(expected) else "literal"


def match_line(expected: str, actual: str, bindings: Bindings) -> Bindings | None:
    """The bindings after the line matched (the same object where it bound nothing), or None."""
    actual = actual.removesuffix("\r")
    if expected == actual:
        return bindings
    kind = matcher(expected)
    if kind == "re":
        pattern = user_pattern(expected.removesuffix(" (re)"))
        return bindings if pattern and pattern.fullmatch(actual) else None
    if kind not in ("glob", "placeholder"):
        return None
    tokens = tokenize(expected)
    used = tuple(sorted({t.key for t in tokens if isinstance(t, Slot) and t.name and t.key in bindings}))
    pattern, keys = compile_line(tokens, tuple((key, bindings[key]) for key in used))
    found = pattern.fullmatch(actual)
    if found is None:
        return None
    return {**bindings, **dict(zip(keys, found.groups(), strict=True))} if keys else bindings


@lru_cache(maxsize=4096)
def user_pattern(text: str) -> re.Pattern[str] | None:
    """The expression of a ` (re)` line; None where it is not a valid one."""
    try:
        with _warnings, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def tokenize(expected: str) -> tuple[Token, ...]:
    """An expected line as literal texts, placeholders and, with ` (glob)`, wildcards."""
    glob = expected.endswith(" (glob)")
    text = expected.removesuffix(" (glob)") if glob else expected
    tokens: list[Token] = []
    literal = ""
    at = 0
    while at < len(text):
        found = PLACEHOLDER.match(text, at)
        token: Token | None = Slot(found[1], found[2] or "") if found else None
        if token is None and glob and text[at] in "*?":
            token = Wild(text[at] == "*")
        if token is None:
            at += glob and text[at] == "\\" and at + 1 < len(text)
            literal += text[at]
            at += 1
            continue
        tokens += [literal, token] if literal else [token]
        literal = ""
        at = found.end() if found else at + 1
    return (*tokens, literal) if literal else tuple(tokens)


@lru_cache(maxsize=4096)
def compile_line(
    tokens: tuple[Token, ...], bound: tuple[tuple[str, str], ...]
) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The expression for a line, and the keys that its groups bind."""
    known = dict(bound)
    keys: list[str] = []
    slotted = any(isinstance(t, Slot) for t in tokens)
    runs = [""]  # what stands between the stars
    for number, token in enumerate(tokens):
        if isinstance(token, Wild):
            if token.many:
                runs.append("")
            else:
                runs[-1] += "."
        elif isinstance(token, Slot):
            runs[-1] += _slot(token, known, keys)
        else:
            runs[-1] += _literal(token, slotted and number == len(tokens) - 1)
    # A run between two stars is taken where it first fits, for good: that loses no match, and
    # keeps the time from multiplying with every star.
    first, *rest = runs
    pattern = first + "".join(f"(?>.*?{run})" for run in rest[:-1]) + "".join(f".*{run}" for run in rest[-1:])
    return re.compile(pattern, re.DOTALL), tuple(keys)


def _slot(slot: Slot, known: Mapping[str, str], keys: list[str]) -> str:
    if not slot.name:
        return KINDS[slot.kind].matches
    if slot.key in known:
        return re.escape(known[slot.key])
    if slot.key in keys:
        return f"(?:\\{keys.index(slot.key) + 1})"
    keys.append(slot.key)
    return f"({KINDS[slot.kind].matches})"


def _literal(text: str, closes: bool) -> str:
    if closes and text.endswith("|"):
        return re.escape(text[:-1].rstrip(" ")) + r" *\|"
    return re.escape(text)


def trim(lines: Sequence[str]) -> list[str]:
    """Lines without the blank ones at the end, questions without the blanks at theirs."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    for number, line in enumerate(kept[1:]):
        if line == "<" or line.startswith("< "):
            kept[number] = kept[number].rstrip()
    return kept


def fits(
    expected: Sequence[str], actual: Sequence[str], bindings: Bindings
) -> tuple[list[tuple[int, int]], Bindings] | None:
    """Which expected line took which actual one (indexes), and the bindings; None where they differ."""
    runs: list[list[int]] = [[]]
    for number, line in enumerate(expected):
        if line == ANY_LINES:
            runs.append([])
        else:
            runs[-1].append(number)
    pairs: list[tuple[int, int]] = []
    at = 0
    for number, run in enumerate(runs):
        tied = number in (0, len(runs) - 1)
        start = at if number == 0 else len(actual) - len(run)
        starts = range(start, start + 1) if tied else range(at, len(actual) - len(run) + 1)
        if tied and (start < at or start + len(run) > len(actual)):
            return None
        for place in starts:
            after = _run(expected, run, actual, place, bindings)
            if after is not None:
                break
        else:
            return None
        bindings = after
        pairs += [(line, place + offset) for offset, line in enumerate(run)]
        at = place + len(run)
    return (pairs, bindings) if len(runs) > 1 or at == len(actual) else None


def _run(
    expected: Sequence[str], run: Sequence[int], actual: Sequence[str], place: int, bindings: Bindings
) -> Bindings | None:
    for offset, line in enumerate(run):
        after = match_line(expected[line], actual[place + offset], bindings)
        if after is None:
            return None
        bindings = after
    return bindings
