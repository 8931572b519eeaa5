"""What each status of an element means and what to type next (seed 002, Table 13-2, in our own words). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cctrl.grid.model import Element, Status


@dataclass(frozen=True, slots=True)
class Meaning:
    """A status explained; in `next`, {db} and {instance} stand for the element's."""

    what: str
    next: str
    command: str = ""  # the literal next command; "" where there is nothing to do

    def typed(self, database: str, instance: str) -> str:
        """The command for one element."""
        return self.command.format(db=database, instance=instance)


LOOK = "dbStatus {db} -element"  # again, while there is only waiting

MEANINGS: dict[Status, Meaning] = {
    Status.UNCREATED: Meaning(
        "It is to be made, and nothing was begun yet.",
        "Wait: the active management instance makes it. dbStatus shows when it is creating.",
        LOOK,
    ),
    Status.CREATING: Meaning("Its data directory is being made.", "Wait: dbStatus shows when it is loaded.", LOOK),
    Status.CREATE_FAILED: Meaning(
        "It could not be made. The Message column has the reason: mostly the directory's permissions or its space.",
        "Remove the cause on the host, then make this one again.",
        "dbCreate {db} -instance {instance}",
    ),
    Status.LOADING: Meaning(
        "Its server is being started, or it is catching up with its replica set.",
        "Wait. If it lasts, an open transaction may hold it back: ttXactAdmin on the active element's instance tells.",
        LOOK,
    ),
    Status.LOADED: Meaning(
        "Its server runs and has all data; users are not let in yet.",
        "Open the database. dbStatus -replicaSet shows whether it is in the distribution map.",
        "dbOpen {db}",
    ),
    Status.LOAD_FAILED: Meaning(
        "Its server could not be started. The Message column has the reason.",
        "Remove the cause, then load it again.",
        "dbLoad {db} -instance {instance}",
    ),
    Status.WAITING_FOR_SEED: Meaning(
        "Another element of its replica set has later changes, its seed, and that one is not loaded.",
        "See how the seed is: loading: wait; load failed: mend it and load it; down: start its data instance. If all "
        "elements of the replica set wait, unload and load the database. If that does not help, evict the replica "
        "set: its rows are given up, and only you can decide that.",
        "dbStatus {db} -replicaSet",
    ),
    Status.OPENING: Meaning("Users are being let in.", "Wait: dbStatus shows when it is opened.", LOOK),
    Status.OPENED: Meaning("It works: it runs, has all data, and users are let in.", "Nothing."),
    Status.OPEN_FAILED: Meaning(
        "Users could not be let in. The Message column has the reason.", "Open the database again.", "dbOpen {db}"
    ),
    Status.CLOSING: Meaning(
        "Users are being kept out.",
        "Wait until it is loaded. To unload before that needs -force and breaks off what users are doing.",
        LOOK,
    ),
    Status.CLOSE_FAILED: Meaning(
        "Users could not be kept out. The Message column has the reason.", "Close the database again.", "dbClose {db}"
    ),
    Status.UNLOADING: Meaning("Its server is being stopped.", "Wait: dbStatus shows when it is unloaded.", LOOK),
    Status.UNLOADED: Meaning(
        "Its server is stopped; its data lies on its disk.",
        "Load the database, or destroy it for good.",
        "dbLoad {db}",
    ),
    Status.DESTROYING: Meaning(
        "Its data directory is being removed.", "Wait: dbStatus shows when it is destroyed.", LOOK
    ),
    Status.DESTROYED: Meaning(
        "It is no more. When the last element of a database is destroyed, the database is forgotten.", "Nothing."
    ),
    Status.DESTROY_FAILED: Meaning(
        "It could not be removed. The Message column has the reason.",
        "Remove the cause on the host, then destroy this one again.",
        "dbDestroy {db} -instance {instance}",
    ),
    Status.DOWN: Meaning(
        "Its data instance does not run: no daemon answers there, or nobody reaches the host.",
        "Start the daemon; the element comes back by itself. If the host is gone for good, put another one in its "
        "place: dbDistribute -remove … -replaceWith ….",
        "instanceExec -only {instance} ttDaemonAdmin -start",
    ),
    Status.EVICTED: Meaning(
        "It was taken out of the distribution map; its files are still there.",
        "Destroy it to have the space back.",
        "dbDestroy {db} -instance {instance}",
    ),
    Status.EVICTED_LOADED: Meaning(
        "It is to leave the distribution map, and still runs.", "Wait until it is evicted, then destroy it.", LOOK
    ),
    Status.EVICTED_UNLOADING: Meaning(
        "It is leaving the distribution map; its server is being stopped.",
        "Wait until it is evicted, then destroy it.",
        LOOK,
    ),
}
"""A meaning for each status."""

QUIET = frozenset({Status.OPENED, Status.LOADED, Status.DESTROYED})
"""Statuses that need no footnote."""

FAILED = frozenset(
    {
        Status.CREATE_FAILED,
        Status.LOAD_FAILED,
        Status.OPEN_FAILED,
        Status.CLOSE_FAILED,
        Status.DESTROY_FAILED,
    }
)
"""Statuses that a step ended in, with a message."""

RUNNING = frozenset(
    {
        Status.LOADED,
        Status.OPENING,
        Status.OPENED,
        Status.OPEN_FAILED,
        Status.CLOSING,
        Status.CLOSE_FAILED,
    }
)
"""Statuses of an element whose server runs with all data: it is loaded."""

AWAY = "its data instance is down: it goes on when that is back"
"""The message of an element that is to be made or destroyed meanwhile."""

GONE = frozenset({Status.EVICTED, Status.EVICTED_LOADED, Status.EVICTED_UNLOADING, Status.DESTROYED})
"""Statuses of an element that takes no part in its database any more."""


def topics() -> dict[str, list[str]]:
    """What `help STATUS` tells."""
    each = {status.value: [f"{status.value}: {m.what}", f"    {m.next}", *_typed(m)] for status, m in MEANINGS.items()}
    return each | {"status": [f"An element is {', '.join(each)}. `help STATUS` tells more about one."]}


def _typed(meaning: Meaning) -> list[str]:
    command = meaning.typed("DATABASE", "HOST.INSTANCE")
    return [f"    ttGridAdmin {command}"] if command else []


def footnotes(database: str, elements: Iterable[Element]) -> list[str]:
    """For a terminal: what each status that is there and is not quiet means, and what to type next."""
    shown: list[str] = []
    for status in Status:
        having = [e for e in elements if e.status is status]
        if not having or status in QUIET:
            continue
        meaning = MEANINGS[status]
        names = ", ".join(e.instance for e in having)
        shown.append(f"{status.value} ({names}): {meaning.what} {meaning.next}")
        if meaning.command:
            shown += [f"NEXT: ttGridAdmin {command}" for command in _commands(database, having, meaning)]
    return shown


def _commands(database: str, elements: list[Element], meaning: Meaning) -> list[str]:
    return list(dict.fromkeys(meaning.typed(database, e.instance) for e in elements))
