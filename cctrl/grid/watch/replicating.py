"""One replica set: who is the active element, who follows it, for whom commits wait, who is the seed. Pure.

The record says that an element is out of the set before commits no longer wait for it, and that it is in it only once
they do and it has all from before: so an element that the record has in the set has every acknowledged commit.
"""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Element, Status
from cctrl.grid.states import RUNNING
from cctrl.grid.transitions import Event
from cctrl.grid.watch.draft import Draft
from cctrl.grid.watch.tasks import APART, DAMAGED, Act, Seen, touched
from cctrl.replication.facts import Facts, Server
from cctrl.replication.synchrony import SETTING, demanded

_HEARD = 1.0  # seconds that a standby's word of its primary may be older than our own silence


def carry_on(draft: Draft, number: int) -> None:
    """Decide for one replica set."""
    members = draft.members(number)
    if not draft.database.wanted.loaded:
        _unload(draft, members)
        return
    active = next((e for e in members if e.active), None)
    if active is not None and (later := _later(draft, active, members)):
        active = _corrected(draft, active, later)
        if active is None:
            return
        members = draft.members(number)
    if active is not None and draft.seen[active.instance].alive:
        _lead(draft, active)
    elif active is not None and not draft.seen[active.instance].gone:
        return  # it may be well: nothing is known yet
    else:
        _without(draft, members, active)


# The record is older than what happened: the store was restored from a copy.


def _later(draft: Draft, active: Element, members: list[Element]) -> list[Element]:
    """The elements that took the writes after the active element on record did, or followed one that did."""
    here = draft.seen[active.instance].facts

    def outran(facts: Facts) -> bool:
        alone = here.standby and facts.writable and active.instance not in _waited_for(facts)
        return facts.promoted_after(here) or (alone and facts.system == here.system)

    return [e for e in members if e.number != active.number and outran(draft.seen[e.instance].facts)]


def _corrected(draft: Draft, active: Element, later: list[Element]) -> Element | None:
    """The record as it should be: every acknowledged commit is on the one that took writes last. None, and nothing is
    done, where that one is not in sight."""
    facts = {e.number: draft.seen[e.instance].facts for e in later}
    able = [e for e in later if draft.seen[e.instance].daemon and not facts[e.number].standby]
    able = [e for e in able if facts[e.number].writable or not facts[e.number].standby_mark]
    old = f"the record is older than replica set {active.replica_set}, which {active.instance} no longer leads"
    if not able:
        names = ", ".join(e.instance for e in later)
        draft.tell(active, f"{old}: nothing is done before the element that {names} followed is in sight")
        return None
    last = max(able, key=lambda e: (facts[e.number].writable, facts[e.number].timeline))
    for element in draft.members(active.replica_set):
        draft.put(replace(element, active=element.number == last.number, in_set=element.number == last.number))
    draft.tell(last, f"{old}: {last.instance} is its active element, on timeline {facts[last.number].timeline}")
    return draft.now_of(last)


# The set is to be loaded, and its active element works.


def _lead(draft: Draft, active: Element) -> None:
    facts = draft.seen[active.instance].facts
    if not facts.writable:  # a manager ended in the middle of it
        others = [e.instance for e in draft.members(active.replica_set) if e.number != active.number]
        former = next((name for name in others if draft.seen[name].facts.writable), "")
        draft.task(Act.PROMOTE, active.instance, former, replica_set=active.replica_set)
    for element in draft.members(active.replica_set):
        if element.number != active.number:
            _follow(draft, active, element)
    if facts.writable:
        if active.status is Status.LOADING and active.in_set and active.instance not in draft.busy:
            draft.move(draft.now_of(active), Event.LOADED)
        elif active.status in (Status.DOWN, Status.WAITING_FOR_SEED, Status.UNLOADED):  # it went on all the time
            draft.move(draft.move(draft.now_of(active), Event.LOAD), Event.LOADED)
        names = tuple(e.instance for e in draft.members(active.replica_set) if e.in_set and not e.active)
        joining = any(
            e.status is Status.LOADING and e.instance in draft.busy for e in draft.members(active.replica_set)
        )
        if set(_waited_for(facts)) != set(names) and not (joining and set(_waited_for(facts)) > set(names)):
            draft.task(Act.ACKNOWLEDGE, active.instance, replica_set=active.replica_set)


