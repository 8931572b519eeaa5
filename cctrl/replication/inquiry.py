"""What a server answers that is asked beside the looks and the steps. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clients:
    """The client sessions of one server that come from one place."""

    address: str  # `local` for the server's own socket
    application: str
    count: int


@dataclass(frozen=True, slots=True)
class Session:
    """One user's session on a server."""

    pid: int
    user: str
    client: str  # address; `local` for the server's own socket
    state: str  # as the server calls it: idle, active, idle in transaction …
