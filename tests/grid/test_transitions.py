"""The one table of transitions, walked: every status is reached, and every row of the reference, 3.5, is there."""

from __future__ import annotations

import pytest

from cctrl.grid.model import Element, Status
from cctrl.grid.model import Status as S
from cctrl.grid.transitions import TABLE, Event, moved

E = Event
DOCUMENTED = (  # number of the row, path of statuses, what leads along it
    (1, (S.UNCREATED, S.CREATING, S.LOADING, S.LOADED), (E.CREATE, E.CREATED, E.LOADED)),
    (2, (S.CREATING, S.CREATE_FAILED), (E.FAILED,)),
    (3, (S.CREATE_FAILED, S.CREATING), (E.RETRY,)),
    (4, (S.LOADED, S.OPENING, S.OPENED), (E.OPEN, E.OPENED)),
    (5, (S.OPENING, S.OPEN_FAILED), (E.FAILED,)),
    (6, (S.OPEN_FAILED, S.LOADED, S.OPENING), (E.RETRY, E.OPEN)),
    (7, (S.OPENED, S.CLOSING, S.LOADED), (E.CLOSE, E.CLOSED)),
    (8, (S.CLOSING, S.CLOSE_FAILED), (E.FAILED,)),
    (9, (S.CLOSE_FAILED, S.OPENED, S.CLOSING), (E.RETRY, E.CLOSE)),
    (10, (S.LOADED, S.UNLOADING, S.UNLOADED), (E.UNLOAD, E.UNLOADED)),
    (11, (S.UNLOADED, S.LOADING, S.LOADED), (E.LOAD, E.LOADED)),
    (12, (S.LOADING, S.LOAD_FAILED), (E.FAILED,)),
    (13, (S.OPENED, S.UNLOADED, S.LOADING, S.LOADED, S.OPENING), (E.LOST, E.LOAD, E.LOADED, E.OPEN)),
    (14, (S.OPENED, S.DOWN), (E.DOWN,)),
    (15, (S.DOWN, S.LOADING), (E.LOAD,)),
    (16, (S.DOWN, S.WAITING_FOR_SEED), (E.WAIT,)),
    (17, (S.WAITING_FOR_SEED, S.LOADING), (E.LOAD,)),
    (20, (S.OPENED, S.EVICTED_LOADED, S.EVICTED_UNLOADING, S.EVICTED), (E.EVICT, E.EVICTING, E.EVICTED)),
    (21, (S.EVICTED, S.DESTROYING, S.DESTROYED), (E.DESTROY, E.DESTROYED)),
    (22, (S.DESTROYING, S.DESTROY_FAILED, S.DESTROYING), (E.FAILED, E.RETRY)),
    (24, (S.UNLOADED, S.DESTROYING, S.DESTROYED), (E.DESTROY, E.DESTROYED)),
)


@pytest.mark.parametrize(("row", "path", "events"), DOCUMENTED)
def test_a_documented_row(row: int, path: tuple[Status, ...], events: tuple[Event, ...]) -> None:
    element = Element(1, "host3.instance1", 1, status=path[0], retry=True)
    for event, after in zip(events, path[1:], strict=True):
        element = moved(element, event, 7.0, "why")
        assert (element.status, element.at, element.message, element.retry) == (after, 7.0, "why", False), f"row {row}"


def test_every_status_is_reached_from_the_first() -> None:
    reached = {Status.UNCREATED}
    while more := {after for rows in TABLE.values() for before, after in rows.items() if before in reached} - reached:
        reached |= more
    assert reached == set(Status)


def test_every_event_leads_somewhere() -> None:
    assert set(TABLE) == set(Event)
    assert all(TABLE.values())
    assert len({event.value for event in Event}) == len(Event)


def test_what_is_gone_stays_gone() -> None:
    assert not [event for event, rows in TABLE.items() if Status.DESTROYED in rows]
