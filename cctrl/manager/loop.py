"""The life of a manager: one service is tended while this process leads it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import suppress
from threading import Event

from cctrl.manager.keeper import Keeper
from cctrl.manager.leadership import RENEWAL, Leadership
from cctrl.manager.watch import Watch
from cctrl.outcome import CctrlError
from cctrl.store import Leader, who
from cctrl.store.errors import StoreError

AGAIN = 1.0  # seconds after something that could not be done


class Loop:
    """Tends one service. `say` is told what happens, a line at a time."""

    def __init__(self, keeper: Keeper, say: Callable[[str], None], stop: Event) -> None:
        self._keeper = keeper
        self._say = say
        self._stop = stop
        self._leadership = Leadership(keeper.store, keeper.name)
        self._watch = Watch(keeper.heart, keeper.members)
        self._told = ""

    def run(self) -> None:
        """Until `stop` is set: lead, or wait for whoever does to go."""
        self._leadership.start()
        self._keeper.begin()
        try:
            while not self._stop.is_set():
                if self._leadership.leads:
                    self._lead()
                else:
                    self._tell_once(self._why_not())
                    self._stop.wait(RENEWAL / 2)
        finally:
            self._watch.stop()
            self._leadership.stop()
            self._keeper.close()

    def wake(self) -> None:
        """End a wait: `stop` was set."""
        self._watch.stop()

    def _why_not(self) -> str:
        if self._leadership.problem:
            return f"nothing is done for {self._keeper.name}: {self._leadership.problem}"
        leader: Leader | None = self._leadership.leader
        return f"waiting: {leader.holder} leads {self._keeper.name}" if leader else "waiting"

    def _lead(self) -> None:
        self._say(f"leading {self._keeper.name}")
        self._enter(f"{who()} leads")
        self._watch.start()
        while self._leadership.leads and not self._stop.is_set():
            self._watch.wait(self._tended())
        self._keeper.rest()
        self._enter(f"{who()} leads no more" + (": it was stopped" if self._stop.is_set() else ""))

    def _enter(self, text: str) -> None:
        """An event, where the store can be written."""
        with suppress(StoreError):
            self._keeper.store.tell(self._keeper.name, "", "manager", text)

    def _tended(self) -> float:
        """Let the keeper work; seconds to wait then. What a host or the store causes is told and tried again."""
        try:
            pause = self._keeper.tend(self._watch, self._leadership)
        except CctrlError as error:
            self._tell_once("\n".join(error.lines()))
            return AGAIN
        except Exception:  # a defect must not end the watching: it is told with its place, and the next look comes
            self._tell_once(traceback.format_exc())
            return AGAIN
        self._told = ""
        return pause

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            for line in text.splitlines():
                self._say(line)
