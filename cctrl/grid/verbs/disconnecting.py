"""`dbDisconnect` and `dbDisconnectStatus` (reference timesten.md, 2.3)."""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Database, GridError
from cctrl.grid.sessions import MODES, Connected, sessions
from cctrl.grid.verbs import documents, syntax
from cctrl.grid.verbs.running import Run, managed
from cctrl.grid.verbs.tables import BLANK, table


def disconnect(run: Run) -> None:
    """`dbDisconnect`: the manager ends the connections, as the mode allows, until there are none."""
    given = [mode for mode in MODES if run.call.has(mode)]
    if len(given) != 1:
        raise syntax.SyntaxWrong(
            "dbDisconnect needs one of -transactional, -immediate, -abort",
            next=f"ttGridAdmin dbDisconnect {run.call.name} -transactional",
        )
    database = run.grid.database(run.call.name)
    managed(run)
    run.grid.change(database.name, lambda d: replace(d, disconnect=given[0]))
    run.say(f"Database {database.name} disconnect started")
    _settle(run, database.name)
    run.document(documents.done())


def _settle(run: Run, name: str) -> None:
    seconds = syntax.waiting(run.call)
    if seconds is None:
        return
    found = run.grid.wait(name, lambda d: d is None or not d.disconnect, seconds)
    if found is not None and found.disconnect:
        left = sessions(run.grid, found)
        raise GridError(
            f"Database {name}: {len(left)} connections are left after {seconds:g} s",
            detail="\n".join(f"{instance} PID {s.pid} {s.user} from {s.client}: {s.state}" for instance, s in left),
            next=f"ttGridAdmin dbDisconnect {name} -immediate",
        )


def disconnect_status(run: Run) -> None:
    """`dbDisconnectStatus`: overall, and for each instance."""
    database = run.grid.database(run.call.name)
    left = sessions(run.grid, database)
    run.page(status_page(database, left))
    run.document(documents.done(overall=overall(database, left), connections=len(left)))


def overall(database: Database, left: Connected) -> str:
    """Defined: nothing was asked for and users are connected."""
    if not left:
        return "Complete"
    return "Disconnecting" if database.disconnect else "Defined"


def status_page(database: Database, left: Connected) -> list[str]:
    """The words are documented, the layout is ours."""
    connected = {instance for instance, _ in left}
    still = "Disconnecting" if database.disconnect else "Connected"
    rows = [[e.instance, still if e.instance in connected else "Disconnected"] for e in database.elements]
    return [f"Database {database.name} disconnect status: {overall(database, left)}", BLANK,
            *table(["Instance", "Status"], rows)]  # fmt: skip
