"""Users' connections to a database: who is connected, and how they are ended (reference timesten.md, 2.3).

The instance administrator's connections (superusers, replication) are nobody's but cctrl's and the servers' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cctrl.grid.model import Database, Element
from cctrl.grid.service import Grid
from cctrl.grid.states import RUNNING

MODES = ("transactional", "immediate", "abort")
_USERS = "backend_type = 'client backend' and not (select rolsuper from pg_roles where oid = usesysid)"
_LIST = (
    "select pid, translate(usename, E'\\t\\n', '  '), coalesce(host(client_addr), 'local'), coalesce(state, '')"
    f" from pg_stat_activity where {_USERS} order by pid"
)
_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Session:
    """One user's connection."""

    instance: str
    pid: int
    user: str
    client: str  # address, or `local`
    state: str  # idle, active, idle in transaction …


def sessions(grid: Grid, database: Database) -> tuple[Session, ...]:
    """Who is connected, through all elements that run, asked side by side; one that does not answer has none."""
    found = grid.hosts.fan_out(running(database), lambda element: _asked(grid, database, element))
    return tuple(session for each in found for session in each)


def running(database: Database) -> Sequence[Element]:
    """The elements whose server runs."""
    return [e for e in database.elements if e.status in RUNNING]


def _asked(grid: Grid, database: Database, element: Element) -> list[Session]:
    result = grid.asking(database).try_sql(element.instance, _LIST)
    return [read(element.instance, line) for line in result.stdout.splitlines() if line] if result.ok else []


def read(instance: str, line: str) -> Session:
    """A line of what psql prints; a user's name may hold the separator."""
    pid, _, rest = line.partition(_SEPARATOR)
    rest, _, state = rest.rpartition(_SEPARATOR)
    user, _, client = rest.rpartition(_SEPARATOR)
    return Session(instance, int(pid), user, client, state)


def ended(mode: str) -> str:
    """The statement that ends the connections: -transactional those that are in no transaction, the others all."""
    idle = " and state = 'idle'" if mode == "transactional" else ""
    return f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {_USERS}{idle}"


def end(grid: Grid, database: Database) -> tuple[Session, ...]:
    """End what the wanted disconnection allows; who is still connected afterwards."""
    statement = ended(database.disconnect)
    grid.hosts.fan_out(running(database), lambda e: grid.asking(database).try_sql(e.instance, statement))
    return sessions(grid, database)
