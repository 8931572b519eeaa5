"""`datasource INSTANCE cleanup`: what was moved or kept aside beside the elements of a data instance, also of those
that were destroyed since, is listed, and removed when that is confirmed."""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Database, Element, Status
from cctrl.grid.service import Grid
from cctrl.grid.states import GONE, RUNNING
from cctrl.grid.verbs.listing import named
from cctrl.outcome import Outcome, OutOfSight, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication import aside
from cctrl.replication.copying import Aside

_Found = list[tuple[Database, tuple[Aside, ...]]]
_DIRECTORIES = 'for d in db/*; do [ ! -d "$d" ] || if [ -e "$d/data" ]; then echo "- $d"; else echo "+ $d"; fi; done'
_GONE = "destroyed"  # of no database system: nothing that may lie in its place now is offered with what is aside


def cleanup(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """List, ask, remove; refused while an element there is not loaded."""
    instance = named(grid, invocation)
    found, gone = _look(grid, instance), _destroyed(grid, instance, talk)
    every = [one for _, some in (*found, *gone) for one in some]
    if not aside.offered(every, instance, talk):
        return Outcome.DONE
    for database, _ in found:  # all before the first is removed: where one is refused, nothing was changed
        _can_be_done_without(grid.database(database.name), instance)
    for database, _ in gone:
        if _known(grid, database.name, instance):
            raise Refused(f"database {database.name} has an element on {instance} again", next="ls")
    for database, some in found:
        grid.engine(database).copies.remove_aside(instance, some)
    for database, some in gone:
        grid.new_engine(database).copies.remove_aside(instance, some, _GONE)
    talk.line(aside.removed(every, instance))
    return Outcome.DONE


def _look(grid: Grid, instance: str) -> _Found:
    there = [d for d in grid.databases() if (e := d.element(instance)) and e.made]
    found = [(d, grid.engine(d).copies.aside(instance)) for d in there]
    return [(_can_be_done_without(d, instance), some) for d, some in found if some]


def _destroyed(grid: Grid, instance: str, talk: Talk) -> _Found:
    """What lies beside elements that are no more: the record does not have them, and their data is gone."""
    ran = grid.on_instance(instance, ("sh", "-c", _DIRECTORIES), grid.config.timeout)
    if not ran.ok:
        raise OutOfSight(f"cannot look at {instance}", detail=ran.output.strip(), next=ran.next or "cctrl doctor")
    home, host = grid.service.member(instance).home, grid.service.member(instance).host.name
    found: _Found = []
    for mark, _, name in (line.partition(" db/") for line in ran.output.splitlines()):
        if not name or _known(grid, name, instance):
            continue
        if mark == "-":
            talk.note(f"{host}:{home}/db/{name} holds data of a database that is not on record: it is left alone")
            continue
        database, place = Database(name, ()), f"{host}:{home}/db/{name}/data"
        some = grid.new_engine(database).copies.aside(instance, _GONE)
        found += [(database, tuple(replace(one, place=place) for one in some))] if some else []
    return found


def _known(grid: Grid, name: str, instance: str) -> bool:
    """Whether the record has an element of that database there that is or may come."""
    database = next((d for d in grid.databases() if d.name == name), None)
    element = database.element(instance) if database else None
    return element is not None and (element.made or element.status is not Status.DESTROYED)


def _can_be_done_without(database: Database, instance: str) -> Database:
    """The database. Raises Refused where what is kept aside may still be needed: nothing is being recovered then."""
    element: Element | None = database.element(instance)
    if element is not None and element.status in RUNNING and (element.in_set or not element.in_map):
        return database
    status = element.status.value if element else "gone"
    leaving = element is not None and element.status in (*GONE, Status.DESTROY_FAILED)
    destroying = f"ttGridAdmin dbDestroy {database.name} -instance {instance}   (then cleanup again)"
    raise Refused(
        f"element of {database.name} on {instance} is {status}: what is kept aside may still be needed",
        next=destroying if leaving else f"ttGridAdmin dbStatus {database.name} -element   (once it is loaded)",
    )
