"""The distribution map: what `dbDistribute` marks, refuses and applies (reference timesten.md, 2.4). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cctrl.grid.model import Database, Element, GridError, Instance, Mark, Phase, Status
from cctrl.grid.states import GONE, RUNNING


def add_all(database: Database) -> Database:
    """`-add all`: every element that is there, is not in the map and is not to take another's place; one that was not
    created is left out."""
    _none_in_progress(database)
    chosen = {e.replace_with for e in database.elements}
    for element in database.elements:
        if not element.in_map and element.status in RUNNING and element.instance not in chosen:
            database = database.having(replace(element, mark=Mark.ADD))
    return database


def add(database: Database, instance: str) -> Database:
    """`-add INSTANCE`."""
    _none_in_progress(database)
    element = _there(database, instance)
    if element.in_map:
        raise GridError(f"Element {element.number} on {instance} is in the distribution map already")
    former = next((e.instance for e in database.elements if e.replace_with == instance), "")
    if former:
        raise GridError(
            f"Element {element.number} on {instance} is to take the place of {former}",
            next=f"ttGridAdmin dbDistribute {database.name} -reset   (forgets what is marked)",
        )
    _loaded(database, element)
    return database.having(replace(element, mark=Mark.ADD))


def take_out(database: Database, instance: str, mark: Mark, replacement: str) -> Database:
    """`-remove` or `-evict INSTANCE [-replaceWith INSTANCE]`."""
    _none_in_progress(database)
    element = _there(database, instance)
    if not element.in_map:
        raise GridError(
            f"Element {element.number} on {instance} is not in the distribution map",
            next=f"ttGridAdmin dbDistribute {database.name} -list",
        )
    if replacement:
        _free(database, element, replacement)
    return database.having(replace(element, mark=mark, replace_with=replacement))


def _free(database: Database, element: Element, replacement: str) -> None:
    new, why = _there(database, replacement), ""
    taken = [e for e in database.elements if e.replace_with == replacement and e.instance != element.instance]
    if new.in_map or new.mark is not Mark.NONE or taken:
        why = "it is in the distribution map, or is to be"
    elif new.data_space != element.data_space:
        why = f"it is in data space group {new.data_space}, not {element.data_space}: a replica set has one of each"
    if why:
        raise GridError(
            f"Element {new.number} on {replacement} cannot take the place of {element.instance}",
            detail=why,
            next=f"ttGridAdmin dbDistribute {database.name} -list",
        )
    _loaded(database, new)


def reset(database: Database) -> Database:
    """`-reset`: forget what was marked, or have a distribution undone that was broken off."""
    if database.phase is Phase.BROKEN_OFF:
        return replace(database, phase=Phase.RESET)
    _none_in_progress(database)
    elements = tuple(replace(e, mark=Mark.NONE, replace_with="") for e in database.elements)
    return replace(database, elements=elements)


def apply(database: Database, instances: Sequence[Instance] = ()) -> Database:
    """`-apply`: begin to make the new map. Raises GridError where it could not stand; `instances`: those there are."""
    _none_in_progress(database)
    marked = [e for e in database.elements if e.mark is not Mark.NONE]
    if not marked:
        raise GridError(
            f"Nothing is marked for database {database.name}",
            next=f"ttGridAdmin dbDistribute {database.name} -add|-remove|-evict INSTANCE -apply",
        )
    for each in database.replica_sets:
        _check_set(database, each, instances)
    for instance in (*(e.instance for e in marked if e.mark is Mark.ADD), *(e.replace_with for e in marked)):
        if instance:  # what was loaded when it was marked may have been destroyed
            _loaded(database, _there(database, instance))
    if any(e.mark is Mark.ADD for e in marked):
        added(database)
    return replace(database, phase=Phase.APPLYING)


def resync(database: Database) -> Database:
    """`-resync`: have a distribution settled that was begun."""
    if joining(database) and not database.wanted.loaded:
        raise GridError(
            f"Database {database.name} is not loaded",
            detail="what is to come into the map comes from elements that are loaded",
            next=f"ttGridAdmin dbLoad {database.name} -wait; or, to undo it: "
            f"ttGridAdmin dbDistribute {database.name} -reset",
        )
    return replace(database, phase=Phase.RESYNC)


def _none_in_progress(database: Database) -> None:
    """Refuse what would be done beside a distribution."""
    if database.phase is Phase.NONE:
        return
    raise GridError(
        f"A distribution of database {database.name} is in progress",
        detail="it was broken off in the middle" if database.phase is Phase.BROKEN_OFF else "",
        next=settling(database),
    )


def settling(database: Database) -> str:
    """What to type where a distribution is in progress."""
    if database.phase is Phase.BROKEN_OFF:
        return f"ttGridAdmin dbDistribute {database.name} -resync"
    return f"ttGridAdmin dbStatus {database.name} -element   (until it has ended)"


def joining(database: Database) -> list[Element]:
    """Those that are to come with the next map."""
    return [e for e in database.elements if e.since > database.generation and e.in_map]


def expected(database: Database, element: Element) -> bool:
    """Whether a distribution in progress needs an element that is in no replica set yet."""
    named = element.mark is Mark.ADD or any(e.replace_with == element.instance for e in database.elements)
    return named and database.phase is not Phase.NONE


def _check_set(database: Database, each: tuple[Element, ...], instances: Sequence[Instance]) -> None:
    number, name = each[0].replica_set, database.name
    leaving = [e for e in each if e.mark in (Mark.REMOVE, Mark.EVICT)]
    evicted = [e for e in leaving if e.mark is Mark.EVICT]
    if not leaving:
        return
    if evicted and len(evicted) < len(each):
        raise GridError(
            f"{len(evicted)} of {len(each)} elements of replica set {number} are to be evicted",
            detail="-evict drops a whole replica set with its rows; one element alone is replaced without loss",
            next=f"{replacing(database, evicted[0], instances)}; or, to give up the rows: {_evicting(name, each)}",
        )
    if evicted:
        _check_evicted(database, each)
        return
    if missing := [e for e in leaving if not e.replace_with]:
        given_up = f"; or, to give up the rows: {_evicting(name, each)}" if len(database.replica_sets) > 1 else ""
        raise GridError(
            f"{len(missing)} of {len(each)} elements of replica set {number} are to be removed, with none in the place",
            detail=f"a replica set keeps its {len(each)} elements and its rows: this grid moves no rows to other sets",
            next=replacing(database, missing[0], instances) + given_up,
        )
    if not any(e.status in RUNNING for e in each):
        raise GridError(
            f"No element of replica set {number} is loaded: there is nothing to copy from",
            next=f"ttGridAdmin dbStatus {name} -replicaSet",
        )


def _evicting(name: str, each: Iterable[Element]) -> str:
    """The command that gives up a whole replica set."""
    return f"ttGridAdmin dbDistribute {name} {' '.join(f'-evict {e.instance}' for e in each)} -apply"


def replacing(database: Database, element: Element, instances: Sequence[Instance]) -> str:
    """The commands that put another element in the place of one, without loss."""
    name, space = database.name, element.data_space
    near = [i.name for i in instances if i.data_space == space and i.name != element.instance]
    chosen = {e.replace_with for e in database.elements}
    there = {e.instance: e for e in database.elements if e.status is not Status.DESTROYED}
    ready = [n for n in near if (e := there.get(n)) and e.status in RUNNING and not e.in_map and n not in chosen]
    free = [n for n in near if n not in there]
    if not ready and not free:
        return f"add a data instance of data space group {space} to the configuration: the others are in use"
    new = (ready or free)[0]
    made = "" if ready else f"ttGridAdmin dbCreate {name} -instance {new} -wait, then "
    return f"{made}ttGridAdmin dbDistribute {name} -remove {element.instance} -replaceWith {new} -apply"


def _check_evicted(database: Database, each: tuple[Element, ...]) -> None:
    number = each[0].replica_set
    remaining = [s for s in database.replica_sets if any(e.mark is not Mark.EVICT for e in s)]
    if not remaining:
        raise GridError(
            f"Replica set {number} is the only one of database {database.name} that would be left",
            detail="with it all rows would be gone",
            next=f"ttGridAdmin dbDestroy {database.name}   (after dbUnload), if that is what you want",
        )
    with_successor = [e for e in each if e.replace_with]
    if with_successor and len(with_successor) < len(each):
        raise GridError(
            f"{len(with_successor)} of {len(each)} elements of replica set {number} have another in their place",
            next="give -replaceWith for each of them, or for none",
        )


def added(database: Database) -> Database:
    """The database with the added elements in new replica sets, one of each data space group in each; their mark stays
    until the map stands."""
    new = [e for e in database.elements if e.mark is Mark.ADD]
    spaces = Counter(e.data_space for e in new)
    groups = {e.data_space for e in database.elements}
    if len(set(spaces.values())) > 1 or set(spaces) != groups:
        detail = ", ".join(f"data space group {g}: {spaces.get(g, 0)}" for g in sorted(groups))
        raise GridError(
            "A replica set needs one element of each data space group",
            detail=detail,
            next=f"ttGridAdmin dbDistribute {database.name} -list",
        )
    first = max((e.replica_set for e in database.elements), default=0) + 1
    for group in groups:
        for offset, element in enumerate(e for e in new if e.data_space == group):
            database = database.having(replace(element, replica_set=first + offset))
    return database


def given_up(database: Database) -> list[tuple[Element, ...]]:
    """The replica sets that -apply drops with their rows. One of which only a part is to be evicted it refuses."""
    return [each for each in database.replica_sets if all(e.mark is Mark.EVICT for e in each)]


def cost(each: Iterable[Element]) -> str:
    """What an eviction gives up, for the question before it."""
    last = max(each, key=lambda e: (e.timeline, e.position))
    place = f"{last.position >> 32:X}/{last.position & 0xFFFFFFFF:X}"
    return f"replica set {last.replica_set}: all its rows, last known on {last.instance} up to {place}"


def _there(database: Database, instance: str) -> Element:
    found = database.element(instance)
    if found is None or found.status in GONE:
        raise GridError(
            f"Database {database.name} has no element on {instance}",
            next=f"ttGridAdmin dbCreate {database.name} -instance {instance}",
        )
    return found


def _loaded(database: Database, element: Element) -> None:
    if element.status not in RUNNING:
        raise GridError(
            f"Element {element.number} on {element.instance} is {element.status.value}, and must be loaded",
            next=f"ttGridAdmin dbStatus {database.name} -element",
        )
