"""What `dbStatus` and the lists print (reference timesten.md, 4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cctrl.grid.model import Database, Element, Instance, Mark, Status
from cctrl.grid.states import GONE, RUNNING
from cctrl.grid.verbs.tables import BLANK, table

LOADABLE, NOT_LOADABLE = "Loadable", "Not Loadable"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the summary counts of a database."""

    elements: int
    created: int
    creating: int
    loaded: int
    loading: int
    opened: int
    down: int
    create_failed: int
    replica_sets: int
    sets_created: int
    sets_loaded: int


def counts(database: Database) -> Counts:
    """Count; elements that were evicted or destroyed take no part any more."""
    present = [e for e in database.elements if e.status not in GONE]
    sets = database.replica_sets
    return Counts(
        elements=len(present),
        created=sum(e.made for e in present),
        creating=sum(e.status in _COMING for e in present),
        loaded=sum(e.status in RUNNING for e in present),
        loading=sum(e.status is Status.LOADING or (e.status in _COMING and database.wanted.loaded) for e in present),
        opened=sum(e.status is Status.OPENED for e in present),
        down=sum(e.status is Status.DOWN for e in present),
        create_failed=sum(e.status is Status.CREATE_FAILED for e in present),
        replica_sets=len(sets),
        sets_created=sum(all(e.made for e in elements) for elements in sets),
        sets_loaded=sum(all(e.status in RUNNING for e in elements) for elements in sets),
    )


_COMING = frozenset({Status.UNCREATED, Status.CREATING})


def summary_words(database: Database) -> tuple[str, str, str]:
    """How created, how loaded, how open (reference, 3.2)."""
    found = counts(database)
    return _created(database, found), _loaded(database, found), _open(database, found)


def _created(database: Database, found: Counts) -> str:
    if database.wanted.destroyed:
        return "destroying"
    return "created" if found.created == found.elements else "creating"


def _loaded(database: Database, found: Counts) -> str:
    if not database.wanted.loaded:
        return "unloading" if found.loaded else "unloaded"
    if found.replica_sets:
        if found.sets_loaded == found.replica_sets:
            return "loaded-complete"
        working = [any(e.status in RUNNING for e in elements) for elements in database.replica_sets]
        if all(working):
            return "loaded-functional"
        return "loaded-incomplete" if found.loaded else "loading" if found.loading else "unloaded"
    if found.loaded == found.elements:
        return "loaded"
    if found.loaded:
        return "loading-partial"
    return "loading" if found.loading else "unloaded"


def _open(database: Database, found: Counts) -> str:
    if database.wanted.opened:
        return "open" if found.opened or not found.loaded else "opening"
    return "closing" if found.opened else "closed"


def stamp(at: datetime) -> str:
    """`Thu Feb 22 07:37:28 PST 2018`, the day padded with a blank."""
    return f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Z %Y}"


def event(element: Element) -> str:
    """When the status of an element last changed, in local time; nothing for one whose instance is down."""
    if element.status is Status.DOWN or not element.at:
        return ""
    return f"{datetime.fromtimestamp(element.at).astimezone():%Y-%m-%d %H:%M:%S}"


def summary(database: Database, at: datetime) -> list[str]:
    """The summary block (reference, 4.2)."""
    found = counts(database)
    total = found.elements
    return [
        f"Database {database.name} summary status as of {stamp(at)}",
        BLANK,
        ",".join(summary_words(database)),
        f"Completely created elements: {found.created} (of {total})" + _progress(found.creating),
        f"Completely loaded elements: {found.loaded} (of {total})" + _progress(found.loading),
        f"Completely created replica sets: {found.sets_created} (of {found.replica_sets})",
        f"Completely loaded replica sets: {found.sets_loaded} (of {found.replica_sets})",
        BLANK,
        f"Open elements: {found.opened} (of {total})",
    ]


def _progress(number: int) -> str:
    return f" ({number} in progress)" if number else ""


def _names(element: Element) -> tuple[str, str]:
    host, _, instance = element.instance.partition(".")
    return host, instance


def _event(element: Element) -> tuple[str, str, str]:
    return element.status.value, event(element), element.message if element.status is not Status.DOWN else ""


_EVENT = ("Status", "Date/Time of Event", "Message")


def element_block(database: Database, at: datetime) -> list[str]:
    """The element block (reference, 4.3)."""
    header = ["Host", "Instance", "Elem", *_EVENT]
    rows = [[*_names(e), e.number, *_event(e)] for e in database.elements]
    return [f"Database {database.name} element level status as of {stamp(at)}", BLANK, *table(header, rows)]


def replica_set_block(database: Database, at: datetime) -> list[str]:
    """The replica set block (reference, 4.4)."""
    rows = [
        [e.replica_set, e.data_space, e.number, *_names(e), *_event(e)] for each in database.replica_sets for e in each
    ]
    header = ["RS", "DS", "Elem", "Host", "Instance", *_EVENT]
    return [f"Database {database.name} Replica Set status as of {stamp(at)}", BLANK, *table(header, rows)]


def data_space_block(database: Database, at: datetime) -> list[str]:
    """The data space group block (reference, 4.5; the layout is ours)."""
    inside = sorted((e for e in database.elements if e.in_map), key=lambda e: (e.data_space, e.replica_set))
    rows = [[e.data_space, e.replica_set, e.number, *_names(e), *_event(e)] for e in inside]
    header = ["DS", "RS", "Elem", "Host", "Instance", *_EVENT]
    return [f"Database {database.name} Data Space Group status as of {stamp(at)}", BLANK, *table(header, rows)]


