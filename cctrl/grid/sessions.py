"""Users' connections to a database: who is connected, and how they are ended (reference timesten.md, 2.3).

The instance administrator's connections (superusers, replication) are nobody's but cctrl's and the servers' own.
"""

from __future__ import annotations

from contextlib import suppress

from cctrl.grid.model import Database
from cctrl.grid.service import Grid
from cctrl.grid.states import RUNNING
from cctrl.replication.engine import StepFailed
from cctrl.replication.inquiry import Session

MODES = TRANSACTIONAL, IMMEDIATE, ABORT = ("transactional", "immediate", "abort")
"""The modes of a disconnection: the first ends who is in no transaction, the others all."""
Connected = tuple[tuple[str, Session], ...]


def sessions(grid: Grid, database: Database, *, system: bool = False) -> Connected:
    """Who is connected, each with the instance it is connected to; one that does not answer has nobody. `system`: with
    the instance administrator's."""
    inquiries = grid.engine(database).inquiries

    def ask(instance: str) -> Connected:
        try:
            return tuple((instance, session) for session in inquiries.sessions(instance, system=system))
        except StepFailed:
            return ()

    return tuple(one for each in grid.hosts.fan_out(_running(database), ask) for one in each)


def end(grid: Grid, database: Database) -> Connected:
    """End what the wanted disconnection allows; who is still connected afterwards."""
    inquiries = grid.engine(database).inquiries

    def work(instance: str) -> None:
        with suppress(StepFailed):  # it is asked again as long as somebody is connected
            inquiries.end_sessions(instance, idle=database.disconnect == TRANSACTIONAL)

    grid.hosts.fan_out(_running(database), work)
    return sessions(grid, database)


def _running(database: Database) -> list[str]:
    return [e.instance for e in database.elements if e.status in RUNNING]
