"""An open segment cluster: its hosts, its store, its engine, its catalog on the coordinator."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from cctrl.config import Config, Server, Service
from cctrl.outcome import CctrlError, Unreachable
from cctrl.registry import Talk
from cctrl.replication import aside
from cctrl.replication.copying import Working
from cctrl.replication.engine import StepFailed
from cctrl.replication.facts import Facts, View
from cctrl.replication.opened import OpenService
from cctrl.replication.position import size
from cctrl.segments import catalog, catalog_sql, inventory, left
from cctrl.segments.catalog import Catalog, Pair, Row

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL

AT_ONCE = 32  # looks under way: many more would keep each other, and this machine, beyond their deadlines
SCAN_SLICE = 15.0  # seconds until it is looked whether anybody still leads: more than the scan waits for a listener
NO_CATALOG = 'relation "public.gp_segment_configuration" does not exist'


class Cluster(OpenService):
    """registry.ServiceHandle for one segment cluster."""

    def __init__(self, config: Config, service: Service, talk: Talk, *, answer: float = 0.0) -> None:
        """`answer`: seconds one host may take to answer; the configuration's where 0. Raises ConfigError."""
        super().__init__(config, inventory.checked(service), talk, answer)
        self.configured = self.service  # each where the configuration has it; `service`: where the catalog has it
        self._last: Catalog | None = None
        self._moved: set[str] = set()  # members whose place has changed since `moved` was last asked
        self._looks = BoundedSemaphore(AT_ONCE)

    @property
    def coordinator(self) -> Server:
        """The coordinator."""
        return inventory.coordinator(self.service)

    @cached_property
    def engine(self) -> PostgreSQL:
        """The engine of all instances."""
        return self.engine_of(self.service)

    @cached_property
    def asking(self) -> Asking:
        """SQL on single instances."""
        return self.asking_of(self.service)

    def follow(self, rows: Iterable[Row]) -> None:
        """From now on each segment is where these rows have it. Raises ConfigError for an unknown host."""
        found = inventory.placed(self.configured, rows)
        if found == self.service:
            return
        pairs = zip(self.service.members, found.members, strict=True)
        self._moved |= {new.name for old, new in pairs if old != new}
        self.service = found
        self.engine.serve(found)
        self.asking.serve(found)

    def elsewhere(self, row: Row) -> bool:
        """True for a segment that is not where the configuration has it."""
        name = self.member(row)
        return self.service.member(name) != self.configured.member(name)

    def left_behind(self) -> tuple[Server, ...]:
        """The places that segments have left, and that no other one uses now. Raises Unreachable."""
        return left.behind(self.configured, self.service, left.recorded(self.asking, self.coordinator.name))

    def at(self, place: Server) -> PostgreSQL:
        """The engine of such a place, which is a member of its own for it."""
        return self.engine_of(replace(self.service, members=(place,)))

    def starting(self, server: Server) -> str:
        """The command that starts a server, and where it is typed."""
        words = list(server.start)
        if not words:
            inside = not server.config_file or server.config_file.startswith(f"{server.data_dir}/")
            options = [] if inside else ["-o", f"-c config_file={server.config_file}"]
            program = f"{server.bin_dir}/pg_ctl" if server.bin_dir else "pg_ctl"
            words = [*_as_owner(server), program, "-D", server.data_dir, *options, "-w", "start"]
        return f"on {server.host.name}: {shlex.join(words)}"

    def starting_of(self, row: Row) -> str:
        """The same of an instance of the catalog."""
        return self.starting(self.service.member(self.member(row)))

    def room(self, row: Row, then: str) -> str:
        """The command that makes room on the disk of a segment; `then`: what is done afterwards."""
        if kept := aside.kept(self.engine, self.member(row)):
            return f"datasource {row.place} cleanup   ({size(kept)} are kept aside; {then})"
        return f"make room on {row.hostname}, where {row.datadir} lies   ({then})"

    @property
    def spare(self) -> str:
        """A host without a segment, "" where there is none."""
        used = {member.host.name for member in self.service.members}
        return next((spare.host.name for spare in self.service.spares if spare.host.name not in used), "")

    def spoken(self, text: str) -> str:
        """A text with the places of segments in place of their names in the configuration: the catalog, and who reads
        it, know no others. A name that is a plain word is left: in a text it may be no name."""
        places = {m.name: f"{m.host.name}:{m.port}" for m in self.service.members if m.content >= 0}
        names = "|".join(re.escape(name) for name in places if not name.isalpha())
        found = rf"(?<![\w/.:-])(?:{names})(?![\w/:-]|\.\w)"
        return re.sub(found, lambda match: places[match[0]], text) if names else text

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Errors that leave it are told by the places of segments."""
        try:
            yield
        except CctrlError as error:
            error.what, error.detail, error.next = map(self.spoken, (error.what, error.detail, error.next))
            raise

    def host(self, name: str) -> Server:
        """See inventory.host."""
        return inventory.host(self.configured, name)

    def moved(self) -> set[str]:
        """The members that are elsewhere since this was last asked."""
        found, self._moved = self._moved, set()
        return found

    def member(self, row: Row) -> str:
        """The name in the configuration of an instance of the catalog. Raises ConfigError."""
        return inventory.by_dbid(self.service, row.dbid).name

    def catalog(self) -> Catalog:
        """Read the catalog on the coordinator. Raises Unreachable where it does not answer."""
        result = self.asking.try_sql(self.coordinator.name, catalog_sql.READ)
        if not result.ok:
            raise self._unreadable(result.reason or result.stderr.strip() or result.ended.value, result.next)
        self._last = catalog.read(result.stdout)
        self.follow(self._last.rows)
        return self._last

    def _unreadable(self, said: str, next: str) -> CctrlError:
        where = f"{self.coordinator.host.name}:{self.coordinator.port}"
        if NO_CATALOG in said:
            return Unreachable(
                f"the coordinator {where} has no catalog yet", detail=said, next="cctrl manager   (FTS makes it)"
            )
        return Unreachable(f"the coordinator {where} cannot be asked", detail=said, next=next or self._awakening())

    def _awakening(self) -> str:
        """What brings a coordinator back that cannot be asked."""
        server, found = self.coordinator, self.asking.process(self.coordinator.name)
        if found is None or not found.lives:
            return self.starting(server) + ("" if found else "   (where it does not run)")
        if not found.suspended:
            return f"gpstate -e   (again: its server runs, process {found.pid}, and does not answer now)"
        words = [*_as_owner(server), "kill", "-CONT", str(found.pid)]
        return f"on {server.host.name}: {shlex.join(words)}   (a signal has stopped its server)"

    def write(self, *statements: str) -> str:
        """Change the catalog; each statement is one transaction. Raises StepFailed."""
        return self.asking.sql(self.coordinator.name, *statements)

    def access(self, rows: Iterable[Row]) -> str:
        """The statement by which the coordinator knows how to ask these instances."""
        ways = [
            (row.dbid, self.asking.command_for(self.member(row), "cctrl-gp_stat_replication", catalog_sql.SENDERS))
            for row in rows
        ]
        return catalog_sql.access(ways)

    def scan(self) -> None:
        """Let FTS look at all pairs, and return when it has. Raises StepFailed, also where nobody leads any more."""
        until = now() + 2 * self.service.gp_fts_probe_timeout * (self.service.gp_fts_probe_retries + 1) + 60.0
        while True:
            try:
                self.asking.sql(self.coordinator.name, catalog_sql.SCAN, timeout=SCAN_SLICE)
                return
            except StepFailed as error:
                if not error.uncertain or now() > until:
                    raise
            if self.store.leader(self.name) is None:
                raise StepFailed("FTS does not run", detail="no manager leads", next="cctrl manager")

    def probe(self, rows: tuple[Row, ...]) -> dict[int, Facts]:
        """Look at instances side by side; what was seen of each dbid."""

        def look(row: Row) -> Facts:
            with self._looks:  # before its deadline begins
                return self.engine.probe(self.member(row))

        found = self.hosts.fan_out(rows, look)
        return {row.dbid: facts for row, facts in zip(rows, found, strict=True)}

    def working(self, rows: Sequence[Row]) -> dict[int, Working]:
        """The long work that goes on by itself on the hosts of instances, by dbid: whoever has begun it."""
        found = self.hosts.fan_out(rows, lambda row: self.engine.copies.working(self.member(row)))
        return {row.dbid: work for row, work in zip(rows, found, strict=True) if work is not None}

    def view(self, pair: Pair, seen: Mapping[int, Facts]) -> View:
        """A pair as the core sees a replica set."""
        members = [inventory.by_dbid(self.service, row.dbid) for row in pair.rows]
        addresses = {m.name: (m.address, m.port) for m in members}
        return View(tuple(seen[row.dbid] for row in pair.rows), members[0].name, addresses)

    def words(self, kind: str) -> Mapping[str, str]:
        """See ServiceHandle."""
        if kind == "HOST":  # where segments are now, as far as the catalog was read
            return dict.fromkeys((*self.configured.places, *self.service.places), "")
        if kind != "SEGMENT":
            return {}
        if self._last is not None:
            return {
                row.place: f"{catalog.ROLES[row.role]}, {catalog.STATUSES[row.status]}" for row in self._last.segments
            }
        return {f"{m.host.name}:{m.port}": f"content {m.content}" for m in self.service.members if m.content >= 0}

    def states(self) -> Mapping[str, str]:
        """See ServiceHandle; an instance's state is role, mode and status as the catalog has them: `p|s|u`."""
        self.fresh()
        found = self.catalog()
        manager = {"manager": "ONLINE" if self.store.leader(self.name) else "OFFLINE"}
        return manager | {row.place: f"{row.role}|{row.mode}|{row.status}" for row in found.rows}


def _as_owner(server: Server) -> list[str]:
    """What is put before a command that its server's owner is to give."""
    return ["sudo", "-n", "-u", server.host.become] if server.host.become else []


def now() -> float:
    """Seconds on the monotonic clock."""
    return time.monotonic()
