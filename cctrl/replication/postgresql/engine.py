"""The PostgreSQL engine: each step of a plan as commands on the hosts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from threading import Event

from cctrl.config import Server, Service
from cctrl.outcome import Refused
from cctrl.replication import beat, synchrony
from cctrl.replication.beat import Beat
from cctrl.replication.divergence import Tail
from cctrl.replication.engine import Claim, OnText, StepFailed, Taken
from cctrl.replication.facts import Facts
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, probe_parse, queries, wal
from cctrl.replication.postgresql.backups import Backups
from cctrl.replication.postgresql.claims import LOCK_WAIT, HeldClaim, no_place
from cctrl.replication.postgresql.copying import Copies
from cctrl.replication.postgresql.inquiries import Inquiries
from cctrl.replication.postgresql.remote import beside, check, command, given_up, last_line, not_looked_at
from cctrl.replication.postgresql.replay import Replay
from cctrl.replication.recovery import LogRange, log_after, timeline_at
from cctrl.replication.steps import Action, Result, Step
from cctrl.ssh import CommandResult, Ended, Held, Hosts, Job, hold, run_job

LOOKS = 50  # a second: how often the scripts look whether a server has started or stopped
START_LIMIT = 300.0  # seconds a start may take while the server's process lives (crash recovery)
STOP_LIMIT = 60.0  # seconds of fast shutdown before an immediate one
PROGRAMS = ("postgres", "psql", "pg_controldata", "pg_rewind", "pg_waldump", "pg_basebackup")
STALL = 30.0  # seconds without any progress before a wait is given up
PROMOTE_LIMIT = 60.0  # seconds from the request to the first write
UNTOUCHED = 1  # the status in which rewind.sh ends where it has overwritten nothing
ASKED = "its promotion was asked for"  # said by promote.sh


class PostgreSQL:
    """Engine over SSH for the servers of one service."""

    def __init__(
        self,
        hosts: Hosts,
        service: Service,
        *,
        timeout: float,
        look: float = 0.0,
        operation: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`timeout`: seconds a short step may take; `look`: one look (as long where 0); `operation`: names what is
        kept aside."""
        self.look = look or timeout
        self.hosts = hosts
        self.service = service
        self.timeout = timeout
        self.operation = operation
        self.clock = clock
        self.inquiries = Inquiries(self._sql_all, timeout)
        self.copies = Copies(hosts, service, self._sql, timeout)
        self.backups = Backups(hosts, service, self.copies, timeout)
        self.wal_segments: dict[str, int] = {}  # member -> bytes in one WAL file
        self.slots: dict[str, str] = {}  # member -> the slot it uses on its primary, where it was seen to be up
        self.steps: dict[Action, Callable[[Step, Mapping[str, Position], OnText], Result]] = {
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
            Action.COPY: lambda step, known, on_text: self.copies.copy(step, self.operation or "by-hand", on_text),
            Action.RESTORE: lambda step, known, on_text: self.backups.restore(
                step, self.operation or "by-hand", on_text
            ),
            Action.SWAP: lambda step, known, on_text: self.copies.swap(step, self.operation or "by-hand", on_text),
            **Replay(service, self._sql, self._must).steps,
            Action.STREAM: self._stream,
        }

    # Looking.

    def probe(self, member: str, *, end_leftovers: bool = False) -> Facts:
        """See Engine."""
        server = self.service.member(member)
        at = self.clock()
        before, patience = ((queries.END_LEFTOVERS,), 2.0) if end_leftovers else ((), 1.0)
        result = self._run(server, "probe", queries.FACTS, *before, timeout=patience * self.look)
        return self._facts(member, result, at)

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        """See Engine."""
        server = self.service.member(member)
        process = self.hosts.open(server.host, command("pulse", server, (queries.PULSE, f"{period:g}")))
        try:
            while not stop.is_set():
                line = process.readline(period)
                found = beat.parse(line) if line is not None else None
                if found is not None:
                    yield found
                elif line is None and not process.running:
                    return
        finally:
            process.close()

    def claim(self, member: str, owner: str) -> Claim | Taken:
        """See Engine."""
        server, at = self.service.member(member), self.clock()
        path = PurePosixPath(server.data_dir).parent / f".cctrl-{self.service.name}.{member}.lock"
        look = command("probe", server, (queries.FACTS, queries.END_LEFTOVERS))
        try:
            lease = hold(self.hosts, server.host, str(path), owner, then=look, wait=LOCK_WAIT, limit=2.0 * self.look)
        except Refused as refused:
            raise no_place(refused, lambda: self.probe(member)) from None
        if isinstance(lease, Held):
            return Taken(lease.owner)
        assert lease.first is not None
        return HeldClaim(lease, self._facts(member, lease.first, at))

    def answers(self, member: str) -> CommandResult:
        """Whether a member's host answers over SSH, as the SSH user."""
        return self.hosts.run(self.service.member(member).host, ["true"], become=False)

    def _facts(self, member: str, result: CommandResult, at: float) -> Facts:
        facts = probe_parse.read(member, result.stdout, at) if result.ok else None
        if facts is None:
            reason = result.reason or last_line(result.stderr) or f"{result.ended.value} {result.status}"
            return Facts(member, at, not_looked_at(result), reason=reason, next=result.next)
        if "wal_segment" in facts.settings:
            self.wal_segments[member] = int(facts.settings["wal_segment"])
        self.slots[member] = facts.settings.get("primary_slot_name", "")
        return facts

    def tail(self, member: str, part: LogRange) -> Tail:
        """See Engine."""
        wal_segment = self.wal_segments.get(member, 16 * 1024 * 1024)
        words: list[str] = []
        for timeline, start in part.spans:
            here = probe_parse.wal_name(timeline, start, wal_segment)
            before = probe_parse.wal_name(timeline, Position(max(0, start - wal_segment)), wal_segment)
            words += (str(timeline), str(start), here, before)
        result = self._run(self.service.member(member), "tail", *words, timeout=10 * self.timeout)
        if not result.ok:
            return Tail(records=False, problem=result.reason or last_line(result.stderr) or "cannot read the log")
        return wal.tail(result.stdout)

    def reaches(self, member: str, source: str) -> bool | None:
        """See Engine."""
        result = self._reach(member, source)
        if result.ended is not Ended.EXITED:
            return None
        return result.ok or "FATAL" in result.stderr

    def source_refuses(self, member: str, source: str) -> str:
        """See Engine."""
        result = self._reach(member, source)
        return "" if result.ok else result.reason or last_line(result.stderr) or "no answer"

    def _reach(self, member: str, source: str) -> CommandResult:
        target = self.service.member(source)
        words = conninfo.to_source(self.service, member, target, database=target.database)
        return self._run(self.service.member(member), "reach", words, timeout=3 * self.timeout)

    def drop_slots(self, member: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """See Engine."""
        return tuple(self._sql(member, queries.DROP_SLOTS.format(names=_array(names))).split())

    def examine(self, member: str) -> CommandResult:
        """What a host says of itself, for `cctrl doctor`."""
        return self._run(self.service.member(member), "doctor", *PROGRAMS)

    def lacking_rights(self, primary: str) -> list[str]:
        """What the replication role may not do, of what receiving and rewinding need."""
        role = self.service.replication_user.replace("'", "''")
        return self._sql(primary, queries.RIGHTS.format(role=role)).splitlines()

    # Acting.

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        """See Engine."""
        return self.steps[step.action](step, known, on_text)

    def _checkpoint(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        self._sql(step.member, "checkpoint", timeout=START_LIMIT)
        return Result()

    def _synchronise(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        value = synchrony.setting(self.service.names).replace("'", "''")
        commands = [f"alter system set {synchrony.SETTING} = '{value}'", "select pg_reload_conf()"]
        self._sql_all(step.member, commands, self.timeout)
        return Result()

    def _stop(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server, what = self.service.member(step.member), f"cannot stop {step.member}"
        purge = queries.PURGE.format(keep=_array(step.keep)) if step.keep else queries.PURGE_ALL
        said: list[str] = []
        if server.stop:
            said = self._run(server, "purge", purge).stdout.splitlines()
            self._service_command(server, server.stop)
        tries = str(int(STOP_LIMIT * LOOKS))
        said += self._must(server, "stop", tries, purge, timeout=STOP_LIMIT + 30, what=what).stdout.splitlines()
        found = probe_parse.control(said)
        state = found.get("Database cluster state", "")
        if state not in ("shut down", "shut down in recovery"):
            raise StepFailed(f"{step.member} was not shut down cleanly", detail=f"its control data says: {state}")
        position = Position.parse(found["Latest checkpoint location"])
        return Result(position=position, count=sum(int(line.split()[1]) for line in said if line[:9] == "@sessions"))

    def _end(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server, what = self.service.member(step.member), f"cannot end {step.member}'s server"
        self._must(server, "end", timeout=30, what=what)
        if server.stop:  # what has started it may start it again
            self._service_command(server, server.stop, required=False)
            self._must(server, "end", timeout=30, what=what)
        return Result()

    def _mark(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        line = self._conninfo_line(step.member, step.other)
        self._must(self.service.member(step.member), "mark", line, what=f"cannot make {step.member} a standby")
        return Result()

    def _isolate(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        line = conninfo.setting("primary_conninfo", "")
        self._must(self.service.member(step.member), "mark", line, what=f"cannot make {step.member} start read-only")
        return Result()

    def _unmark(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        self._must(self.service.member(step.member), "unmark", what=f"cannot take the standby mark off {step.member}")
        return self._start(step, known, on_text)

    def _start(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server = self.service.member(step.member)
        if server.start:
            self._service_command(server, server.start)
        words = ("wait" if server.start else "", str(int(START_LIMIT * LOOKS)))
        what = f"{step.member} does not start"
        self._must(server, "start", *words, timeout=START_LIMIT + 30, what=what)
        return Result()

    def _fence(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server = self.service.member(step.member)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock()))
        if server.stop:
            self._service_command(server, server.stop, required=False)
        mark = f"{self.operation or '-'} {step.other} {when}"
        self._must(server, "fence", mark, timeout=30, what=f"cannot fence {step.member}")
        return Result()

    def _catch_up(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        wanted = step.position or Position.parse(self._sql(step.other, queries.CURRENT))
        received = step.position is not None
        if received:  # one whose replay is paused does not turn to another server
            self._sql(step.member, queries.RESUME)
        position = queries.RECEIVED if received else queries.REPLAYED
        self._wait_for(step.member, position, ">=", wanted)
        return Result()

    def _promote(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        wanted = step.position or known.get(step.other)
        first = ""
        if wanted is not None:
            # The old primary's last record begins at `wanted`: a replay beyond it has all.
            first = queries.WAIT.format(position=queries.REPLAYED, reached=">", wanted=wanted, and_also="", stall=STALL)
        words = (first, queries.WRITABLE.format(limit=int(PROMOTE_LIMIT)))
        server, what = self.service.member(step.member), f"cannot promote {step.member}"
        try:
            self._must(server, "promote", *words, timeout=PROMOTE_LIMIT + 2 * STALL, what=what)
        except StepFailed as error:
            if ASKED not in error.detail and (still := self._stands_still(step.member, error)):
                raise still from error
            # Only where it never came to ask for the promotion is it certain that none will happen.
            error.uncertain = error.uncertain or ASKED in error.detail
            raise
        return Result()

    def _follow(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        self._ensure_slot(self.slots.get(step.member, ""), step.other)
        value = conninfo.to_source(self.service, step.member, self.service.member(step.other))
        quoted = "'" + value.replace("'", "''") + "'"
        commands = [f"alter system set primary_conninfo = {quoted}", "select pg_reload_conf()"]
        self._sql_all(step.member, commands, self.timeout)
        return Result()

    def _keep(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server = self.service.member(step.member)
        start = step.position or Position(0)
        facts = self.probe(step.member)
        wal_segment = self.wal_segments.get(step.member, 16 * 1024 * 1024)
        first = probe_parse.wal_name(0, start, wal_segment)[8:]
        to = str(beside(server, f"kept-{self.operation or 'by-hand'}"))
        spans = log_after(facts, timeline_at(facts, start), start).spans
        words = [to, first]
        for timeline, at in spans:
            words += (str(timeline), str(at), probe_parse.wal_name(timeline, at, wal_segment))
        self._must(server, "keep", *words, timeout=START_LIMIT, what=f"cannot keep {step.member}'s log aside in {to}")
        return Result(text=to)

    def _rewind(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        server, source = self.service.member(step.member), self.service.member(step.other)
        words = (
            conninfo.to_source(self.service, step.member, source, database=source.database),
            self._conninfo_line(step.member, step.other),
            str(beside(server, "own-files")),
        )
        argv = command("rewind", server, words)
        job = Job(name=f"rewind-{step.member}", directory=str(PurePosixPath(server.data_dir).parent), argv=argv)
        lines: list[str] = []

        def keep(line: str) -> None:
            lines.append(line)
            on_text(line)

        result = run_job(self.hosts, server.host, job, on_line=keep, stall=10 * STALL)
        try:
            check(result, f"cannot rewind {step.member} to {step.other}", "\n".join(lines[-6:]))
        except StepFailed as error:
            if (result.ended, result.status) != (Ended.EXITED, UNTOUCHED):
                error.changed = True
                error.detail += f"\nthe data of {step.member} is half rewound: its server must not be started"
            raise
        return Result(count=0 if any("no rewind required" in line for line in lines) else 1)

    def _stream(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        self._ensure_slot(self._sql(step.member, "select current_setting('primary_slot_name')"), step.other)
        wanted = Position.parse(self._sql(step.other, queries.CURRENT))
        try:
            source = self.service.member(step.other)
            streaming = queries.STREAMING.format(address=source.address.replace("'", "''"), port=source.port)
            or_else = f"{streaming} or {queries.HELD_BACK}"
            self._wait_for(step.member, queries.REPLAYED, ">=", wanted, and_also=or_else)
        except StepFailed as error:
            said = self._run(self.service.member(step.member), "log").stdout.strip()
            refused = self.source_refuses(step.member, step.other)
            why = "\n".join(t for t in (error.detail, said, refused) if t)
            what = f"{step.member} does not stream from {step.other}"
            raise StepFailed(what, detail=why, uncertain=error.uncertain) from error
        return Result(position=wanted)

    def _ensure_slot(self, slot: str, primary: str) -> None:
        """The slot that a standby asks for must be there before it connects: it tries again only every few seconds."""
        if slot:
            self._sql(primary, queries.ENSURE_SLOT.format(slot=slot.replace("'", "''")))

    # How commands get to the hosts.

    def _conninfo_line(self, member: str, source: str) -> str:
        value = conninfo.to_source(self.service, member, self.service.member(source))
        return conninfo.setting("primary_conninfo", value)

    def _wait_for(self, member: str, position: str, reached: str, wanted: Position, and_also: str = "") -> None:
        text = queries.WAIT.format(
            position=position, reached=reached, wanted=wanted, and_also=and_also, stall=int(STALL)
        )
        try:
            self._sql_all(member, [text], START_LIMIT)
        except StepFailed as error:
            raise self._stands_still(member, error) or error from error

    def _stands_still(self, member: str, error: StepFailed) -> StepFailed | None:
        """See `given_up`."""
        return given_up(
            error, member, lambda: self._run(self.service.member(member), "sql", queries.STANDS_STILL).stdout
        )

    def _sql(self, member: str, statement: str, *, timeout: float | None = None) -> str:
        return self._sql_all(member, [statement], timeout or self.timeout)

    def _sql_all(self, member: str, statements: list[str], timeout: float) -> str:
        """Run statements in one psql on the member's host; returns what they print."""
        server = self.service.member(member)
        result = self._run(server, "sql", *statements, timeout=timeout)
        check(result, f"{member} refused: {statements[-1].split(chr(10))[0][:80]}")
        return result.stdout.strip()

    def _service_command(self, server: Server, argv: tuple[str, ...], *, required: bool = True) -> None:
        result = self.hosts.run(server.host, argv, timeout=STOP_LIMIT + 30, become=False)
        if required:
            check(result, f"{' '.join(argv)} failed on {server.host.name}")

    def _must(self, server: Server, name: str, *words: str, what: str, timeout: float | None = None) -> CommandResult:
        result = self._run(server, name, *words, timeout=timeout)
        check(result, what)
        return result

    def _run(self, server: Server, name: str, *words: str, timeout: float | None = None) -> CommandResult:
        return self.hosts.run(server.host, command(name, server, words), timeout=timeout or self.timeout)


def _array(names: tuple[str, ...]) -> str:
    """An SQL array of names."""
    return "array[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]::text[]"
