"""FTS: what the manager does by itself for a segment cluster (reference greenplum.md, 3)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from cctrl.config import Config, Service
from cctrl.manager.leadership import Leadership
from cctrl.manager.talk import ManagerTalk
from cctrl.manager.watch import Watch
from cctrl.outcome import CctrlError
from cctrl.replication.engine import Engine
from cctrl.replication.facts import Facts, Server
from cctrl.segments import catalog_sql, fts, inventory
from cctrl.segments.acting import Acting
from cctrl.segments.catalog import Catalog, Pair
from cctrl.segments.fts import Act, Decision, Patience
from cctrl.segments.service import Cluster, now
from cctrl.store import Store

SOON = 1.0  # seconds to the next cycle while something is not as it is to be
RETRY = 1.0  # seconds from one attempt to the next
LISTEN = 0.2  # seconds from one look for requests to the next
SETUP_LIMIT = 30.0  # seconds


class Fts:
    """manager.keeper.Keeper for one segment cluster."""

    def __init__(self, config: Config, service: Service, say: Callable[[str], None]) -> None:
        self._say = say
        answer = min(config.timeout, service.gp_fts_probe_timeout)
        self._cluster = Cluster(config, service, ManagerTalk(say), answer=answer)
        self._service = self._cluster.service
        self._acting = Acting(self._cluster, self._said)
        self._stop = Event()
        self._watch: Watch | None = None
        self._ready = False  # the catalog is there
        self._answered = 0  # the last request for a scan that was answered
        self._requested = 0
        self._without: dict[int, float] = {}  # content -> since when its primary has no mirror
        self._starting: dict[int, float] = {}  # content -> since when its primary starts up
        self._told: dict[int, str] = {}  # content -> what was last said of it

    @property
    def name(self) -> str:
        """See Keeper."""
        return self._cluster.name

    @property
    def members(self) -> tuple[str, ...]:
        """See Keeper."""
        return self._service.names

    @property
    def engine(self) -> Engine:
        """See Keeper."""
        return self._cluster.engine

    @property
    def store(self) -> Store:
        """See Keeper."""
        return self._cluster.store

    def begin(self) -> None:
        """See Keeper."""

    def close(self) -> None:
        """See Keeper."""
        self._stop.set()
        self._cluster.close()

    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """See Keeper: one cycle."""
        self._cluster.fresh()
        self._set_up()
        self._listen(watch)
        request = int(self._cluster.write(catalog_sql.REQUESTED))
        settled = self._cycle(watch, leadership)
        if request > self._answered:
            self._cluster.write(catalog_sql.answered(request))
            self._answered = request
        return self._service.gp_fts_probe_interval if settled and self._requested <= request else SOON

    # The catalog and the requests for a scan.

    def _set_up(self) -> None:
        """Make the catalog where it is not there; it begins with the inventory."""
        if self._ready:
            return
        asking, members = self._cluster.asking, self._service.members
        ways = [(m.dbid, asking.command_for(m.name, "cctrl-gp_stat_replication", catalog_sql.SENDERS)) for m in members]
        statements = (catalog_sql.TABLES, catalog_sql.fill(inventory.rows(self._service)), catalog_sql.access(ways))
        asking.sql(self._cluster.coordinator.name, *statements, timeout=SETUP_LIMIT)
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

    # One cycle.

    def _cycle(self, watch: Watch, leadership: Leadership) -> bool:
        """Look at all pairs and do what is due; True where nothing is left to be done."""
        catalog = self._cluster.catalog()
        pairs = catalog.pairs
        seen = self._look(catalog, watch)

        def work(pair: Pair) -> bool:
            try:
                return self._tend_pair(pair, seen, watch, leadership)
            except CctrlError as error:
                self._once(pair, "; ".join(error.lines()))
                return False

        return all(self._cluster.hosts.fan_out(pairs, work))

    def _look(self, catalog: Catalog, watch: Watch) -> dict[int, Facts]:
        """Ask the acting primaries, and the mirrors that are down: one may accept writes that should not."""
        rows = tuple(row for row in catalog.segments if row.primary or not row.up)
        seen = self._cluster.probe(rows)
        for attempt in range(self._service.gp_fts_probe_retries):
            again = tuple(row for row in rows if row.primary and fts.suspicious(seen[row.dbid]))
            if not again:
                break
            for row in again:
                self._say(
                    f"FTS: cannot establish libpq connection (content={row.content}, dbid={row.dbid}): "
                    f"{seen[row.dbid].reason or seen[row.dbid].server.value}, retry_count={attempt}"
                )
            self._stop.wait(RETRY)
            self._cluster.fresh()
            seen |= self._cluster.probe(again)
        for member in self._service.members:
            facts = seen.get(member.dbid)
            if facts is None or facts.seen:
                watch.seen(member.name, answers=facts is not None and facts.server is not Server.FROZEN)
        return seen

    def _tend_pair(self, pair: Pair, seen: dict[int, Facts], watch: Watch, leadership: Leadership) -> bool:
        primary, mirror = seen[pair.primary.dbid], seen.get(pair.mirror.dbid)
        if mirror is None and not primary.writable:
            mirror = self._cluster.probe((pair.mirror,))[pair.mirror.dbid]
        decision = fts.decide(pair, primary, mirror, self._patience(pair, primary, watch))
        if not leadership.leads:
            return False
        if mirror is not None and mirror.writable and primary.writable:
            self._acting.fence(pair.mirror, pair.primary)
        self._tell(pair, decision)
        self._acting.do(pair, decision, primary, mirror)
        return decision.settled

    def _patience(self, pair: Pair, primary: Facts, watch: Watch) -> Patience:
        at, content = now(), pair.content
        if fts.receiver(primary) is None and primary.writable:
            self._without.setdefault(content, at)
        else:
            self._without.pop(content, None)
        if primary.server is Server.STARTING:
            self._starting.setdefault(content, at)
        else:
            self._starting.pop(content, None)
        return Patience(
            without_mirror=at - self._without.get(content, at),
            grace=self._service.gp_fts_mark_mirror_down_grace_period,
            starting=at - self._starting.get(content, at),
            unheard=watch.silence(self._cluster.member(pair.primary)),
        )

    def _tell(self, pair: Pair, decision: Decision) -> None:
        """The lines of the documented log; what lasts is said once."""
        if decision.act is Act.DOUBLE_FAULT:
            fault = (
                f"ERROR: FTS double fault detected (content={pair.content}) primary dbid={pair.primary.dbid}, "
                f"mirror dbid={pair.mirror.dbid}"
            )
            self._once(pair, f"{fault}: {decision.why}")
        elif decision.act is Act.WAIT:
            self._once(pair, f"content {pair.content}: {decision.why.partition(': ')[0]}")
        elif decision.act is Act.NOTHING:
            self._told.pop(pair.content, None)
        elif decision.why:
            self._once(pair, f"content {pair.content}, dbid {pair.primary.dbid}: {decision.why}: {decision.act.value}")

    def _once(self, pair: Pair, text: str) -> None:
        if self._told.get(pair.content) != text:
            self._told[pair.content] = text
            self._said(text)

    def _said(self, text: str) -> None:
        self._say(text)
        self._cluster.tell("fts", text)
