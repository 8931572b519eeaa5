"""What the manager makes of one look: the record as it is from now on, and what is to be done. Pure.

`decide` is applied to the record with nobody in between, so that a command and the manager never overwrite each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from enum import Enum

from cctrl.grid.model import Database, Element, Mark, Phase, Status
from cctrl.grid.states import AWAY, RUNNING
from cctrl.grid.transitions import Event
from cctrl.grid.watch import distributing, replicating
from cctrl.grid.watch.draft import Draft
from cctrl.grid.watch.tasks import Act, Decision, Seen, Task, touched
from cctrl.replication.facts import Facts, Server


def decide(
    database: Database,
    seen: Mapping[str, Seen],
    busy: Collection[str],
    now: float,
    manager: str,
    ended: Collection[str] = (),
) -> Decision:
    """`seen`: by instance; `busy`: the keys of the tasks that are under way; `ended`: of those that ended after the
    look began, which may have seen what was before them; `manager`: who decides."""
    unseen = {e.instance: Seen(None, Facts(e.instance, now, Server.UNSEEN)) for e in database.elements}  # newer than it
    known = {e.instance for e in database.elements if not touched(e, ended)}
    draft = Draft(database, unseen | {n: here for n, here in seen.items() if n in known}, frozenset(busy), now)
    for element in database.elements:
        _instance(draft, element)
    for element in draft.database.elements:
        if not element.in_map:
            _alone(draft, element)
    distributing.carry_on(draft, manager)
    for number in sorted({e.replica_set for e in draft.database.elements if e.in_map}):
        replicating.carry_on(draft, number)
    for element in draft.database.elements:
        _users(draft, element)
        _destroyed(draft, draft.now_of(element))
    return draft.decision()


def _instance(draft: Draft, element: Element) -> None:
    """Whether its data instance runs at all."""
    here = draft.seen[element.instance]
    element = _position(draft, element, here)
    if here.down:
        if draft.can(element, Event.DOWN):
            draft.move(element, Event.DOWN)
        elif element.status in (Status.UNCREATED, Status.DESTROYING):
            draft.put(replace(element, message=AWAY))
        if here.daemon is False and here.facts.may_run and here.facts.seen:
            draft.task(Act.STOP, element.instance)
    elif here.daemon and element.status is Status.DOWN and not element.made:
        draft.move(element, Event.BACK)


def _position(draft: Draft, element: Element, here: Seen) -> Element:
    """How far it is, for the time when it cannot be asked any more."""
    facts = here.facts
    if facts.timeline and facts.received and (facts.timeline, facts.received) != (element.timeline, element.position):
        element = replace(element, timeline=facts.timeline, position=int(facts.received))
        draft.put(element)
    return element


def _alone(draft: Draft, element: Element) -> None:
    """An element in no replica set: it has a server of its own, and nobody's data."""
    here = draft.seen[element.instance]
    if not here.daemon:
        _evicted_out_of_sight(draft, element, here)
        return
    status, wanted = element.status, draft.database.wanted
    if status is Status.UNCREATED and not wanted.destroyed:
        element = draft.move(element, Event.CREATE)
    elif element.retry and status is Status.LOAD_FAILED and wanted.loaded:
        element = draft.move(element, Event.RETRY)
    elif status in (Status.UNLOADED, Status.DOWN) and wanted.loaded and element.made:
        element = draft.move(element, Event.LOAD)
    elif status is Status.DOWN:
        element = draft.move(element, Event.UNLOADED)
    elif here.gone and draft.can(element, Event.LOST):
        element = draft.move(draft.move(element, Event.LOST), Event.LOAD)
    elif status is Status.EVICTED_LOADED:
        element = draft.move(element, Event.EVICTING)
    if not wanted.loaded and draft.can(element, Event.UNLOAD):
        element = draft.move(element, Event.UNLOAD)
    acts = {
        Status.CREATING: Act.CREATE,
        Status.LOADING: Act.START,
        Status.UNLOADING: Act.UNLOAD,
        Status.EVICTED_UNLOADING: Act.UNLOAD,
    }
    if element.status in acts:
        draft.task(acts[element.status], element.instance)


def _evicted_out_of_sight(draft: Draft, element: Element, here: Seen) -> None:
    """One that is to leave need not be there for that: it is out of the map already."""
    if here.down and element.status is Status.EVICTED_LOADED:
        draft.move(element, Event.EVICTING)
    elif here.down and element.status is Status.EVICTED_UNLOADING:
        draft.move(element, Event.EVICTED)


