"""HTTP by hand: what a health check sends, and what comes back."""

from __future__ import annotations

import http.client
import socket

from cctrl.manager.check import CheckServer


def ask(server: CheckServer, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Status and text of an ordinary request."""
    connection = http.client.HTTPConnection(server.address, server.port, timeout=5)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text.rstrip("\n")


def raw(server: CheckServer, *parts: bytes) -> bytes:
    """All that comes back for some bytes, sent one after the other."""
    with socket.create_connection((server.address, server.port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
        heard = b""
        while more := connection.recv(65536):
            heard += more
        return heard
