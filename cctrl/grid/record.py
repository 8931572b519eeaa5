"""The record of a grid's databases in the store: what the commands and the leading manager change together."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import Enum
from typing import Any

from cctrl.grid.model import Database, Element, Mark, Phase, Status, Wanted, unknown_database
from cctrl.outcome import Refused
from cctrl.store import Store
from cctrl.threads import paused

Change = Callable[[Database], Database | None]
Creation = Callable[[Database | None, Sequence[Database]], Database]
LOOK = 0.1  # seconds from one look for a change to the next


class Record:
    """The databases of one grid; each change is made with nobody in between."""

    def __init__(self, store: Store, grid: str) -> None:
        self._store = store
        self._grid = grid

    def databases(self) -> tuple[Database, ...]:
        """All of them, by name. Raises StoreError."""
        return tuple(_read(text) for text in self._store.documents(self._grid).values())

    def database(self, name: str) -> Database:
        """The one of that name; case does not matter. Raises GridError where there is none."""
        found = next((d for d in self.databases() if d.name == name.lower()), None)
        if found is None:
            raise unknown_database(name)
        return found

    def create(self, name: str, make: Creation) -> Database:
        """Enter `make(the one of that name or None, all)`. Raises what `make` raises, with nothing changed."""

        def work(old: str) -> str:
            # All are read in here, where nobody else creates one: servers of two with one slot would share their ports.
            return encoded(make(_read(old) if old else None, self.databases()))

        return decoded(self._store.change_document(self._grid, name.lower(), work))

    def change(self, name: str, change: Change) -> Database:
        """Replace a database by `change(it)`; None removes it. Raises what `change` raises, with nothing changed, and
        GridError where there is no such database. `change` is quick and does nothing else."""
        left: list[Database] = []

        def work(old: str) -> str:
            if not old:
                raise unknown_database(name)
            before = _read(old)
            after = change(before)
            left.append(after or before)
            return encoded(after) if after else ""

        self._store.change_document(self._grid, name.lower(), work)
        return left[-1]

    def wait(self, name: str, reached: Callable[[Database | None], bool], seconds: float = 0.0) -> Database | None:
        """Wait until `reached(database)`, at most so many seconds (0: without limit); the database as it is then, None
        where it is gone. It is looked at once at least."""
        until = time.monotonic() + seconds if seconds else None
        while True:
            found = next((d for d in self.databases() if d.name == name.lower()), None)
            if reached(found) or (until is not None and time.monotonic() >= until) or paused(LOOK):
                return found


def _read(text: str) -> Database:
    try:
        return decoded(text)
    except (ValueError, KeyError, TypeError) as error:
        what = f"the record of a database makes no sense ({error!r})"
        raise Refused(what, detail=text[:200], next="was it written by a newer cctrl?   (cctrl --version)") from None


def encoded(database: Database) -> str:
    """The document of a database."""
    return json.dumps(asdict(database), default=_plain)


def decoded(text: str) -> Database:
    """The database of a document. Raises ValueError, KeyError or TypeError for what is none."""
    found: dict[str, Any] = json.loads(text)
    found["elements"] = tuple(_element(one) for one in found["elements"])
    found["wanted"] = Wanted(**found["wanted"])
    found["phase"] = Phase(found["phase"])
    return Database(**found)


def _element(found: dict[str, Any]) -> Element:
    return Element(**{**found, "status": Status(found["status"]), "mark": Mark(found["mark"])})


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{value!r} has no place in a document")