def _users(draft: Draft, element: Element) -> None:
    """Users are let in where the database is open and the element is in the map, and kept out elsewhere."""
    element = draft.now_of(element)
    wanted = draft.database.wanted
    coming = element.mark is Mark.ADD  # its replica set may still be rolled back, with what was written there
    open_ = wanted.opened and wanted.loaded and element.in_map and not coming
    if element.retry and element.status in (Status.OPEN_FAILED, Status.CLOSE_FAILED):
        element = draft.move(element, Event.RETRY)
        return  # seen so once, before the system goes on
    if open_ and draft.can(element, Event.OPEN):
        element = draft.move(element, Event.OPEN)
    elif not open_ and draft.can(element, Event.CLOSE):
        element = draft.move(element, Event.CLOSE)
    if element.status in (Status.OPENING, Status.CLOSING):
        draft.task(Act.OPEN if element.status is Status.OPENING else Act.CLOSE, element.instance)


def _destroyed(draft: Draft, element: Element) -> None:
    """The end of an element."""
    if not draft.seen[element.instance].daemon:
        return
    if element.status is Status.DESTROY_FAILED and element.retry:
        element = draft.move(element, Event.RETRY)
    elif element.status is Status.DESTROYING and element.retry:  # a command has it so: it begins now
        element = draft.put(replace(element, at=draft.now, retry=False))
    elif draft.database.wanted.destroyed and element.status is not Status.LOADED and draft.can(element, Event.DESTROY):
        element = draft.move(element, Event.DESTROY)
    if element.status is Status.DESTROYING:
        draft.task(Act.DESTROY, element.instance)


def ended(database: Database, task: Task, now: float, failure: str = "") -> Database | None:
    """The record after a task has ended; None where the database is no more. What was decided meanwhile stays."""
    element = database.element(task.instance)
    if element is None:
        return database
    draft = Draft(database, {}, frozenset(), now)
    event = _DONE_BY.get(task.act)
    if task.act is Act.CREATE and not failure:
        element = replace(element, made=True)
        draft.put(element)
    if task.act is Act.UNLOAD and element.status is Status.EVICTED_UNLOADING:
        event = Event.EVICTED
    if event is not None and failure:
        event = Event.FAILED
    if event is not None and draft.can(element, event):
        element = draft.move(element, event, failure.partition("\n")[0])
    if task.act is Act.DESTROY and not failure:
        draft.put(replace(element, made=False, timeline=0, position=0, in_set=False, active=False))
    found = draft.database
    over = all(e.status is Status.DESTROYED for e in found.elements)
    return None if over else found


_DONE_BY = {
    Act.CREATE: Event.CREATED,
    Act.START: Event.LOADED,
    Act.SEED: Event.LOADED,
    Act.RECOVER: Event.LOADED,
    Act.OPEN: Event.OPENED,
    Act.CLOSE: Event.CLOSED,
    Act.UNLOAD: Event.UNLOADED,
    Act.DESTROY: Event.DESTROYED,
}


class Calm(Enum):
    """How soon another look is worth it."""

    MOVING = "something is due that nobody works at"
    AWAITED = "something is waited for that nobody tells of: a data instance that is started, or a silence that lasts"
    WORKING = "all that is due is worked at"
    SETTLED = "nothing is due"


def calm(database: Database, busy: Collection[str], seen: Mapping[str, Seen]) -> Calm:
    """How soon another look is worth it; `busy`: the keys of the tasks that are under way; `seen`: by the last look."""
    free = [e for e in database.elements if not touched(e, busy)]
    if any((e.status in _MOVING or e.retry) and _at_hand(e, seen) for e in free):
        return Calm.MOVING
    if (
        database.phase in (Phase.APPLYING, Phase.RESYNC, Phase.RESET)
        or database.disconnect
        or any(e.status in (*_AWAITED, *_MOVING) or _suspicious(e, seen) for e in free)
    ):
        return Calm.AWAITED
    return Calm.WORKING if busy else Calm.SETTLED


def _at_hand(element: Element, seen: Mapping[str, Seen]) -> bool:
    """False where its data instance is down or out of sight: nothing is done there before it is back."""
    here = seen.get(element.instance)
    return here is None or here.daemon is True


def _suspicious(element: Element, seen: Mapping[str, Seen]) -> bool:
    """True where something is not as it was left, and has not lasted long enough to count."""
    here = seen.get(element.instance)
    return here is not None and element.status in RUNNING and (not here.alive or (element.in_set and here.apart > 0))


_AWAITED = (Status.DOWN, Status.WAITING_FOR_SEED)
_MOVING = (
    *(Status.UNCREATED, Status.CREATING, Status.LOADING, Status.OPENING, Status.CLOSING, Status.UNLOADING),
    *(Status.DESTROYING, Status.EVICTED_LOADED, Status.EVICTED_UNLOADING),
)


def disconnected(database: Database) -> Database:
    """Nobody is connected any more: what was asked for is done."""
    return replace(database, disconnect="")


def waiting(database: Database, task: Task, why: str) -> Database:
    """What goes on, but is held up, says why: another manager, which has a store of its own, may never let it."""
    element = database.element(task.instance)
    held_up = element is not None and element.status in _MOVING
    return database.having(replace(element, message=why)) if element is not None and held_up else database
