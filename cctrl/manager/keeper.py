"""What a vocabulary does by itself for one of its services, as the manager calls it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cctrl.manager.leadership import Leadership
from cctrl.manager.watch import Heart, Watch
from cctrl.replication.opened import OpenService
from cctrl.store import Store


class Keeper(ABC):
    """Keeps one service as its policy says."""

    def __init__(self, opened: OpenService, heart: Heart) -> None:
        """`heart`: where the pulses of the members are heard."""
        self._opened = opened
        self.heart = heart
        self._leadership: Leadership | None = None  # as `tend` was last given it

    @property
    def name(self) -> str:
        """The service's name."""
        return self._opened.name

    @property
    def members(self) -> tuple[str, ...]:
        """The members whose pulse is to be heard."""
        return self._opened.service.names

    @property
    def store(self) -> Store:
        """What is remembered of it."""
        return self._opened.store

    def begin(self) -> None:  # noqa: B027 - most have nothing to do then
        """The manager has begun, whether it leads or not; returns at once."""

    @abstractmethod
    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """Look at the service and do what is due; seconds after which it is to be called again at the latest.

        Called by one thread, while this process leads. Raises CctrlError where something could not be done: it is
        called again.
        """

    def _leads(self) -> bool:
        """Whether this process may act now, for what acts in threads of its own."""
        return self._leadership is not None and self._leadership.leads

    def rest(self) -> None:  # noqa: B027 - most have nothing to do then
        """This process leads no more: let go of what another manager needs now."""

    def close(self) -> None:
        """Let go of connections and store; idempotent."""
        self._opened.close()
