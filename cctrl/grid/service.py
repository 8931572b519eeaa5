"""An open grid: its instances, its record in the store, its hosts, the engines of its databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cctrl.config import Config, Service
from cctrl.grid import inventory
from cctrl.grid.model import Database, Instance
from cctrl.grid.record import Change, Record
from cctrl.registry import Talk
from cctrl.store import Leader, Store

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.ssh import Hosts


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended on one target."""

    target: str  # host4.instance1, or host4
    status: int  # its exit status; 255 where the host is out of sight
    output: str  # all it wrote, stdout and stderr as they came


class Grid:
    """registry.ServiceHandle for one grid."""

    def __init__(self, config: Config, service: Service, talk: Talk) -> None:
        """Raises ConfigError."""
        self.config = config
        self.service = inventory.checked(service)
        self.instances: tuple[Instance, ...] = inventory.instances(self.service)
        self.talk = talk
        self.place = ""  # see ServiceHandle
        self._engines: dict[tuple[str, int], PostgreSQL] = {}

    @property
    def name(self) -> str:
        """The grid's name."""
        return self.service.name

    @property
    def k(self) -> int:
        """Copies of the data: elements in a replica set."""
        return self.service.k

    @cached_property
    def store(self) -> Store:
        """What is remembered of the grid."""
        from cctrl.store.sqlite import SqliteStore

        return SqliteStore(self.config.state_dir / "cctrl.db")

    @cached_property
    def record(self) -> Record:
        """The databases: what is wanted and what was found."""
        return Record(self.store, self.name)

    # What commands need.

    def databases(self) -> tuple[Database, ...]:
        """All databases, by name."""
        return self.record.databases()

    def database(self, name: str) -> Database:
        """The database of that name. Raises GridError (unknown_database)."""
        return self.record.database(name)

    def create(self, database: Database) -> Database:
        """Enter a new database into the record; see Record.create."""
        return self.record.create(database)

    def change(self, name: str, change: Change) -> Database:
        """Change the record of a database with nobody in between; see Record.change."""
        return self.record.change(name, change)

    def wait(self, name: str, reached: Callable[[Database | None], bool], seconds: float = 0.0) -> Database | None:
        """Wait until the record of a database is so; see Record.wait."""
        return self.record.wait(name, reached, seconds)

    def instance(self, text: str) -> Instance | None:
        """The instance that `host[.instance]` means: a host alone where it has exactly one. Case does not matter."""
        wanted = text.lower()
        found = [i for i in self.instances if wanted in (i.name.lower(), i.host.lower())]
        exact = [i for i in found if i.name.lower() == wanted]
        return (exact or found)[0] if len(exact or found) == 1 else None

    def manager(self) -> Leader | None:
        """The leading manager (`host`, `since`), the active management instance; None where none leads."""
        return self.store.leader(self.name)

    def execute(
        self,
        targets: Sequence[str],
        command: Sequence[str],
        *,
        parallel: int = 10,
        script: str = "",
        limit: float = 600.0,
    ) -> tuple[Ran, ...]:
        """Run a command on instances (by name, with their environment), or on hosts (by name): so many at once, in the
        order of `targets`. `script`: the text of a shell script that is run there in place of a command, with `command`
        as its arguments. `limit`: seconds each may take."""
        raise NotImplementedError

    # What the manager needs beside.

    @cached_property
    def hosts(self) -> Hosts:
        """The connections; nothing is connected before it is used."""
        from cctrl.ssh import Hosts

        return Hosts(timeout=self.config.timeout, ask_secret=self.talk.secret)

    def engine(self, database: Database) -> PostgreSQL:
        """The engine of a database's elements, each called by its instance's name."""
        from cctrl.replication.postgresql.engine import PostgreSQL

        key = (database.name, database.slot)
        if key not in self._engines:
            service = inventory.elements(self.service, database)
            self._engines[key] = PostgreSQL(self.hosts, service, timeout=self.config.timeout)
        return self._engines[key]

    def asking(self, database: Database) -> Asking:
        """SQL on single elements of a database."""
        from cctrl.replication.postgresql.asking import Asking

        return Asking(self.hosts, inventory.elements(self.service, database), self.config.timeout)

    def tell(self, member: str, kind: str, text: str) -> None:
        """Enter an event."""
        self.store.tell(self.name, member, kind, text)

    def fresh(self) -> None:
        """Forget which hosts were found out of reach: at the start of each command."""
        self.hosts.fresh()

    # registry.ServiceHandle

    def warm(self) -> None:
        """See ServiceHandle."""
        self.hosts.warm([member.host for member in self.service.members])

    def words(self, kind: str) -> Mapping[str, str]:
        """See ServiceHandle."""
        if kind == "INSTANCE":
            return {i.name: f"data space group {i.data_space}" for i in self.instances}
        if kind == "DATABASE":
            return {d.name: f"{len(d.elements)} elements" for d in self.databases()}
        return {}

    def states(self) -> Mapping[str, str]:
        """See ServiceHandle: each instance, by its name and by its host's, with the status of its element of the first
        database, as the leading manager last saw it."""
        found = {"manager": "ONLINE" if self.manager() else "OFFLINE"}
        for database in reversed(self.databases()):
            found |= {word: e.status.value for e in database.elements for word in (e.host, e.instance)}
        return found

    def close(self) -> None:
        """See ServiceHandle."""
        if "hosts" in self.__dict__:
            self.hosts.close()
        if "store" in self.__dict__:
            self.store.close()


def now() -> float:
    """Seconds since the epoch, for the time of a status."""
    return time.time()
