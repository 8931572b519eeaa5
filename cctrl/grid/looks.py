"""Looks at the instances of a grid: their daemons, and the servers of a database's elements, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping

from cctrl.grid.model import Database, Element
from cctrl.grid.service import Grid
from cctrl.grid.tasks import Seen
from cctrl.manager.watch import Watch
from cctrl.replication.facts import Facts, Server

APART = 3.0  # seconds an element may receive from nobody before commits no longer wait for it


class Looks:
    """What was seen, and since when something lasts."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._apart: dict[tuple[str, str], float] = {}  # database, instance -> since when it receives from nobody

    def daemons(self, watch: Watch) -> dict[str, bool | None]:
        """By instance: whether its daemon runs; None where its host does not answer."""
        names = self._grid.service.names
        found = self._grid.hosts.fan_out(names, self._grid.daemons.process)
        for name, process in zip(names, found, strict=True):
            if process is not None:
                watch.seen(name, answers=False)
        return {name: None if p is None else p.lives for name, p in zip(names, found, strict=True)}

    def elements(self, database: Database, daemons: Mapping[str, bool | None], watch: Watch) -> dict[str, Seen]:
        """By instance, of all elements of a database."""
        elements = database.elements
        facts = self._grid.hosts.fan_out(elements, lambda e: self._probe(database, e, daemons[e.instance]))
        by_name = {f.name: f for f in facts}
        seen = {}
        for element in elements:
            name, found = element.instance, by_name[element.instance]
            if found.seen and found.server is not Server.FROZEN:
                watch.seen(name, answers=True)
            silent = watch.silence(name) > self._grid.service.failure_timeout
            apart = self._lasts((database.name, name), _follows_nobody(database, element, by_name))
            seen[name] = Seen(daemons[name], found, silent, apart > APART)
        return seen

    def _probe(self, database: Database, element: Element, daemon: bool | None) -> Facts:
        name = element.instance
        if daemon is None:
            return Facts(name, time.time(), Server.UNSEEN, reason="its host does not answer")
        if not element.made:
            return Facts(name, time.time(), Server.NO_DATA)
        return self._grid.engine(database).probe(name)

    def _lasts(self, key: tuple[str, str], so: bool) -> float:
        at = time.monotonic()
        if not so:
            self._apart.pop(key, None)
            return 0.0
        return at - self._apart.setdefault(key, at)


def _follows_nobody(database: Database, element: Element, facts: Mapping[str, Facts]) -> bool:
    """True where an element that is to follow the active one of its set does not."""
    active = next((e for e in database.elements if e.active and e.replica_set == element.replica_set), None)
    if active is None or active.number == element.number or not element.in_map:
        return False
    return not any(d.name == element.instance and d.state == "streaming" for d in facts[active.instance].downstreams)
