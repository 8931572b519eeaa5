"""A record while it is decided upon: what is changed in it, and the tasks that come of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cctrl.grid import transitions
from cctrl.grid.model import Database, Element
from cctrl.grid.transitions import Event
from cctrl.grid.watch.tasks import Act, Decision, Seen, Task


class Draft:
    """One decision in the making."""

    def __init__(self, database: Database, seen: Mapping[str, Seen], busy: frozenset[str], now: float) -> None:
        self.before = database
        self.database = database
        self.seen = seen
        self.busy = busy
        self.now = now
        self._tasks: list[Task] = []
        self._told: list[tuple[str, str]] = []

    def now_of(self, element: Element) -> Element:
        """An element as it is by now."""
        return next(e for e in self.database.elements if e.number == element.number)

    def was(self, element: Element) -> Element:
        """An element as it was before this decision."""
        return next(e for e in self.before.elements if e.number == element.number)

    def members(self, number: int) -> list[Element]:
        """The elements of a replica set, in the order of the data spaces."""
        return sorted((e for e in self.database.elements if e.replica_set == number), key=lambda e: e.data_space)

    def put(self, element: Element) -> Element:
        """Change an element."""
        self.database = self.database.having(element)
        return element

    def can(self, element: Element, event: Event) -> bool:
        """Whether an event can happen to an element now."""
        return transitions.possible(element, event)

    def move(self, element: Element, event: Event, message: str = "") -> Element:
        """Let an event happen to an element."""
        return self.put(transitions.moved(element, event, self.now, message))

    def task(
        self,
        act: Act,
        instance: str,
        other: str = "",
        *,
        names: tuple[str, ...] = (),
        replica_set: int = 0,
        planned: bool = False,
    ) -> None:
        """Something is to be done, unless something is done there already."""
        task = Task(act, instance, other, names, replica_set, planned)
        if not self.taken(task.key):
            self._tasks.append(task)

    def taken(self, key: str) -> bool:
        """Whether something is done there, or is about to be."""
        return key in self.busy or key in {t.key for t in self._tasks}

    def tell(self, element: Element, text: str) -> None:
        """Something that a person has to know of an element."""
        self._told.append((element.instance, text))

    def decision(self) -> Decision:
        """What was decided."""
        return Decision(self.database, tuple(self._tasks), tuple(self._told))
