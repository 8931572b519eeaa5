"""`cluster check [TABLE] [-limit START,ROWS]`: whether the slaves hold the master's rows (tungsten.md 1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.ways import present_master
from cctrl.outcome import CctrlError, Outcome, Refused, UsageError, did_you_mean
from cctrl.registry import Command, Invocation, Talk
from cctrl.replication.consistency import Comparison, Match, Rows, Table, Unread, judge
from cctrl.replication.position import Position

TRIES = 5  # a table that writers change all the time is read as often
Part = tuple[int, int] | None
_LIMIT = re.compile(r"(\d{1,12}),(\d{1,12})\Z", re.ASCII)
_ALL = "*"


def check(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster check [TABLE] [-limit START,ROWS]`. Raises Refused where a slave's rows differ."""
    part = _part(invocation)
    picture = dataservice.look()
    master = present_master(picture, "")
    slaves = _comparable(picture, master, talk)
    tables = _asked(dataservice.engine.inquiries.tables(master), invocation.arguments.get("TABLE", _ALL))
    talk.line(f"CHECKING {_number(len(tables), 'TABLE')} OF MASTER '{master}@{dataservice.name}'")
    results: list[Comparison] = []
    for number, table in enumerate(tables, 1):
        talk.progress(f"{number} of {len(tables)}: {table}")
        found = compare(dataservice, master, slaves, table, part)
        if found is None:
            talk.note(f"'{table}' was dropped meanwhile, or cannot be read on {master}")
            continue
        results.append(found)
        for line in _lines(found, dataservice.name):
            talk.line(line)
    return _conclude(results, slaves, talk)


def compare(dataservice: Dataservice, master: str, slaves: list[str], table: Table, part: Part) -> Comparison | None:
    """Read one table on all, until each slave was once seen the same, or different while the master's stood still.

    None where the master's cannot be read.
    """
    engine = dataservice.engine.inquiries
    matches: dict[str, Match] = {}
    seen: dict[str, Rows | Unread] = {}
    left, before = slaves, _rows(lambda: engine.rows(master, table, part, None))
    for _ in range(TRIES):
        position = engine.heartbeat(master) if left else Position(0)

        def read(name: str, after: Position = position) -> Rows | Unread:
            return _rows(lambda: engine.rows(name, table, part, after))

        found = dict(zip(left, dataservice.hosts.fan_out(left, read), strict=True))
        same = isinstance(before, Rows) and all(rows == before for rows in found.values())
        after = before if same else _rows(lambda: engine.rows(master, table, part, None))
        if isinstance(before, Unread) or isinstance(after, Unread):
            return None
        seen |= found
        matches |= {name: judge(before, rows, after) for name, rows in found.items()}
        left, before = [name for name in left if matches[name] is Match.MOVING], after
        if not left:
            break
    return Comparison(table, before.count, matches, seen) if isinstance(before, Rows) else None


def _rows(read: Callable[[], Rows]) -> Rows | Unread:
    try:
        return read()
    except CctrlError as error:
        return Unread(error.detail.splitlines()[0] if error.detail else error.what)


def _comparable(picture: Picture, master: str, talk: Talk) -> list[str]:
    """The slaves that can be compared: they receive and apply. What is left out is said."""
    found = []
    for source in picture.sources:
        if source.name == master:
            continue
        if source.facts.standby and picture.view.streams(source.name, master) and not source.facts.replay_paused:
            found.append(source.name)
        else:
            talk.note(f"{source.name} is not compared: {source.fault or source.word}")
            talk.note(f"NEXT: ls {source.name}")
    if not found:
        raise Refused("no slave can be compared with the master", next="ls")
    return found


def _asked(tables: tuple[Table, ...], text: str) -> tuple[Table, ...]:
    """The tables that are meant: `*`, `table`, `schema.table`, `schema.*`, `database.schema.table`.

    Raises UsageError.
    """
    words = text.split(".")
    if len(words) > 3 or not all(words):
        raise UsageError(f"{text!r} names no table", next="cluster check SCHEMA.TABLE")
    wanted = [_ALL] * (3 - len(words)) + words

    def meant(table: Table) -> bool:
        names = (table.database, table.schema, table.name)
        return all(word in (_ALL, name) for word, name in zip(wanted, names, strict=True))

    found = tuple(table for table in tables if meant(table))
    if not found and set(words) != {_ALL}:
        near = did_you_mean(
            text, [str(t) for t in tables] + [f"{t.schema}.{t.name}" for t in tables] + [t.name for t in tables]
        )
        raise UsageError(f"the master has no table {text}", detail=near, next="cluster check   (checks all of them)")
    return found


