"""The one registry of commands: what can be typed, what it needs, how dangerous it is.

A `Command` is declared by its usage line. The same line is parsed, completed, highlighted, shown by
`help` and written into the shell completions. Its grammar::

    datasource HOST recover [--force]     lower case: the word itself; UPPER CASE: an argument
    switch [to HOST]                      [...]: may be left out
    set policy automatic|manual           a|b: one of these words
    explain COMMAND...                    NAME...: the rest of the line, at least one word

An argument's name is its type: `HOST` is a member of the service, `SERVICE` a service, and so on;
which words exist for a type is asked of the open service (`ServiceHandle.words`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from cctrl.config import Config, Service
from cctrl.outcome import Outcome


class Danger(Enum):
    """How much a command can break; decides whether a question is asked."""

    LOOK = "look"  # changes nothing
    CHANGE = "change"  # a planned or reversible change: no question
    EXPERT = "expert"  # asks the documented expert-level question unless in EXPERT mode or --yes


class Mode(Enum):
    """The shell's modes, as the prompt shows them; each has its own commands beside the common ones."""

    LOGICAL = "LOGICAL"  # the everyday commands
    PHYSICAL = "PHYSICAL"  # the tree of what was found on the hosts
    ADMIN = "ADMIN"  # who is a member


@dataclass(frozen=True, slots=True)
class Invocation:
    """A parsed command line: the arguments by type name, the flags that were given, the text."""

    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


class Talk(Protocol):
    """Where a verb's words go and its questions are asked; the shell's side of a command."""

    @property
    def expert(self) -> bool:
        """True in EXPERT mode: expert-level questions are not asked."""

    @property
    def verbose(self) -> bool:
        """True with -v: every remote command is shown as it runs."""

    def line(self, text: str = "") -> None:
        """One line of data, on stdout, at once."""

    def note(self, text: str) -> None:
        """One line of talk (progress, hint, warning), on stderr."""

    @property
    def live(self) -> bool:
        """True where `progress` is seen: at a terminal."""

    def progress(self, text: str) -> None:
        """How far long work is: a line on stderr that the next one replaces; nothing where that is no terminal."""

    def hint(self, text: str) -> None:
        """One line of advice for a person at a terminal, on stderr; nothing elsewhere."""

    def data(self, name: str, value: object) -> None:
        """A value for the JSON document of this command; nothing in text form."""

    def secret(self, prompt: str) -> str | None:
        """Ask for a passphrase, unseen; None where nobody can be asked now: at no terminal, or while no
        command runs (the prompt has the terminal then)."""

    @property
    def asks(self) -> bool:
        """True where somebody can be asked: for what a documented utility asks nobody, at a terminal it is asked."""

    def ask(self, question: str) -> str | None:
        """Show `question` and return the line typed; `yes` with --yes. None where nobody can be asked."""

    def confirm(self, question: str) -> None:
        """Ask `question`: its last line is the prompt, those before it are shown first; the answer is y or n.

        Returns when the answer is yes or `--yes` was given; otherwise raises `Refused`: on the
        answer no, and where stdin is not a terminal (the message then names `--yes`).
        """


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be typed."""

    usage: str
    summary: str  # one line, for `help`
    run: Callable[[Any, Invocation, Talk], Outcome]  # (service handle or shell, what was typed, talk)
    help: str = ""  # what it does, when it is refused, what to do next: for `help COMMAND`
    danger: Danger = Danger.LOOK
    explain: Callable[[Any, Invocation, Talk], Outcome] | None = None  # print the plan and stop
    options: Callable[[], Mapping[str, str]] | None = None  # of `OPTIONS...`: each with a remark, for completion
    mode: Mode | None = Mode.LOGICAL  # where it can be typed; None: everywhere


class ServiceHandle(Protocol):
    """An open service: what its vocabulary's commands work on."""

    @property
    def name(self) -> str:
        """The service's name, as in the prompt."""

    @property
    def place(self) -> str:
        """Where the PHYSICAL mode stands in the service's tree: `/host1/replicator`, "" at its root."""

    def warm(self) -> None:
        """Begin to connect to the hosts in the background; returns at once."""

    def words(self, kind: str) -> Mapping[str, str]:
        """Word -> short remark for an argument type, from the configuration and the last
        observation; never touches the network."""

    def states(self) -> Mapping[str, str]:
        """Member -> its state as `ls` would show it now (`master:ONLINE`), and `manager` -> ONLINE where one leads,
        else OFFLINE; observed afresh."""

    def close(self) -> None:
        """Close the connections; idempotent."""


class Vocabulary(Protocol):
    """One documented system's words: its commands, and how a service of its kind is opened."""

    @property
    def kind(self) -> str:
        """The configuration's table for it: `dataservice`, `segments` or `grid`."""

    @property
    def commands(self) -> Sequence[Command]:
        """Its commands, in the order `help` lists them."""

    @property
    def topics(self) -> Mapping[str, Sequence[str]]:
        """What `help WORDS` tells beside its commands: words, as the states of its members -> lines."""

    @property
    def unknown(self) -> Outcome:
        """How a line ends whose first word begins no command: as the documented utility, where it has a status for it
        and its commands are typed without its name."""

    def open(self, config: Config, service: Service, talk: Talk) -> ServiceHandle:
        """Open a service; no network before `warm` or the first command."""
