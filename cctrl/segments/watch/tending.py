"""One look of FTS at a pair, what is made of it, and what the looks before it are remembered for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock, Thread

from cctrl.manager.watch import Watch
from cctrl.manager.witnesses import Witnesses
from cctrl.outcome import CctrlError
from cctrl.replication.facts import Facts, Server
from cctrl.replication.position import ZERO, Position
from cctrl.segments.catalog import Catalog, Pair, Row
from cctrl.segments.service import Cluster, now
from cctrl.segments.watch import fts
from cctrl.segments.watch.acting import Acting
from cctrl.segments.watch.fts import Act, Decision, Patience, Silence, Startup

QUESTION = 2.0  # seconds that a host may wait for the answer of another one's server


class Tending:
    """Looks at pairs and does what is due for them; may be called from several threads, for a pair each."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None], leads: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._service = cluster.service
        self._say = say
        self._acting = Acting(cluster, say, leads)
        self._without: dict[int, float] = {}  # content -> since when its primary has no mirror
        self._starting: dict[int, Startup] = {}  # content -> how far its primary is that starts up
        self._silence: dict[int, Silence] = {}  # content -> how long its primary does not answer
        self._witnesses: dict[int, Witnesses] = {}  # content -> who else was asked for its primary
        self._acknowledged: dict[int, Position] = {}  # dbid of a mirror in sync -> what its primary says it has
        self._told: dict[int, str] = {}  # content -> what was last said of it
        self._away: set[int] = set()  # dbids that are down, with hosts that are out of sight
        self._looking = Lock()  # held while those that are down are looked at

    @property
    def away(self) -> bool:
        """True where a host is awaited: what comes back with it must not accept writes for long."""
        return bool(self._away)

    def tend(self, pair: Pair, watch: Watch) -> Decision:
        """Look at a pair and do what is due. What a host causes is told, and tried again."""
        began = now()
        primary = self._cluster.probe((pair.primary,))[pair.primary.dbid]
        self._heard(watch, pair.primary, primary)
        self._time(pair, primary, began)
        mirror = None if primary.writable else self._cluster.probe((pair.mirror,))[pair.mirror.dbid]
        decision = fts.decide(pair, primary, mirror, self._patience(pair, primary))
        if decision.act is Act.RELEASE:  # a primary that has no mirror may be one that was left behind
            mirror = self._cluster.probe((pair.mirror,))[pair.mirror.dbid]
            older = fts.outrun(pair, primary, mirror)
            decision = Decision(Act.WAIT, why=older) if older else decision
        self._tell(pair, decision)
        try:
            if not self._acting.do(pair, decision, primary, mirror):
                return Decision(Act.RETRY, why="its mirror begins to count for commits")
        except CctrlError as error:
            self._once(pair, "; ".join(error.lines()))
            return Decision(Act.WAIT, why=error.what)
        return decision

    def forget(self) -> None:
        """This process leads no more: nobody is asked any further, and what has lasted counts anew once it leads."""
        for asking in self._witnesses.values():
            asking.forget()
        for known in (self._without, self._starting, self._silence, self._witnesses, self._acknowledged, self._told):
            known.clear()

    def look_at_those_down(self, catalog: Catalog, watch: Watch) -> None:
        """In the background, so that a host that is gone holds nobody up; at most once at a time."""
        if self._looking.acquire(blocking=False):
            Thread(target=self._at_those_down, args=(catalog, watch), name="fts down", daemon=True).start()

    def _at_those_down(self, catalog: Catalog, watch: Watch) -> None:
        """One that accepts writes although it was replaced is fenced."""
        try:
            seen = self._cluster.probe(tuple(row for row in catalog.segments if not row.up))
            for row in (catalog.row(dbid) for dbid in seen):
                self._heard(watch, row, seen[row.dbid])
            for dbid in (dbid for dbid, facts in seen.items() if facts.writable):
                self._fence(dbid)
            ports = {(member.host.name, member.port) for member in self._cluster.service.members}
            left = [place for place in self._cluster.left_behind() if (place.host.name, place.port) not in ports]
            ended = self._cluster.hosts.fan_out(left, self._acting.end_left_behind)
            away = {place.dbid for place, seen_there in zip(left, ended, strict=True) if not seen_there}
            self._away = away | {dbid for dbid, facts in seen.items() if not facts.seen}
        except CctrlError:  # the next cycle says what is wrong
            pass
        finally:
            self._looking.release()

    def _fence(self, dbid: int) -> None:
        """End a server that accepts writes, where the catalog still says down and its successor accepts them too."""
        for pair in self._cluster.catalog().pairs:
            if pair.mirror.dbid != dbid or pair.mirror.up:
                continue
            seen = self._cluster.probe(pair.rows)
            primary, mirror = seen[pair.primary.dbid], seen[dbid]
            if primary.writable and not fts.outrun(pair, primary, mirror):
                self._acting.fence(pair.mirror, pair.primary)

    # How long something has lasted.

    def _heard(self, watch: Watch, row: Row, facts: Facts) -> None:
        if facts.seen:
            watch.seen(self._cluster.member(row), answers=facts.server is not Server.FROZEN, up=facts.up)

    def _time(self, pair: Pair, primary: Facts, began: float) -> None:
        at, content = now(), pair.content
        _since(self._without, content, at, so=primary.writable and fts.receiver(primary) is None)
        if primary.server is Server.STARTING:
            startup = self._starting.get(content, Startup(at, primary.replaying))
            self._starting[content] = startup.after(primary.replaying, at)
        else:
            self._starting.pop(content, None)
        if fts.silent(primary):
            before = self._silence.get(content, Silence())
            self._silence[content] = before.after(began, at, self._service.gp_fts_probe_timeout)
        else:
            self._silence.pop(content, None)
            if asking := self._witnesses.pop(content, None):
                asking.forget()
        found = fts.receiver(primary)
        if found is not None and found.sync == "sync" and pair.synchronized:
            self._acknowledged[pair.mirror.dbid] = found.flushed
        elif not pair.synchronized:
            self._acknowledged.pop(pair.mirror.dbid, None)

    def _patience(self, pair: Pair, primary: Facts) -> Patience:
        at, content, service = now(), pair.content, self._service
        startup = self._starting.get(content)
        patience = Patience(
            without_mirror=at - self._without.get(content, at),
            grace=service.gp_fts_mark_mirror_down_grace_period,
            starting=at - startup.since if startup else 0.0,
            silence=self._silence.get(content, Silence()),
            timeout=service.gp_fts_probe_timeout,
            retries=service.gp_fts_probe_retries,
            acknowledged=self._acknowledged.get(pair.mirror.dbid, ZERO),
        )
        return replace(patience, reached_by=self._reached_by(pair)) if primary.server is Server.UNSEEN else patience

    def _reached_by(self, pair: Pair) -> str | None:
        """The host from which the server of an acting primary is reached that we cannot look at; "" where none is, None
        before that is known. It is asked in the background, again and again."""
        source, coordinator = self._cluster.member(pair.primary), self._cluster.coordinator
        witnesses = self._witnesses.setdefault(pair.content, Witnesses(self._cluster.engine, QUESTION))
        hosts = {coordinator.name: coordinator.host.name, self._cluster.member(pair.mirror): pair.mirror.hostname}
        witnesses.ask(source, tuple(hosts))
        said = witnesses.answer(source)
        return None if said is None else next((hosts[name] for name in said.reach), "")

    # What is said.

    def _tell(self, pair: Pair, decision: Decision) -> None:
        """The lines of the documented log; what lasts is said once."""
        if decision.act is Act.DOUBLE_FAULT:
            fault = (
                f"ERROR: FTS double fault detected (content={pair.content}) primary dbid={pair.primary.dbid}, "
                f"mirror dbid={pair.mirror.dbid}"
            )
            self._once(pair, f"{fault}: {decision.why}")
        elif decision.act is Act.RETRY:
            count = max(0, int(self._silence[pair.content].attempts) - 1)
            self._once(
                pair,
                f"FTS: cannot establish libpq connection (content={pair.content}, dbid={pair.primary.dbid}): "
                f"{decision.why}, retry_count={count}",
            )
        elif decision.act is Act.WAIT:
            self._once(pair, f"content {pair.content}: {decision.why.partition(': ')[0]}")
        elif decision.act is Act.NOTHING:
            self._told.pop(pair.content, None)
        elif decision.why:
            self._once(pair, f"content {pair.content}, dbid {pair.primary.dbid}: {decision.why}: {decision.act.value}")

    def _once(self, pair: Pair, text: str) -> None:
        if self._told.get(pair.content) != text:
            self._told[pair.content] = text
            self._say(text)


def _since(times: dict[int, float], content: int, at: float, *, so: bool) -> None:
    """Keep since when something is so."""
    if so:
        times.setdefault(content, at)
    else:
        times.pop(content, None)
