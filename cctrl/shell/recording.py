"""`cctrl record FILE`: a session that is also written down as a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cctrl.config import Config
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
        self._mute = False
        super().__init__(config, Tee(console, self._heard), service=service, manner=manner, multi=multi, extra=extra)
        begun = config.service(self.current) or config.services[0]
        self._recorder = Recorder(path, Head(lab=begun.kind, service=begun.name, hosts=len(begun.members)))

    def _heard(self, kind: str, text: str) -> None:
        if not self._mute:
            self._recorder.heard(kind, text)

    def execute(self, line: str) -> Outcome:
        """As `Session.execute`."""
        direction = _direction(line) if self._extra else ""
        if not line.strip() or line.lstrip().startswith("#"):
            return super().execute(line)
        if direction:
            return self._direct(direction, line)
        self._recorder.command(self.prompt, line.strip())
        outcome = super().execute(line)
        self._recorder.ended(int(outcome))
        return outcome

    def _direct(self, direction: str, line: str) -> Outcome:
        self._mute = True
        try:
            outcome = super().execute(line)
        finally:
            self._mute = False
        if outcome is Outcome.DONE:
            self._recorder.command("%%", direction)
        return outcome

    def close(self) -> None:
        """As `Session.close`; the transcript is complete then."""
        super().close()
        self._recorder.close()


def _direction(line: str) -> str:
    """`kill host1` for `%% kill host1` and `lab kill host1`; empty for any other line."""
    words = line.split()
    return " ".join(words[1:]) if words and words[0] in ("%%", "lab") and ";" not in line else ""
