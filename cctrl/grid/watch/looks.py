"""Looks at the instances of a grid: their daemons, and the servers of a database's elements, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from cctrl.grid.model import Database, Element
from cctrl.grid.service import Grid
from cctrl.grid.watch.tasks import Seen, damaged
from cctrl.manager.watch import Watch
from cctrl.replication.facts import Facts, Server
from cctrl.replication.postgresql.asking import Process


class Looks:
    """What was seen, and since when something lasts."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._apart: dict[tuple[str, str], float] = {}  # database, instance -> since when it receives from nobody

    def look(self, databases: Sequence[Database], watch: Watch) -> dict[str, dict[str, Seen]]:
        """By database, by instance: everything, seen side by side."""
        names = self._grid.service.names
        pairs = [(d, e) for d in databases for e in d.elements]
        asked: list[Callable[[], Process | None] | Callable[[], Facts]] = [
            *(partial(self._grid.daemons.process, name) for name in names),
            *(partial(self._probe, database, element) for database, element in pairs),
        ]
        found = self._grid.hosts.fan_out(asked, lambda ask: ask())
        daemons = {n: p.lives if isinstance(p, Process) else None for n, p in zip(names, found, strict=False)}
        facts = {
            (d.name, f.name): f for (d, _), f in zip(pairs, found[len(names) :], strict=True) if isinstance(f, Facts)
        }
        self._heard(databases, daemons, facts, watch)
        return {
            d.name: self._seen(d, daemons, {n: f for (of, n), f in facts.items() if of == d.name}, watch)
            for d in databases
        }

    def _heard(
        self,
        databases: Sequence[Database],
        daemons: Mapping[str, bool | None],
        facts: Mapping[tuple[str, str], Facts],
        watch: Watch,
    ) -> None:
        """Whose host answered, and whose servers answer or are known to be down."""
        hanging = {n for (_, n), f in facts.items() if not f.seen or f.server is Server.FROZEN}
        for name, daemon in daemons.items():
            if daemon is not None:
                here = facts.get((heard(databases, name), name))
                watch.seen(name, answers=name not in hanging, up=here is not None and here.up)

    def _seen(
        self, database: Database, daemons: Mapping[str, bool | None], facts: Mapping[str, Facts], watch: Watch
    ) -> dict[str, Seen]:
        seen = {}
        for element in database.elements:
            name = element.instance
            silent = watch.silence(name) > self._grid.service.failure_timeout
            apart = self._lasts((database.name, name), _follows_nobody(database, element, facts))
            seen[name] = Seen(daemons[name], facts[name], silent, apart, damaged(database, facts[name]))
        return seen

    def _probe(self, database: Database, element: Element) -> Facts:
        if not element.made:
            return Facts(element.instance, time.time(), Server.NO_DATA)
        return self._grid.engine(database).probe(element.instance)

    def _lasts(self, key: tuple[str, str], so: bool) -> float:
        at = time.monotonic()
        if not so:
            self._apart.pop(key, None)
            return 0.0
        return max(0.001, at - self._apart.setdefault(key, at))  # from its first moment on


def heard(databases: Sequence[Database], instance: str) -> str:
    """Whose element's pulse is an instance's: the first database's that has made one there; "" where none has."""
    return next((d.name for d in databases if (e := d.element(instance)) and e.made), "")


def _follows_nobody(database: Database, element: Element, facts: Mapping[str, Facts]) -> bool:
    """True where an element that is to follow the active one of its set does not."""
    active = next((e for e in database.elements if e.active and e.replica_set == element.replica_set), None)
    if active is None or active.number == element.number or not element.in_map:
        return False
    return not any(d.name == element.instance and d.state == "streaming" for d in facts[active.instance].downstreams)
