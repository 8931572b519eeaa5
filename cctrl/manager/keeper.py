"""What a vocabulary does by itself for one of its services, as the manager calls it."""

from __future__ import annotations

from typing import Protocol

from cctrl.manager.leadership import Leadership
from cctrl.manager.watch import Heart, Watch
from cctrl.store import Store


class Keeper(Protocol):
    """Keeps one service as its policy says."""

    @property
    def name(self) -> str:
        """The service's name."""

    @property
    def members(self) -> tuple[str, ...]:
        """The members whose pulse is to be heard."""

    @property
    def engine(self) -> Heart:
        """What their pulses come from: the engine of its servers."""

    @property
    def store(self) -> Store:
        """What is remembered of it."""

    def begin(self) -> None:
        """The manager has begun, whether it leads or not; returns at once."""

    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """Look at the service and do what is due; seconds after which it is to be called again at the latest.

        Called by one thread, while this process leads. Raises CctrlError where something could not be done: it is
        called again.
        """

    def close(self) -> None:
        """Let go of connections and store; idempotent."""
