"""Which of several managers leads: a lease in the store, renewed in the background."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TypeVar

from cctrl.outcome import Refused
from cctrl.store import Leader, Store, who
from cctrl.store.errors import StoreError
from cctrl.store.interface import LEASE
from cctrl.threads import steady

Before = TypeVar("Before")
After = TypeVar("After")
RENEWAL = 1.0  # seconds between two renewals


def still_leading(leads: Callable[[], bool]) -> None:
    """Raise Refused where this manager leads no more: one that stood still for longer than its lease must not go on
    with what it had decided."""
    if not leads():
        raise Refused("this manager's lease is over, and it does nothing more")


def led(leads: Callable[[], bool], change: Callable[[Before], After]) -> Callable[[Before], After]:
    """A change of the store that is made only while this manager leads: asked with nobody in between, so that one that
    stood still in the middle of a decision writes nothing over another's. It raises as `still_leading` does."""

    def work(before: Before) -> After:
        still_leading(leads)
        return change(before)

    return work


class Leadership:
    """This process's share in the leadership of one service."""

    def __init__(self, store: Store, service: str, clock: Callable[[], float] = steady) -> None:
        self.state = ""  # told with the lease; see store.Leader
        self.problem = ""  # why the lease cannot be asked for
        self._store = store
        self._service = service
        self._clock = clock
        self._holder = who()
        self._until = 0.0
        self._leader: Leader | None = None
        self._lock = Lock()
        self._stop = Event()

    @property
    def leads(self) -> bool:
        """True while nobody else can lead."""
        return self._clock() < self._until

    @property
    def leader(self) -> Leader | None:
        """Who led when it was last asked."""
        return self._leader

    def start(self) -> None:
        """Ask for the lease now, and then again and again in the background."""
        self.ask()
        Thread(target=self._renew, name=f"lease {self._service}", daemon=True).start()

    def ask(self) -> bool:
        """Take the lease, or renew it; whether we lead now. Where the store fails we do not, once the lease is over."""
        with self._lock:
            if self._stop.is_set():
                return False
            asked = self._clock()
            try:
                leader = self._store.lead(self._service, self._holder, socket.gethostname(), self.state)
            except StoreError as error:
                self.problem = error.what
                return self.leads
            self.problem = ""
            self._leader = leader
            self._until = asked + LEASE if leader.holder == self._holder else 0.0
            return self.leads

    def say(self, state: str) -> None:
        """Change what is told with the lease."""
        if state != self.state:
            self.state = state
            self.ask()

    def stop(self) -> None:
        """Give the lease back; another manager leads at once."""
        self._stop.set()
        with self._lock:
            self._until = 0.0
            try:
                self._store.resign(self._service, self._holder)
            except StoreError as error:
                self.problem = error.what

    def _renew(self) -> None:
        while not self._stop.wait(RENEWAL):
            self.ask()
