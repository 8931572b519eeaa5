"""A client that writes one row every 10 ms and says when each was acknowledged: `writer.py LIBPQ CONNINFO FILE`.

It is a process of its own, and talks to PostgreSQL through libpq itself, so that what it sees is what an
application sees. FILE gets a line `ID MONOTONIC-SECONDS` for each acknowledged commit. It ends when its stdin does.
"""

from __future__ import annotations

import ctypes
import select
import sys
import time
from typing import TextIO

PERIOD = 0.010  # seconds between two rows
AGAIN = 0.005  # seconds between two tries to connect: each costs every member a process
_CONNECTED = 0  # CONNECTION_OK
_DONE = 1  # PGRES_COMMAND_OK


class Client:
    """The little of libpq that is needed here."""

    def __init__(self, library: str, conninfo: str) -> None:
        self._pq = ctypes.CDLL(library)
        for name in ("PQconnectdb", "PQexec"):
            getattr(self._pq, name).restype = ctypes.c_void_p
        self._conninfo = conninfo.encode()
        self._connection: ctypes.c_void_p | None = None

    def insert(self, number: int) -> bool:
        """Commit one row; False where that failed, and the connection with it."""
        if self._connection is None and not self._connect():
            return False
        result = ctypes.c_void_p(self._pq.PQexec(self._connection, b"insert into written values (%d)" % number))
        done = bool(self._pq.PQresultStatus(result) == _DONE)
        self._pq.PQclear(result)
        if not done:
            self._pq.PQfinish(self._connection)
            self._connection = None
        return done

    def _connect(self) -> bool:
        connection = ctypes.c_void_p(self._pq.PQconnectdb(self._conninfo))
        if self._pq.PQstatus(connection) == _CONNECTED:
            self._connection = connection
            return True
        self._pq.PQfinish(connection)
        return False


def write(client: Client, file: TextIO) -> None:
    """Write rows until stdin ends."""
    number = 0
    due = time.monotonic()
    pause = 0.0
    while not select.select([sys.stdin], [], [], pause)[0]:
        number += 1  # a new one for each try: whether a failed one was committed is not known
        if client.insert(number):
            now = time.monotonic()
            file.write(f"{number} {now:.6f}\n")
            file.flush()
            due = max(due + PERIOD, now)
            pause = due - now
        else:
            pause = AGAIN


if __name__ == "__main__":
    with open(sys.argv[3], "w", encoding="utf-8") as acknowledged:  # noqa: PTH123
        write(Client(sys.argv[1], sys.argv[2]), acknowledged)
