"""A parsed transcript, as frozen data. Made by `format.parse`."""

from __future__ import annotations

from dataclasses import dataclass, field

FAULTS = ("kill", "stop", "start", "cut", "heal", "freeze", "thaw", "wipe", "fill", "unfill", "exhaust", "release")
MANAGER = "manager"  # whose state is waited for as a member's: ONLINE while one leads, else OFFLINE
TRAFFIC = ("start", "stop", "report")


@dataclass(frozen=True, slots=True)
class Head:
    """What a transcript needs, from its `#@ key: value` lines; times in seconds."""

    lab: str = "dataservice"  # kind of lab
    service: str = "alpha"
    hosts: int = 3
    policy: str = ""  # `set policy` before the first input; "" leaves it as it is
    timeout: float = 120.0  # for each command and each wait that names none
    manager: bool = False  # whether the lab runs one
    mode: str = ""  # mode of the first session; "" means what its first prompt shows
    sshd: bool = False  # OpenSSH's server instead of paramiko's
    synchronous: bool = False  # these three as in the configuration
    failure_timeout: float = 4.0
    failover_block: float = 60.0
    spares: int = 0  # hosts without a segment
    disk: str = ""  # size of each host's own file system, as 400MB
    postgresql: str = ""  # directory of another PostgreSQL's programs
    given: frozenset[str] = frozenset()  # the keys that the file sets


@dataclass(frozen=True, slots=True)
class Typed:
    """A command at the shell's prompt: `[MODE] /service > command`."""

    mode: str  # as printed: LOGICAL, LOGICAL:EXPERT, …
    service: str  # "" at the root; in PHYSICAL mode with the place in its tree: alpha/host1
    command: str

    @property
    def prompt(self) -> str:
        """The prompt as the shell prints it, without the blank after it."""
        return f"[{self.mode}] /{self.service} >"


@dataclass(frozen=True, slots=True)
class Program:
    """A program at the operating system's prompt: `% command`, `$ command`, `shell> command`."""

    command: str


@dataclass(frozen=True, slots=True)
class Fault:
    """`%% VERB HOST`, VERB one of FAULTS; `more` is what a cut has besides: --in, --out or --from HOST."""

    verb: str
    host: str
    more: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The direction's words."""
        return (self.verb, self.host, *self.more)


@dataclass(frozen=True, slots=True)
class Traffic:
    """`%% traffic WHAT`, WHAT one of TRAFFIC."""

    what: str


@dataclass(frozen=True, slots=True)
class Sql:
    """`%% sql HOST STATEMENT`."""

    host: str
    statement: str


@dataclass(frozen=True, slots=True)
class WaitState:
    """`%% wait until HOST state is STATE [timeout T]`, or `manager is STATE`; None means the head's timeout."""

    host: str
    state: str
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class WaitSql:
    """`%% wait until sql HOST STATEMENT is VALUE [timeout T]`."""

    host: str
    statement: str
    value: str
    timeout: float | None = None


Action = Typed | Program | Fault | Traffic | Sql | WaitState | WaitSql


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected line, or with `answer` the text typed at a question (`< text`)."""

    at: int  # index of its line in the file
    text: str
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """An input or a stage direction with what belongs to it."""

    at: int  # index of its line in the file
    action: Action
    expected: tuple[Expected, ...] = ()
    status: int = 0
    status_at: int | None = None  # index of its `? N` line, if it has one

    @property
    def line(self) -> int:
        """Its line number in the file, from 1."""
        return self.at + 1

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts typed at its questions, in order."""
        return tuple(e.text for e in self.expected if e.answer)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole file. `lines` hold every character of it, each with its line ending."""

    path: str
    lines: tuple[str, ...]
    head: Head = field(default_factory=Head)
    steps: tuple[Step, ...] = ()
