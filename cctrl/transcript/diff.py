"""How expected and actual lines differ: an alignment, a verdict per line, and the text shown for it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cctrl.transcript.match import (
    ANY_LINES,
    Bindings,
    Slot,
    Token,
    compile_line,
    fits,
    match_line,
    matcher,
    tokenize,
    trim,
    user_pattern,
)

_CELLS = 400_000  # expected times actual lines beyond which no alignment is tried


class Verdict(Enum):
    """What became of a line."""

    SAME = "same"  # an expected line that matched
    ANY = "any"  # a `...`, with the actual lines it took
    DIFFERENT = "different"  # an expected line and the actual one in its place
    MISSING = "missing"  # an expected line that did not come
    UNEXPECTED = "unexpected"  # an actual line that nothing expected


@dataclass(frozen=True, slots=True)
class Line:
    """One verdict; `expected` and `actual` are indexes, `actual` of the first line for ANY."""

    verdict: Verdict
    expected: int | None
    actual: int | None
    reason: str = ""

    @property
    def holds(self) -> bool:
        """True where the line is as expected."""
        return self.verdict in (Verdict.SAME, Verdict.ANY)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of `compare`: the lines as compared, a verdict for each, the bindings afterwards."""

    expected: tuple[str, ...]
    actual: tuple[str, ...]
    lines: tuple[Line, ...]
    bindings: Bindings

    @property
    def same(self) -> bool:
        """True where everything was as expected."""
        return all(line.holds for line in self.lines)


def compare(expected: Sequence[str], actual: Sequence[str], bindings: Bindings) -> Comparison:
    """Compare a block of expected lines with what came. `bindings` are those of the file so far."""
    wanted, came = trim(expected), trim(actual)
    fit = fits(wanted, came, bindings)
    if fit is not None:
        pairs, after = fit
        taken = dict(pairs)
        lines = [
            Line(Verdict.SAME, number, taken[number]) if number in taken else Line(Verdict.ANY, number, None)
            for number in range(len(wanted))
        ]
        return Comparison(tuple(wanted), tuple(came), tuple(lines), after)
    lines, after = _judge(wanted, came, _align(wanted, came, bindings), bindings)
    return Comparison(tuple(wanted), tuple(came), tuple(lines), after)


def _align(wanted: list[str], came: list[str], bindings: Bindings) -> list[tuple[int | None, int | None]]:
    """Steps (expected, actual) that leave the fewest lines alone; None on either side where one is."""
    n, m = len(wanted), len(came)
    if n * m > _CELLS:
        return [(i, None) for i in range(n)] + [(None, j) for j in range(m)]
    cost = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n, -1, -1):
        for j in range(m, -1, -1):
            if i < n or j < m:
                cost[i][j] = min(price + cost[a][b] for price, a, b in _moves(wanted, came, i, j, bindings))
    steps: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < n or j < m:
        moves = _moves(wanted, came, i, j, bindings)
        _, a, b = next(move for move in moves if cost[i][j] == move[0] + cost[move[1]][move[2]])
        steps.append((i if a > i or (i < n and wanted[i] == ANY_LINES) else None, j if b > j else None))
        i, j = a, b
    return steps


def _moves(wanted: list[str], came: list[str], i: int, j: int, bindings: Bindings) -> list[tuple[int, int, int]]:
    """(price, next i, next j), the preferred first.

    An expected line that is lost is dearer than one that changed, and that dearer than a new line: a
    `...` must not swallow what another line, changed or not, was there for.
    """
    if i < len(wanted) and wanted[i] == ANY_LINES:
        return [(0, i + 1, j)] + ([(0, i, j + 1)] if j < len(came) else [])
    moves = []
    if i < len(wanted) and j < len(came):
        moves.append((0 if match_line(wanted[i], came[j], bindings) is not None else 3, i + 1, j + 1))
    if i < len(wanted):
        moves.append((4, i + 1, j))
    if j < len(came):
        moves.append((2, i, j + 1))
    return moves


def _judge(
    wanted: list[str], came: list[str], steps: list[tuple[int | None, int | None]], bindings: Bindings
) -> tuple[list[Line], Bindings]:
    """Verdicts in order; each stretch of lines left alone is paired up by likeness."""
    lines: list[Line] = []
    missing: list[int] = []
    extra: list[int] = []
    for i, j in [*steps, (None, None)]:
        dots = i is not None and wanted[i] == ANY_LINES
        after = None if i is None or j is None or dots else match_line(wanted[i], came[j], bindings)
        if after is None and not dots and (i is not None or j is not None):
            missing += [i] if i is not None else []
            extra += [j] if j is not None else []
            continue
        lines += _pair(wanted, came, missing, extra, bindings)
        missing, extra = [], []
        if dots and not any(line.verdict is Verdict.ANY and line.expected == i for line in lines):
            lines.append(Line(Verdict.ANY, i, j))
        if after is not None:
            lines.append(Line(Verdict.SAME, i, j))
            bindings = after
    return lines, bindings


