"""What was seen on one member, by whom and when. Pure data; nothing here talks to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cctrl.replication.position import ZERO, Position, size


class Server(Enum):
    """The state of a member's database server, as far as it could be seen."""

    UP = "accepts connections"
    STARTING = "is starting up or shutting down"
    REJECTING = "runs but refuses connections"
    FROZEN = "runs but does not answer"
    DOWN = "is not running"
    NO_DATA = "has no data directory"
    MISCONFIGURED = "cannot be worked with as the configuration says"  # wrong place or program, or sudo refused
    NO_BINARIES = "has no PostgreSQL binaries where the configuration says"
    UNSEEN = "cannot be seen"  # the host did not answer: nothing is known, not even that it is down


class Ran(Enum):
    """What a server last ran as, from its control data."""

    PRIMARY = "primary"
    STANDBY = "standby"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Upstream:
    """From whom a standby receives."""

    address: str
    port: int
    state: str  # as the engine names it: `streaming`, `waiting` …
    age: float | None = None  # seconds since it was last heard of


@dataclass(frozen=True, slots=True)
class Downstream:
    """One standby that receives from a server, as that server sees it."""

    name: str
    state: str
    flushed: Position = ZERO
    replayed: Position = ZERO
    flush_lag: float | None = None  # seconds from here to on disk there
    sync: str = "async"
    pid: int = 0
    address: str = ""  # where it connects from; "" for a local socket
    logical: bool = False  # a subscriber to some tables, no standby


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a timeline ended and the next began: everything up to `at` is common."""

    timeline: int
    at: Position


@dataclass(frozen=True, slots=True)
class Fence:
    """A mark left in a data directory that was put out of service by a failover."""

    operation: str
    successor: str
    at: str  # ISO time on the administrator's clock


WAL_SEGMENT = 16 << 20  # bytes of one file of the log, where a server does not say otherwise


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one look at one member yields."""

    name: str
    at: float  # seconds since the epoch, on the clock of the one who looked
    server: Server
    reason: str = ""  # why it is not UP, in the host's own words
    next: str = ""  # the literal next command where the host gave one
    writable: bool = False  # UP and not in recovery
    ran: Ran = Ran.UNKNOWN
    version: int = 0  # major version
    system: str = ""  # system identifier: equal for all members of one replica set
    timeline: int = 0
    received: Position = ZERO  # on disk here: of a primary what it has written
    replayed: Position = ZERO
    lag: float | None = None  # seconds the replay is behind; None where not known
    replay_paused: bool = False
    clean: bool = False  # DOWN after an orderly shutdown
    suspended: bool = False  # its main process was stopped by a signal: it answers nobody, however long one waits
    replaying: str = ""  # STARTING: the file of its log that it has come to, where that is known
    standby_mark: bool = False  # would start as a standby
    fence: Fence | None = None
    promoting: bool = False  # a standby whose promotion was asked for, and is not over yet
    host_crashed: bool = False  # DOWN: it was not shut down before its host was started again, as far as that was noted
    half_rewound: bool = False  # a rewind of it was begun and did not come to its end
    upstream: Upstream | None = None
    assigned: tuple[str, int] | None = None  # address and port it is told to receive from, whether it does or not
    downstreams: tuple[Downstream, ...] = ()
    history: tuple[Fork, ...] = ()  # the forks behind its own timeline, oldest first
    oldest_log: Position = ZERO  # the first byte of log still kept here
    restores_log: bool = False  # has an archive to take missing log from
    rewindable: bool = False  # wal_log_hints or checksums
    free: int | None = None  # bytes free where the data directory lies
    disk: int = 0  # bytes of the file system there; 0 where not known
    started: float | None = None  # seconds since the epoch, on the host's clock
    clock_skew: float = 0.0  # seconds the host's clock is ahead of ours
    sessions: int = 0  # client sessions now
    sessions_ever: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def up(self) -> bool:
        """True where the server accepts connections."""
        return self.server is Server.UP

    @property
    def standby(self) -> bool:
        """True where it is up and in recovery."""
        return self.up and not self.writable

    @property
    def seen(self) -> bool:
        """True where the host answered."""
        return self.server is not Server.UNSEEN

    def promoted_after(self, other: Facts) -> bool:
        """True where it, or whom it followed, was promoted after `other` was: a record by which the other one takes
        the writes is older than that."""
        return self.system == other.system and 0 < other.timeline < self.timeline

    @property
    def full(self) -> bool:
        """True where no further file of the log has room: a server that needs one ends, and cannot start."""
        return self.free is not None and self.free < self._log_file

    @property
    def room(self) -> str:
        """What is free where its data directory lies, beside what one more file of its log needs."""
        whole = f" of {size(self.disk)}" if self.disk else ""
        return f"{size(self.free or 0)}{whole} free, {size(self._log_file)} needed"

    @property
    def _log_file(self) -> int:
        return int(self.settings.get("wal_segment", WAL_SEGMENT))

    @property
    def may_run(self) -> bool:
        """True where a server process exists, or might."""
        return self.server not in (Server.DOWN, Server.NO_DATA, Server.NO_BINARIES)


HEARD_WITHIN = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class View:
    """One look at a whole replica set: all members, seen side by side."""

    members: tuple[Facts, ...]
    intended: str = ""  # the primary on record, "" where there is none
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # member -> database address, port
    heard_within: float = HEARD_WITHIN  # a standby that heard from its primary since still receives from it
    last_heard: Mapping[str, Position] = field(default_factory=dict)  # member -> how far it was when last heard of
    called: str = "primary"  # what the vocabulary calls the member that takes writes
    acknowledged_by: str = ""  # what synchronous_standby_names is to be on every member; "" where that is left alone
    reached: int = 0  # the timeline that the primary on record is on, at least; 0 where not known

    def __getitem__(self, name: str) -> Facts:
        """The member's facts; KeyError where there is no such member."""
        for facts in self.members:
            if facts.name == name:
                return facts
        raise KeyError(name)

    @property
    def writable(self) -> tuple[Facts, ...]:
        """The members that accept writes."""
        return tuple(m for m in self.members if m.writable)

    @property
    def promoting(self) -> tuple[Facts, ...]:
        """The members that are being promoted now."""
        return tuple(m for m in self.members if m.promoting)

    def follows(self, standby: str) -> str:
        """The member a standby receives from, "" where none is known."""
        upstream = self[standby].upstream
        if upstream is not None:
            for name, address in self.addresses.items():
                if address == (upstream.address, upstream.port):
                    return name
        for member in self.members:
            if any(d.name == standby and d.state == "streaming" for d in member.downstreams):
                return member.name
        return ""

    def assigned_to(self, standby: str) -> str:
        """The member a standby is told to receive from, "" where that is none of them."""
        return next((name for name, address in self.addresses.items() if address == self[standby].assigned), "")

    def streams(self, standby: str, primary: str) -> bool:
        """True where the standby streams from that primary, by its own word."""
        facts = self[standby]
        streaming = facts.upstream is not None and facts.upstream.state == "streaming"
        return facts.standby and streaming and self.follows(standby) == primary
