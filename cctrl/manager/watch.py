"""Hears the pulse of every member, in a thread each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Condition, Event, Thread
from typing import Protocol

from cctrl.outcome import CctrlError
from cctrl.replication.beat import LOST, Beat, Pulse, notable
from cctrl.replication.position import Position

PERIOD = 0.5  # seconds between two beats
MISSED = 2  # beats that may fail to come before it is worth a look


class Heart(Protocol):
    """What pulses come from: an engine."""

    def pulse(self, member: str, period: float, stop: Event) -> Iterator[Beat]:
        """See replication.engine.Engine."""


class Watch:
    """The last beat of every member, and when anything of it was heard. May be asked from any thread."""

    def __init__(
        self,
        heart: Heart,
        members: Sequence[str],
        *,
        period: float = PERIOD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heart = heart
        self._members = tuple(members)
        self._period = period
        self._clock = clock
        self._changed = Condition()
        self._beats: dict[str, Beat] = {}
        self._positions: dict[str, Position] = {}
        self._heard = dict.fromkeys(members, clock())
        self._silent: set[str] = set()  # those whose silence was told already
        self._awaited: set[str] = set()  # those that are to be listened to again
        self._news = True  # something is worth a look; at the start everything is
        self._stop = Event()
        self._ends: dict[str, Event] = {}  # what ends the present pulse of each member
        self._started = False

    def start(self) -> None:
        """Begin to listen; returns at once. Idempotent."""
        if self._started:
            return
        self._started = True
        for member in self._members:
            Thread(target=self._listen, args=(member,), name=f"pulse {member}", daemon=True).start()

    def stop(self) -> None:
        """Listen no more; idempotent."""
        with self._changed:
            self._stop.set()
            for end in self._ends.values():
                end.set()
            self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        """True once nobody listens any more: what was not begun is left."""
        return self._stop.is_set()

    def silence(self, member: str) -> float:
        """Seconds since anything was last heard of a member, or seen of it."""
        with self._changed:
            return self._clock() - self._heard[member]

    def fell_silent(self, member: str) -> bool:
        """True where beats that should have come did not."""
        return self.silence(member) > MISSED * self._period

    def positions(self) -> Mapping[str, Position]:
        """How far each member was when it was last heard to be up."""
        with self._changed:
            return dict(self._positions)

    def seen(self, member: str, *, answers: bool, up: bool = False) -> None:
        """The member's host answered a look: its pulse can be heard again. `answers`: its server did, too, or is
        known to be down. `up`: its server is up: where it ends before a beat has said so, that is news again."""
        with self._changed:
            if up and member in self._beats and self._beats[member].pulse is Pulse.DOWN:
                del self._beats[member]
            if answers:
                self._heard[member] = self._clock()
            self._awaited.add(member)
            self._changed.notify_all()

    def again(self, member: str) -> None:
        """The member is at another place now: its pulse is to be heard there."""
        with self._changed:
            if member in self._ends:
                self._ends[member].set()
            self._awaited.add(member)
            self._changed.notify_all()

    def wake(self) -> None:
        """Something else than a beat is worth a look."""
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until something is worth a look; False where nothing is within `seconds`."""
        until = self._clock() + seconds
        with self._changed:
            while not (self._news or self._fallen_silent() or self._stop.is_set()):
                left = until - self._clock()
                if left <= 0:
                    return False
                self._changed.wait(min(left, self._period))
            self._news = False
            return True

    def _fallen_silent(self) -> bool:
        """True once for each silence: a server that hangs sends nothing."""
        quiet = {m for m, at in self._heard.items() if self._clock() - at > MISSED * self._period}
        fresh, self._silent = quiet - self._silent, quiet
        return bool(fresh)

    def _listen(self, member: str) -> None:
        while not self._stop.is_set():
            end = Event()
            with self._changed:
                self._ends[member] = end
                if self._stop.is_set():
                    return
            try:
                for beat in self._heart.pulse(member, self._period, end):
                    self._take(member, beat)
            except CctrlError:  # it cannot be listened to now: what the next look says of it counts
                pass
            self._take(member, LOST)
            with self._changed:
                if not end.is_set():
                    self._awaited.discard(member)
                self._changed.wait_for(lambda: member in self._awaited or self._stop.is_set())

    def _take(self, member: str, beat: Beat) -> None:
        with self._changed:
            if notable(self._beats.get(member), beat):
                self._news = True
                self._changed.notify_all()
            self._beats[member] = beat
            if beat.received:
                self._positions[member] = beat.received
            if beat is not LOST:
                self._heard[member] = self._clock()
