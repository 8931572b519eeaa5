"""What a replay is handed: a stage to play on, sessions to type into, somewhere to print.

`cli` passes adapters over the lab and the shell; this room imports neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cctrl.outcome import Refused
from cctrl.transcript.model import Head


class Stage(Protocol):
    """The hosts that one transcript is played on."""

    @property
    def config_path(self) -> Path:
        """The configuration of its services."""

    def act(self, words: Sequence[str]) -> str:
        """Do what a stage direction says (`kill host1`); returns what there is to say of it once it is done.

        Raises CctrlError, also where a report tells of losses.
        """

    def sql(self, host: str, statement: str) -> str:
        """Run the statement on the host's server as superuser and return what `psql -XAtq` prints.

        Raises CctrlError, with the server's message, where it fails.
        """

    def down(self) -> None:
        """End it, leaving nothing behind; idempotent, and may come from another thread."""


class StageFactory(Protocol):
    """Builds the stage a transcript asks for; returns when it is ready. Raises CctrlError."""

    def __call__(self, head: Head) -> Stage: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """How a session is to begin, so that its prompt is the transcript's."""

    service: str  # "" for the root
    mode: str  # LOGICAL, LOGICAL:EXPERT, PHYSICAL or ADMIN

    @property
    def expert(self) -> bool:
        """True for a session in expert mode."""
        return self.mode.endswith(":EXPERT")

    @property
    def multi(self) -> bool:
        """True for a session that begins at the root."""
        return not self.service


class Screen(Protocol):
    """Where a session's lines go and its answers come from (a `Console` of the shell)."""

    def out(self, line: str) -> None:
        """One line of stdout."""

    def err(self, line: str) -> None:
        """One line of stderr."""

    @property
    def live(self) -> bool:
        """False: how far long work is stands in no transcript."""

    def progress(self, text: str) -> None:
        """Nothing: it stands in no transcript."""

    def hint(self, text: str) -> None:
        """Nothing: a transcript is no terminal."""

    @property
    def asks(self) -> bool:
        """True where the transcript has a further answer."""

    def answer(self, prompt: str) -> str | None:
        """Ask; None where the transcript has no further answer."""

    def secret(self, prompt: str) -> str | None:
        """None: a passphrase stands in no transcript."""


class Session(Protocol):
    """Somewhere to type commands."""

    @property
    def prompt(self) -> str:
        """The prompt as it would be shown now."""

    @property
    def leaving(self) -> bool:
        """True once `quit` was given."""

    def execute(self, line: str) -> int:
        """Run one command line; its exit status. Shows errors and raises none."""

    def states(self) -> Mapping[str, str]:
        """Member -> state as `ls` would show it (`master:ONLINE`), and `manager` -> ONLINE or OFFLINE; observed afresh.

        Raises CctrlError.
        """

    def close(self) -> None:
        """Close its connections; idempotent."""


class SessionFactory(Protocol):
    """Opens a session on a configuration, speaking through `screen`. Raises CctrlError."""

    def __call__(self, config_path: Path, opening: Opening, screen: Screen) -> Session: ...


class Printer(Protocol):
    """Where results and messages go; `registry.Talk` is one."""

    def line(self, text: str = "") -> None:
        """One line of results, on stdout."""

    def note(self, text: str) -> None:
        """One line of talk, on stderr."""


class Existing:
    """A stage over a configuration that is no lab: nothing can be broken on it.

    A transcript with stage directions is refused before it is played; this holds should one be overlooked.
    """

    def __init__(self, config_path: Path) -> None:
        self.config_path = config_path

    def act(self, words: Sequence[str]) -> str:
        """Always refused."""
        raise Refused(f"{self.config_path} is not a lab's configuration")

    def sql(self, host: str, statement: str) -> str:
        """Always refused."""
        raise Refused(f"{self.config_path} is not a lab's configuration")

    def down(self) -> None:
        """Nothing to end."""
