"""What every vocabulary's open service rests on: its hosts, its store, its engine; nothing is connected or opened
before it is used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cctrl.config import Config, Service
from cctrl.registry import Talk
from cctrl.store import Store

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL
    from cctrl.ssh import CommandEvent, Hosts

LONGEST_WORD = 100  # characters of a remote command's word that -v shows: scripts are longer


class OpenService:
    """The part of registry.ServiceHandle that is the same for all vocabularies."""

    def __init__(self, config: Config, service: Service, talk: Talk, answer: float = 0.0, dial: float = 0.0) -> None:
        """`answer`: seconds one host may take to answer; the configuration's where 0. `dial`: see ssh.Hosts."""
        self.config = config
        self.service = service
        self.talk = talk
        self.answer = answer or config.timeout
        self._dial = dial
        self.place = ""  # see ServiceHandle

    @property
    def name(self) -> str:
        """See ServiceHandle."""
        return self.service.name

    @cached_property
    def hosts(self) -> Hosts:
        """The connections."""
        from cctrl.ssh import Hosts

        tell = self._tell_of_command if self.talk.verbose else None
        return Hosts(timeout=self.answer, dial=self._dial, on_command=tell, ask_secret=self.talk.secret)

    def _tell_of_command(self, event: CommandEvent) -> None:
        said = shown(event.argv)
        if event.result is not None:
            result = event.result
            ended = f"{result.ended.value} {result.status if result.status is not None else ''}".strip()
            said = f"{ended} after {result.duration:.3f} s: {said}"
        self.talk.note(f"{event.host}: {said}")

    def engine_of(self, service: Service) -> PostgreSQL:
        """The engine of servers on these hosts, by the names they have in `service`."""
        from cctrl.replication.postgresql.engine import PostgreSQL

        return PostgreSQL(self.hosts, service, timeout=self.config.timeout, look=self.answer)

    def asking_of(self, service: Service) -> Asking:
        """SQL and small questions for the same."""
        from cctrl.replication.postgresql.asking import Asking

        return Asking(self.hosts, service, self.config.timeout)

    @cached_property
    def store(self) -> Store:
        """What is remembered of the service."""
        from cctrl.store.sqlite import FILE, SqliteStore

        return SqliteStore(self.config.state_dir / FILE)

    def tell(self, member: str, kind: str, text: str) -> None:
        """Enter an event; `member` is "" where it is about the whole service. Raises StoreError."""
        self.store.tell(self.name, member, kind, text)

    def fresh(self) -> None:
        """Forget which hosts were found out of reach: at the start of each command."""
        self.hosts.fresh()

    def warm(self) -> None:
        """See ServiceHandle."""
        self.hosts.warm([member.host for member in self.service.members])

    def close(self) -> None:
        """See ServiceHandle."""
        if "hosts" in self.__dict__:
            self.hosts.close()
        if "store" in self.__dict__:
            self.store.close()


def shown(argv: tuple[str, ...]) -> str:
    """A remote command for -v: a script by its name and its arguments."""
    from cctrl.ssh import unfenced

    argv = unfenced(argv)
    words = argv[3:] if argv[:2] == ("sh", "-c") else argv
    cut = (word if len(word) <= LONGEST_WORD else f"{word[:LONGEST_WORD]}…" for word in words)
    return " ".join(cut).replace("\n", " ")
