"""The active management instance: what the manager does by itself for a grid (reference timesten.md, 3.5 and 5)."""

from __future__ import annotations

import contextlib
import re
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from threading import Event, Lock, Thread

from cctrl.config import Config, Service
from cctrl.grid import sessions
from cctrl.grid.model import Database, Mark, Phase, Status, Wanted
from cctrl.grid.record import Change
from cctrl.grid.service import Grid
from cctrl.grid.watch import deciding
from cctrl.grid.watch.acting import Acting
from cctrl.grid.watch.deciding import Calm
from cctrl.grid.watch.looks import Looks, heard
from cctrl.grid.watch.tasks import Act, Decision, Seen, Task
from cctrl.manager.keeper import Keeper
from cctrl.manager.leadership import Leadership, led, still_leading
from cctrl.manager.talk import ManagerTalk
from cctrl.manager.watch import Watch
from cctrl.outcome import CctrlError, Unreachable
from cctrl.replication.beat import Beat
from cctrl.replication.engine import StepFailed
from cctrl.replication.lock import InUse, Kept
from cctrl.replication.postgresql.asking import HeldBack
from cctrl.replication.rejection import NO_SPACE
from cctrl.store import who

PAUSES = {
    Calm.MOVING: 0.3,
    Calm.AWAITED: 0.7,
    Calm.WORKING: 2.0,  # what ends is told of
    Calm.SETTLED: 5.0,  # the end of a server is felt at once
}
"""Seconds to the next look."""
LISTEN = 0.1  # seconds from one look at the record to the next
FRESH = 3.0  # seconds until a host that did not answer is asked again
TRIES = 2  # of a recovery, before it is called failed


