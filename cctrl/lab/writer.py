"""Clients that write rows and keep what was acknowledged: `writer.py LIBPQ TARGETS RECORD`.

A process of its own that talks to PostgreSQL through libpq itself, so that what it sees is what an application
sees; it imports nothing of cctrl, to be there at once. TARGETS is a JSON file: `servers`, a list of [address, port],
and `common`, the rest of the connection string. Client 0 is an application: it writes a row every 10 ms to whichever
server takes writes. Each other client stays with one server and writes there as long as that server lets it: only so
would anybody see that two servers take writes at the same time. RECORD gets a line for each acknowledged row::

    begin AT | row ID CLIENT ADDRESS:PORT TIMELINE SENT ACKNOWLEDGED | end AT     (times in monotonic seconds)

A row whose connection broke, or that was not answered in time, may be there or not: it has no line. SIGTERM ends it.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

PERIOD = 0.010  # seconds between two rows of the application
PINNED_PERIOD = 0.050  # and of a client that stays with one server
_PATIENCE = (0.3, 2.0)  # seconds that the application waits for one server to connect, and to answer
_PINNED_PATIENCE = (2.0, 5.0)  # each row given up may leave a server process behind that waits for a standby
_ASK = b"select pg_is_in_recovery()"
_INSERT = b"insert into traffic values (%d) returning substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"
_FAILED, _READING, _OK = 0, 1, 3  # PGRES_POLLING_…
_TUPLES = 2  # PGRES_TUPLES_OK


def library(path: str) -> ctypes.CDLL:
    """libpq, with the types of the functions that are used here."""
    pq = ctypes.CDLL(path)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("PQconnectStart", pointer, [text]),
        ("PQconnectPoll", number, [pointer]),
        ("PQsocket", number, [pointer]),
        ("PQhost", text, [pointer]),
        ("PQport", text, [pointer]),
        ("PQsendQuery", number, [pointer, text]),
        ("PQconsumeInput", number, [pointer]),
        ("PQisBusy", number, [pointer]),
        ("PQgetResult", pointer, [pointer]),
        ("PQresultStatus", number, [pointer]),
        ("PQgetvalue", text, [pointer, number, number]),
        ("PQclear", None, [pointer]),
        ("PQfinish", None, [pointer]),
    ):
        function = getattr(pq, name)
        function.restype, function.argtypes = result, arguments
    return pq


class Client:
    """One connection at a time, driven by `act`; never blocks."""

    def __init__(self, pq: ctypes.CDLL, number: int, servers: Sequence[tuple[str, int]], common: str) -> None:
        self.number = number
        self._pq = pq
        self.servers = list(servers)  # in the order in which they are tried
        self._common = common
        self._pinned = number > 0
        self._period = PINNED_PERIOD if self._pinned else PERIOD
        self._patience = _PINNED_PATIENCE if self._pinned else _PATIENCE
        self._connection: int | None = None
        self._connecting = False
        self._writable = False
        self._events = 0  # what its socket is waited for
        self._row = 0  # that was sent, and when; 0 where none was
        self._sent = 0.0
        self._value = b""  # what came for it; empty where it failed
        self._server = ("", 0)
        self.due = 0.0  # when there is something to do without a word from the server

    def waits(self) -> tuple[int, int]:
        """The socket and the events it is waited for; no events where there is nothing to wait for."""
        return (self._pq.PQsocket(self._connection), self._events) if self._connection and self._events else (-1, 0)

    def act(self, now: float, ready: bool, numbers: Iterator[int]) -> str:
        """Do what can be done now; the record's line where a row was acknowledged."""
        if self._connection is None:
            if now >= self.due:
                self._connect(now)
        elif self._connecting:
            self._go_on_connecting(now, ready)
        elif self._events:
            return self._read(now, ready)
        elif now >= self.due:
            self._send(now, numbers)
        return ""

    def _connect(self, now: float) -> None:
        hosts, ports = zip(*((host, str(port)) for host, port in self.servers), strict=True)
        words = f"host={','.join(hosts)} port={','.join(ports)} {self._common}"
        words += "" if self._pinned else " target_session_attrs=read-write"
        self._connection = self._pq.PQconnectStart(words.encode())
        self._connecting, self._events, self._server = True, select.POLLOUT, ("", 0)
        self.due = now + self._patience[0]

    def _go_on_connecting(self, now: float, ready: bool) -> None:
        if ready:
            state = self._pq.PQconnectPoll(self._connection)
            if state == _FAILED:
                return self._drop(now)
            if state == _OK:
                self._connecting, self._events, self._writable, self.due = False, 0, not self._pinned, now
                self._server = self._where()
                return None
            self._events = select.POLLIN if state == _READING else select.POLLOUT
        if self._where() != self._server:  # libpq tries the next one: that has its own time
            self._server, self.due = self._where(), now + self._patience[0]
        elif now >= self.due:
            self._go_elsewhere(now)
        return None

    def _where(self) -> tuple[str, int]:
        host, port = self._pq.PQhost(self._connection), self._pq.PQport(self._connection)
        return (host or b"").decode(), int(port or 0)

    def _go_elsewhere(self, now: float) -> None:
        """Leave a server that says nothing; the others come before it next time."""
        if self._server in self.servers:
            at = self.servers.index(self._server) + 1
            self.servers = self.servers[at:] + self.servers[:at]
        self._drop(now)

    def _drop(self, now: float) -> None:
        self._pq.PQfinish(self._connection)
        self._connection, self._connecting, self._events, self._row = None, False, 0, 0
        self.due = now + self._period

    def _send(self, now: float, numbers: Iterator[int]) -> None:
        self._row = next(numbers) if self._writable else 0
        self._sent, self._value = now, b""
        self.due = now + self._patience[1]
        if not self._pq.PQsendQuery(self._connection, _INSERT % self._row if self._writable else _ASK):
            return self._drop(now)
        self._events = select.POLLIN
        return None

    def _read(self, now: float, ready: bool) -> str:
        if not ready:
            if now >= self.due:
                self._go_elsewhere(now)
            return ""
        if not self._pq.PQconsumeInput(self._connection):
            self._drop(now)
            return ""
        while not self._pq.PQisBusy(self._connection):
            result = self._pq.PQgetResult(self._connection)
            if not result:
                return self._answered(now)
            if self._pq.PQresultStatus(result) == _TUPLES:
                self._value = self._pq.PQgetvalue(result, 0, 0)
            self._pq.PQclear(result)
        return ""

    def _answered(self, now: float) -> str:
        if not self._value:
            self._drop(now)
            return ""
        self._events = 0
        self.due = max(self._sent + self._period, now)
        if not self._row:
            self._writable = self._value == b"f"
            self.due = now if self._writable else self.due
            return ""
        host, port = self._server
        return f"row {self._row} {self.number} {host}:{port} {self._value.decode()} {self._sent:.6f} {now:.6f}\n"


