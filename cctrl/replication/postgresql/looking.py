"""The half of the engine that looks: what is seen of a member, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from threading import Event

from cctrl.outcome import Refused
from cctrl.replication import beat
from cctrl.replication.beat import Beat
from cctrl.replication.divergence import Tail
from cctrl.replication.engine import Claim, Taken
from cctrl.replication.facts import WAL_SEGMENT, Facts
from cctrl.replication.position import Position
from cctrl.replication.postgresql import probe_parse, queries, wal
from cctrl.replication.postgresql.claims import LOCK_WAIT, HeldClaim, no_place
from cctrl.replication.postgresql.remote import Remote, command, last_line, not_looked_at
from cctrl.replication.recovery import LogRange
from cctrl.ssh import CommandResult, Ended, Held, hold

PROGRAMS = ("postgres", "psql", "pg_controldata", "pg_rewind", "pg_waldump", "pg_basebackup")


class Looking:
    """The looks at the servers of one service (see Engine)."""

    def __init__(self, remote: Remote, look: float, clock: Callable[[], float]) -> None:
        """`look`: seconds one look may take."""
        self.remote = remote
        self.look = look
        self.clock = clock
        self.wal_segments: dict[str, int] = {}  # member -> bytes in one file of the log
        self.slots: dict[str, str] = {}  # member -> the slot it uses on its primary, where it was seen to be up

    def probe(self, member: str, *, end_leftovers: bool = False) -> Facts:
        """See Engine."""
        at = self.clock()
        before, patience = ((queries.END_LEFTOVERS,), 2.0) if end_leftovers else ((), 1.0)
        result = self.remote.run(member, "probe", queries.FACTS, *before, timeout=patience * self.look)
        return self._facts(member, result, at)

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        """See Engine."""
        for line in self.remote.lines(member, queries.PULSE, period, stop):
            found = beat.parse(line) if line is not None else None
            if found is not None:
                yield found

    def claim(self, member: str, owner: str) -> Claim | Taken:
        """See Engine."""
        server, at = self.remote.service.member(member), self.clock()
        path = PurePosixPath(server.data_dir).parent / f".cctrl-{self.remote.service.name}.{member}.lock"
        look = command("probe", server, (queries.FACTS, queries.END_LEFTOVERS))
        try:
            limit = 2.0 * self.look
            lease = hold(self.remote.hosts, server.host, str(path), owner, then=look, wait=LOCK_WAIT, limit=limit)
        except Refused as refused:
            raise no_place(refused, lambda: self.probe(member)) from None
        if isinstance(lease, Held):
            return Taken(lease.owner)
        assert lease.first is not None
        return HeldClaim(lease, self._facts(member, lease.first, at))

    def answers(self, member: str) -> CommandResult:
        """Whether a member's host answers over SSH, as the SSH user."""
        return self.remote.hosts.run(self.remote.service.member(member).host, ["true"], become=False)

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
        wal_segment = self.wal_segments.get(member, WAL_SEGMENT)
        words: list[str] = []
        for timeline, start in part.spans:
            here = probe_parse.wal_name(timeline, start, wal_segment)
            before = probe_parse.wal_name(timeline, Position(max(0, start - wal_segment)), wal_segment)
            words += (str(timeline), str(start), here, before)
        result = self.remote.run(member, "tail", *words, timeout=10 * self.remote.timeout)
        if not result.ok:
            return Tail(records=False, problem=result.reason or last_line(result.stderr) or "cannot read the log")
        return wal.tail(result.stdout)

    def reaches(self, member: str, source: str, patience: float) -> bool | None:
        """See Engine."""
        result = self._reach(member, source, f"{patience / 2:g}")
        if result.ended is not Ended.EXITED:
            return None
        return result.ok or "FATAL" in result.stderr

    def source_refuses(self, member: str, source: str) -> str:
        """See Engine."""
        result = self._reach(member, source)
        return "" if result.ok else result.reason or last_line(result.stderr) or "no answer"

    def _reach(self, member: str, source: str, a_try: str = "") -> CommandResult:
        way = self.remote.way(member, source, self.remote.service.member(source).database)
        return self.remote.run(member, "reach", way, a_try, timeout=3 * self.remote.timeout)

    def drop_slots(self, member: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """See Engine."""
        return tuple(self.remote.sql(member, queries.DROP_SLOTS.format(names=queries.array(names))).split())

    def examine(self, member: str) -> CommandResult:
        """What a host says of itself, for `cctrl doctor`."""
        return self.remote.run(member, "doctor", *PROGRAMS)

    def lacking_rights(self, primary: str) -> list[str]:
        """What the replication role may not do, of what receiving and rewinding need."""
        role = self.remote.service.replication_user.replace("'", "''")
        return self.remote.sql(primary, queries.RIGHTS.format(role=role)).splitlines()
