"""Takes all connections that a server has: `holder.py LIBPQ CONNINFO`.

A process of its own on libpq; it imports nothing of cctrl. It says `taken` when the server first refuses one more, and
takes again what others give back, until SIGTERM.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Sequence

_AGAIN = 0.2  # seconds between two tries
_CONNECTED = 0  # CONNECTION_OK


def main(argv: Sequence[str]) -> int:
    """Hold connections until told to end."""
    pq = ctypes.CDLL(argv[0])
    pq.PQconnectdb.restype, pq.PQconnectdb.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    for name in ("PQstatus", "PQconsumeInput", "PQfinish"):
        getattr(pq, name).argtypes = [ctypes.c_void_p]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    held: list[int] = []
    said = False
    while True:
        one = pq.PQconnectdb(argv[1].encode())
        if pq.PQstatus(one) == _CONNECTED:
            held.append(one)
            continue
        pq.PQfinish(one)
        if held and not said:
            said = True
            sys.stdout.write("taken\n")
            sys.stdout.flush()
        for lost in [c for c in held if not pq.PQconsumeInput(c)]:
            held.remove(lost)
            pq.PQfinish(lost)
        if signal.sigtimedwait({signal.SIGTERM}, _AGAIN):
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
