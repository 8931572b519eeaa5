"""FTS: what the manager does by itself for a segment cluster (reference greenplum.md, 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from threading import Event, Thread

from cctrl.config import Config, Service
from cctrl.manager.keeper import Keeper
from cctrl.manager.leadership import Leadership
from cctrl.manager.talk import ManagerTalk
from cctrl.manager.watch import Watch
from cctrl.outcome import CctrlError
from cctrl.segments import catalog_sql, inventory
from cctrl.segments.service import Cluster
from cctrl.segments.watch.fts import RETRY, Act
from cctrl.segments.watch.tending import Tending

RETURN = 5.0  # seconds to the next cycle while a host that has something down is out of sight
LISTEN = 0.1  # seconds from what was heard of requests to the next question, which waits for news
SETUP_LIMIT = 30.0  # seconds


class Fts(Keeper):
    """Keeps one segment cluster."""

    def __init__(self, config: Config, service: Service, say: Callable[[str], None]) -> None:
        self._say = say
        answer = min(config.timeout, service.gp_fts_probe_timeout)
        self._cluster = Cluster(config, service, ManagerTalk(say), answer=answer)
        super().__init__(self._cluster, self._cluster.engine)
        self._service = self._cluster.service
        self._tending = Tending(self._cluster, self._said, self._leads)
        self._stop = Event()
        self._watch: Watch | None = None
        self._ready = False  # the catalog is there
        self._answered = 0  # the last request for a scan that was answered
        self._requested = 0

    def rest(self) -> None:
        """See Keeper."""
        self._tending.forget()

    def close(self) -> None:
        """See Keeper."""
        self._stop.set()
        super().close()

    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """See Keeper: one cycle."""
        self._leadership = leadership
        self._cluster.fresh()
        self._set_up()
        self._listen(watch)
        request = self._requested
        try:
            acts = self._cycle(watch)
        except CctrlError as error:
            with contextlib.suppress(CctrlError):
                self._answer(request, "; ".join(error.lines()))
            raise
        if Act.RETRY in acts:  # not everybody has answered: the cycle is not complete
            return RETRY
        self._answer(request)
        if self._requested > request or not all(act.settled for act in acts):
            return RETRY
        interval = self._service.gp_fts_probe_interval
        return min(RETURN, interval) if self._tending.away else interval

    def _cycle(self, watch: Watch) -> list[Act]:
        """Look at all pairs and do what is due; what that was. Raises CctrlError for a catalog that cannot be read."""
        catalog = self._cluster.catalog()
        for name in self._cluster.moved():
            watch.again(name)
        pairs = catalog.pairs
        self._tending.look_at_those_down(catalog, watch)
        for row in (pair.mirror for pair in pairs if pair.mirror.up):
            watch.seen(self._cluster.member(row), answers=False)
        watch.seen(self._cluster.coordinator.name, answers=True)
        return self._cluster.hosts.fan_out(pairs, lambda pair: self._tending.tend(pair, watch).act)

    def _answer(self, request: int, problem: str = "") -> None:
        if request > self._answered:
            self._cluster.write(*catalog_sql.answered(request, problem))
            self._answered = request

    # The catalog and the requests for a scan.

    def _set_up(self) -> None:
        """Make the catalog where it is not there; it begins with the inventory."""
        if self._ready:
            return
        statements = (catalog_sql.TABLES, catalog_sql.fill(inventory.rows(self._service)))
        self._cluster.asking.sql(self._cluster.coordinator.name, *statements, timeout=SETUP_LIMIT)
        self._cluster.write(self._cluster.access(self._cluster.catalog().rows))
        self._ready = True

    def _listen(self, watch: Watch) -> None:
        if self._watch is None:
            self._watch = watch
            Thread(target=self._hear_requests, args=(watch,), name="fts requests", daemon=True).start()

    def _hear_requests(self, watch: Watch) -> None:
        name = self._cluster.coordinator.name
        while not self._stop.is_set():
            try:
                for line in self._cluster.asking.lines(name, catalog_sql.REQUESTS, LISTEN, self._stop):
                    number = line.rpartition("|")[2]
                    if number.isdigit() and int(number) > self._requested:
                        self._requested = int(number)
                        if self._requested > self._answered:
                            watch.wake()
            except CctrlError:  # the coordinator is out of sight: the next cycle says so
                pass
            self._stop.wait(RETRY)

    def _said(self, text: str) -> None:
        spoken = self._cluster.spoken(text)
        self._say(spoken)
        with contextlib.suppress(CctrlError):  # it stands in the manager's own log; a promotion waits for no event
            self._cluster.tell("", "fts", spoken)