class GridKeeper(Keeper):
    """Keeps one grid."""

    def __init__(self, config: Config, service: Service, say: Callable[[str], None]) -> None:
        self._say = say
        self._grid = Grid(config, service, ManagerTalk(say), answer=min(config.timeout, service.failure_timeout / 2))
        super().__init__(self._grid, Pulses(self._grid))
        self._looks = Looks(self._grid)
        self._stop = Event()
        self._lock = Lock()
        self._busy: set[tuple[str, str]] = set()  # database, key of a task
        self._begun = 0  # looks
        self._failures: dict[tuple[str, str], int] = {}
        self._installed: set[str] = set()
        self._installing: Thread | None = None
        self._told: dict[str, str] = {}
        self._known: dict[str, Relevant] = {}  # database -> what of it was known and decided last
        self._watch: Watch | None = None
        self._freshened = 0.0
        grid, text = self._grid, f"cctrl manager of {service.name}"
        self._kept = Kept(grid.daemon_engine, text, lambda: still_leading(self._leads), grid.first_on_host)
        self._acting = Acting(self._grid, self._tell, self._leads, self._kept)

    def rest(self) -> None:
        """See Keeper: the instances' locks, under which another manager works on the elements."""
        self._kept.release()

    def close(self) -> None:
        """See Keeper."""
        self._stop.set()
        self.rest()
        super().close()

    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """See Keeper: one look at everything, and what is due."""
        self._leadership = leadership
        self._listen(watch)
        databases = self._grid.databases()
        for name in lost(self._known, databases):
            why = "the store was replaced by another, or begun anew"
            left = "its servers are left as they are, and nobody watches them"
            self._tell("", f"database {name} is not on record any more: {why}; {left}")
        self._known = {database.name: relevant(database) for database in databases}
        self._freshen(watch)
        self._begun += 1
        before = {database.name: self._under_way(database) for database in databases}
        seen = self._looks.look(databases, watch)
        found = [self._tend(d, seen[d.name], before[d.name], watch) for d in databases]
        return min((PAUSES[calm] for calm in found), default=PAUSES[Calm.SETTLED])

    def _freshen(self, watch: Watch) -> None:
        """Ask hosts again that did not answer, now and then; lock the instances, and put them where they are not yet.
        Nobody waits for that: one whose host is out of sight would hold up all others."""
        if time.monotonic() - self._freshened < FRESH:
            return
        self._freshened = time.monotonic()
        self._grid.fresh()
        missing = [name for name in self.members if name not in self._installed or not self._kept.held(name)]
        if missing and (self._installing is None or not self._installing.is_alive()):
            self._installing = Thread(target=self._install, args=(missing, watch), name="install", daemon=True)
            self._installing.start()

    def _install(self, missing: list[str], watch: Watch) -> None:
        self._grid.hosts.fan_out(missing, self._take)
        watch.wake()

    def _take(self, name: str) -> None:
        """Lock an instance before it is needed, and put it into its home."""
        try:
            with self._kept.on(name):
                if name in self._installed:
                    return
                ran = self._grid.install(name)
        except CctrlError as error:
            if not isinstance(error, Unreachable):  # that is seen by every look
                self._tell(name, f"nothing is done on {name}: {error.what}: {error.detail}".rstrip(": "))
            return
        if not ran.ok:
            self._tell(name, f"cannot put the instance {name} into its home: {ran.output.strip()}")
            return
        self._installed.add(name)
        if ran.output:
            self._tell(name, f"{name}: {ran.output.strip()}")

    def _under_way(self, database: Database) -> set[str]:
        """The keys of the tasks that are under way for a database."""
        with self._lock:
            return {key for name, key in self._busy if name == database.name}

    def _tend(self, database: Database, seen: Mapping[str, Seen], before: set[str], watch: Watch) -> Calm:
        """Decide for one database and begin what is due; how soon another look is worth it. `before`: the tasks that
        were under way when the look began."""
        if not self._leads():
            return Calm.SETTLED
        made: list[Decision] = []
        busy = self._under_way(database)

        def change(present: Database) -> Database:
            made.append(deciding.decide(present, seen, busy, time.time(), who(), before - busy))
            self._known[present.name] = relevant(made[0].database)
            return made[0].database

        found = self._enter(database.name, change)
        (decision,) = made
        for instance, text in decision.told:
            self._tell(instance, text)
        for task in decision.tasks:
            self._begin(found, task, watch)
        if found.disconnect:
            self._disconnect(found)
        # What carries out the record alone is nothing that others wait for.
        worked_at = {task.key for task in decision.tasks if task.act is not Act.ACKNOWLEDGE}
        return deciding.calm(found, busy | worked_at, seen)

    def _disconnect(self, database: Database) -> None:
        if not sessions.end(self._grid, database):
            self._enter(database.name, deciding.disconnected)

    # Tasks, each in a thread of its own.

    def _begin(self, database: Database, task: Task, watch: Watch) -> None:
        with self._lock:
            self._busy.add((database.name, task.key))
        name = f"{database.name} {task.act.name} {task.instance}"
        Thread(target=self._work, args=(database, task, watch, self._begun), name=name, daemon=True).start()

    def _work(self, database: Database, task: Task, watch: Watch, begun: int) -> None:
        key, failure = (database.name, task.key), None
        try:
            failure = self._done(database, task)
            if failure is not None:
                self._enter(database.name, lambda d: deciding.ended(d, task, time.time(), failure))
        except CctrlError as error:  # the record cannot be written: the next look finds the effect
            self._tell(task.instance, error.what)
        except Exception:  # a defect must not end the watching: it is told with its place
            self._tell(task.instance, traceback.format_exc())
        finally:
            with self._lock:
                self._busy.discard(key)
            # What only carries out the record, while nothing else was looked at, leaves nothing new to decide.
            if task.act is not Act.ACKNOWLEDGE or failure != "" or begun != self._begun:
                watch.wake()

    def _done(self, database: Database, task: Task) -> str | None:
        """Do it: "" where it was done, what failed where it failed for good, None where it is simply due again."""
        key = (database.name, task.instance)
        try:
            self._acting.do(database, task)
        except CctrlError as error:
            what, reason = error.what, told(error)
            self._tell(task.instance, f"{task.instance}: {what}" + (f": {reason}" if reason else ""))
            if self._again(key, task, error):
                why = f"{what}: {reason}" if isinstance(error, InUse) else what
                self._enter(database.name, lambda d: deciding.waiting(d, task, why))
                return None
            return reason or what
        self._failures.pop(key, None)
        return ""

    def _again(self, key: tuple[str, str], task: Task, error: CctrlError) -> bool:
        """Whether what failed is tried again without being asked: what is out of sight has not failed, and a recovery
        may have lost its source."""
        if not self._leads() or isinstance(error, Unreachable | InUse | HeldBack):
            return True
        if isinstance(error, StepFailed) and error.uncertain:
            return True
        count = self._failures[key] = self._failures.get(key, 0) + 1
        if task.act is Act.RECOVER and count < TRIES:
            return True
        self._failures.pop(key, None)
        return False

    # The record and the people.

    def _enter(self, name: str, change: Change) -> Database:
        """Change the record while this manager leads. Raises Refused where it does not, GridError, StoreError."""
        return self._grid.change(name, led(self._leads, change))

    def _listen(self, watch: Watch) -> None:
        if self._watch is None:
            self._watch = watch
            Thread(target=self._hear, args=(watch,), name="record", daemon=True).start()

    def _hear(self, watch: Watch) -> None:
        while not self._stop.wait(LISTEN):
            try:
                if {d.name: relevant(d) for d in self._grid.databases()} != self._known:
                    watch.wake()
            except CctrlError:  # the next look says so
                pass

    def _tell(self, instance: str, text: str) -> None:
        """Tell something once, until something else is told of the same instance."""
        if self._told.get(instance) == text:
            return
        self._told[instance] = text
        self._say(text)
        with contextlib.suppress(CctrlError):  # it stands in the manager's own log
            self._grid.tell(instance, "grid", text)


