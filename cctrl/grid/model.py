"""What is known and wanted of a grid's databases: the record that commands change and the manager carries out. Pure.

A command only records what is wanted (`Wanted`, a mark on an element) and ends; the leading manager looks at the
instances, does what is due and writes what it found into the elements (reference timesten.md, 2.3 and 3.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from cctrl.outcome import Outcome, Refused


class Status(Enum):
    """The status of an element, in the words of Table 13-2."""

    UNCREATED = "uncreated"
    CREATING = "creating"
    CREATE_FAILED = "create failed"
    LOADING = "loading"
    LOADED = "loaded"
    LOAD_FAILED = "load failed"
    WAITING_FOR_SEED = "waiting for seed"
    OPENING = "opening"
    OPENED = "opened"
    OPEN_FAILED = "open failed"
    CLOSING = "closing"
    CLOSE_FAILED = "close failed"
    UNLOADING = "unloading"
    UNLOADED = "unloaded"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"
    DESTROY_FAILED = "destroy failed"
    DOWN = "down"
    EVICTED = "evicted"
    EVICTED_LOADED = "evicted (loaded)"
    EVICTED_UNLOADING = "evicted (unloading)"


class Mark(Enum):
    """What the next `dbDistribute -apply` does to an element."""

    NONE = ""
    ADD = "add"
    REMOVE = "remove"
    EVICT = "evict"


class Phase(Enum):
    """How far a distribution is."""

    NONE = ""
    APPLYING = "applying"  # the new map is being made; the old one holds
    RESYNC = "resync"  # one that was broken off is to be finished or undone
    RESET = "reset"  # one that was broken off is to be undone
    BROKEN_OFF = "broken off"  # it ended in the middle: -resync settles it, -reset undoes it


@dataclass(frozen=True, slots=True)
class Element:
    """One element: the part of a database on one data instance."""

    number: int  # from 1
    instance: str  # host3.instance1
    data_space: int  # data space group of its host, from 1
    replica_set: int = 0  # from 1; 0 while it is not in the distribution map
    status: Status = Status.UNCREATED
    at: float = 0.0  # seconds since the epoch of the last change of the status
    message: str = ""  # why it failed; one line
    active: bool = False  # it takes the writes of its replica set
    timeline: int = 0  # the last known ones: which element of a set that is down has the latest changes
    position: int = 0  # LSN, bytes
    in_set: bool = False  # commits of its set wait for it
    mark: Mark = Mark.NONE
    replace_with: str = ""  # the instance whose element takes its place, of a mark
    retry: bool = False  # the step that failed is to be tried again
    made: bool = False  # its data directory was made
    since: int = 0  # the distribution map it came with (Database.generation)

    @property
    def host(self) -> str:
        """The name of its host."""
        return self.instance.partition(".")[0]

    @property
    def in_map(self) -> bool:
        """Whether it is in the distribution map."""
        return self.replica_set > 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a database is to be, as the last commands said it; the manager brings it about."""

    loaded: bool = True
    opened: bool = False
    destroyed: bool = False


@dataclass(frozen=True, slots=True)
class Database:
    """One database of a grid and its elements, in the order of their numbers."""

    name: str
    elements: tuple[Element, ...]
    wanted: Wanted = Wanted()
    durability: int = 1  # 0: a commit does not wait for the disk (documented attribute Durability)
    phase: Phase = Phase.NONE
    generation: int = 0  # counts the distribution maps that were applied
    slot: int = 0  # added to an instance's server port: no two databases of a grid have the same
    applier: str = ""  # the manager that carries the distribution out
    told: str = ""  # how the last distribution ended where it did not come to its end
    disconnect: str = ""  # users are being disconnected: transactional, immediate or abort

    def element(self, instance: str) -> Element | None:
        """The element on an instance, if there is one."""
        return next((e for e in self.elements if e.instance == instance), None)

    def having(self, element: Element) -> Database:
        """The same with one element changed or added."""
        others = [e for e in self.elements if e.number != element.number]
        return replace(self, elements=tuple(sorted((*others, element), key=lambda e: e.number)))

    @property
    def replica_sets(self) -> tuple[tuple[Element, ...], ...]:
        """The elements in the distribution map by replica set, each in the order of the data spaces."""
        numbers = sorted({e.replica_set for e in self.elements if e.in_map})
        return tuple(
            tuple(sorted((e for e in self.elements if e.replica_set == n), key=lambda e: e.data_space)) for n in numbers
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """One data instance as it is configured."""

    name: str  # host3.instance1
    host: str
    data_space: int  # data space group of its host, from 1
    home: str  # directory on the host
    address: str
    daemon_port: int
    server_port: int  # of its element's server


_NOTHING: Mapping[str, object] = {}


class GridError(Refused):
    """A command that is refused, as the utility words it: `Error N: text`, or `Error : text` without a number.

    Nothing was changed (reference timesten.md, 2.2)."""

    outcome = Outcome.GRID_ERROR

    def __init__(
        self, what: str, *, number: int = 0, detail: str = "", next: str = "", more: Mapping[str, object] = _NOTHING
    ) -> None:
        """`more`: what the JSON document has besides."""
        super().__init__(what, detail=detail, next=next)
        self.number = number
        self.more = more

    def lines(self) -> list[str]:
        """See CctrlError.lines; the first line is the utility's."""
        first = f"Error {self.number}: {self.what}" if self.number else f"Error : {self.what}"
        return [first, *super().lines()[1:]]


class UnknownName(GridError):
    """What was named is not there, or cannot be a name: exit status 254, as for any word that means nothing."""

    outcome = Outcome.GRID_SYNTAX


def unknown_database(name: str) -> GridError:
    """No database of that name (the one refusal whose text and number are documented)."""
    return UnknownName(f"Database {name} does not exist", number=2, next="ttGridAdmin dbList")
