"""What the database commands make of the record, and when they refuse (reference timesten.md, 2.3 and 3.6). Pure.

Each takes the database as it is recorded and returns it as it is wanted; what is refused raises GridError and changes
nothing. The manager carries out what is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cctrl.config import NAME, NAME_RULE
from cctrl.grid.distribution import expected, replacing, settling
from cctrl.grid.model import Database, Element, GridError, Instance, Phase, Status, UnknownName, Wanted
from cctrl.grid.states import GONE, MEANINGS, RUNNING

_UNMADE = frozenset({Status.UNCREATED, Status.CREATE_FAILED, Status.DESTROYED})


def _new(name: str, elements: tuple[Element, ...], others: Sequence[Database]) -> Database:
    if not NAME.match(name):  # it becomes part of paths on the hosts
        raise UnknownName(f"{name!r} is not a name", detail=NAME_RULE, next="ttGridAdmin dbCreate NAME")
    return Database(name, elements, slot=_free_slot(others))


def create(name: str, instances: Sequence[Instance], others: Sequence[Database] = ()) -> Database:
    """`dbCreate`: an element on each data instance; `others`: the databases there are."""
    elements = tuple(Element(n, i.name, i.data_space) for n, i in enumerate(instances, 1))
    return _new(name, elements, others)


def _free_slot(others: Sequence[Database]) -> int:
    taken = {d.slot for d in others}
    return next(n for n in range(len(taken) + 1) if n not in taken)


def create_on(database: Database | None, name: str, instance: Instance, others: Sequence[Database] = ()) -> Database:
    """`dbCreate -instance`: only the element there; one that was made must be destroyed first."""
    if database is None:
        return _new(name, (Element(1, instance.name, instance.data_space),), others)
    _not_destroyed(database)
    present = database.element(instance.name)
    if present is None:
        number = max((e.number for e in database.elements), default=0) + 1
        return database.having(Element(number, instance.name, instance.data_space))
    if present.status is Status.UNCREATED:
        return database
    if present.status in _UNMADE:
        return database.having(replace(present, status=Status.UNCREATED, message="", retry=True))
    raise GridError(
        f"Element {present.number} of database {name} on {instance.name} is {present.status.value}",
        detail="only one that was not made, or was destroyed, can be created",
        next=f"ttGridAdmin dbDestroy {name} -instance {instance.name}   (if it was evicted)"
        if present.status in GONE
        else f"ttGridAdmin dbStatus {name} -element",
    )


def exists_already(database: Database) -> GridError:
    """The refusal of `dbCreate` for a database that is there."""
    failed = [e.instance for e in database.elements if e.status is Status.CREATE_FAILED]
    again = f"dbCreate {database.name} -instance {failed[0]}" if failed else f"dbStatus {database.name}"
    return GridError(f"Database {database.name} exists already", next=f"ttGridAdmin {again}")


def load(database: Database) -> Database:
    """`dbLoad`: all elements; those whose load failed, or that wait for their seed, are tried again."""
    _not_destroyed(database)
    none = {*_UNMADE, *GONE} - {Status.UNCREATED}  # that is what one is before the manager has looked: it will be made
    if all(e.status in none for e in database.elements):
        raise GridError(
            f"Database {database.name} has no element that could be loaded",
            next=f"ttGridAdmin dbStatus {database.name} -element",
        )
    return replace(
        _retried(database, Status.LOAD_FAILED, Status.WAITING_FOR_SEED),
        wanted=replace(database.wanted, loaded=True, opened=database.wanted.opened and _any_running(database)),
    )


def _before_loading(database: Database, element: Element) -> str:
    """What to type for an element that cannot be loaded as it is."""
    if element.status in (Status.DOWN, Status.CREATE_FAILED):
        return MEANINGS[element.status].typed(database.name, element.instance)
    return f"dbStatus {database.name} -element"


def load_on(database: Database, instance: str) -> Database:
    """`dbLoad -instance` (advised by Table 13-2): one element of a database that is to be loaded."""
    _not_destroyed(database)
    element = _element(database, instance)
    if element.status not in (Status.LOAD_FAILED, Status.UNLOADED, Status.WAITING_FOR_SEED, Status.LOADING):
        raise GridError(
            f"Element {element.number} on {instance} is {element.status.value}",
            detail="load failed, unloaded or waiting for seed can be loaded",
            next=f"ttGridAdmin {_before_loading(database, element)}",
        )
    if not database.wanted.loaded:
        raise GridError(f"Database {database.name} is unloaded", next=f"ttGridAdmin dbLoad {database.name}")
    return database.having(replace(element, retry=True))


def open_(database: Database) -> Database:
    """`dbOpen`: needs a distribution map, and a database that is loaded or being loaded."""
    _not_destroyed(database)
    name = database.name
    if not database.replica_sets:
        raise GridError(
            f"Database {name} has no distribution map",
            next=f"ttGridAdmin dbDistribute {name} -add all -apply",
        )
    if not database.wanted.loaded:
        raise GridError(f"Database {name} is not loaded", next=f"ttGridAdmin dbLoad {name}")
    if database.wanted.opened and not _some(database, Status.OPEN_FAILED):
        raise GridError(f"Database {name} is open already", next=f"ttGridAdmin dbStatus {name}")
    return replace(_retried(database, Status.OPEN_FAILED), wanted=replace(database.wanted, opened=True))


def close(database: Database) -> Database:
    """`dbClose`: users are kept out; what failed to close is tried again."""
    _not_destroyed(database)
    if not database.wanted.opened and not _some(database, Status.CLOSE_FAILED):
        raise GridError(f"Database {database.name} is closed already", next=f"ttGridAdmin dbStatus {database.name}")
    return replace(_retried(database, Status.CLOSE_FAILED), wanted=replace(database.wanted, opened=False))


def unload(database: Database, force: bool, connections: int) -> Database:
    """`dbUnload`: closed, without connections, and no distribution in progress. With -force also while elements close
    or a distribution is in progress, and with Durability=0 while a replica set is down. `connections`: how many users
    are still connected."""
    _not_destroyed(database)
    name = database.name
    if database.wanted.opened:
        raise GridError(f"Database {name} is open", next=f"ttGridAdmin dbClose {name}")
    if not database.wanted.loaded:
        raise GridError(f"Database {name} is unloaded already", next=f"ttGridAdmin dbStatus {name}")
    if not force:
        _undisturbed(database)
        _closed(database, connections)
        _durable(database)
    return replace(database, wanted=replace(database.wanted, loaded=False))


def _undisturbed(database: Database) -> None:
    if database.phase is not Phase.NONE:
        raise GridError(
            f"A distribution of database {database.name} is in progress",
            detail="what comes into the map comes from elements that are loaded",
            next=f"{settling(database)}; -force breaks it off",
        )


def _closed(database: Database, connections: int) -> None:
    name = database.name
    closing = [e for e in database.elements if e.status in (Status.CLOSING, Status.CLOSE_FAILED, Status.OPENED)]
    if closing:
        raise GridError(
            f"Database {name}: {len(closing)} of {len(database.elements)} elements are still closing",
            detail=", ".join(f"{e.instance} {e.status.value}" for e in closing),
            next=f"ttGridAdmin dbStatus {name} -element; -force breaks off what users are doing",
        )
    if connections:
        raise GridError(
            f"Database {name} has {connections} connection{'s' * (connections > 1)}",
            next=f"ttGridAdmin dbDisconnect {name} -transactional",
        )


def _durable(database: Database) -> None:
    lost = [each for each in database.replica_sets if not any(e.status in RUNNING for e in each)]
    if database.durability or not lost:
        return
    numbers = ", ".join(str(each[0].replica_set) for each in lost)
    raise GridError(
        f"Database {database.name}: no element of replica set {numbers} is loaded, and Durability=0",
        detail="what was committed last may be on no disk, and is then lost",
        next=f"recover it first, or give that up: ttGridAdmin dbUnload {database.name} -force",
    )


def destroy(database: Database) -> Database:
    """`dbDestroy`: an unloaded database; all its elements go, and then its record."""
    if database.wanted.loaded or any(e.status in RUNNING for e in database.elements):
        raise GridError(
            f"Database {database.name} is not unloaded",
            next=f"ttGridAdmin db{'Close' if database.wanted.opened else 'Unload'} {database.name}",
        )
    return replace(_retried(database, Status.DESTROY_FAILED), wanted=Wanted(loaded=False, destroyed=True))


def destroy_on(database: Database, instance: str, instances: Sequence[Instance] = ()) -> Database:
    """`dbDestroy -instance`: one that was evicted or removed, or never was in the map, or failed to be destroyed.
    `instances`: those there are."""
    element = _element(database, instance)
    leaving = element.status in (Status.EVICTED_LOADED, Status.EVICTED_UNLOADING)
    if element.in_map or leaving:
        raise GridError(
            f"Element {element.number} on {instance} is {element.status.value} and in the distribution map"
            if element.in_map
            else f"Element {element.number} on {instance} is {element.status.value}",
            detail="only an element that was evicted or removed, or was never added, can be destroyed by itself",
            next=f"ttGridAdmin dbStatus {database.name} -element   (until it is evicted)"
            if leaving
            else replacing(database, element, instances),
        )
    if expected(database, element):
        raise GridError(
            f"Element {element.number} on {instance} is to come into the distribution map", next=settling(database)
        )
    if element.status is Status.DESTROYED:
        raise GridError(f"Element {element.number} on {instance} is destroyed already")
    return database.having(replace(element, status=Status.DESTROYING, message="", retry=True))


def _not_destroyed(database: Database) -> None:
    if database.wanted.destroyed:
        raise GridError(
            f"Database {database.name} is being destroyed", next=f"ttGridAdmin dbStatus {database.name} -element"
        )


def _element(database: Database, instance: str) -> Element:
    found = database.element(instance)
    if found is None:
        raise GridError(
            f"Database {database.name} has no element on {instance}",
            next=f"ttGridAdmin dbStatus {database.name} -element",
        )
    return found


def _some(database: Database, status: Status) -> bool:
    return any(e.status is status for e in database.elements)


def _any_running(database: Database) -> bool:
    return any(e.status in RUNNING for e in database.elements)


def _retried(database: Database, *statuses: Status) -> Database:
    """The same, what ended in one of the statuses to be tried again."""
    elements = tuple(replace(e, retry=True) if e.status in statuses else e for e in database.elements)
    return replace(database, elements=elements)
