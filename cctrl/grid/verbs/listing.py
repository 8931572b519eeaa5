"""The shell's own verbs on a grid: ls, recover, explain."""

from __future__ import annotations

from cctrl.grid import states
from cctrl.grid.model import Database, Element, GridError, Status
from cctrl.grid.service import Grid
from cctrl.grid.verbs import changing, running, syntax, utility
from cctrl.grid.verbs.advice import Advice, advice
from cctrl.grid.verbs.pages import summary_words
from cctrl.grid.verbs.syntax import Help
from cctrl.grid.verbs.tables import table
from cctrl.outcome import Outcome, Refused, UsageError
from cctrl.registry import Invocation, Talk

_TAKING = states.RUNNING | {Status.EVICTED_LOADED}
"""Statuses of an element that can take writes: its server runs with all data."""


def ls(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls`: the databases and their elements."""
    leader = grid.manager()
    found = grid.databases()
    manager = f"active management instance {leader.host}" if leader else "no active management instance"
    talk.line(f"GRID {grid.name}: k={grid.k}, {len(grid.instances)} data instances, {manager}")
    for database in found:
        _list(database, talk)
    talk.data("databases", [{"name": d.name, "elements": [_plain(e) for e in d.elements]} for d in found])
    if leader is None and (left := running.unmanaged(grid)) is not None:
        talk.note(f"{left.what}: nothing is watched, and no command is carried out")
        talk.note(f"NEXT: {left.next}")
    for database in found:
        for text in states.footnotes(database.name, database.elements):
            talk.note(text)
    return Outcome.DONE


def _list(database: Database, talk: Talk) -> None:
    talk.line()
    talk.line(f"DATABASE {database.name}: {','.join(summary_words(database))}")
    ordered = sorted(database.elements, key=lambda e: (not e.in_map, e.replica_set, e.data_space, e.number))
    rows = [
        [
            e.replica_set or "",
            e.data_space,
            e.number,
            e.instance,
            e.status.value,
            "active" if e.active and e.status in _TAKING else "",
            e.message,
        ]
        for e in ordered
    ]
    for line in table(["RS", "DS", "Elem", "Instance", "Status", "Writes", "Message"], rows):
        talk.line(line.rstrip())


def _plain(element: Element) -> dict[str, object]:
    return {
        "instance": element.instance,
        "status": element.status.value,
        "replica_set": element.replica_set,
        "active": element.active,
        "message": element.message,
    }


def recover_all(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`recover`."""
    return _recover(grid, "", talk)


def recover_one(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource INSTANCE recover`."""
    return _recover(grid, named(grid, invocation), talk)


def named(grid: Grid, invocation: Invocation) -> str:
    """The data instance that a command names; "" where it names none. Raises UsageError."""
    text = invocation.arguments.get("INSTANCE", "")
    found = grid.instance(text) if text else None
    if text and found is None:
        raise UsageError(f"there is no data instance {text}", next="ttGridAdmin instanceList")
    return found.name if found else ""


def _needed(grid: Grid, instance: str) -> list[Advice]:
    return [one for database in grid.databases() for one in advice(database, instance)]


def _well(grid: Grid, talk: Talk) -> None:
    """Say that nothing is needed. Raises Refused where that is not known: the statuses are old."""
    if (left := running.unmanaged(grid)) is not None:
        detail = "the statuses are what the last one found, and by those nothing needs to be recovered"
        raise Refused(left.what, detail=detail, next=left.next)
    talk.line("nothing needs to be recovered")


def _recover(grid: Grid, instance: str, talk: Talk) -> Outcome:
    needed = _needed(grid, instance)
    if not needed:
        _well(grid, talk)
    outcome = Outcome.DONE
    for one in needed:
        if one.command:
            talk.line(f"ttGridAdmin {' '.join(one.command)}")
            ended = running.run(grid, one.command, talk, utility.BODIES)
            outcome = outcome if ended is Outcome.DONE else Outcome.INCOMPLETE
        else:
            talk.note(f"{one.names} is {one.status}: {one.reason}")
            outcome = Outcome.INCOMPLETE
    return outcome


def explain_recover(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain recover`, `explain datasource INSTANCE recover`."""
    needed = _needed(grid, named(grid, invocation))
    if not needed:
        _well(grid, talk)
    for number, one in enumerate(needed, 1):
        what = f"ttGridAdmin {' '.join(one.command)}" if one.command else f"nothing by itself: {one.reason}"
        talk.line(f"{number}. {one.names} ({one.status}): {what}")
    return Outcome.DONE


def explain(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain ttGridAdmin …`: what would be recorded, or why it would be refused."""
    read = syntax.read(utility.words(invocation))
    if isinstance(read, Help):
        talk.line("it shows help")
        return Outcome.DONE
    talk.line(f"{read.verb.name}: {read.verb.summary}")
    if read.verb.name not in utility.CHANGING:
        talk.line("it changes nothing")
        return Outcome.DONE
    return _foreseen(grid, read, talk)


def _foreseen(grid: Grid, call: syntax.Call, talk: Talk) -> Outcome:
    try:
        lines = changing.foreseen(running.Run(grid, call, talk))
    except GridError as error:
        talk.line("it would be refused:")
        for line in error.lines():
            talk.line(f"  {line}")
        return Outcome.DONE
    for line in lines:
        talk.line(line)
    return Outcome.DONE
