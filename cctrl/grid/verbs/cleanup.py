"""`datasource INSTANCE cleanup`: what was moved or kept aside beside the elements of a data instance is listed, and
removed when that is confirmed."""

from __future__ import annotations

from cctrl.grid.model import Database, Element
from cctrl.grid.service import Grid
from cctrl.grid.states import RUNNING
from cctrl.grid.verbs.listing import named
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication import aside
from cctrl.replication.copying import Aside

_Found = list[tuple[Database, tuple[Aside, ...]]]


def cleanup(grid: Grid, invocation: Invocation, talk: Talk) -> Outcome:
    """List, ask, remove; refused while an element there is not loaded."""
    instance = named(grid, invocation)
    found = _look(grid, instance)
    every = [one for _, some in found for one in some]
    if not aside.offered(every, instance, talk):
        return Outcome.DONE
    for database, some in found:
        _can_be_done_without(grid.database(database.name), instance)
        grid.engine(database).copies.remove_aside(instance, some)
    talk.line(aside.removed(every, instance))
    return Outcome.DONE


def _look(grid: Grid, instance: str) -> _Found:
    there = [d for d in grid.databases() if (e := d.element(instance)) and e.made]
    found = [(d, grid.engine(d).copies.aside(instance)) for d in there]
    return [(_can_be_done_without(d, instance), some) for d, some in found if some]


def _can_be_done_without(database: Database, instance: str) -> Database:
    """The database. Raises Refused where what is kept aside may still be needed: nothing is being recovered then."""
    element: Element | None = database.element(instance)
    if element is not None and element.status in RUNNING and (element.in_set or not element.in_map):
        return database
    status = element.status.value if element else "gone"
    raise Refused(
        f"element of {database.name} on {instance} is {status}: what is kept aside may still be needed",
        next=f"ttGridAdmin dbStatus {database.name} -element   (once it is loaded)",
    )
