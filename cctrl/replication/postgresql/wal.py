"""Reads what pg_waldump printed of a stopped member's log. Pure."""

from __future__ import annotations

import re

from cctrl.replication.divergence import Commit, Tail
from cctrl.replication.position import ZERO, Position

_COMMIT = re.compile(
    r"rmgr: Transaction .*?tx:\s+(\d+), lsn: ([0-9A-F]+/[0-9A-F]+), .*?desc: COMMIT(?:_PREPARED)?\s*(?:\d+:)?\s*"
    r"(\d{4}-\d\d-\d\d [\d:.]+ [^\s;]+)"
)
_END = re.compile(r"(?:at|after) ([0-9A-F]+/[0-9A-F]+)\s*:")
LISTED = 20  # commits that are shown one by one
_LSN = re.compile(r"lsn: ([0-9A-F]+/[0-9A-F]+)")


def tail(output: str) -> Tail:
    """Read the output of the TAIL script."""
    lines = output.splitlines()
    problem = next((line.removeprefix("@problem ") for line in lines if line.startswith("@problem")), "")
    if problem:
        return Tail(records=False, problem=problem)
    if "@records" not in lines:
        return Tail(records=False)
    counted = sum(int(line.split()[1]) for line in lines if line.startswith("@commits "))
    ends = [c for line in lines if line.startswith("@last ") and (c := _commit(line))]
    commits = [c for line in lines if not line.startswith("@") and (c := _commit(line))]
    listed = tuple(commits[:LISTED])
    last = ends[-1].time if ends else ""
    return Tail(
        records=True,
        commits=counted,
        end=_end(lines),
        first=listed[0].time if listed else "",
        last=last,
        listed=listed,
    )


def _commit(line: str) -> Commit | None:
    match = _COMMIT.search(line)
    return Commit(match[1], Position.parse(match[2]), match[3]) if match else None


def _end(lines: list[str]) -> Position:
    """Where the readable log ends: pg_waldump names it in its closing error, else its last record's begin."""
    for line in reversed(lines):
        found = _END.findall(line) or _LSN.findall(line)
        if found:
            return Position.parse(found[-1])
    return ZERO