def _follow(draft: Draft, active: Element, element: Element) -> None:
    """One that is not the active element."""
    here, primary = draft.seen[element.instance], draft.seen[active.instance].facts
    if here.facts.writable and here.daemon and not draft.taken(f"set {element.replica_set}"):
        draft.task(Act.FENCE, element.instance, active.instance)
    streams = any(d.name == element.instance and d.state == "streaming" for d in primary.downstreams)
    out = here.gone or (here.apart > APART and not streams) or not element.in_set
    joins = element.status is Status.LOADING and element.instance in draft.busy  # its task has seen more
    if element.in_set and out and not joins:
        element = draft.put(replace(element, in_set=False))
    if out and draft.can(element, Event.LOST):
        element = draft.move(element, Event.LOST)
    if not here.daemon or element.instance in draft.busy:
        return
    if element.status is Status.LOAD_FAILED and element.retry:
        element = draft.move(element, Event.RETRY)
    elif draft.can(element, Event.LOAD) and primary.writable:
        element = draft.move(element, Event.LOAD)
    if element.status is Status.LOADING and primary.writable:
        draft.task(Act.RECOVER, element.instance, active.instance)


def _waited_for(facts: Facts) -> tuple[str, ...]:
    demand = demanded(facts.settings.get(SETTING, ""))
    return demand.names if demand else ()


# The set is to be loaded, and its active element does not work.


def _without(draft: Draft, members: list[Element], active: Element | None) -> None:
    if active is not None and active.instance in draft.busy:
        return  # it is being made the seed, perhaps: another one would be promoted beside it
    heirs = [e for e in members if e.in_set and not e.active and draft.seen[e.instance].alive]
    heirs = [e for e in heirs if draft.seen[e.instance].facts.standby and e.instance not in draft.busy]
    if active is not None and heirs:
        if _still_heard(draft, active, heirs):
            return
        heir = max(heirs, key=lambda e: draft.seen[e.instance].facts.received)
        pass_on(draft, active, heir, f"{active.instance} {_told(draft.seen[active.instance])}")
        return
    _seed(draft, members)


def _still_heard(draft: Draft, active: Element, heirs: list[Element]) -> bool:
    """One that is out of sight from here may be well: those that receive from it know."""
    if draft.seen[active.instance].daemon is not None:
        return False
    ages = [u.age for e in heirs if (u := draft.seen[e.instance].facts.upstream) and u.state == "streaming"]
    return any(age is not None and abs(age) < _HEARD for age in ages)  # far below 0: its clock was set back


def pass_on(draft: Draft, active: Element, heir: Element, why: str, *, planned: bool = False) -> None:
    """Another element takes the writes from now on. The others follow it anew before they count again."""
    for element in draft.members(active.replica_set):
        is_heir = element.number == heir.number
        draft.put(replace(element, active=is_heir, in_set=is_heir))
    former = draft.now_of(active)
    if draft.can(former, Event.LOST):
        draft.move(former, Event.LOST)
    draft.tell(heir, f"{heir.instance} is the active element of replica set {heir.replica_set} now: {why}")
    draft.task(Act.PROMOTE, heir.instance, active.instance, replica_set=heir.replica_set, planned=planned)


def _told(here: Seen) -> str:
    if here.daemon is None:
        return "is out of sight"
    return "has no daemon" if here.daemon is False else here.facts.server.value


