"""What the manager does at one time with an element or with a replica set, and what was seen before. Pure data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from cctrl.grid.model import Database, Element
from cctrl.replication.facts import Facts, Server


class Act(Enum):
    """What is done."""

    CREATE = "make its data directory and its server"
    START = "start its server, which is in no replica set"
    SEED = "start it as the first of its replica set, writable"
    RECOVER = "bring it up to the active element of its replica set, and let commits wait for it"
    ACKNOWLEDGE = "let commits wait for the elements that are in the set"
    PROMOTE = "make it the active element of its replica set"
    FENCE = "end its server, which accepts writes although it is not the active element"
    OPEN = "let users in"
    CLOSE = "keep users out"
    STOP = "stop its server: its data instance does not run"
    UNLOAD = "stop its server"
    DESTROY = "remove its data directory"


@dataclass(frozen=True, slots=True)
class Task:
    """One act; what is busy with a key takes no second one."""

    act: Act
    instance: str
    other: str = ""  # PROMOTE: the element that was active; RECOVER, FENCE: the one that is
    names: tuple[str, ...] = ()  # UNLOAD: who is worth waiting for
    replica_set: int = 0  # ACKNOWLEDGE, PROMOTE
    planned: bool = False  # PROMOTE: the one that was active is well, and is stopped cleanly first

    @property
    def key(self) -> str:
        """What is busy meanwhile."""
        return f"set {self.replica_set}" if self.replica_set else self.instance


def touched(element: Element, keys: Collection[str]) -> bool:
    """Whether one of the tasks with these keys is about an element, or about its replica set."""
    return element.instance in keys or f"set {element.replica_set}" in keys


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of an instance and of the server of an element on it."""

    daemon: bool | None  # None: the host is out of sight
    facts: Facts
    silent: bool = False  # nothing was heard of it for longer than is waited for
    apart: float = 0.0  # seconds in which it has not received from the active element of its set
    damaged: bool = False  # its data may be, see `damaged`

    @property
    def down(self) -> bool:
        """True where the instance does not run, as far as can be known."""
        return self.daemon is False or (self.daemon is None and self.silent)

    @property
    def alive(self) -> bool:
        """True where the instance runs and the server answers."""
        return self.daemon is True and self.facts.up

    @property
    def gone(self) -> bool:
        """True where the server does not work any more; False also where that is not known yet."""
        stopped = self.facts.server in (Server.DOWN, Server.NO_DATA, Server.NO_BINARIES)
        return self.down or stopped or (self.silent and not self.facts.up)


def damaged(database: Database, facts: Facts) -> bool:
    """Whether what lies on an element's disk may be damaged: commits waited for no disk (Durability=0), and its host
    crashed under its server."""
    return database.durability == 0 and facts.host_crashed


DAMAGED = "its host crashed, and Durability=0: its data may be damaged"

APART = 3.0  # seconds an element may receive from nobody before commits no longer wait for it


@dataclass(frozen=True, slots=True)
class Decision:
    """The record as it is from now on, and what is to be done."""

    database: Database
    tasks: tuple[Task, ...] = ()
    told: tuple[tuple[str, str], ...] = ()  # instance, what a person is told of it