def _pair(wanted: list[str], came: list[str], missing: list[int], extra: list[int], bindings: Bindings) -> list[Line]:
    lines: list[Line] = []
    free = list(extra)
    for i in missing:
        j = free[0] if len(missing) == len(extra) else _likest(wanted[i], came, free)
        if j is None:
            lines.append(Line(Verdict.MISSING, i, None, f"no line {_matched_by(wanted[i])}"))
            continue
        lines += [_unexpected(k) for k in free if k < j]
        lines.append(Line(Verdict.DIFFERENT, i, j, why(wanted[i], came[j], bindings)))
        free = [k for k in free if k > j]
    return lines + [_unexpected(k) for k in free]


def _unexpected(actual: int) -> Line:
    return Line(Verdict.UNEXPECTED, None, actual, "nothing expected here")


def _likest(expected: str, came: list[str], free: list[int]) -> int | None:
    rated = [(difflib.SequenceMatcher(None, expected, came[j], autojunk=False).ratio(), -j) for j in free[:50]]
    ratio, place = max(rated, default=(0.0, 0))
    return -place if ratio > 0.6 else None


def _matched_by(expected: str) -> str:
    kind = matcher(expected)
    return "like it came" if kind == "literal" else f"matched by its {_NAMES[kind]} came"


_NAMES = {"re": "(re)", "glob": "(glob)", "placeholder": "placeholders", "any": "..."}


def why(expected: str, actual: str, bindings: Bindings) -> str:
    """Why `actual` is not what `expected` says: the matcher that failed, and where."""
    kind = matcher(expected)
    if kind == "re":
        valid = user_pattern(expected.removesuffix(" (re)"))
        return "(re) does not match the line" if valid else "(re) is not a valid regular expression"
    if kind == "literal":
        column = next((n for n, (a, b) in enumerate(zip(expected, actual, strict=False)) if a != b), None)
        column = min(len(expected), len(actual)) if column is None else column
        blank = " (blanks at the end)" if expected.rstrip() == actual.rstrip() else ""
        return f"the text differs from column {column + 1} on{blank}"
    tokens = tokenize(expected)
    for end in range(1, len(tokens) + 1):
        if not _begins(tokens[:end], actual, bindings):
            return f"{_NAMES[kind]}: {_expects(tokens[end - 1], bindings)}"
    return f"{_NAMES[kind]}: the line goes on where it should end"


def _begins(tokens: tuple[Token, ...], actual: str, bindings: Bindings) -> bool:
    bound = tuple((t.key, bindings[t.key]) for t in dict.fromkeys(tokens) if isinstance(t, Slot) and t.key in bindings)
    pattern, _ = compile_line(tokens, bound)
    return pattern.match(actual) is not None


def _expects(token: Token, bindings: Bindings) -> str:
    if isinstance(token, Slot):
        known = bindings.get(token.key)
        return f"{token} stands for {known} since its first use" if known else f"no value for {token} there"
    return f"no {str(token).strip()!r} where it should be"


def shown(comparison: Comparison, numbers: Sequence[int], context: int = 1) -> list[str]:
    """The difference as text: `-` expected (with the line number in the file), `+` actual, `=` around it.

    `numbers` are the file's line numbers of the expected lines. Only what differs is shown, with
    `context` lines that hold on either side.
    """
    wrong = [n for n, line in enumerate(comparison.lines) if not line.holds]
    near = {n + k for n in wrong for k in range(-context, context + 1)}
    text: list[str] = []
    last = None
    for n in sorted(near & set(range(len(comparison.lines)))):
        if last is not None and n > last + 1:
            text.append("      :")
        last = n
        text += _shown(comparison, comparison.lines[n], numbers)
    return text


def _shown(comparison: Comparison, line: Line, numbers: Sequence[int]) -> list[str]:
    text = []
    if line.expected is not None:
        sign = "=" if line.holds else "-"
        text.append(f"  {sign} {numbers[line.expected]:>4} {comparison.expected[line.expected]}")
    if line.actual is not None and not line.holds:
        text.append(f"  +      {comparison.actual[line.actual]}")
    return [*text, f"         ^ {line.reason}"] if line.reason else text
