"""Reads what pg_waldump printed of a stopped member's log. Pure."""

from __future__ import annotations

import re

from cctrl.replication.divergence import Commit, Tail
from cctrl.replication.position import ZERO, Position

_TIME = r"(\d{4}-\d\d-\d\d [\d:.]+ [^\s;]+)"
_TRANSACTION = re.compile(r"rmgr: Transaction .*?tx:\s+(\d+), lsn: ([0-9A-F]+/[0-9A-F]+), .*?desc: (\w+) (.*)")
_SAID = {
    "COMMIT": re.compile(r"\s*(?:\d+:)?\s*()()" + _TIME),
    "COMMIT_PREPARED": re.compile(r"\s*(\d+)?:?()\s*" + _TIME),
    "PREPARE": re.compile(r"gid ()(.*): " + _TIME),  # the name is last: it may hold anything
}
"""What a record of the kind says of a transaction: its number where the record bears another, name, time."""
_END = re.compile(r"(?:at|after) ([0-9A-F]+/[0-9A-F]+)\s*:")
LISTED = 20  # transactions that are shown one by one
_LSN = re.compile(r"lsn: ([0-9A-F]+/[0-9A-F]+)")


def tail(output: str) -> Tail:
    """Read the output of the TAIL script."""
    lines = output.splitlines()
    problem = next((line.removeprefix("@problem ") for line in lines if line.startswith("@problem")), "")
    if problem:
        return Tail(records=False, problem=problem)
    if "@records" not in lines:
        return Tail(records=False)
    ends = [c for line in lines if line.startswith("@last ") and (c := _transaction(line))]
    found = [c for line in lines if not line.startswith("@") and (c := _transaction(line))]
    alone = [c for line in lines if line.startswith("@candidate ") and (c := _transaction(line))]
    doubtful = {line.removeprefix("@doubtful ") for line in lines if line.startswith("@doubtful ")}
    uncertain = [c for c in alone if c.xid in doubtful]
    listed = (*found, *uncertain)[:LISTED]
    return Tail(
        records=True,
        commits=_sum(lines, "@commits ") + len(uncertain),
        prepared=_sum(lines, "@prepared "),
        end=_end(lines),
        first=min((c.time for c in listed), default=""),
        last=max((c.time for c in (*ends, *uncertain)), default=""),
        listed=listed,
        statistics=len(alone) - len(uncertain),
    )


def _sum(lines: list[str], name: str) -> int:
    return sum(int(line.split()[1]) for line in lines if line.startswith(name))


def _transaction(line: str) -> Commit | None:
    record = _TRANSACTION.search(line)
    said = _SAID[record[3]].match(record[4]) if record and record[3] in _SAID else None
    return Commit(said[1] or record[1], Position.parse(record[2]), said[3], said[2]) if record and said else None


def _end(lines: list[str]) -> Position:
    """Where the readable log ends: pg_waldump names it in its closing error, else its last record's begin."""
    for line in reversed(lines):
        found = _END.findall(line) or _LSN.findall(line)
        if found:
            return Position.parse(found[-1])
    return ZERO