class Writing:
    """The clients: the application, and one for each server of the targets, also of those that come later."""

    def __init__(self, pq: ctypes.CDLL, targets: Path) -> None:
        self._pq = pq
        self._targets = targets
        self._read = 0  # the time of the file, in ns
        self._servers: list[tuple[str, int]] = []
        self.clients: list[Client] = []
        self.look()

    def look(self) -> None:
        """Take in the servers that the targets name by now."""
        changed = self._targets.stat().st_mtime_ns
        if changed == self._read:
            return
        self._read = changed
        found = json.loads(self._targets.read_text(encoding="utf-8"))
        new = [(host, port) for host, port in found["servers"] if (host, port) not in self._servers]
        if self.clients:
            self.clients[0].servers += new
        else:
            self.clients.append(Client(self._pq, 0, new, found["common"]))
        for server in new:
            self._servers.append(server)
            self.clients.append(Client(self._pq, len(self._servers), [server], found["common"]))


def write(writing: Writing, record: TextIO, end: int) -> None:
    """Let the clients write until something can be read from the descriptor `end`."""
    clients = writing.clients
    numbers = itertools.count(1)  # a new one for each try: whether a failed one was committed is not known
    ready: set[int] = set()
    record.write(f"begin {time.monotonic():.6f}\n")
    while end not in ready:
        with contextlib.suppress(OSError):
            writing.look()
        for client in clients:
            fd, events = client.waits()
            record.write(client.act(time.monotonic(), bool(events) and fd in ready, numbers))
        record.flush()
        waiting = select.poll()
        waiting.register(end, select.POLLIN)
        for fd, events in (client.waits() for client in clients):
            if events:
                waiting.register(fd, events)
        pause = min(client.due for client in clients) - time.monotonic()
        ready = {fd for fd, _ in waiting.poll(max(0.0, pause) * 1000)}
    record.write(f"end {time.monotonic():.6f}\n")


def main(argv: Sequence[str]) -> int:
    """The whole life of the writer."""
    writing = Writing(library(argv[0]), Path(argv[1]))
    end, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGTERM, lambda *_: None)
    with Path(argv[2]).open("w", encoding="utf-8") as record:
        write(writing, record, end)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
