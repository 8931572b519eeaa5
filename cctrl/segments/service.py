"""An open segment cluster: its hosts, its store, its engine, its catalog on the coordinator."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from cctrl.config import Config, Server, Service
from cctrl.outcome import CctrlError, Unreachable
from cctrl.registry import Talk
from cctrl.replication.engine import StepFailed
from cctrl.replication.facts import Facts, View
from cctrl.replication.opened import OpenService
from cctrl.segments import catalog, catalog_sql, inventory
from cctrl.segments.catalog import Catalog, Pair, Row

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL

SCAN_SLICE = 10.0  # seconds until it is looked whether anybody still leads who could answer
NO_CATALOG = 'relation "public.gp_segment_configuration" does not exist'


class Cluster(OpenService):
    """registry.ServiceHandle for one segment cluster."""

    def __init__(self, config: Config, service: Service, talk: Talk, *, answer: float = 0.0) -> None:
        """`answer`: seconds one host may take to answer; the configuration's where 0. Raises ConfigError."""
        super().__init__(config, inventory.checked(service), talk, answer)
        self._last: Catalog | None = None

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

    def member(self, row: Row) -> str:
        """The name in the configuration of an instance of the catalog. Raises ConfigError."""
        return inventory.by_dbid(self.service, row.dbid).name

    def catalog(self) -> Catalog:
        """Read the catalog on the coordinator. Raises Unreachable where it does not answer."""
        result = self.asking.try_sql(self.coordinator.name, catalog_sql.READ)
        if not result.ok:
            raise self._unreadable(result.reason or result.stderr.strip() or result.ended.value, result.next)
        self._last = catalog.read(result.stdout)
        return self._last

    def _unreadable(self, said: str, next: str) -> CctrlError:
        where = f"{self.coordinator.host.name}:{self.coordinator.port}"
        if NO_CATALOG in said:
            return Unreachable(
                f"the coordinator {where} has no catalog yet", detail=said, next="cctrl manager   (FTS makes it)"
            )
        return Unreachable(f"the coordinator {where} cannot be asked", detail=said, next=next)

    def write(self, *statements: str) -> str:
        """Change the catalog; each statement is one transaction. Raises StepFailed."""
        return self.asking.sql(self.coordinator.name, *statements)

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
        found = self.hosts.fan_out(rows, lambda row: self.engine.probe(self.member(row)))
        return {row.dbid: facts for row, facts in zip(rows, found, strict=True)}

    def view(self, pair: Pair, seen: Mapping[int, Facts]) -> View:
        """A pair as the core sees a replica set."""
        members = [inventory.by_dbid(self.service, row.dbid) for row in pair.rows]
        addresses = {m.name: (m.address, m.port) for m in members}
        return View(tuple(seen[row.dbid] for row in pair.rows), members[0].name, addresses)

    def words(self, kind: str) -> Mapping[str, str]:
        """See ServiceHandle."""
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


def now() -> float:
    """Seconds on the monotonic clock."""
    return time.monotonic()
