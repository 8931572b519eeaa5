"""What is asked of a PostgreSQL server, or done to its client sessions, beside the steps of plans."""

from __future__ import annotations

import json
import re

from cctrl.replication.consistency import Rows, Table
from cctrl.replication.inquiry import Clients, Session
from cctrl.replication.position import Position
from cctrl.replication.postgresql import conninfo, queries
from cctrl.replication.postgresql.remote import Remote

LIMIT = 3600.0  # seconds one table may take to be read
PATIENCE = 10  # seconds without progress after which a heartbeat is given up
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,63}\Z")


class Inquiries:
    """The part of the engine that asks (see replication.inquiry). Every method raises StepFailed."""

    def __init__(self, remote: Remote) -> None:
        self._ask = remote.sql

    def clients(self, member: str) -> tuple[Clients, ...]:
        """The client sessions by where they come from, most first; those of cctrl itself left out."""
        return tuple(Clients(**row) for row in json.loads(self._ask(member, queries.SESSIONS)))

    def end_clients(self, member: str) -> int:
        """End all of them; how many there were."""
        return int(self._ask(member, queries.END_SESSIONS))

    def sessions(self, member: str, *, system: bool = False) -> tuple[Session, ...]:
        """The sessions of users, by process; with `system` those of superusers and of standbys, too."""
        asked = queries.ALL_SESSIONS if system else queries.USER_SESSIONS
        return tuple(Session(**row) for row in json.loads(self._ask(member, asked)))

    def end_sessions(self, member: str, *, idle: bool) -> int:
        """End the sessions of users, with `idle` those that are in no transaction; how many these were."""
        return int(self._ask(member, queries.END_IDLE_USERS if idle else queries.END_USERS))

    def heartbeat(self, primary: str) -> Position:
        """Write a message that means nothing into the log; where the log ends once it is on disk."""
        return Position.parse(self._ask(primary, queries.HEARTBEAT, queries.FLUSHED).splitlines()[-1])

    def reached(self, member: str, position: Position, *, applied: bool) -> None:
        """Return when a standby has applied, or has on disk, all up to a position."""
        here = queries.REPLAYED if applied else queries.RECEIVED
        self._ask(member, _wait(here, position), timeout=20.0 * PATIENCE)

    def tables(self, member: str) -> tuple[Table, ...]:
        """Every table that is replicated, of all databases."""
        databases = json.loads(self._ask(member, queries.DATABASES))
        return tuple(
            Table(database, schema, name)
            for database in databases
            if _NAME.match(database)
            for schema, name in json.loads(self._ask(member, _connect(database), queries.TABLES))
        )

    def rows(self, member: str, table: Table, part: tuple[int, int] | None, after: Position | None) -> Rows:
        """The rows of a table; `part`: only so many (second) from one on (first, counted from 0), by primary key.

        `after`: what the member must have replayed first.
        """
        order = self._order(member, table) if part else ""
        only = f" order by {order} limit {part[1]} offset {part[0]}" if part else ""
        wait = [_wait(queries.REPLAYED, after)] if after is not None else []
        statement = queries.CHECKSUM.format(table=f"{_quoted(table.schema)}.{_quoted(table.name)}", only=only)
        said = self._ask(member, *wait, _connect(table.database), statement, timeout=LIMIT)
        found = json.loads(said.splitlines()[-1])
        return Rows(int(found["count"]), str(found["checksum"]))

    def _order(self, member: str, table: Table) -> str:
        """The columns of the primary key, quoted; all of the row where it has none."""
        name = f"{_quoted(table.schema)}.{_quoted(table.name)}".replace("'", "''")
        return self._ask(member, _connect(table.database), queries.KEY.format(table=name)) or "cctrl_row::text"


def _wait(here: str, wanted: Position) -> str:
    return queries.WAIT.format(position=here, reached=">=", wanted=wanted, and_also="", stall=PATIENCE)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _connect(database: str) -> str:
    """psql's own command: the statements after it are for that database, of the same server whatever it is called."""
    return "\\connect -reuse-previous=on " + _quoted(conninfo.join({"dbname": database}))
