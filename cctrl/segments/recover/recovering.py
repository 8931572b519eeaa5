"""Brings one failed segment back under its acting primary: the steps, their progress, and how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from cctrl.outcome import CctrlError, Interrupted
from cctrl.replication import copying, recovery
from cctrl.replication.events import Event, Failed, Progress
from cctrl.replication.executor import Performer, execute
from cctrl.replication.facts import Facts, Server
from cctrl.replication.recovery import Way
from cctrl.replication.rejection import Rejected, lacks_room
from cctrl.replication.steps import DETACHED, Action, Group, Plan, Step
from cctrl.segments import catalog_sql
from cctrl.segments.catalog import Pair
from cctrl.segments.recover.differential import NOTHING_THERE, Narrator, reuses
from cctrl.segments.recover.work import Ended, Job, Kind, Stage
from cctrl.segments.service import Cluster, now

NOT_BEGUN = "its recovery was not begun any more"
ENDED = "its copy was ended, as asked; its data directory is as it was"
COPIED = f"{NOTHING_THERE}: all was copied"
AGAIN = "gprecoverseg   (-F for a full copy)"
EVERY = 1.0  # seconds from one line of progress to the next

_LAST = {
    Way.NOTHING: "skipping pg_rewind on mirror as standby.signal is present",
    Way.RESUME: "skipping pg_rewind on mirror as standby.signal is present",
    Way.FOLLOW: "skipping pg_rewind on mirror as standby.signal is present",
    Way.START: "pg_rewind: no rewind required",
    Way.REWIND: "pg_rewind: Done!",
    Way.COPY: "pg_basebackup: base backup completed",
}
"""The last line of each way, as the documented tools end."""
_TOOLS = {Kind.FULL: "pg_basebackup", Kind.INCREMENTAL: "pg_rewind", Kind.DIFFERENTIAL: "rsync"}
"""How a failure's log file is called."""


