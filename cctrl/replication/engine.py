"""What a database engine offers to the replication core."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from cctrl.outcome import CctrlError, Outcome
from cctrl.replication.backups import Stores
from cctrl.replication.beat import Beat
from cctrl.replication.copying import Aside, Extent, Survey, Working
from cctrl.replication.divergence import Tail
from cctrl.replication.facts import Facts
from cctrl.replication.position import Position
from cctrl.replication.recovery import LogRange
from cctrl.replication.steps import Result, Step

OnText = Callable[[str], None]


class StepFailed(CctrlError):
    """A step did not come to its end.

    `uncertain`: the host went out of sight, so it may still happen; `changed`: it has changed something all the same.
    """

    outcome = Outcome.INCOMPLETE

    def __init__(self, what: str, *, detail: str = "", next: str = "", uncertain: bool = False) -> None:
        super().__init__(what, detail=detail, next=next)
        self.uncertain = uncertain
        self.changed = False


class Claim(Protocol):
    """The lock on one member, held until it is released, or this process or its connection ends."""

    @property
    def facts(self) -> Facts:
        """The member as it was seen once it was locked, with the leftovers of killed commands ended."""

    @property
    def held(self) -> bool:
        """False once the lock may be somebody else's."""

    def acting(self) -> AbstractContextManager[None]:
        """Within this the member's host does what it is told only while it holds the lock."""

    def release(self) -> None:
        """Give it up; idempotent."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else holds a member's lock; `owner` is what they said of themselves, "" where that is not known."""

    owner: str


class Copying(Protocol):
    """The part of an engine that copies whole members."""

    def extent(self, member: str) -> Extent:
        """How large a member is whose server is up. Raises StepFailed."""

    def survey(self, member: str, source: str) -> Survey:
        """What `member`'s host has to offer to a copy of `source`. Raises StepFailed."""

    def reuse_lacks(self, source: str) -> str:
        """What `source`'s replication role lacks for a copy that reuses what is there, as the literal remedy; "" where
        nothing. Raises StepFailed."""

    def working(self, member: str) -> Working | None:
        """The copy or rewind that goes on by itself on a member's host; None where none does, or it cannot be asked."""

    def end(self, member: str) -> None:
        """End a copy that is being made; what it has made is cleared away by the next one. Raises StepFailed."""

    def aside(self, member: str, left: str = "") -> tuple[Aside, ...]:
        """What was moved or kept aside on a member's host; also the data directory of a place that it has left for
        another one, where `left` names the database system that it was part of. Raises StepFailed."""

    def remove_aside(self, member: str, what: tuple[Aside, ...], left: str = "", used: tuple[str, ...] = ()) -> None:
        """Remove it for good. Raises StepFailed; so, with nothing removed, where the member has no data directory. Of a
        place that was `left` no directory is removed that holds another database system, in which a server runs, or
        that is one of those `used` on its host."""


class Keeping(Protocol):
    """The part of an engine that keeps backups."""

    def stores(self, member: str, log_file: int) -> Stores:
        """What a member's host has for backups; `log_file`: bytes of one file of the log. Raises StepFailed."""

    def backup(self, member: str, agent: str, extent: Extent, system: str, stanza: str, on_text: OnText) -> str:
        """Make a backup; the name of the file that tells of it. `stanza`: for pgBackRest. Raises StepFailed."""


class Engine(Protocol):
    """One replica set's servers. Members are given by name; every call has its own deadline."""

    operation: str
    """The id of the operation that works now: what is moved or kept aside is named after it."""

    def probe(self, member: str, *, end_leftovers: bool = False) -> Facts:
        """Look at one member; never raises for anything a host can cause.

        `end_leftovers` first ends the sessions in which a command that was killed still waits for something on
        it, a promotion say: for a caller that holds the lock.
        """

    def claim(self, member: str, owner: str) -> Claim | Taken:
        """Lock one member on its host and look at it, in one round trip.

        Raises Unreachable, and Refused where it cannot be locked (its disk is full, say).
        """

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        """A beat every `period` seconds, for as long as the member's host can be heard and `stop` is not set.

        A server that hangs sends none. One connection serves all beats.
        """

    def tail(self, member: str, part: LogRange) -> Tail:
        """Read what a member's log holds after a position."""

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        """Carry out one step and return when its effect was seen.

        `known`: the final position of members that an earlier step stopped. Raises StepFailed.
        """

    def reaches(self, member: str, source: str, patience: float) -> bool | None:
        """Whether `source`'s server answers `member`'s host in `patience` seconds; None where that one cannot be asked.

        Two tries, so that one lost packet is no answer. A refusal by the server proves that it is there.
        """

    def source_refuses(self, member: str, source: str) -> str:
        """Why `member` could not receive from `source`, in the server's words; "" where it could."""

    def drop_slots(self, member: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """Drop those replication slots that a member has and nobody uses; the ones dropped. Raises StepFailed."""

    @property
    def copies(self) -> Copying:
        """What copies whole members."""

    @property
    def backups(self) -> Keeping:
        """What keeps backups."""
