"""Carries out what was decided for an element or a replica set. Each act may be broken off, and is then done again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Lock

from cctrl.grid.model import Database, Element
from cctrl.grid.record import Change
from cctrl.grid.service import Grid
from cctrl.grid.watch.tasks import DAMAGED, Act, Task, damaged
from cctrl.manager.leadership import led
from cctrl.outcome import Unreachable
from cctrl.replication import copying, recovery, synchrony
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.executor import execute
from cctrl.replication.facts import Facts, Server, View
from cctrl.replication.lock import Kept
from cctrl.replication.position import Position
from cctrl.replication.postgresql import queries
from cctrl.replication.postgresql.engine import PostgreSQL
from cctrl.replication.recovery import Way
from cctrl.replication.rejection import COPY_NEEDED, Rejected
from cctrl.replication.steps import Action, Plan, Result, Step
from cctrl.threads import paused

SETTLE = 8.0  # seconds an element that has caught up gets to be in sync once commits wait for it
GONE = 1.0  # seconds it may receive from nobody then
LOOK = 0.02
PATIENCE = 10.0  # seconds that transactions with changes of definitions get to end, before others get a turn
_NO_KNOWN: Mapping[str, Position] = {}


class Acting:
    """The acts for one database. `say` is told what was done, a line at a time; `leads` says whether this process may
    still act; `kept` has the locks of the instances, under which their elements are changed."""

    def __init__(self, grid: Grid, say: Callable[[str, str], None], leads: Callable[[], bool], kept: Kept) -> None:
        self._grid = grid
        self._say = say
        self._leads = leads
        self._kept = kept
        self._joining: dict[str, Lock] = {}

    def do(self, database: Database, task: Task) -> None:
        """Do it, and return when its effect was seen. Raises CctrlError."""
        work = _Work(self._grid, database, self._say, self._leads, self._kept)
        name, other = task.instance, task.other
        if task.act is Act.CREATE:
            work.make(name)
        elif task.act is Act.START:
            work.start(name)
        elif task.act is Act.SEED:
            work.seed(name)
        elif task.act is Act.RECOVER:
            work.recover(name, other)
            # New DDL waits while an element catches up, which itself waits for open transactions (documented).
            with self._turn(database, other), work.asking.definitions_held(other, PATIENCE):
                work.join(name, other)
        elif task.act is Act.ACKNOWLEDGE:
            with self._turn(database, name):
                work.acknowledge(name)
        elif task.act is Act.PROMOTE:
            work.promote(name, other, planned=task.planned)
        elif task.act is Act.FENCE:
            work.fence(name, other)
        elif task.act in (Act.OPEN, Act.CLOSE):
            work.admit(name, users=task.act is Act.OPEN)
        elif task.act in (Act.UNLOAD, Act.STOP):
            work.stop(name, task.names)
        elif task.act is Act.DESTROY:
            work.destroy(name)

    def _turn(self, database: Database, active: str) -> Lock:
        """One at a time changes whom commits on an active element wait for."""
        return self._joining.setdefault(f"{database.name} {active}", Lock())


class _Work:
    """One task's hold on the servers of a database."""

    def __init__(
        self, grid: Grid, database: Database, say: Callable[[str, str], None], leads: Callable[[], bool], kept: Kept
    ) -> None:
        self.database = database
        self.grid = grid
        self._making = grid.making(database)
        self.asking = grid.asking(database)
        self.engine: PostgreSQL = grid.new_engine(database)
        self.engine.operation = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self._say = say
        self._leads = leads
        self._kept = kept

    def _enter(self, change: Change) -> None:
        self.grid.change(self.database.name, led(self._leads, change))

    def perform(
        self, step: Step, known: Mapping[str, Position] = _NO_KNOWN, on_text: OnText = lambda _: None
    ) -> Result:
        """See executor.Performer: carry out a step while its member is this manager's."""
        with self._kept.on(step.member):
            return self.engine.perform(step, known, on_text)

    def _step(self, action: Action, member: str, other: str = "", keep: tuple[str, ...] = ()) -> Result:
        return self.perform(Step(action, member, other, keep=keep))

    def element(self, name: str) -> Element:
        """An element of the record, as that was when the task began."""
        return next(e for e in self.database.elements if e.instance == name)

    # Single servers.

    def make(self, name: str) -> None:
        """Make its data directory."""
        with self._kept.on(name):
            self._making.make(name)

    def admit(self, name: str, *, users: bool) -> None:
        """Let users in, or keep them out."""
        with self._kept.on(name):
            self._making.admit(name, users=users)

    def start(self, name: str) -> None:
        """Start a server as it lies; users are kept out. Raises StepFailed where that may be damaged."""
        if damaged(self.database, self.engine.probe(name)):
            raise StepFailed(f"{name} is not started: {DAMAGED}")
        self.admit(name, users=False)
        self._step(Action.START, name)

    def stop(self, name: str, keep: tuple[str, ...] = ()) -> None:
        """Stop it cleanly, or at once where it does not listen."""
        facts = self.engine.probe(name)
        if not facts.may_run:
            return
        clean = facts.server in (Server.UP, Server.REJECTING, Server.STARTING)
        self._step(Action.STOP if clean else Action.END, name, keep=keep)

    def destroy(self, name: str) -> None:
        """Remove what was made of it."""
        element = self.database.element(name)
        made = element is not None and element.made
        if made:
            self.stop(name)
        with self._kept.on(name):
            self._making.remove(name, made=made)

    def fence(self, name: str, successor: str) -> None:
        """End a server for good that is not to accept writes."""
        self._step(Action.FENCE, name, successor)
        self._say(name, f"{name} is fenced: its server does not run and cannot start writable")

    # Who is the first of its set.

    def seed(self, name: str) -> None:
        """Start it read-only; once the record has it alone in its set, it takes writes."""
        facts = self.engine.probe(name)
        if not facts.up:
            self.admit(name, users=False)
            self._step(Action.ISOLATE, name)
            self._step(Action.START, name)
        self._alone(name)
        self._set_names(name, ())
        if not facts.writable:
            self._step(Action.PROMOTE_NOW, name)
        self._say(name, f"{name} is the seed of its replica set, and accepts writes")

    def _alone(self, name: str) -> None:
        number = self.element(name).replica_set

        def change(database: Database) -> Database:
            for element in database.elements:
                if element.replica_set == number:
                    own = element.instance == name
                    database = database.having(replace(element, active=own, in_set=own))
            return database

        self._enter(change)

    def promote(self, name: str, former: str, *, planned: bool) -> None:
        """Make it the active element, as the record has it. The former one is fenced first, where it is in sight; where
        it is not, its commits wait for an element that no longer follows it."""
        if planned:
            with contextlib.suppress(StepFailed, Unreachable):  # then it is ended at once
                self._step(Action.STOP, former, keep=(name,))
        fence = (partial(self._retire, former, name),) if former else ()
        self.grid.hosts.fan_out((*fence, partial(self._set_names, name, ())), lambda work: work())
        self._step(Action.PROMOTE_NOW, name)
        self._say(name, f"{name} accepts writes")

    def _retire(self, former: str, name: str) -> None:
        try:
            self.fence(former, name)
        except (StepFailed, Unreachable) as error:
            left = f"its commits wait for {name}, which is promoted now, so none is acknowledged"
            self._say(former, f"unfenced: {former}: {error.what}: {error.detail}; {left}")

    # Whom commits wait for.

    def acknowledge(self, name: str) -> None:
        """Let commits of the active element wait for those that the record has in its set by now."""
        names = self._in_set_with(name)
        self._set_names(name, names)
        self._say(name, f"commits on {name} wait for {', '.join(names) or 'nobody else'}")

    def _in_set_with(self, active: str) -> tuple[str, ...]:
        present = self.grid.database(self.database.name)
        number = self.element(active).replica_set
        return tuple(e.instance for e in present.elements if e.replica_set == number and e.in_set and not e.active)

    def _set_names(self, name: str, names: tuple[str, ...]) -> None:
        with self._kept.on(name):
            self.asking.sql(name, *queries.acknowledge(synchrony.every(names)))

    def join(self, name: str, active: str) -> None:
        """Let commits wait for it too; it is in the set once it has what was there before that. Where it leaves again
        meanwhile commits do not wait for it any longer, and it is brought up anew."""
        self._set_names(active, (*(other for other in self._in_set_with(active) if other != name), name))
        if self._joined(name, active):
            return
        self._set_names(active, self._in_set_with(active))
        raise StepFailed(f"{name} left {active} before it was in sync with it", uncertain=True)

    def _joined(self, name: str, active: str) -> bool:
        began = heard = time.monotonic()
        mark = Position(0)
        while time.monotonic() - began < SETTLE and time.monotonic() - heard < GONE and not paused(LOOK):
            facts = self.engine.probe(active)
            found = next((d for d in facts.downstreams if d.name == name), None)
            if not facts.writable:
                raise StepFailed(f"{active} accepts no writes any more", uncertain=True)
            if found is None:
                continue
            heard = time.monotonic()
            if found.sync != "sync":
                continue
            mark = mark or facts.received  # every commit from here on waits
            if found.replayed >= mark:
                self._enter(lambda d: _in_set(d, name, active))
                return True
        return False

    # Bringing one up to the active element.

    def recover(self, name: str, active: str) -> None:
        """By its log where the active element has that, else by a copy; users are kept out until it has all."""
        if self.element(name).since > self.database.generation:
            self._cleared(name, active)
        way, plan, why = self._kept_out(name, active)
        if way is Way.END:  # what runs may have written: only then its log tells the way
            execute(plan, self, lambda _: None)
            way, plan, why = self._way(name, active)
        self._say(name, f"{name} is brought up to {active}: {why}")
        execute(plan, self, lambda _: None)
        if plan.steps and plan.steps[-1].action is not Action.STREAM:
            self._step(Action.STREAM, name, active)

    def _kept_out(self, name: str, active: str) -> tuple[Way, Plan, str]:
        """Keep users out of it, and find the way meanwhile."""
        found: list[tuple[Way, Plan, str]] = []
        works: tuple[Callable[[], None], ...] = (
            lambda: self.admit(name, users=False),
            lambda: found.append(self._way(name, active)),
        )
        with self._kept.on(name):
            self.grid.hosts.fan_out(works, lambda work: work())
        return found[0]

    def _cleared(self, name: str, active: str) -> None:
        """One that comes into the map has a server of its own, with nobody's data: it makes room for the copy."""
        facts, source = self.engine.probe(name), self.engine.probe(active)
        if facts.system and facts.system != source.system:
            self.destroy(name)

    def _way(self, name: str, active: str) -> tuple[Way, Plan, str]:
        """The way, its steps, and why it is that one."""
        view = self._view(name, active)
        member, source = view[name], view[active]
        if damaged(self.database, member):
            return Way.COPY, self._copy(member, source), f"{DAMAGED}, so it becomes a copy"
        part = recovery.unread(member, source)
        tail = self.engine.tail(name, part) if part else None
        try:
            found = recovery.remedy(view, active, name, tail, force=True)
        except Rejected as error:
            if error.why not in COPY_NEEDED:
                raise
            return Way.COPY, self._copy(member, source), f"{error.what}, so it becomes a copy"
        return found.way, found.plan, found.way.text(view.called)

    def _copy(self, member: Facts, source: Facts) -> Plan:
        survey = self.engine.copies.survey(member.name, source.name)
        copying.fits(member, source, survey)
        name, other = member.name, source.name
        ended = (Step(Action.END, name),) if member.may_run else ()
        copy = Step(Action.COPY, name, other, source.oldest_log, survey=survey)
        steps = (copy, *ended, Step(Action.SWAP, name, other))
        return Plan(
            tuple((step,) for step in (*steps, Step(Action.START, name, other), Step(Action.STREAM, name, other)))
        )

    def _view(self, name: str, active: str) -> View:
        names = (active, name)
        facts = self.grid.hosts.fan_out(names, self.engine.probe)
        servers = {n: self.engine.service.member(n) for n in names}
        return View(tuple(facts), active, {n: (s.address, s.port) for n, s in servers.items()}, called="active element")


def _in_set(database: Database, name: str, active: str) -> Database:
    """It is in the set, unless another element has become the active one meanwhile: it has not what that wrote."""
    element, leader = database.element(name), database.element(active)
    same = element is not None and leader is not None and leader.active and element.replica_set == leader.replica_set
    return database.having(replace(element, in_set=True)) if same and element is not None else database