class Tongue:
    """Says the progress of all recoveries: a line for each, at most one a second, the last one always; the same lines
    go into the documented file of the log directory (gpstate asks the hosts)."""

    def __init__(
        self,
        say: Callable[[str], None],
        path: Path,
        *,
        silent: bool,
        redraw: Callable[[str], None] | None = None,
    ) -> None:
        """`redraw`: shows in place how far all are, and `say` is told the last line of each alone."""
        self._say = say
        self._path = path
        self._silent = silent
        self._redraw = redraw
        self._lock = Lock()
        self._told: dict[int, float] = {}
        self._current: dict[int, str] = {}

    def tell(self, job: Job, text: str, *, last: bool = False) -> None:
        """What the tool that works on a segment says."""
        row = job.at
        with self._lock:
            at = now()
            if not last and at - self._told.get(row.dbid, -EVERY) < EVERY:
                return
            self._told[row.dbid] = at
            if not self._silent:
                self._show(row.dbid, f"{row.hostname} (dbid {row.dbid}): {text}", last=last)
            with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
                file.write(f"{job.kind.value}:{row.dbid}:{text}\n")

    def _show(self, dbid: int, line: str, *, last: bool) -> None:
        if self._redraw is None or last:
            self._current.pop(dbid, None)
            self._say(line)
        else:
            self._current[dbid] = line
        if self._redraw is not None and self._current:
            self._redraw("; ".join(self._current.values()))

    def end(self) -> None:
        """All are over."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Recovering:
    """Recovers segments, one at each call of `work`."""

    cluster: Cluster
    performer: Performer
    tongue: Tongue
    directory: Path  # of the logs
    rate: str  # of a full copy, in kB/s; "" for no limit
    ending: Callable[[], bool]  # whether no further segment is to be begun

    def work(self, job: Job) -> Ended:
        """Bring it back. Never raises for what a host can cause."""
        if self.ending():
            return Ended(job, Stage.COPY, NOT_BEGUN, self._keep(job, [NOT_BEGUN]), AGAIN)
        said: list[str] = []
        stage, failed, narrator = [Stage.COPY], [Action.START], Narrator()

        def sink(event: Event) -> None:
            if isinstance(event, Progress) and event.step.action in DETACHED:
                said.append(event.text)
                reused = event.step.action is Action.REUSE
                self.tongue.tell(job, narrator.line(event.text, now()) if reused else event.text)
            elif isinstance(event, Failed):
                failed[0] = event.step.action
                stage[0] = Stage.START if event.step.action is Action.START else Stage.COPY

        try:
            way, plan = way_back(self.cluster, job, self.rate)
            execute(plan, self.performer, sink)
            if way is Way.END:  # something had started it again
                way, plan = way_back(self.cluster, job, self.rate)
                execute(plan, self.performer, sink)
            self._end(job)
        except Interrupted:
            raise
        except CctrlError as error:
            self.tongue.tell(job, "Failure, exiting", last=True)
            cause, following = "\n".join(part for part in (error.what, error.detail) if part), error.next
            if self.ending() and failed[0] in (Action.COPY, Action.REUSE):
                cause, following = ENDED, AGAIN
            elif not following and lacks_room(error):
                following = self._room(job)
            return Ended(job, stage[0], cause, self._keep(job, [*said, cause]), following)
        return self._done(job, way, plan, narrator)

    def _room(self, job: Job) -> str:
        again = f"then {job.kind.command}"
        if job.moves:  # it is not there
            return f"make room on {job.at.hostname}, where {job.at.datadir} is to lie   ({again})"
        return self.cluster.room(job.at, again)

    def _done(self, job: Job, way: Way, plan: Plan, narrator: Narrator) -> Ended:
        reused = reuses(plan)
        if last := narrator.sum if reused else _LAST[way]:
            self.tongue.tell(job, last, last=True)
        if reused:
            return Ended(job, remark=narrator.remark(job.source.place))
        return Ended(job, remark=COPIED if job.kind is Kind.DIFFERENTIAL else "")

    def _end(self, job: Job) -> None:
        """A slot of its own time as primary would hold back log for nobody."""
        self.cluster.asking.try_sql(self.cluster.member(job.at), catalog_sql.DROP_SLOT)

    def _keep(self, job: Job, lines: list[str]) -> str:
        tool = _TOOLS[job.kind]
        path = self.directory / f"{tool}.{datetime.now():%Y%m%d_%H%M%S}.dbid{job.failed.dbid}.out"
        with contextlib.suppress(OSError):
            self.directory.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)


def way_back(cluster: Cluster, job: Job, rate: str = "") -> tuple[Way, Plan]:
    """The way back and its steps; log that only the failed segment has is kept aside first.

    `rate`: of a full copy, in kB/s; "" for no limit. Raises CctrlError."""
    pair = Pair(job.failed.content, job.source, job.at)
    view = cluster.view(pair, cluster.probe(pair.rows))
    source, name = view.members[0].name, view.members[1].name
    if job.kind.copies:
        groups = _copy(cluster, job.kind, view[name], view[source], rate)
        return Way.COPY, Plan(_configured(cluster, job, groups))
    part = recovery.unread(view[name], view[source])
    tail = cluster.engine.tail(name, part) if part else None
    found = recovery.remedy(view, source, name, tail, force=True)
    # That it streams, FTS sees: nobody waits for it here.
    groups = tuple(group for group in found.plan.groups if group[0].action is not Action.STREAM)
    return found.way, Plan(_configured(cluster, job, groups))


def _configured(cluster: Cluster, job: Job, groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Where it is not at its configured place it has a configuration of its own before it starts."""
    if not cluster.elsewhere(job.at):
        return groups
    made: list[Group] = []
    for group in groups:
        if group[0].action is Action.START:
            made.append((Step(Action.CONFIGURE, group[0].member, cluster.member(job.source)),))
        made.append(group)
    return tuple(made)


def _copy(cluster: Cluster, kind: Kind, member: Facts, source: Facts, rate: str) -> tuple[Group, ...]:
    copies, action = cluster.engine.copies, Action.COPY
    survey = copies.survey(member.name, source.name)
    copying.fits(member, source, survey)
    if kind is Kind.DIFFERENTIAL and member.server is not Server.NO_DATA:
        try:
            copying.reusable(member, source, survey, copies.reuse_lacks(source.name))
        except Rejected as error:
            error.next = error.next or "gprecoverseg -F"
            raise
        action = Action.REUSE
    copy = Step(action, member.name, source.name, source.oldest_log, rate=rate)
    rest = (Action.SWAP, Action.START)  # it was stopped before; its directory is kept aside, log and all
    return ((copy,), *((Step(action, member.name, source.name),) for action in rest))
