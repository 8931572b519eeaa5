"""The manager's answers to health checks: a look of its own each second, beside what is decided when it is asked.

Apart from what the manager does, on connections of its own: a recovery may take an hour, and clients ask all the time.
Not only the manager that leads answers: who has the port does, and another one takes it over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

from cctrl.config import Config, Service
from cctrl.dataservice.service import Dataservice
from cctrl.dataservice.watch.checks import shown
from cctrl.manager.answers import Shown
from cctrl.manager.check import CheckServer
from cctrl.outcome import CctrlError, ConfigError
from cctrl.registry import Talk
from cctrl.replication.facts import Facts

PERIOD = 1.0  # seconds from look to look
A_LOOK = 0.05  # seconds from look to look for each member, where that is more: a hundred are looked at every 5 s
FRESH = 0.2  # seconds that what was decided is not asked again


class Answering:
    """Answers health checks of one service in the background."""

    def __init__(self, config: Config, service: Service, talk: Talk, say: Callable[[str], None], answer: float) -> None:
        self._dataservice = Dataservice(config, service, talk, answer=answer)
        self._server = CheckServer(service.check_address, service.check_port, self.states)
        self._period = max(PERIOD, A_LOOK * len(service.members))
        self._say = say
        self._told = ""
        self._facts: tuple[Facts, ...] = ()
        self._at = 0.0
        self._states: Mapping[str, Shown] = {}
        self._states_until = 0.0
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"answering {service.name}", daemon=True)

    def start(self) -> None:
        """Begin to look and to answer; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; idempotent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._server.close()
        self._dataservice.close()

    def states(self) -> Mapping[str, Shown]:
        """Every member as it was seen last, beside what is decided now. Raises CctrlError where that cannot be read."""
        with self._lock:
            if time.monotonic() >= self._states_until and self._facts:
                self._states = shown(self._dataservice.picture(self._facts), self._at)
                self._states_until = time.monotonic() + FRESH
            return self._states

    def _run(self) -> None:
        listening = False
        while not self._stop.is_set():
            try:
                self._look()
                listening = listening or self._listen()
            except CctrlError as error:
                self._tell("; ".join(error.lines()))
            self._stop.wait(max(0.0, self._at + self._period - time.monotonic()))

    def _look(self) -> None:
        at = time.monotonic()
        facts = self._dataservice.look().view.members
        with self._lock:
            self._facts, self._at, self._states_until = facts, at, 0.0

    def _listen(self) -> bool:
        """Begin to answer; False where the address cannot be had now, and may be later."""
        try:
            self._server.start()
        except ConfigError as error:
            self._tell("; ".join(error.lines()))
            return False
        self._tell(f"answering health checks on {self._server.address} port {self._server.port}")
        return True

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._say(text)
