"""What `-wait` waits for, and where what a command asked for has not come about (reference timesten.md, 2.3). Pure."""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Database, Element, Status
from cctrl.grid.states import AWAY, FAILED, GONE, MEANINGS, RUNNING

_OPEN = frozenset({Status.OPENED, Status.OPENING, Status.OPEN_FAILED, Status.CLOSING, Status.CLOSE_FAILED})
_NO_MATTER = frozenset({*GONE, Status.DESTROYING, Status.DESTROY_FAILED})
_UNMADE = frozenset({Status.UNCREATED, Status.CREATE_FAILED})


def looked_at_anew(database: Database) -> Database:
    """A database for which something was ordered just now: data instances that were down may be back, and the next look
    tells. Until then nothing is to be said of them."""
    elements = (replace(e, retry=True) if e.status is Status.DOWN else e for e in database.elements)
    return replace(database, elements=tuple(elements))


def unsettled(database: Database, instance: str = "") -> tuple[Element, ...]:
    """The elements, or that of one instance, that are not yet as the database is wanted, and of which more is to be
    expected: what -wait waits for."""
    left = [e for e in database.elements if instance in ("", e.instance) and e.status is not _aim(database, e)]
    return tuple(e for e in left if e.retry or not _given_up(database, e))


def _given_up(database: Database, element: Element) -> bool:
    """True where nothing more is to be expected. One that waits for a seed that is on its way goes on; one that is to
    be made, or destroyed, where the instance is down, too: the manager itself may just be putting that there."""
    status, wanted = element.status, database.wanted
    if status in (Status.DOWN, Status.DESTROYING):
        return status is Status.DOWN
    if wanted.destroyed:  # whatever failed before
        return status is Status.DESTROY_FAILED
    if not wanted.loaded:
        return status in _NO_MATTER or status is Status.CREATE_FAILED
    if status is Status.WAITING_FOR_SEED:
        return in_vain(database, element)
    other = Status.CLOSE_FAILED if wanted.opened else Status.OPEN_FAILED  # goes on by itself
    return status in FAILED | GONE and status is not other


def in_vain(database: Database, element: Element) -> bool:
    """True where one waits for a seed, and none is on its way: its whole replica set is down."""
    others = [e.status for e in database.elements if e.in_map and e.replica_set == element.replica_set]
    return element.status is Status.WAITING_FOR_SEED and not any(s is Status.LOADING or s in RUNNING for s in others)


def missed(database: Database, order: str, instance: str = "") -> tuple[Element, ...]:
    """The elements, or that of one instance, on which a command (as dbLoad) has not done what it is for."""
    chosen = [e for e in database.elements if instance in ("", e.instance)]
    return tuple(e for e in chosen if not _come_about(database, order, e))


def _come_about(database: Database, order: str, element: Element) -> bool:
    status = element.status
    if order == "dbDestroy":
        return status is Status.DESTROYED
    if status in _NO_MATTER:
        return True
    if order == "dbOpen":
        return status is Status.OPENED or not element.in_map
    if order == "dbClose":  # users get in nowhere, but where a data instance is down that is not known
        return status not in _OPEN and status is not Status.DOWN
    unloaded = order == "dbCreate" and not database.wanted.loaded  # one more of an unloaded database
    if order == "dbUnload" or unloaded and status is Status.UNLOADED:
        return status in _UNMADE or status is Status.UNLOADED
    return status in RUNNING


def why(element: Element) -> str:
    """How one is on which something has not come about."""
    return f"{element.instance} {element.status.value}" + (f": {element.message}" if element.message else "")


def following(database: Database, element: Element) -> str:
    """What to type where something has not come about, or has not yet, on an element."""
    away = element.message == AWAY
    typed = MEANINGS[Status.DOWN if away else element.status].typed(database.name, element.instance)
    return typed or f"dbStatus {database.name} -element"


def aim(database: Database) -> str:
    """What the elements are to become."""
    return next((_aim(database, e) for e in database.elements if e.in_map), _wanted(database)).value


def _aim(database: Database, element: Element) -> Status:
    """What one is to become: no user is let into one that is in no replica set."""
    wanted = _wanted(database)
    return Status.LOADED if wanted is Status.OPENED and not element.in_map else wanted


def _wanted(database: Database) -> Status:
    if database.wanted.destroyed:
        return Status.DESTROYED
    if not database.wanted.loaded:
        return Status.UNLOADED
    return Status.OPENED if database.wanted.opened else Status.LOADED
