"""`cctrl record FILE`: a session that is also written down as a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cctrl.config import Config, Service
from cctrl.outcome import Outcome
from cctrl.registry import Command
from cctrl.shell.console import Console, Tee
from cctrl.shell.session import Session
from cctrl.shell.talk import Manner
from cctrl.transcript.model import Head
from cctrl.transcript.record import Recorder


class RecordedSession(Session):
    """A session that tells a recorder what is typed and what comes.

    `lab VERB HOST` is written as the stage direction that it is, without what it prints.
    """

    def __init__(
        self,
        config: Config,
        console: Console,
        path: Path,
        *,
        service: str = "",
        manner: Manner | None = None,
        multi: bool = False,
        extra: Sequence[Command] = (),
    ) -> None:
        """As `Session`; `path` must not exist yet. Raises Refused."""
        self._hearing = False  # only while a command that is written down runs
        super().__init__(config, Tee(console, self._heard), service=service, manner=manner, multi=multi, extra=extra)
        begun = config.service(self.current) or config.services[0]
        self._recorder = Recorder(path, Head(lab=begun.kind, service=begun.name, hosts=_hosts(begun)))

    def _heard(self, kind: str, text: str) -> None:
        if self._hearing:
            self._recorder.heard(kind, text)

    def execute(self, line: str) -> Outcome:
        """As `Session.execute`."""
        direction = _direction(line) if self._extra else ""
        if not line.strip():
            return super().execute(line)
        if direction:
            outcome = super().execute(line)
            if outcome is Outcome.DONE:
                self._recorder.command("%%", direction)
            return outcome
        self._recorder.command(self.prompt, line.strip())
        self._hearing = True
        try:
            outcome = super().execute(line)
        finally:
            self._hearing = False
        self._recorder.ended(int(outcome))
        return outcome

    def close(self) -> None:
        """As `Session.close`; the transcript is complete then."""
        super().close()
        self._recorder.close()


def _direction(line: str) -> str:
    """`kill host1` for `%% kill host1` and `lab kill host1`; empty for any other line."""
    words = line.split()
    return " ".join(words[1:]) if words and words[0] in ("%%", "lab") and ";" not in line else ""


def _hosts(service: Service) -> int:
    """How many hosts a lab has that is like this service; a coordinator's is not counted."""
    coordinators = sum(bool(member.dbid) and member.content < 0 for member in service.members)
    return len({member.host.name for member in service.members}) - coordinators
