"""The commands that change what a database is to be: create, load, open, close, unload, destroy, distribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from cctrl.grid import distribution, orders, waiting
from cctrl.grid.model import Database, GridError, Mark, Phase
from cctrl.grid.record import Creation
from cctrl.grid.sessions import sessions
from cctrl.grid.verbs import documents, pages
from cctrl.grid.verbs.running import Run, managed, settle

Change = Callable[[Database], Database]


def create(run: Run) -> None:
    """`dbCreate`."""
    managed(run)
    name = run.call.name.lower()
    run.grid.create(name, _creation(run, name))
    _started(run, name, "creation")


def _creation(run: Run, name: str) -> Creation:
    """What `dbCreate` makes of a database, which may be there already, beside all others."""
    only = run.instance(run.call.value("instance")) if run.call.has("instance") else None

    def made(present: Database | None, others: Sequence[Database]) -> Database:
        if only is not None:
            new = orders.create_on(present, name, only, others)
        elif present is None:
            new = orders.create(name, run.grid.instances, others)
        else:
            raise orders.exists_already(present)
        return waiting.looked_at_anew(new) if present else replace(new, durability=run.grid.service.durability)

    return made


def _where(run: Run, all_elements: Change, one: Callable[[Database, str], Database]) -> Change:
    """The change of all elements, or with -instance that of one."""
    if not run.call.has("instance"):
        return all_elements
    instance = run.instance(run.call.value("instance")).name
    return lambda database: one(database, instance)


def _load(run: Run, database: Database) -> Change:
    return _where(run, orders.load, orders.load_on)


def _destroy(run: Run, database: Database) -> Change:
    instances = run.grid.instances
    return _where(run, orders.destroy, lambda found, name: orders.destroy_on(found, name, instances))


def _unload(run: Run, database: Database) -> Change:
    force = run.call.has("force")
    connected = 0 if force else len(sessions(run.grid, database))
    return lambda present: orders.unload(present, force, connected)


ORDERS: dict[str, tuple[str, Callable[[Run, Database], Change]]] = {
    "dbLoad": ("load", _load),
    "dbOpen": ("open", lambda run, database: orders.open_),
    "dbClose": ("close", lambda run, database: orders.close),
    "dbUnload": ("unload", _unload),
    "dbDestroy": ("destroy", _destroy),
}
"""The commands that record what a database is to be: the word of their line, and the change."""


def order(run: Run) -> None:
    """One of ORDERS."""
    word, change = ORDERS[run.call.verb.name]
    database = run.grid.database(run.call.name)
    managed(run)
    ordered = change(run, database)
    run.grid.change(database.name, lambda present: waiting.looked_at_anew(ordered(present)))
    _started(run, database.name, word)


def _started(run: Run, name: str, what: str) -> None:
    run.say(f"Database {name} {what} started")
    settle(run, name)
    run.document(documents.done())


def foreseen(run: Run) -> list[str]:
    """What a command would record, for `explain`; nothing is changed. Raises GridError where it would be refused."""
    managed(run)
    name, verb = run.call.name, run.call.verb.name
    if verb == "dbCreate":
        others = run.grid.databases()
        present = next((d for d in others if d.name == name.lower()), None)
        after = _creation(run, name.lower())(present, others)
    elif verb in ORDERS:
        database = run.grid.database(name)
        after = ORDERS[verb][1](run, database)(database)
    elif verb == "dbDistribute":
        after = _marked(run, run.grid.database(name), marks(run))
        return pages.distribution_list(after)
    else:
        return [f"{word}: as it is given" for word in run.call.command[:1]]
    working = waiting.unsettled(after)
    return [f"{e.instance}: {e.status.value}, to be {waiting.aim(after)}" for e in working] or ["nothing is left to do"]


def distribute(run: Run) -> None:
    """`dbDistribute`: mark, and with -apply make the new map and wait for it."""
    name = run.call.name or _only_database(run)
    before = run.grid.database(name)
    changes = marks(run)
    undone = run.call.has("reset") and before.phase is Phase.BROKEN_OFF and not changes
    if run.call.has("resync") or undone:
        managed(run)
        _resync(run, before, distribution.reset if undone else distribution.resync)
        return
    after = before
    if changes or run.call.has("reset") or run.call.has("apply"):
        managed(run)
        _consent(run, before, changes)
        after = run.grid.change(before.name, lambda database: _marked(run, database, changes))
    if run.call.has("apply"):
        _applied(run, after)
    elif run.call.has("list") or after is before:
        run.page(pages.distribution_list(after))
    elif changes:  # the marks alone are no change of what holds the rows
        run.talk.note(f"NEXT: ttGridAdmin dbDistribute {before.name} -apply   (or -reset, to forget what is marked)")
    run.document(documents.done() if run.call.has("apply") else documents.distribution(after, run.grid.instances))


def _only_database(run: Run) -> str:
    found = run.grid.databases()
    if len(found) != 1:
        raise GridError(f"{len(found)} databases: which one is meant?", next="ttGridAdmin dbDistribute NAME -resync")
    return found[0].name


def marks(run: Run) -> list[Change]:
    """What the options mark, in their order. Raises GridError."""
    found: list[Change] = []
    given = list(run.call.given)
    for number, (option, value) in enumerate(given):
        if option == "add":
            found.append(_add(run, value))
        elif option in ("remove", "evict"):
            behind = given[number + 1] if number + 1 < len(given) else ("", "")
            replacement = run.instance(behind[1]).name if behind[0] == "replaceWith" else ""
            found.append(_take_out(run.instance(value).name, Mark(option), replacement))
    return found


def _add(run: Run, value: str) -> Change:
    if value.lower() != "all":
        instance = run.instance(value).name
        return lambda database: distribution.add(database, instance)
    if not run.call.has("apply"):
        raise GridError(
            "-add all needs -apply in the same command",
            next=f"ttGridAdmin dbDistribute {run.call.name} -add all -apply",
        )
    return distribution.add_all


def _take_out(instance: str, mark: Mark, replacement: str) -> Change:
    return lambda database: distribution.take_out(database, instance, mark, replacement)


def _marked(run: Run, database: Database, changes: list[Change]) -> Database:
    if run.call.has("reset"):
        database = distribution.reset(database)
    for change in changes:
        database = change(database)
    return distribution.apply(database, run.grid.instances) if run.call.has("apply") else database


def _applied(run: Run, applying: Database) -> None:
    """Wait for the new map, and say what was added, removed, evicted; the lines are recollected, not documented."""
    _distributed(run, applying.name)
    run.page(outcome_lines(applying))
    run.say("Distribution map updated")


def outcome_lines(applied: Database) -> list[str]:
    """A line for each element that came into the map or left it; `applied`: with its marks."""
    lines = []
    for element in applied.elements:
        if element.mark is Mark.ADD:
            lines.append(f"Element {element.instance} is added")
        elif element.mark is Mark.REMOVE:
            lines.append(f"Element {element.instance} has been removed")
            lines.append(f"Element {element.replace_with} has been added")
        elif element.mark is Mark.EVICT:
            lines.append(f"Element {element.instance} evicted")
            lines += [f"Element {element.replace_with} has been added"] if element.replace_with else []
    return lines


def _resync(run: Run, before: Database, change: Change) -> None:
    """`-resync`: settle a distribution that was broken off, forwards where all is there, else back; `-reset`: back."""
    if before.phase is Phase.NONE:
        run.say("No DbDistribute is currently in progress")
    else:
        run.grid.change(before.name, change)
        ended = _distributed(run, before.name, "-resync, once the cause is removed; or, to undo it: -reset")
        run.say("Distribution map updated" if ended.generation > before.generation else "Distribution map Rolled Back")
        if ended.told:
            run.talk.note(ended.told)
    run.document(documents.done())


def _distributed(run: Run, name: str, settled_by: str = "-resync   (not -apply again)") -> Database:
    """The database once its distribution has ended. Raises GridError where it was broken off, or nobody works at it."""

    def ended(database: Database | None) -> bool:
        return database is None or database.phase in (Phase.NONE, Phase.BROKEN_OFF) or run.grid.manager() is None

    found = run.grid.wait(name, ended)
    if found is not None and found.phase is Phase.NONE:
        return found
    raise GridError(
        "Distribution failed",
        detail=found.told if found else "the database is gone",
        next=f"ttGridAdmin dbDistribute {name} {settled_by}",
    )


QUESTION = "These rows leave the database; their files stay on the hosts until dbDestroy. Evict them? (y/n)> "


def _consent(run: Run, before: Database, changes: list[Change]) -> None:
    """Say what is given up before it is recorded, and with -apply have it confirmed where somebody can be asked: the
    documented utility asks nothing, and scripts go on. Raises GridError where it would be refused anyhow, Refused where
    the answer is no."""
    lost = distribution.given_up(_marked(run, before, changes))
    for each in lost:
        run.talk.note(f"WARNING: given up with -apply: {distribution.cost(each)}")
    if lost and run.call.has("apply") and run.talk.asks:
        run.talk.confirm(QUESTION)
