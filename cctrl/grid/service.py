"""An open grid: its instances, its record in the store, its hosts, the engines of its databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from cctrl.config import Config, Host, Service
from cctrl.grid import inventory, programs
from cctrl.grid.model import Database, Instance
from cctrl.grid.record import Change, Creation, Record
from cctrl.registry import Talk
from cctrl.replication.opened import OpenService
from cctrl.store import Leader

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.replication.postgresql.making import Making


INSTALL_LIMIT = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended on one target."""

    target: str  # host4.instance1, or host4
    status: int  # its exit status; 255 where the host is out of sight
    output: str  # all it wrote, stdout and stderr as they came
    next: str = ""  # the literal next command where the host gave one

    @property
    def ok(self) -> bool:
        """True where it ended well."""
        return self.status == 0


class Grid(OpenService):
    """registry.ServiceHandle for one grid."""

    def __init__(self, config: Config, service: Service, talk: Talk, *, answer: float = 0.0) -> None:
        """`answer`: seconds one host may take to answer; the configuration's where 0. Raises ConfigError."""
        super().__init__(config, inventory.checked(service), talk, answer)
        self.instances: tuple[Instance, ...] = inventory.instances(self.service)
        self._engines: dict[tuple[str, int], PostgreSQL] = {}

    @property
    def k(self) -> int:
        """Copies of the data: elements in a replica set."""
        return self.service.k

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

    def create(self, name: str, make: Creation) -> Database:
        """Enter a new database, or a new element of one, into the record; see Record.create."""
        return self.record.create(name, make)

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

    def first_on_host(self, name: str) -> str:
        """Of an instance's host the one that is configured first."""
        host = self.service.member(name).host.name
        return next(m.name for m in self.service.members if m.host.name == host)

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
        words = ("sh", "-c", script, "script", *command) if script else ("sh", "-c", " ".join(command))
        turn = BoundedSemaphore(max(1, parallel))

        def one(target: str) -> Ran:
            with turn:
                return self.on_instance(target, words, limit) if "." in target else self._on_host(target, words, limit)

        return tuple(self.hosts.fan_out(targets, one))

    def on_instance(self, name: str, words: Sequence[str], limit: float) -> Ran:
        """Run a command with an instance's environment; it is installed first, where it is not there yet."""
        member = self.service.member(name)
        ran = self._run(name, member.host, programs.within(member, words), limit)
        if ran.status == programs.NOT_INSTALLED and (ran := self.install(name)).ok:
            ran = self._run(name, member.host, programs.within(member, words), limit)
        return ran

    def install(self, name: str) -> Ran:
        """Put an instance's programs and its daemon into its home; where it was never there its daemon is started."""
        member = self.service.member(name)
        return self._run(name, member.host, programs.install(member), INSTALL_LIMIT)

    def _on_host(self, name: str, words: Sequence[str], limit: float) -> Ran:
        host = next(m.host for m in self.service.members if m.host.name == name)
        return self._run(name, host, words, limit)

    def _run(self, target: str, host: Host, words: Sequence[str], limit: float) -> Ran:
        result = self.hosts.run(host, ("sh", "-c", 'exec 2>&1; exec "$@"', "run", *words), timeout=limit)
        if result.status is not None:
            return Ran(target, result.status, result.stdout)
        said = result.reason or f"signal {result.signal}"
        return Ran(target, 255, f"{result.stdout}{result.ended.value}: {said}\n", result.next)

    # What the manager needs beside.

    def engine(self, database: Database) -> PostgreSQL:
        """The engine of a database's elements, each called by its instance's name."""
        key = (database.name, database.slot)
        if key not in self._engines:
            self._engines[key] = self.new_engine(database)
        return self._engines[key]

    def new_engine(self, database: Database) -> PostgreSQL:
        """The same for one task, which keeps things aside under a name of its own."""
        return self.engine_of(inventory.elements(self.service, database))

    @cached_property
    def daemon_engine(self) -> PostgreSQL:
        """The engine of the instances' daemons."""
        return self.engine_of(inventory.daemons(self.service))

    def asking(self, database: Database) -> Asking:
        """SQL on single elements of a database."""
        return self.asking_of(inventory.elements(self.service, database))

    def making(self, database: Database) -> Making:
        """What makes, opens and removes the servers of a database's elements."""
        from cctrl.replication.postgresql.making import Making

        service = inventory.elements(self.service, database)
        return Making(self.hosts, service, durable=database.durability > 0, timeout=self.config.timeout)

    @cached_property
    def daemons(self) -> Asking:
        """Small questions about the daemons of the instances."""
        return self.asking_of(inventory.daemons(self.service))

    # registry.ServiceHandle

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