def _seed(draft: Draft, members: list[Element]) -> None:
    """The whole set is down: the element with the latest changes comes first, the others wait for it."""
    if any(touched(e, draft.busy) for e in members):
        return
    anew = any(draft.was(e).status is Status.UNLOADED for e in members)
    seed = _chosen(draft, members, anew)
    for element in members:
        here = draft.seen[element.instance]
        if draft.can(element, Event.LOST):
            element = draft.move(element, Event.LOST)
        if not here.daemon or element.status in (Status.UNCREATED, Status.CREATE_FAILED):
            continue
        if element.status is Status.WAITING_FOR_SEED and element.retry:
            element = draft.put(replace(element, retry=False))
        if seed is not None and element.number == seed.number:
            if element.status is Status.LOAD_FAILED and not element.retry:
                continue
            if element.status is not Status.LOADING:
                event = Event.RETRY if element.status is Status.LOAD_FAILED else Event.LOAD
                element = draft.move(element, event)
            draft.task(Act.SEED, element.instance)
        elif draft.can(element, Event.WAIT):
            lost = element.in_set and _lost(here)
            why = DAMAGED if here.damaged else "it has lost its data"
            draft.move(element, Event.WAIT, why if lost else _waits_for(members, seed))
    if seed is not None:
        for element in draft.members(seed.replica_set):
            draft.put(replace(element, active=element.number == seed.number))


def _waits_for(members: list[Element], seed: Element | None) -> str:
    if seed is not None:
        return f"for {seed.instance}"
    latest = [e.instance for e in members if e.in_set]
    return f"for {' or '.join(latest)}" if latest else ""


def _chosen(draft: Draft, members: list[Element], anew: bool) -> Element | None:
    """The seed, where it is there: of those that have every acknowledged commit the one that went furthest. Where all
    of these have lost their data, a person has unloaded the database and loads it again: then the best that is left,
    and what may be damaged only where nothing else is."""
    complete = [e for e in members if e.in_set] or [e for e in members if e.active] or members
    ready = [e for e in complete if _has_data(draft.seen[e.instance])]
    if not ready and anew and all(_lost(draft.seen[e.instance]) for e in complete):
        ready = [e for e in members if _has_data(draft.seen[e.instance])]
        for element in ready:
            draft.tell(element, f"later changes of replica set {element.replica_set} are lost: "
                       f"{', '.join(e.instance for e in complete)} had them, and has no data any more")  # fmt: skip
        if not ready:
            ready = [e for e in members if draft.seen[e.instance].damaged and not draft.seen[e.instance].down]
            for element in ready:
                draft.tell(element, f"{element.instance} is loaded from what lies there: {DAMAGED}")
    return max(ready, key=lambda e: (e.active, e.timeline, e.position), default=None)


def _has_data(here: Seen) -> bool:
    usable = here.facts.server in (Server.UP, Server.DOWN, Server.STARTING, Server.REJECTING)
    return here.daemon is True and usable and not here.facts.half_rewound and not here.damaged


def _lost(here: Seen) -> bool:
    return here.daemon is True and (here.facts.server is Server.NO_DATA or here.damaged)


# The set is to be unloaded: the active element first, so that the others have all of it.


def _unload(draft: Draft, members: list[Element]) -> None:
    for element in members:
        here = draft.seen[element.instance]
        if not here.daemon:
            continue
        if element.status is Status.DOWN:
            element = draft.move(element, Event.UNLOADED)
        elif draft.can(element, Event.UNLOAD):
            element = draft.move(element, Event.UNLOAD)
        waits = any(e.active and draft.now_of(e).status in (*RUNNING, Status.UNLOADING, Status.LOADING)
                    and draft.seen[e.instance].alive for e in members) and not element.active  # fmt: skip
        if element.status is Status.UNLOADING and not waits:
            names = tuple(e.instance for e in members if e.in_set and not e.active) if element.active else ()
            draft.task(Act.UNLOAD, element.instance, names=names)
