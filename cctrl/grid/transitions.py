"""From which status to which an element goes, and by what (reference timesten.md, 3.5): one table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

from cctrl.grid.model import Element, Status
from cctrl.grid.model import Status as S
from cctrl.grid.states import RUNNING


class Event(Enum):
    """What happens to an element."""

    CREATE = "its making begins"
    CREATED = "it was made"
    LOAD = "its server is to be started, or brought up to its replica set"
    WAIT = "its replica set is down, and another element of it has later changes"
    LOADED = "its server runs and has all data"
    OPEN = "users are to be let in"
    OPENED = "users are let in"
    CLOSE = "users are to be kept out"
    CLOSED = "users are kept out"
    UNLOAD = "its server is to be stopped"
    UNLOADED = "its server is stopped"
    LOST = "its server is gone although nobody stopped it, or it has left its replica set"
    DOWN = "its data instance does not run"
    BACK = "its data instance runs again, and it was never made"
    FAILED = "what was begun failed"
    RETRY = "what failed is to be tried again"
    EVICT = "it is taken out of the distribution map"
    EVICTING = "its server is to be stopped for that"
    EVICTED = "it is out of the distribution map"
    DESTROY = "its files are to be removed"
    DESTROYED = "its files are removed"


_IN_USE = (*RUNNING, S.LOADING, S.LOAD_FAILED, S.WAITING_FOR_SEED, S.UNLOADED, S.UNLOADING, S.DOWN)

TABLE: Mapping[Event, Mapping[Status, Status]] = {
    Event.CREATE: {S.UNCREATED: S.CREATING},
    Event.CREATED: {S.CREATING: S.LOADING},
    Event.LOAD: dict.fromkeys((S.UNLOADED, S.DOWN, S.WAITING_FOR_SEED), S.LOADING),
    Event.WAIT: dict.fromkeys((S.UNLOADED, S.DOWN, S.LOADING), S.WAITING_FOR_SEED),
    Event.LOADED: {S.LOADING: S.LOADED},
    Event.OPEN: dict.fromkeys((S.LOADED, S.CLOSING, S.CLOSE_FAILED), S.OPENING),
    Event.OPENED: {S.OPENING: S.OPENED},
    Event.CLOSE: dict.fromkeys((S.OPENED, S.OPENING, S.OPEN_FAILED), S.CLOSING),
    Event.CLOSED: {S.CLOSING: S.LOADED},
    Event.UNLOAD: dict.fromkeys((*RUNNING, S.LOADING, S.LOAD_FAILED, S.WAITING_FOR_SEED), S.UNLOADING),
    Event.UNLOADED: {S.UNLOADING: S.UNLOADED, S.DOWN: S.UNLOADED},
    Event.LOST: dict.fromkeys(RUNNING, S.UNLOADED),
    Event.DOWN: dict.fromkeys((*_IN_USE, S.CREATING), S.DOWN),  # what is to be destroyed stays so until it is
    Event.BACK: {S.DOWN: S.UNCREATED},
    Event.FAILED: {
        S.CREATING: S.CREATE_FAILED,
        S.LOADING: S.LOAD_FAILED,
        S.OPENING: S.OPEN_FAILED,
        S.CLOSING: S.CLOSE_FAILED,
        S.DESTROYING: S.DESTROY_FAILED,
    },
    Event.RETRY: {
        S.CREATE_FAILED: S.CREATING,
        S.LOAD_FAILED: S.LOADING,
        S.OPEN_FAILED: S.LOADED,  # then the system opens it again
        S.CLOSE_FAILED: S.OPENED,  # then the system closes it again
        S.DESTROY_FAILED: S.DESTROYING,
    },
    Event.EVICT: dict.fromkeys(_IN_USE, S.EVICTED_LOADED),
    Event.EVICTING: {S.EVICTED_LOADED: S.EVICTED_UNLOADING},
    Event.EVICTED: {S.EVICTED_UNLOADING: S.EVICTED},
    Event.DESTROY: dict.fromkeys(
        (S.UNCREATED, S.CREATE_FAILED, S.UNLOADED, S.LOADED, S.LOAD_FAILED, S.EVICTED, S.DOWN), S.DESTROYING
    ),
    Event.DESTROYED: {S.DESTROYING: S.DESTROYED},
}
"""Event -> status before -> status after. What is not here does not happen."""


def possible(element: Element, event: Event) -> bool:
    """Whether an event can happen to an element now."""
    return element.status in TABLE[event]


def moved(element: Element, event: Event, now: float, message: str = "") -> Element:
    """The element after an event. Raises KeyError for one that cannot be."""
    after = TABLE[event][element.status]
    return replace(element, status=after, at=now, message=message, retry=False)
