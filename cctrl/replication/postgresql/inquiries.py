"""What is asked of a PostgreSQL server, or done to its client sessions, beside the steps of plans."""

from __future__ import annotations

import json
from collections.abc import Callable

from cctrl.replication.inquiry import Clients
from cctrl.replication.postgresql import queries


class Inquiries:
    """The part of the engine that asks (see replication.inquiry)."""

    def __init__(self, sql: Callable[[str, str], str]) -> None:
        """`sql` runs a statement on a member and returns its rows. Raises StepFailed."""
        self.sql = sql

    def clients(self, member: str) -> tuple[Clients, ...]:
        """The client sessions by where they come from, most first; those of cctrl itself left out."""
        return tuple(Clients(**row) for row in json.loads(self.sql(member, queries.SESSIONS)))

    def end_clients(self, member: str) -> int:
        """End all of them; how many there were."""
        return int(self.sql(member, queries.END_SESSIONS))