def load_readiness(database: Database) -> list[str]:
    """Whether the database can be loaded, replica set by replica set (reference, 4.6).

    `Not Loadable` is ours: its seed is down, or none of its elements is there.
    """
    rows: list[list[object]] = []
    for each in database.replica_sets:
        rows += [[e.replica_set, e.data_space, e.instance, readiness(e)] for e in each]
        rows.append([each[0].replica_set, "", "", set_readiness(each)])
    able = all(set_readiness(each) == LOADABLE for each in database.replica_sets)
    total = sum(map(len, database.replica_sets))
    loaded = sum(e.status in RUNNING for each in database.replica_sets for e in each)
    return [
        "Data Elements:",
        *table(["RS", "DS", "Instance", "State"], rows),
        BLANK,
        f"{database.name} load state: {LOADABLE if able else NOT_LOADABLE}",
        f"Total Elements Loaded:{loaded}/{total}",
    ]


def readiness(element: Element) -> str:
    """How one element stands with a load: `Loaded`, else its status."""
    return "Loaded" if element.status in RUNNING else element.status.value.capitalize()


def set_readiness(each: Sequence[Element]) -> str:
    """How a replica set stands with a load: it needs its seed."""
    return LOADABLE if any(_can_load(e) for e in each if not _behind(e, each)) else NOT_LOADABLE


def _can_load(element: Element) -> bool:
    return element.made and element.status is not Status.DOWN


def _behind(element: Element, others: Sequence[Element]) -> bool:
    """Whether another one of the replica set has later changes, as far as is known."""
    mine = (element.timeline, element.position)
    return any((e.timeline, e.position) > mine for e in others if e.made)


def db_list(databases: Sequence[Database]) -> list[str]:
    """`dbList` (reference, 4.7)."""
    rows = [[d.name, _yes(counts(d).loaded > 0), _yes(counts(d).opened > 0)] for d in databases]
    return table(["Database", "Loaded", "Opened"], rows)


def _yes(holds: bool) -> str:
    return "Y" if holds else "N"


def host_list(instances: Sequence[Instance]) -> list[str]:
    """`hostList` (reference, 4.7)."""
    hosts = {i.host: i for i in instances}.values()
    rows = [[i.host, i.address, i.address, i.data_space or "", ""] for i in hosts]
    return table(["Name", "IntAddress", "ExtAddress", "DSG", "Comment"], rows)


def instance_list(instances: Sequence[Instance], manager: str = "") -> list[str]:
    """`instanceList` (reference, 4.7); `manager`: the host of the active management instance, if it is to be shown."""
    header = ["Host", "Instance", "Type", "Instance Home", "Port", "CSPort", "MgmtPort", "Comment"]
    rows: list[list[object]] = [[manager, "cctrl", "Mgmt", "", "", "", "", ""]] if manager else []
    rows += [
        [i.host, i.name.partition(".")[2], "Data", f"{i.home}/", i.daemon_port, i.server_port, "", ""]
        for i in instances
    ]
    return table(header, rows)


def distribution_list(database: Database) -> list[str]:
    """`dbDistribute -list`: who is in the map, and what the next -apply changes (the layout is ours)."""
    rows = [
        [e.replica_set or "", e.data_space or "", e.number, *_names(e), e.mark.value, e.replace_with]
        for e in sorted(database.elements, key=lambda e: (not e.in_map, e.replica_set, e.data_space, e.number))
        if e.in_map or e.mark is not Mark.NONE or e.status not in GONE
    ]
    return table(["RS", "DS", "Elem", "Host", "Instance", "Pending", "ReplaceWith"], rows)


def epochs(database: Database) -> list[str]:
    """`dbStatus -epochs`: the last known position of each element, and how far each replica set is safe (the layout is
    ours): a timeline and an LSN take the place of an epoch."""
    rows = [[e.replica_set or "", e.number, e.instance, _epoch(e)] for e in database.elements if e.status not in GONE]
    sets = [[each[0].replica_set, _epoch(max(each, key=_reached))] for each in database.replica_sets]
    return [
        f"Database {database.name} epochs",
        BLANK,
        *table(["RS", "Elem", "Instance", "Last Known"], rows),
        BLANK,
        *table(["RS", "Recoverable To"], sets),
    ]


def _reached(element: Element) -> tuple[int, int]:
    return element.timeline, element.position


def _epoch(element: Element) -> str:
    if not element.position:
        return "unknown"
    return f"{element.timeline}:{element.position >> 32:X}/{element.position & 0xFFFFFFFF:X}"


def daemons(name: str, answers: Sequence[tuple[str, bool, str]]) -> list[str]:
    """`-details` (the layout is ours); `answers`: each instance, whether its `ttStatus` ended well, what it said."""
    rows = [[instance, "running" if well else "not running", _about_daemon(said)] for instance, well, said in answers]
    return [f"Database {name} daemons", BLANK, *table(["Instance", "Daemon", "Answer"], rows)]


def _about_daemon(answer: str) -> str:
    """Of what `ttStatus` says the line about the daemon; the first one where there is none, as where none runs."""
    lines = answer.strip().splitlines() or [""]
    return next((line for line in lines if line.startswith("Daemon ")), lines[0])
