"""The commands that change nothing: dbStatus, the lists, the management instances."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from cctrl.grid import states
from cctrl.grid.model import Database
from cctrl.grid.sessions import sessions
from cctrl.grid.verbs import display, documents, pages
from cctrl.grid.verbs.running import Run, unmanaged
from cctrl.grid.verbs.tables import BLANK, table
from cctrl.store import Leader

Block = Callable[[Database, datetime], list[str]]
BLOCKS: tuple[tuple[str, Block], ...] = (
    ("summary", pages.summary),
    ("element", pages.element_block),
    ("replicaSet", pages.replica_set_block),
    ("dataSpaceGroup", pages.data_space_block),
)
"""The blocks of `dbStatus`, in the order of -all."""


def status(run: Run) -> None:
    """`dbStatus`; what it tells is what the active management instance last found."""
    found = (run.grid.database(run.call.name),) if run.call.name else run.grid.databases()
    _unwatched(run)
    if run.call.json:
        _document(run, found)
        return
    for number, database in enumerate(found):
        if number:
            run.say(BLANK)
        run.page(_page(run, database))
        if any(run.call.has(name) for name in ("element", "replicaSet", "dataSpaceGroup", "all")):
            for line in states.footnotes(database.name, database.elements):
                run.talk.hint(line)


def _unwatched(run: Run) -> None:
    if (left := unmanaged(run.grid)) is not None:
        run.talk.note(f"this is what the last management instance found. {left.what}")
        run.talk.note(f"NEXT: {left.next}")


def _document(run: Run, found: Sequence[Database]) -> None:
    if run.call.has("loadReadiness") and found:
        run.document(documents.load_readiness(found[0]))
    else:
        run.document(documents.db_status(found, run.grid.instances, run.grid.k))


def _page(run: Run, database: Database) -> list[str]:
    if run.call.has("loadReadiness"):
        return pages.load_readiness(database)
    if run.call.has("epochs"):
        return pages.epochs(database)
    if run.call.has("connections"):
        return connections(run, database)
    at = datetime.now().astimezone()
    chosen = [name for name, _ in BLOCKS if run.call.has(name) or run.call.has("all")] or ["summary"]
    blocks = [block(database, at) for name, block in BLOCKS if name in chosen]
    if run.call.has("details"):
        blocks.append(details(run, database))
    return [line for block in blocks for line in (*block, BLANK)][:-1]


def details(run: Run, database: Database) -> list[str]:
    """`-details`: what each data instance's daemon says now."""
    ran = run.grid.execute([e.instance for e in database.elements], ["ttStatus"], limit=run.call.timeout)
    return pages.daemons(database.name, [(r.target, r.ok, r.output) for r in ran])


def connections(run: Run, database: Database) -> list[str]:
    """`-connections`: who is connected through which element (the layout is ours)."""
    found = sessions(run.grid, database, system=run.call.has("system"))
    rows = [[instance, s.pid, s.user, s.client, s.state] for instance, s in found]
    header = ["Instance", "PID", "User", "Client", "State"]
    return [f"Database {database.name}: {len(rows)} connections", BLANK, *table(header, rows)]


def db_list(run: Run) -> None:
    """`dbList`."""
    found = run.grid.databases()
    run.page(pages.db_list(found))
    run.document(documents.done(databases=[d.name for d in found]))


def host_list(run: Run) -> None:
    """`hostList`."""
    run.page(pages.host_list(run.grid.instances))
    run.document(documents.done(hosts=list(dict.fromkeys(i.host for i in run.grid.instances))))


def instance_list(run: Run) -> None:
    """`instanceList`."""
    leader = run.grid.manager()
    manager = leader.host if leader else ""
    shown = run.call.value("type", "all")
    run.page(
        pages.instance_list(run.grid.instances if shown != "management" else (), manager if shown != "data" else "")
    )
    run.document(documents.done(instances=[i.name for i in run.grid.instances]))


def instance_status(run: Run) -> None:
    """`instanceStatus`: JSON always."""
    names = [i.name for i in run.grid.instances] if run.call.value("type", "all") != "management" else []
    ran = run.grid.execute(names, ["ttStatus"], limit=run.call.timeout)
    leader = run.grid.manager()
    found: list[dict[str, object]] = [
        {"instance": r.target, "type": "data", "inMembership": r.status == 0, "answer": r.output.strip()} for r in ran
    ]
    if leader is not None and run.call.value("type", "all") != "data":
        found.insert(0, {"instance": leader.host, "type": "management", "inMembership": True})
    run.talk.line(json.dumps(documents.done(instances=found), indent=2))


def grid_display(run: Run) -> None:
    """`gridDisplay`: the lines that have a counterpart here (reference timesten.md, 4.7)."""
    found = display.lines(run.grid)
    run.page([f"{(name + ':').ljust(28)}{value}" for name, value in found])
    run.document(documents.done(grid=dict(found)))


MANAGEMENT = ["Host", "Instance", "Reachable", "RepRole(Self)", "Role(Self)", "Seq", "RepAgent", "RepActive"]


def management(run: Run, leader: Leader | None) -> list[str]:
    """The table of management instances: the leading manager; one that does not lead holds no data of its own."""
    rows = [[leader.host, leader.holder, "Yes", "Active", "Active", _sequence(run), "Up", "Yes"]] if leader else []
    return table(MANAGEMENT, rows)


def _sequence(run: Run) -> int:
    """The number of the last event: it grows with all that is done."""
    last = run.grid.store.events(run.grid.name, 1)
    return last[-1].number if last else 0


def mgmt_status(run: Run) -> None:
    """`mgmtStatus`."""
    leader = run.grid.manager()
    run.page(management(run, leader))
    run.document(documents.done(active=leader.host if leader else ""))


def mgmt_examine(run: Run) -> None:
    """`mgmtExamine`: a sentence, the table, and what to type."""
    leader = run.grid.manager()
    left = None if leader else unmanaged(run.grid)
    commands = [left.next] if left else []
    said = left.what if left else "The active management instance is up. No action required."
    run.page([said, BLANK, *management(run, leader)])
    if commands:
        run.page(["Recommended commands:", *commands])
    run.document(documents.done(msgs=[said], cmds=commands))