class Pulses:
    """manager.watch.Heart: of each instance the pulse of its element, of one without an element that of its daemon."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        """See replication.engine.Engine."""
        target = heard(self._grid.databases(), member)
        database = next((d for d in self._grid.databases() if d.name == target), None)
        engine = self._grid.engine(database) if database else self._grid.daemon_engine
        for beat in engine.pulse(member, period, stop):
            yield beat
            if heard(self._grid.databases(), member) != target:
                return


def told(error: CctrlError) -> str:
    """Of what a host said the line that says most, for the column Message; "" where it said nothing, and where a full
    disk says all. Of one that went out of sight that is the last: how."""
    if NO_SPACE in error.what:
        return ""
    lines = [line.strip() for line in error.detail.splitlines() if line.strip()]
    if isinstance(error, StepFailed) and error.uncertain:
        return lines[-1] if lines else ""
    found = [m[2] for line in lines if (m := _COMPLAINT.search(line))]
    return next(iter((*found, *lines)), "")


_COMPLAINT = re.compile(r"\b(FATAL|ERROR|PANIC):\s+(.*)")


Relevant = tuple[Wanted, Phase, str, tuple[tuple[str, Status, Mark, bool, bool], ...]]


def relevant(database: Database) -> Relevant:
    """What of the record is worth a look where it has changed: all but the positions."""
    elements = tuple((e.instance, e.status, e.mark, e.retry, e.in_set) for e in database.elements)
    return (database.wanted, database.phase, database.disconnect, elements)


def lost(known: Mapping[str, Relevant], databases: Collection[Database]) -> list[str]:
    """The databases that were on record, and are no more although nobody destroyed them."""
    ending = {Status.DESTROYED, Status.DESTROYING, Status.DESTROY_FAILED}
    gone = known.keys() - {d.name for d in databases}
    return sorted(name for name in gone if any(status not in ending for _, status, *_ in known[name][3]))
