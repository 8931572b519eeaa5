"""The store in one SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cctrl.outcome import Outcome
from cctrl.store import codec, errors
from cctrl.store.database import Database
from cctrl.store.identity import who
from cctrl.store.interface import EVENTS_KEPT, LEASE
from cctrl.store.records import Event, Leader, Operation, ServiceIntent
from cctrl.threads import steady

FILE = "cctrl.db"  # in the state directory
_STEPS = "(SELECT json_group_array(name) FROM (SELECT name FROM step WHERE operation = o.id ORDER BY n))"
_LEADER = "holder, host, since, until, state"
_EVENT = "number, at, source, member, kind, text"
_OPERATIONS = f"SELECT o.*, {_STEPS} AS steps FROM operation o WHERE service = ?"


class SqliteStore:
    """`Store` in one file that several processes on this machine may use at once.

    Nothing is opened before the first call. Safe to share between threads.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        timeout: float = 5.0,
        steady: Callable[[], float] = steady,
    ) -> None:
        """`path` is the file (its directory is made), `timeout` how many seconds a lock is waited for, `steady` the
        clock that leases are kept by."""
        self._database = Database(path, timeout)
        self._clock = clock
        self._steady = steady

    def intent(self, service: str) -> ServiceIntent:
        """See `Store.intent`."""
        rows = self._database.rows("SELECT document FROM intent WHERE service = ?", service)
        with self._database.decoding():
            return codec.intent(rows[0]["document"]) if rows else ServiceIntent()

    def update(self, service: str, change: Callable[[ServiceIntent], ServiceIntent]) -> ServiceIntent:
        """See `Store.update`."""
        with self._database.transaction() as connection:
            return self._update(connection, service, change)

    def begin(
        self,
        service: str,
        verb: str,
        text: str,
        source: str = "",
        target: str = "",
        policy: str = "",
        change: Callable[[ServiceIntent], ServiceIntent] = lambda intent: intent,
    ) -> str:
        """See `Store.begin`."""
        self._database.room(errors.RESERVE)
        now = self._clock()
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S")
        with self._database.transaction() as connection:
            op_id = _fresh(connection, stamp)
            connection.execute(
                "INSERT INTO operation (id, service, verb, text, source, target, policy, who, started)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (op_id, service, verb, text, source, target, policy, who(), now),
            )
            self._update(connection, service, change)
        return op_id

    def note_step(self, op_id: str, step: str) -> None:
        """See `Store.note_step`."""
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO step (operation, name, at) VALUES (?, ?, ?)", (op_id, step, self._clock()))

    def finish(self, op_id: str, outcome: Outcome, message: str = "") -> None:
        """See `Store.finish`."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE operation SET finished = ?, outcome = ?, message = ? WHERE id = ?",
                (self._clock(), outcome.name, message, op_id),
            )

    def unfinished(self, service: str) -> Operation | None:
        """See `Store.unfinished`."""
        found = self._operations("AND finished IS NULL", service, 1)
        return found[0] if found else None

    def operations(self, service: str, limit: int = 100) -> tuple[Operation, ...]:
        """See `Store.operations`."""
        return self._operations("", service, limit)

    def count(self, service: str) -> int:
        """See `Store.count`."""
        ((number,),) = self._database.rows("SELECT count(*) FROM operation WHERE service = ?", service)
        return int(number)

    def lead(self, service: str, holder: str, host: str, state: str = "") -> Leader:
        """See `Store.lead`."""
        try:
            return self._lead(service, holder, host, state)
        except errors.Full:  # the log begins again from its start once the file has all of it
            self._database.kept()
            return self._lead(service, holder, host, state)

    def _lead(self, service: str, holder: str, host: str, state: str) -> Leader:
        now = self._steady()
        with self._database.transaction() as connection:
            row = connection.execute(f"SELECT {_LEADER} FROM leader WHERE service = ?", (service,)).fetchone()
            present = Leader(**row) if row else None
            if present is not None and not _in_force(present, now):
                present = None
            if present is not None and present.holder != holder:
                return present
            leader = Leader(holder, host, present.since if present else self._clock(), now + LEASE, state)
            values = (service, leader.holder, leader.host, leader.since, leader.until, leader.state)
            connection.execute(f"INSERT OR REPLACE INTO leader (service, {_LEADER}) VALUES (?, ?, ?, ?, ?, ?)", values)
        return leader

    def leader(self, service: str) -> Leader | None:
        """See `Store.leader`."""
        rows = self._database.rows(f"SELECT {_LEADER} FROM leader WHERE service = ?", service)
        present = Leader(**rows[0]) if rows else None
        return present if present is not None and _in_force(present, self._steady()) else None

    def resign(self, service: str, holder: str) -> None:
        """See `Store.resign`."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM leader WHERE service = ? AND holder = ?", (service, holder))

    def tell(self, service: str, member: str, kind: str, text: str) -> None:
        """See `Store.tell`."""
        self._database.room(errors.EVENT_RESERVE)
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO event (service, at, source, member, kind, text) VALUES (?, ?, ?, ?, ?, ?)",
                (service, self._clock(), who(), member, kind, text),
            )
            connection.execute(
                "DELETE FROM event WHERE service = ? AND number <= (SELECT max(number) FROM event) - ?",
                (service, EVENTS_KEPT),
            )
        self._database.kept()

    def events(self, service: str, limit: int = 100, after: int = 0) -> tuple[Event, ...]:
        """See `Store.events`."""
        rows = self._database.rows(
            f"SELECT {_EVENT} FROM event WHERE service = ? AND number > ? ORDER BY number DESC LIMIT ?",
            service,
            after,
            limit,
        )
        return tuple(Event(**row) for row in reversed(rows))

    def documents(self, service: str) -> dict[str, str]:
        """See `Store.documents`."""
        rows = self._database.rows("SELECT name, text FROM document WHERE service = ? ORDER BY name", service)
        return {row["name"]: row["text"] for row in rows}

    def change_document(self, service: str, name: str, change: Callable[[str], str]) -> str:
        """See `Store.change_document`."""
        with self._database.transaction() as connection:
            key = (service, name)
            row = connection.execute("SELECT text FROM document WHERE service = ? AND name = ?", key).fetchone()
            old = str(row["text"]) if row else ""
            new = change(old)
            if not new:
                connection.execute("DELETE FROM document WHERE service = ? AND name = ?", key)
            elif new != old:
                connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (*key, new))
        return new

    def writable(self) -> None:
        """See `Store.writable`."""
        self._database.writable()

    def close(self) -> None:
        """See `Store.close`."""
        self._database.close()

    def _update(
        self, connection: sqlite3.Connection, service: str, change: Callable[[ServiceIntent], ServiceIntent]
    ) -> ServiceIntent:
        row = connection.execute("SELECT document FROM intent WHERE service = ?", (service,)).fetchone()
        with self._database.decoding():
            old = codec.intent(row["document"]) if row else ServiceIntent()
        new = change(old)
        if new != old:
            connection.execute("INSERT OR REPLACE INTO intent VALUES (?, ?)", (service, codec.text(new)))
        return new

    def _operations(self, where: str, service: str, limit: int) -> tuple[Operation, ...]:
        rows = self._database.rows(f"{_OPERATIONS} {where} ORDER BY o.rowid DESC LIMIT ?", service, limit)
        with self._database.decoding():
            return tuple(codec.operation(row) for row in rows)


def _in_force(lease: Leader, now: float) -> bool:
    """False also for one that would last for longer than any is taken for: the machine was started anew since."""
    return now < lease.until <= now + LEASE


def _fresh(connection: sqlite3.Connection, stamp: str) -> str:
    """An operation id that is not taken."""
    while True:
        op_id = f"{stamp}-{secrets.token_hex(2)}"
        if connection.execute("SELECT 1 FROM operation WHERE id = ?", (op_id,)).fetchone() is None:
            return op_id
