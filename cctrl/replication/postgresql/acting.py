"""The half of the engine that acts: each step of a plan as commands on the hosts."""

from __future__ import annotations

import time

from cctrl.config import Server
from cctrl.replication import synchrony
from cctrl.replication.engine import StepFailed
from cctrl.replication.facts import WAL_SEGMENT
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, probe_parse, queries
from cctrl.replication.postgresql.looking import Looking
from cctrl.replication.postgresql.remote import Remote, beside, check, given_up
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.recovery import log_after, timeline_at
from cctrl.replication.steps import Action, Result
from cctrl.ssh import Ended

LOOKS = 50  # a second: how often the scripts look whether a server has started or stopped
START_LIMIT = 300.0  # seconds a start may take while the server's process lives (crash recovery)
STOP_LIMIT = 60.0  # seconds of fast shutdown before an immediate one
STALL = 30.0  # seconds without any progress before a wait is given up
PROMOTE_LIMIT = 60.0  # seconds from the request to the first write
UNTOUCHED = 1  # the status in which rewind.sh ends where it has overwritten nothing
ASKED = "its promotion was asked for"  # said by promote.sh


class Acting:
    """Carries out the steps that are not copies."""

    def __init__(self, remote: Remote, looking: Looking) -> None:
        self.remote = remote
        self.looking = looking

    @property
    def handlers(self) -> dict[Action, Handler]:
        """What carries out each action."""
        return {
            Action.CHECKPOINT: self._checkpoint,
            Action.SYNCHRONISE: self._synchronise,
            Action.STOP: self._stop,
            Action.END: self._end,
            Action.MARK: self._mark,
            Action.ISOLATE: self._isolate,
            Action.UNMARK: self._unmark,
            Action.START: self._start,
            Action.FENCE: self._fence,
            Action.CATCH_UP: self._catch_up,
            Action.PROMOTE: self._promote,
            Action.PROMOTE_NOW: self._promote,
            Action.FOLLOW: self._follow,
            Action.KEEP: self._keep,
            Action.REWIND: self._rewind,
            Action.STREAM: self._stream,
        }

    def _checkpoint(self, work: Work) -> Result:
        self.remote.sql(work.member, "checkpoint", timeout=START_LIMIT)
        return Result()

    def _synchronise(self, work: Work) -> Result:
        self.remote.sql(work.member, *queries.acknowledge(synchrony.setting(self.remote.service.names)))
        return Result()

    def _stop(self, work: Work) -> Result:
        server, what = self.remote.service.member(work.member), f"cannot stop {work.member}"
        purge = queries.PURGE.format(keep=queries.array(work.step.keep)) if work.step.keep else queries.PURGE_ALL
        said: list[str] = []
        if server.stop:
            said = self.remote.run(work.member, "purge", purge).stdout.splitlines()
            self._service_command(server, server.stop)
        tries = str(int(STOP_LIMIT * LOOKS))
        ended = self.remote.must(work.member, "stop", tries, purge, timeout=STOP_LIMIT + 30, what=what)
        said += ended.stdout.splitlines()
        found = probe_parse.control(said)
        state = found.get("Database cluster state", "")
        if state not in ("shut down", "shut down in recovery"):
            raise StepFailed(f"{work.member} was not shut down cleanly", detail=f"its control data says: {state}")
        position = Position.parse(found["Latest checkpoint location"])
        return Result(position=position, count=sum(int(line.split()[1]) for line in said if line[:9] == "@sessions"))

    def _end(self, work: Work) -> Result:
        server, what = self.remote.service.member(work.member), f"cannot end {work.member}'s server"
        self.remote.must(work.member, "end", timeout=30, what=what)
        if server.stop:  # what has started it may start it again
            self._service_command(server, server.stop, required=False)
            self.remote.must(work.member, "end", timeout=30, what=what)
        return Result()

    def _mark(self, work: Work) -> Result:
        line = self._conninfo_line(work.member, work.other)
        self.remote.must(work.member, "mark", line, what=f"cannot make {work.member} a standby")
        return Result()

    def _isolate(self, work: Work) -> Result:
        line = conninfo.setting("primary_conninfo", "")
        self.remote.must(work.member, "mark", line, what=f"cannot make {work.member} start read-only")
        return Result()

    def _unmark(self, work: Work) -> Result:
        self.remote.must(work.member, "unmark", what=f"cannot take the standby mark off {work.member}")
        return self._start(work)

    def _start(self, work: Work) -> Result:
        server = self.remote.service.member(work.member)
        if server.start:
            self._service_command(server, server.start)
        words = ("wait" if server.start else "", str(int(START_LIMIT * LOOKS)))
        what = f"{work.member} does not start"
        self.remote.must(work.member, "start", *words, timeout=START_LIMIT + 30, what=what)
        return Result()

    def _fence(self, work: Work) -> Result:
        server = self.remote.service.member(work.member)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.looking.clock()))
        if server.stop:
            self._service_command(server, server.stop, required=False)
        mark = f"{work.operation} {work.other} {when}"
        self.remote.must(work.member, "fence", mark, timeout=30, what=f"cannot fence {work.member}")
        return Result()

    def _catch_up(self, work: Work) -> Result:
        wanted = work.step.position or Position.parse(self.remote.sql(work.other, queries.CURRENT))
        received = work.step.position is not None
        if received:  # one whose replay is paused does not turn to another server
            self.remote.sql(work.member, queries.RESUME)
        position = queries.RECEIVED if received else queries.REPLAYED
        self._wait_for(work.member, position, ">=", wanted)
        return Result()

    def _promote(self, work: Work) -> Result:
        wanted = work.step.position or work.known.get(work.other)
        first = ""
        if wanted is not None:
            # The old primary's last record begins at `wanted`: a replay beyond it has all.
            first = queries.WAIT.format(position=queries.REPLAYED, reached=">", wanted=wanted, and_also="", stall=STALL)
        words = (first, queries.WRITABLE.format(limit=int(PROMOTE_LIMIT)))
        limit, what = PROMOTE_LIMIT + 2 * STALL, f"cannot promote {work.member}"
        try:
            self.remote.must(work.member, "promote", *words, timeout=limit, what=what)
        except StepFailed as error:
            if ASKED not in error.detail and (still := self._stands_still(work.member, error)):
                raise still from error
            # Only where it never came to ask for the promotion is it certain that none will happen.
            error.uncertain = error.uncertain or ASKED in error.detail
            raise
        return Result()

    def _follow(self, work: Work) -> Result:
        self._ensure_slot(self.looking.slots.get(work.member, ""), work.other)
        value = self.remote.way(work.member, work.other)
        quoted = "'" + value.replace("'", "''") + "'"
        commands = [f"alter system set primary_conninfo = {quoted}", "select pg_reload_conf()"]
        self.remote.sql(work.member, *commands)
        return Result()

    def _keep(self, work: Work) -> Result:
        server = self.remote.service.member(work.member)
        start = work.step.position or Position(0)
        facts = self.looking.probe(work.member)
        wal_segment = self.looking.wal_segments.get(work.member, WAL_SEGMENT)
        first = probe_parse.wal_name(0, start, wal_segment)[8:]
        to = str(beside(server, f"kept-{work.operation}"))
        spans = log_after(facts, timeline_at(facts, start), start).spans
        words = [to, first]
        for timeline, at in spans:
            words += (str(timeline), str(at), probe_parse.wal_name(timeline, at, wal_segment))
        what = f"cannot keep {work.member}'s log aside in {to}"
        self.remote.must(work.member, "keep", *words, timeout=START_LIMIT, what=what)
        return Result(text=to)

    def _rewind(self, work: Work) -> Result:
        server, source = (self.remote.service.member(name) for name in (work.member, work.other))
        words = (
            self.remote.way(work.member, work.other, source.database, bulk=True),
            self._conninfo_line(work.member, work.other),
            str(beside(server, "own-files")),
        )
        result, lines = self.remote.job(work.member, "rewind", "rewind", *words, on_text=work.on_text, stall=10 * STALL)
        try:
            check(result, f"cannot rewind {work.member} to {work.other}", "\n".join(lines[-6:]))
        except StepFailed as error:
            if (result.ended, result.status) != (Ended.EXITED, UNTOUCHED):
                error.changed = True
                error.detail += f"\nthe data of {work.member} is half rewound: its server must not be started"
            raise
        return Result(count=0 if any("no rewind required" in line for line in lines) else 1)

    def _stream(self, work: Work) -> Result:
        asked = ((work.member, "select current_setting('primary_slot_name')"), (work.other, queries.CURRENT))
        slot, current = self.remote.hosts.fan_out(asked, lambda question: self.remote.sql(*question))
        self._ensure_slot(slot, work.other)
        wanted = Position.parse(current)
        try:
            source = self.remote.service.member(work.other)
            streaming = queries.STREAMING.format(address=source.address.replace("'", "''"), port=source.port)
            or_else = f"{streaming} or {queries.HELD_BACK}"
            self._wait_for(work.member, queries.REPLAYED, ">=", wanted, and_also=or_else)
        except StepFailed as error:
            said = self.remote.run(work.member, "log").stdout.strip()
            refused = self.looking.source_refuses(work.member, work.other)
            why = "\n".join(t for t in (error.detail, said, refused) if t)
            what = f"{work.member} does not stream from {work.other}"
            raise StepFailed(what, detail=why, uncertain=error.uncertain) from error
        return Result(position=wanted)

    def _ensure_slot(self, slot: str, primary: str) -> None:
        """The slot that a standby asks for must be there before it connects: it tries again only every few seconds."""
        if slot:
            self.remote.sql(primary, queries.ENSURE_SLOT.format(slot=slot.replace("'", "''")))

    def _conninfo_line(self, member: str, source: str) -> str:
        return conninfo.setting("primary_conninfo", self.remote.way(member, source))

    def _wait_for(self, member: str, position: str, reached: str, wanted: Position, and_also: str = "") -> None:
        text = queries.WAIT.format(
            position=position, reached=reached, wanted=wanted, and_also=and_also, stall=int(STALL)
        )
        try:
            self.remote.sql(member, text, timeout=START_LIMIT)
        except StepFailed as error:
            raise self._stands_still(member, error) or error from error

    def _stands_still(self, member: str, error: StepFailed) -> StepFailed | None:
        """See `given_up`."""
        return given_up(error, member, lambda: self.remote.run(member, "sql", queries.STANDS_STILL).stdout)

    def _service_command(self, server: Server, argv: tuple[str, ...], *, required: bool = True) -> None:
        result = self.remote.hosts.run(server.host, argv, timeout=STOP_LIMIT + 30, become=False)
        if required:
            check(result, f"{' '.join(argv)} failed on {server.host.name}")
