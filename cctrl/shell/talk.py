"""What a command is handed to speak with: the text form and the JSON form of `registry.Talk`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from cctrl.outcome import CctrlError, Declined, Outcome, Refused
from cctrl.registry import Mode, Talk
from cctrl.shell.console import Console

SCHEMA_VERSION = 1
WARNING = """
WARNING: This is an expert-level command:
Incorrect use may cause data corruption
or make the cluster unavailable.

Do you want to continue? (y/n)> """


@dataclass(slots=True)
class Manner:
    """How a session speaks and asks; changed by `expert`, `logical`, `physical` and `admin` while it runs."""

    expert: bool = False
    yes: bool = False
    verbose: bool = False
    json: bool = False
    busy: bool = False  # a command runs: the terminal is free for its questions
    mode: Mode = Mode.LOGICAL  # in the others expert-level questions are always asked


class TextTalk(Talk):
    """Lines as they come: data on stdout, talk on stderr."""

    def __init__(self, console: Console, manner: Manner, command: str = "") -> None:
        self._console = console
        self._manner = manner
        self._command = command

    @property
    def expert(self) -> bool:
        """True in EXPERT mode."""
        return self._manner.expert

    @property
    def verbose(self) -> bool:
        """True with -v."""
        return self._manner.verbose

    def line(self, text: str = "") -> None:
        """One line of data."""
        self._console.out(text)

    def note(self, text: str) -> None:
        """One line of talk."""
        self._console.err(text)

    @property
    def live(self) -> bool:
        """True where `progress` is seen."""
        return self._console.live

    def progress(self, text: str) -> None:
        """How far long work is."""
        self._console.progress(text)

    def hint(self, text: str) -> None:
        """One line of advice."""
        self._console.hint(text)

    def data(self, name: str, value: object) -> None:
        """Nothing: the text form has it in its lines."""

    def secret(self, prompt: str) -> str | None:
        """Ask for a passphrase; see `registry.Talk.secret`."""
        return self._console.secret(prompt) if self._manner.busy else None

    @property
    def asks(self) -> bool:
        """True where somebody can be asked."""
        return self._console.asks

    def ask(self, question: str) -> str | None:
        """Ask; see `registry.Talk.ask`."""
        return "yes" if self._manner.yes else self._console.answer(question)

    def confirm(self, question: str) -> None:
        """Ask; see `registry.Talk.confirm`."""
        if self._manner.yes:
            return
        *lines, prompt = question.split("\n")
        for text in lines:
            self._console.err(text)
        answer = self._console.answer(prompt)
        while answer is not None and answer.strip().lower() not in ("y", "yes", "n", "no"):
            self._console.err("Please answer y or n.")
            answer = self._console.answer(prompt)
        if answer is None:
            raise Refused(
                f"{self._command or 'this command'} must be confirmed, and nobody can be asked: nothing was changed",
                detail="standard input is not a terminal, or has ended",
                next="give --yes to confirm beforehand",
            )
        if answer.strip().lower() in ("n", "no"):
            raise Declined(f"{self._command or 'the command'} was not confirmed: nothing was changed")

    def finish(self, service: str, outcome: Outcome, error: CctrlError | None) -> None:
        """The command has ended: its error, if any, is shown."""
        for text in error.lines() if error else ():
            self._console.err(text)


class JsonTalk(TextTalk):
    """Everything is gathered into one document a command, printed on stdout when it ends.

    Talk still appears on stderr as it comes, so that long work can be watched.
    """

    def __init__(self, console: Console, manner: Manner, command: str = "") -> None:
        super().__init__(console, manner, command)
        self._messages: list[dict[str, str]] = []
        self._data: dict[str, object] = {}

    def line(self, text: str = "") -> None:
        """One line of data: a message of the document."""
        self._messages.append({"stream": "stdout", "text": text})

    def note(self, text: str) -> None:
        """One line of talk: shown, and a message of the document."""
        super().note(text)
        self._messages.append({"stream": "stderr", "text": text})

    def data(self, name: str, value: object) -> None:
        """A value of the document's `data`."""
        self._data[name] = value

    def finish(self, service: str, outcome: Outcome, error: CctrlError | None) -> None:
        """Print the document."""
        super().finish(service, outcome, error)
        import json  # here, for a quick start of the shell

        document = {
            "schema_version": SCHEMA_VERSION,
            "command": self._command,
            "service": service or None,
            "outcome": outcome.name.lower(),
            "exit_code": int(outcome),
            "data": self._data,
            "messages": self._messages,
            "error": {"what": error.what, "detail": error.detail, "next": error.next} if error else None,
        }
        self._console.out(json.dumps(document, default=plain, ensure_ascii=False))


def talk_to(console: Console, manner: Manner, command: str = "") -> TextTalk:
    """What `command` speaks with, in the form that `manner` asks for."""
    return (JsonTalk if manner.json else TextTalk)(console, manner, command)


def plain(value: Any) -> Any:
    """A value that JSON does not know, as one that it does."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