def _part(invocation: Invocation) -> Part:
    """The rows that are meant: from which on (counted from 1, as documented `1,10`), how many. Raises UsageError."""
    text = invocation.arguments.get("RANGE", "")
    if not text:
        return None
    match = _LIMIT.match(text)
    if match is None or int(match[1]) < 1 or int(match[2]) < 1:
        what = f"{text!r} is no range: it must be the first row, from 1 on, a comma and the number of rows"
        raise UsageError(what, next="cluster check SCHEMA.TABLE -limit 1,10")
    return int(match[1]) - 1, int(match[2])


def _lines(found: Comparison, service: str) -> list[str]:
    """What is said of one table."""
    rows = _number(found.rows, "ROW")
    same = found.names(Match.SAME)
    lines = [f"'{found.table}' ({rows}) IS CONSISTENT ON {_places(same, service)}"] if same else []
    for name in found.names(Match.DIFFERENT):
        own = found.found[name]
        count = _number(own.count, "ROW") if isinstance(own, Rows) else ""
        lines.append(f"'{found.table}' ({rows}) IS NOT CONSISTENT ON {_places((name,), service)} ({count})")
    for name in found.names(Match.MOVING):
        lines.append(f"'{found.table}' WAS NOT COMPARED ON {_places((name,), service)}: {Match.MOVING.value}")
    for name in found.names(Match.UNREAD):
        why = found.found[name]
        lines.append(
            f"'{found.table}' WAS NOT COMPARED ON {_places((name,), service)}: "
            f"{why.why if isinstance(why, Unread) else ''}"
        )
    return lines


def _places(names: tuple[str, ...], service: str) -> str:
    return ", ".join(f"'{name}@{service}'" for name in names)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 'S'}"


def _conclude(results: list[Comparison], slaves: list[str], talk: Talk) -> Outcome:
    different = {name: sum(name in r.names(Match.DIFFERENT) for r in results) for name in slaves}
    different = {name: count for name, count in different.items() if count}
    open_ones = sum(bool(r.names(Match.MOVING) or r.names(Match.UNREAD)) for r in results)
    rows = sum(r.rows for r in results)
    talk.line(
        f"CHECKED {_number(len(results), 'TABLE')} WITH {_number(rows, 'ROW')} ON {_number(len(slaves), 'SLAVE')}"
    )
    talk.data("tables", [_json(r) for r in results])
    talk.data("inconsistent", different)
    if different:
        name = next(iter(different))
        detail = "\n".join(f"{name}: {_number(count, 'table').lower()} differ" for name, count in different.items())
        following = f"tprovision {name} --force   (a full copy; its data directory is moved aside)"
        raise Refused(f"{', '.join(different)} does not hold what the master has", detail=detail, next=following)
    if open_ones:
        what = f"{_number(open_ones, 'table').lower()} could not be compared everywhere"
        raise Refused(what, next="cluster check TABLE   (when it is written to less)")
    return Outcome.DONE


def _json(found: Comparison) -> dict[str, object]:
    return {
        "table": str(found.table),
        "rows": found.rows,
        "members": {name: match.name for name, match in found.matches.items()},
    }


COMMANDS = (
    Command(
        "cluster check [TABLE] [-limit RANGE]",
        "compare the rows of the slaves with the master's, table by table",
        check,
        help="TABLE is `table`, `schema.table`, `schema.*` or `database.schema.table`; all tables of all databases\n"
        "where none is given. RANGE is the first row, from 1 on, and the number of rows, by primary key: 1,10.\n"
        "A checksum over all rows is taken on the master, then on each slave once it has applied as much; where\n"
        "they differ, on the master again: only what differs while the master stood still is called inconsistent.\n"
        "Writers are not held up. Exits with 3 where something differs, or could not be compared.",
    ),
)
"""The command that compares."""
