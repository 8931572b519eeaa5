"""The kinds of value that differ from run to run: one table for matching and for redaction.

A placeholder `[KIND]` in an expected line stands for one value of that kind; `[KIND:name]` also
binds it: on every later use of that name in the file the text must be the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_ZONE = r"(?:[A-Z]{2,5}|[+-]\d{2}(?::?\d{2})?|Z)"
_CLOCK = r"\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?"
_TIME = "|".join(
    (
        rf"\d{{4}}/\d{{2}}/\d{{2}} {_CLOCK}(?: [AP]M)?(?: {_ZONE})?",  # 2013/05/03 09:11:10 PM BST
        rf"\d{{4}}-\d{{2}}-\d{{2}}[ T]{_CLOCK}(?: ?{_ZONE})?",  # 2026-11-22 10:41:00.123+00
        rf"\d{{8}}:{_CLOCK}",  # 20261122:10:41:00
        rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} [ \d]\d {_CLOCK}(?: {_ZONE})? \d{{4}}",  # Sun Nov 22 10:41:00 2026
    )
)
_UNIT = r"(?:ms|us|s|secs?|seconds?|min|minutes?|m|h|hours?|d|days?)"
_AGE = rf"\d{{1,12}}(?:\.\d{{1,9}})? ?{_UNIT}\b(?: ?\d{{1,12}}(?:\.\d{{1,9}})? ?{_UNIT}\b){{0,3}}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: what a placeholder matches, and where redaction finds one in a line."""

    name: str
    matches: str  # regular expression without capturing groups
    found: str  # regular expression for `redact`; stricter, because it works without a hint


def _after(*words: str) -> str:
    return "(?:" + "|".join(f"(?<={re.escape(word)})" for word in words) + ")"


# All but TIME are atomic: several placeholders on a line cannot multiply the ways to try. A time
# stays open at its end, so that both `[TIME]` and `[TIME] UTC` match a time with a zone.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("TIME", rf"(?:{_TIME})", rf"(?<![\w/:.-])(?:{_TIME})(?!\w)"),
        Kind(
            "LSN", r"(?>[0-9A-F]{1,8}/[0-9A-F]{1,8})", r"(?<![\w/.])[0-9A-F]{1,8}/[0-9A-F]{5,8}(?![\w/]| ?[kMGT]?B\b)"
        ),
        Kind("AGE", rf"(?>{_AGE})", rf"(?<![\w.]){_AGE}(?= ago\b)"),
        Kind("PID", r"(?>[1-9]\d{0,9})", _after("pid ", "pid=", "PID ", "PID: ", "PID=") + r"[1-9]\d{0,9}\b"),
        Kind("PORT", r"(?>[1-9]\d{0,4})", _after("port ", "port=", "port: ", "127.0.0.1:") + r"[1-9]\d{0,4}\b"),
        Kind(
            "N",
            r"(?>-?\d{1,30}(?:\.\d{1,30})?)",
            _after("latency=", "(created=", ", created=", ", active=") + r"-?\d{1,30}(?:\.\d{1,30})?\b",
        ),
    )
}

PLACEHOLDER = re.compile(rf"\[({'|'.join(KINDS)})(?::([A-Za-z0-9_]{{1,32}}))?\]")


@cache
def _finder() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind.name}>{kind.found})" for kind in KINDS.values()))


def redact(line: str) -> str:
    """`line` with the values that vary from run to run replaced by their placeholders.

    Only what is certain without knowing the line is taken: times, WAL positions, ages before "ago",
    process ids and ports behind that word, latencies. The row of a box keeps its width.
    """
    changed = _finder().sub(lambda found: f"[{found.lastgroup}]", line)
    return fit(changed, len(line)) if changed != line else line


def fit(row: str, width: int) -> str:
    """A box's row (ends with `|`) padded with blanks, or relieved of them, towards `width` characters."""
    if not row.endswith("|"):
        return row
    body = row[:-1].rstrip(" ")
    return body.ljust(max(width - 1, 0)) + "|" if len(body) < width else body + "|"
