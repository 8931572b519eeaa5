"""One warm connection for each host: opened in the background, shared, replaced when it is dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING

from cctrl.config import Host
from cctrl.ssh.auth import Keyring
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.proxy import Proxy
from cctrl.ssh.slots import Slots

if TYPE_CHECKING:
    from cctrl.ssh.wire import Wire

REMEMBERED = 20.0  # seconds a failure is taken for an answer, unless it is forgotten before


@dataclass(slots=True)
class Attempt:
    """One try to connect. It is `done` with a wire or with a failure, at the latest after `patience` seconds."""

    patience: float
    deadline: Deadline = field(init=False)
    phase: str = "reading the SSH configuration"
    done: Event = field(default_factory=Event)
    wire: Wire | None = None
    failure: CannotReach | None = None
    ended: float = 0.0
    proxy: Proxy | None = None  # the ProxyCommand, where there is one
    closers: list[Callable[[], None]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.deadline = Deadline.after(self.patience)

    def late(self) -> CannotReach:
        """The failure of a host that does not answer."""
        return CannotReach(f"no answer within {self.patience:g} s ({self.phase})")

    def succeed(self, wire: Wire) -> bool:
        """Hand out the wire; False where it came too late, and is closed."""
        with self.lock:
            if not self.done.is_set():
                self.wire = wire
                self.ended = monotonic()
                self.done.set()
                return True
        wire.close()
        return False

    def give_up(self, failure: CannotReach) -> None:
        """End with a failure if there is no ending yet."""
        self.fail(failure, pending_only=True)

    def fail(self, failure: CannotReach, *, pending_only: bool = False) -> None:
        """End with a failure, closing what is open; the first failure counts."""
        with self.lock:
            if self.done.is_set() and (pending_only or self.failure is not None):
                return
            self.failure = failure
            self.ended = monotonic()
            self.done.set()
        self.close()

    def close(self) -> None:
        """Close everything that belongs to this try."""
        with self.lock:
            closers, self.closers = self.closers, []
        if self.wire is not None:
            self.wire.close()
        for closer in reversed(closers):
            closer()

    def owns(self, closer: Callable[[], None]) -> None:
        """Have `closer` called when this try fails or is closed."""
        with self.lock:
            self.closers.append(closer)
            failed = self.failure is not None
        if failed:
            self.close()

    @property
    def usable(self) -> bool:
        """False where the next caller should begin anew."""
        if not self.done.is_set():
            return True
        if self.failure is not None:
            return monotonic() - self.ended < REMEMBERED
        return self.wire is not None and self.wire.is_active()


class Connection:
    """The way to one host. Every method may be called from any thread."""

    def __init__(self, host: Host, connect: Callable[[Attempt], Wire], keyring: Keyring, timeout: float) -> None:
        self.host = host
        self.slots = Slots()
        self.timeout = timeout
        self._connect = connect
        self._keyring = keyring
        self._attempt: Attempt | None = None
        self._closed = False
        self._lock = Lock()

    def warm(self) -> None:
        """Begin to connect; returns at once."""
        self._current()

    def wire(self, deadline: Deadline) -> Wire:
        """The open connection, waiting for it if need be. Raises CannotReach, at the latest at `deadline`."""
        patience = deadline.left()
        while True:
            attempt = self._current()
            if not attempt.done.wait(min(deadline.left(), attempt.deadline.left())):
                if attempt.deadline.passed:
                    attempt.give_up(attempt.late())
                else:
                    raise CannotReach(f"no answer within {round(patience, 1):g} s ({attempt.phase})")
            if attempt.failure is None and attempt.wire is not None:
                return attempt.wire
            failure = attempt.failure or CannotReach("closed")
            if not failure.locked_key:
                raise failure
            self._keyring.unlock(Path(failure.locked_key))  # asks a person, who is given time
            self._replace(attempt)

    def drop(self, wire: Wire, failure: CannotReach | None = None) -> None:
        """`wire` is dead: the next caller connects anew, or is told `failure` for a while."""
        with self._lock:
            attempt = self._attempt
            if attempt is None or attempt.wire is not wire:
                return
            if failure is None:
                self._attempt = None
        if failure is not None:
            attempt.fail(failure)
        else:
            attempt.close()

    def fresh(self) -> None:
        """Forget an earlier failure."""
        with self._lock:
            if self._attempt is not None and self._attempt.failure is not None:
                self._attempt = None

    def close(self) -> None:
        """Close the connection; nothing is opened any more."""
        with self._lock:
            self._closed = True
            attempt = self._attempt
        if attempt is not None:
            attempt.fail(CannotReach("closed"))

    def _current(self) -> Attempt:
        with self._lock:
            if self._closed:
                raise CannotReach("closed")
            attempt = self._attempt
            if attempt is not None and attempt.usable:
                return attempt
            if attempt is not None:
                attempt.close()
            return self._begin()

    def _replace(self, attempt: Attempt) -> None:
        with self._lock:
            if self._attempt is attempt:
                self._attempt = None

    def _begin(self) -> Attempt:
        attempt = self._attempt = Attempt(self.timeout)
        Thread(target=self._work, args=(attempt,), name=f"ssh {self.host.name}", daemon=True).start()
        return attempt

    def _work(self, attempt: Attempt) -> None:
        try:
            attempt.succeed(self._connect(attempt))
        except CannotReach as failure:
            attempt.give_up(failure)
        except Exception as error:  # a defect, but nobody may wait for this thread in vain
            attempt.give_up(CannotReach(f"{type(error).__name__}: {error}"))
