"""An open dataservice: its hosts, its store, its engine, and one look at all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cctrl.config import Config, Server, Service
from cctrl.dataservice import parts, states
from cctrl.dataservice.listing import age
from cctrl.dataservice.states import Datasource
from cctrl.registry import Talk
from cctrl.replication import synchrony
from cctrl.replication.diagnosis import Diagnosis, diagnose
from cctrl.replication.facts import HEARD_WITHIN, Facts, View
from cctrl.replication.opened import OpenService
from cctrl.replication.position import Position
from cctrl.store import Leader, ServiceIntent, who

if TYPE_CHECKING:
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.router.routers import Routers
    from cctrl.router.state import Seen


FORCE = "--force"
FRESH = 10.0  # seconds for which a state is told without its age


@dataclass(frozen=True, slots=True)
class Picture:
    """What was decided about a service and what one look at it showed."""

    service: str
    intent: ServiceIntent
    view: View
    diagnosis: Diagnosis
    sources: tuple[Datasource, ...]
    leader: Leader | None = None  # the manager that watches it

    @property
    def shown(self) -> tuple[Datasource, ...]:
        """The datasources as the manager offers them to clients: none while it reaches no majority."""
        if self.leader is None or self.leader.state != states.FAILSAFE_SHUN:
            return self.sources
        return tuple(states.failsafe(source) for source in self.sources)

    def source(self, name: str) -> Datasource:
        """The datasource of that name; KeyError where there is none."""
        return next(s for s in self.sources if s.name == name)


def _as_of(source: Datasource) -> str:
    """How old what is known of a datasource is, where that is worth telling."""
    old = time.time() - source.facts.at
    return f" ({age(old)} ago)" if old > FRESH else ""


class Dataservice(OpenService):
    """registry.ServiceHandle for one dataservice."""

    def __init__(self, config: Config, service: Service, talk: Talk, *, answer: float = 0.0, dial: float = 0.0) -> None:
        """See OpenService."""
        super().__init__(config, service, talk, answer, dial)
        self.heard_within = HEARD_WITHIN  # see View; whoever listens all the time knows better
        self.last_heard: Mapping[str, Position] = {}
        self._gone = ""
        self.last: Picture | None = None
        self.force = False  # `set force true`
        self.actor = who()  # as events name whoever gives commands

    def forced(self, flags: frozenset[str]) -> bool:
        """True where a command is given with --force, or `set force true` holds: then that is said."""
        if FORCE in flags:
            return True
        if self.force:
            self.talk.note("force is true in this session, as if --force was given; `set force false` ends that")
        return self.force

    @cached_property
    def engine(self) -> PostgreSQL:
        """The engine of the service's servers."""
        return self.engine_of(self.service)

    @cached_property
    def routers(self) -> Routers:
        """The routers of the service."""
        from cctrl.router.routers import Routers

        return Routers(self.hosts, self.name, self.service.routers, self.answer)

    def look_at_all(self) -> tuple[Picture, list[Seen]]:
        """Look at the members and at the routers, side by side."""
        if not self.service.routers:
            return self.look(), []
        self.fresh()
        pictures: list[Picture] = []
        seen: list[Seen] = []

        def at_members() -> None:
            pictures.append(self.look(fresh=False))

        def at_routers() -> None:
            seen.extend(self.routers.look())

        self.hosts.fan_out((at_members, at_routers), lambda look: look())
        return pictures[0], seen

    def fresh(self) -> None:
        """See OpenService; what is taken for gone stays so."""
        if not self._gone:
            super().fresh()

    @contextmanager
    def taking_for_gone(self, member: str) -> Iterator[None]:
        """Within this, a member that was waited and asked for long enough is neither waited for nor asked about
        again. Nothing where it is ""."""
        self._gone = member
        try:
            yield
        finally:
            self._gone = ""

    def is_gone(self, member: str) -> bool:
        """True for a member that is taken for gone."""
        return member == self._gone

    def look(
        self, *, fresh: bool = True, end_leftovers: bool = False, known: Mapping[str, Facts] | None = None
    ) -> Picture:
        """Look at every member that is not `known` already, side by side. Without `fresh` a host that was just found
        out of reach is not waited for again. `end_leftovers`: see Engine.probe."""
        if fresh:
            self.fresh()

        def probe(member: Server) -> Facts:
            seen = known.get(member.name) if known else None
            return seen or self.engine.probe(member.name, end_leftovers=end_leftovers)

        return self.picture(tuple(self.hosts.fan_out(self.service.members, probe)))

    def picture(self, facts: tuple[Facts, ...]) -> Picture:
        """Put facts beside what was decided."""
        intent = self.store.intent(self.name)
        addresses = {m.name: (m.address, m.port) for m in self.service.members}
        acknowledged_by = synchrony.setting(self.service.names) if self.service.synchronous else ""
        view = View(
            facts,
            intended=intent.primary,
            addresses=addresses,
            heard_within=self.heard_within,
            last_heard=self.last_heard,
            called=states.MASTER,
            acknowledged_by=acknowledged_by,
            reached=intent.timeline,
        )
        diagnosis = diagnose(view)
        sources = states.datasources(view, diagnosis, intent, self.name, self.service.maximum_lag)
        self.last = Picture(self.name, intent, view, diagnosis, sources, self.store.leader(self.name))
        return self.last

    def words(self, kind: str) -> Mapping[str, str]:
        """See ServiceHandle."""
        if kind == "PATH":
            return parts.paths(self.service)
        if kind == "ROUTER":
            return {r.name: r.kind for r in self.service.routers}
        if kind != "HOST":
            return {}
        if self.last is not None:
            return {s.name: f"{s.role}:{s.word}{_as_of(s)}" for s in self.last.shown}
        return {m.name: m.address for m in self.service.members}

    def states(self) -> Mapping[str, str]:
        """See ServiceHandle."""
        picture = self.look()
        manager = {"manager": "ONLINE" if picture.leader else "OFFLINE"}
        return manager | {s.name: f"{s.role}:{s.word}" for s in picture.shown}
