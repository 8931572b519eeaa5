"""How the next distribution map is made, step by step, from what `dbDistribute` marked. Pure.

New elements are brought into their replica set before the ones they replace leave it: rows are always somewhere.
"""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid import distribution, waiting
from cctrl.grid.model import Element, Mark, Phase, Status
from cctrl.grid.states import RUNNING
from cctrl.grid.transitions import Event
from cctrl.grid.watch.draft import Draft
from cctrl.grid.watch.replicating import pass_on

_LEAVING = (Mark.REMOVE, Mark.EVICT)


def carry_on(draft: Draft, manager: str) -> None:
    """Bring a distribution forward, or settle one that was broken off."""
    phase = draft.database.phase
    if phase in (Phase.RESYNC, Phase.RESET):
        _resync(draft, manager, forwards=phase is Phase.RESYNC)
    elif phase is Phase.APPLYING and not draft.database.applier:
        draft.database = replace(draft.database, applier=manager, told="")
        _begin(draft)
    elif phase is Phase.APPLYING and draft.database.applier != manager:
        _break_off(draft, f"{draft.database.applier} ended in the middle of it")
    elif phase is Phase.APPLYING:
        _go_on(draft)


def _begin(draft: Draft) -> None:
    """Put the new elements where they belong; what leaves stays until they have all."""
    next_map = draft.database.generation + 1
    if any(e.mark is Mark.ADD for e in draft.database.elements):
        draft.database = distribution.added(draft.database)
        for number in sorted({e.replica_set for e in draft.database.elements if e.mark is Mark.ADD}):
            _new_set(draft, draft.members(number), next_map)
    evicted = [e for e in draft.database.elements if e.mark is Mark.EVICT]
    for number in sorted({e.replica_set for e in evicted}):
        _replace_set(draft, [e for e in evicted if e.replica_set == number], number, next_map)
    for element in [e for e in draft.database.elements if e.mark is Mark.REMOVE]:
        new = draft.database.element(element.replace_with)
        if new is not None:
            draft.put(replace(new, replica_set=element.replica_set, in_set=False, active=False, since=next_map))


def _new_set(draft: Draft, members: list[Element], next_map: int) -> None:
    """The first keeps what it has, and the others become copies of it."""
    for place, element in enumerate(sorted(members, key=lambda e: e.data_space)):
        first = place == 0
        draft.put(replace(element, active=first, in_set=first, since=next_map))


def _replace_set(draft: Draft, leaving: list[Element], number: int, next_map: int) -> None:
    """A set whose rows are given up; the new one in its place is empty."""
    successors = [e for name in leaving if (e := draft.database.element(name.replace_with))]
    for element in leaving:
        _leave(draft, element)
    _new_set(draft, [draft.put(replace(e, replica_set=number)) for e in successors], next_map)


def _leave(draft: Draft, element: Element) -> None:
    out = replace(draft.now_of(element), replica_set=0, active=False, in_set=False, mark=Mark.NONE, replace_with="")
    draft.put(out)
    if draft.can(out, Event.EVICT):
        draft.move(out, Event.EVICT)


def _go_on(draft: Draft) -> None:
    """Let those leave whose successors have all; the map is made when nobody is to come or to leave any more."""
    for element in [e for e in draft.database.elements if e.mark is Mark.REMOVE]:
        new = draft.database.element(element.replace_with)
        if new is None or not (new.in_set and new.status in RUNNING):
            continue
        if element.active and draft.seen[element.instance].alive:
            _hand_over(draft, element, new)
        else:
            _leave(draft, element)
    left = [e for e in draft.database.elements if e.mark in _LEAVING]
    joining = distribution.joining(draft.database)
    failed = [e for e in joining if e.status in (Status.LOAD_FAILED, Status.DOWN) or waiting.in_vain(draft.database, e)]
    if not left and all(e.in_set and e.status in RUNNING for e in joining):
        _end(draft, draft.database.generation + 1)
    elif not draft.database.wanted.loaded:
        _break_off(draft, "the database was unloaded in the middle of it")
    elif failed:
        _break_off(draft, "; ".join(f"{e.instance} {e.status.value}: {e.message}".rstrip(": ") for e in failed))


def _break_off(draft: Draft, why: str) -> None:
    draft.database = replace(draft.database, phase=Phase.BROKEN_OFF, told=why)


def _end(draft: Draft, generation: int, told: str = "") -> None:
    for element in draft.database.elements:
        draft.put(replace(element, mark=Mark.NONE, replace_with=""))
    draft.database = replace(draft.database, phase=Phase.NONE, applier="", generation=generation, told=told)


def _hand_over(draft: Draft, element: Element, new: Element) -> None:
    """The active role goes to another element, while both work: only then the old one can leave."""
    if not draft.taken(f"set {element.replica_set}"):
        others = [e for e in draft.members(element.replica_set) if e.in_set and not e.active]
        heir = max(others, key=lambda e: (e.status in RUNNING, e.number != new.number))
        pass_on(draft, element, heir, f"{element.instance} is to leave", planned=True)


def _resync(draft: Draft, manager: str, *, forwards: bool) -> None:
    """Go on where all that is needed is there, and that is asked for; else keep what has come about, and let those go
    that were to come."""
    joining = distribution.joining(draft.database)
    if forwards and all(draft.seen[e.instance].daemon for e in joining):
        for element in joining:
            if element.status is Status.LOAD_FAILED:
                draft.move(element, Event.RETRY)
        draft.database = replace(draft.database, phase=Phase.APPLYING, applier=manager, told="")
        return
    back = [e for e in joining if not _has_come(draft, e)]
    for element in back:
        _leave(draft, element)
    for element in [e for e in draft.database.elements if e.mark is Mark.REMOVE]:
        new = draft.database.element(element.replace_with)
        if new is not None and new.in_map:
            _leave(draft, element)
    if len(back) < len(joining):
        left = ", ".join(e.instance for e in back)
        _end(draft, draft.database.generation + 1, left and f"what is done stays; rolled back: {left}")
    else:
        _end(draft, draft.database.generation)


def _has_come(draft: Draft, element: Element) -> bool:
    """Whether one that is to come stays: with others of a new set that is whole, or in the place of one that is gone or
    has handed over, since nobody else may have every row of its set then."""
    if element.mark is Mark.ADD:
        return all(e.in_set for e in draft.members(element.replica_set))
    former = next((e for e in draft.database.elements if e.replace_with == element.instance), None)
    return former is None or (element.in_set and not former.active)
