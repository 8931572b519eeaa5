"""Fences a master that was replaced while its host was out of sight: by the first thing that is done when it answers.

Its server never heard of the failover, so it accepts writes until then. Its host is therefore tried much more often
than the others are looked at, on connections of its own; whatever else is under way need not end first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

from cctrl.config import Config, Service
from cctrl.dataservice.service import Dataservice
from cctrl.dataservice.states import MAINTENANCE, policy
from cctrl.dataservice.watch.watching import unfenced
from cctrl.outcome import CctrlError, Unreachable
from cctrl.registry import Talk
from cctrl.replication.engine import Claim, Taken
from cctrl.replication.executor import execute
from cctrl.replication.lock import owner
from cctrl.replication.steps import Action, Plan, Step

PERIOD = 0.25  # seconds from try to try; what is sent to a host that is cut off is not sent again by itself any sooner


class FirstContact:
    """Tries hosts in the background, a thread each, as long as they are out of sight and to be fenced."""

    def __init__(
        self, config: Config, service: Service, talk: Talk, answer: float, said: Callable[[str], None]
    ) -> None:
        """`answer`: seconds that a host which took the connection may take to answer; `said` is told what was done."""
        self._dataservice = Dataservice(config, service, talk, answer=answer, dial=PERIOD)
        self._said = said
        self._lock = Lock()
        self._expected: dict[str, Event] = {}  # member -> set once it need not be tried any more

    def expect(self, successors: Mapping[str, str], may: Callable[[], bool]) -> None:
        """Try these members, and no others, as long as `may()`; returns at once. Member -> who has replaced it."""
        with self._lock:
            for name in self._expected.keys() - successors.keys():
                self._expected.pop(name).set()
            for name in successors.keys() - self._expected.keys():
                enough = self._expected[name] = Event()
                work = (name, successors[name], may, enough)
                Thread(target=self._work, args=work, name=f"contact {name}", daemon=True).start()

    def close(self) -> None:
        """Try nobody any more; idempotent."""
        self.expect({}, lambda: False)
        self._dataservice.close()

    def _work(self, name: str, successor: str, may: Callable[[], bool], enough: Event) -> None:
        try:
            while not enough.is_set() and may():
                began = time.monotonic()
                if self._met(name, successor):
                    return
                enough.wait(max(0.0, began + PERIOD - time.monotonic()))
        except CctrlError:  # it is in sight: the next look says what is wrong there
            return
        finally:
            with self._lock:
                if self._expected.get(name) is enough:
                    del self._expected[name]

    def _met(self, name: str, successor: str) -> bool:
        """Fence it, where it answers and that is still right; False where it does not answer."""
        self._dataservice.fresh()
        try:
            claim = self._dataservice.engine.claim(name, owner(f"fence {name}"))
        except Unreachable:
            return False
        if not isinstance(claim, Taken):  # else somebody is at work on it, who fences it himself where he must
            try:
                with claim.acting():
                    self._fence(name, successor, claim)
            finally:
                claim.release()
        return True

    def _fence(self, name: str, successor: str, claim: Claim) -> None:
        intent = self._dataservice.store.intent(self._dataservice.name)  # read while nobody can recover it
        if policy(intent) == MAINTENANCE or not unfenced(intent.member(name), claim.facts):
            return
        execute(Plan(((Step(Action.FENCE, name, successor),),)), self._dataservice.engine, lambda event: None)
        self._said(f"{name} answers again and is fenced: its server has ended and cannot start writable")
