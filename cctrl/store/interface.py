"""The one interface to what cctrl remembers; SQLite is behind it today (`cctrl.store.sqlite`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cctrl.outcome import Outcome
from cctrl.store.records import Event, Leader, Operation, ServiceIntent

EVENTS_KEPT = 10_000  # of all services together
LEASE = 5.0  # seconds without renewal after which another manager takes over


class Store(Protocol):
    """Intended state and the journal of operations.

    Every method raises `StoreError` (a `Refused`) where the store cannot be read or written.
    """

    def intent(self, service: str) -> ServiceIntent:
        """What was last decided about `service`; an empty intent where nothing was."""

    def update(self, service: str, change: Callable[[ServiceIntent], ServiceIntent]) -> ServiceIntent:
        """Replace the intent by `change(intent)` with nobody in between; returns the new one.

        `change` must be quick and must not use the store; what it raises leaves all as it was.
        """

    def begin(
        self,
        service: str,
        verb: str,
        text: str,
        source: str = "",
        target: str = "",
        policy: str = "",
        change: Callable[[ServiceIntent], ServiceIntent] = lambda intent: intent,
    ) -> str:
        """Enter a changing command into the journal, before its first step; returns its id.

        `change` is made to the intent in the same write (see `update`).
        """

    def note_step(self, op_id: str, step: str) -> None:
        """Enter that the operation begins `step`."""

    def finish(self, op_id: str, outcome: Outcome, message: str = "") -> None:
        """Enter how the operation ended. Also for an old one that a later operation completed."""

    def unfinished(self, service: str) -> Operation | None:
        """The latest operation that has no end: it runs now, or its process was killed."""

    def operations(self, service: str, limit: int = 100) -> Sequence[Operation]:
        """The newest `limit` operations, newest first."""

    def count(self, service: str) -> int:
        """How many operations the journal of a service holds."""

    def lead(self, service: str, holder: str, host: str, state: str = "") -> Leader:
        """Take the lease of a service's managers, or renew it, for LEASE seconds; where somebody else has it, that one.

        The answer is who leads now: the caller does where its `holder` is the caller's.
        """

    def leader(self, service: str) -> Leader | None:
        """Who leads now; None where no lease is in force."""

    def resign(self, service: str, holder: str) -> None:
        """Give the lease up, where `holder` has it."""

    def tell(self, service: str, member: str, kind: str, text: str) -> None:
        """Enter an event; the oldest ones beyond EVENTS_KEPT are forgotten."""

    def events(self, service: str, limit: int = 100, after: int = 0) -> Sequence[Event]:
        """The newest `limit` events with a number above `after`, oldest first."""

    def documents(self, service: str) -> Mapping[str, str]:
        """What a vocabulary keeps of a service: name -> JSON, in the order of the names."""

    def change_document(self, service: str, name: str, change: Callable[[str], str]) -> str:
        """Replace a document by `change(text)` with nobody in between; returns the new one. "" is none: before it was
        made, and to remove it. For `change` the same holds as for that of `update`, but that it may read `documents`:
        nobody changes one meanwhile.
        """

    def writable(self) -> None:
        """Raises StoreError where a command could not write down what it does, and how it ends."""

    def close(self) -> None:
        """Let go of the file; idempotent. The next call opens it again."""
