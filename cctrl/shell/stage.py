"""`lab VERB HOST` inside a session on a lab: break things from where they are watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Command, Danger, Invocation, Talk

FAULTS = {
    "kill": "the data server dies at once (SIGKILL)",
    "stop": "the data server is shut down cleanly",
    "start": "the data server is started as it lies",
    "cut": "the host cannot be reached by anyone, and reaches no one",
    "heal": "a cut host can be reached again",
    "freeze": "the data server is suspended; its sockets stay open",
    "thaw": "a frozen data server goes on",
    "wipe": "the data directory is lost",
}

_HELP = "\n".join(f"{verb:<7} {what}" for verb, what in FAULTS.items()) + "\n`%% kill host1` means the same."


def commands(fault: Callable[[str, str], Sequence[str]]) -> tuple[Command, ...]:
    """The command `lab VERB HOST`; `fault(verb, host)` lets it happen and says what has happened."""

    def run(_session: Any, typed: Invocation, talk: Talk) -> Outcome:
        for line in fault(typed.words[1], typed.arguments["HOST"]):
            talk.line(line)
        return Outcome.DONE

    usage = f"lab {'|'.join(FAULTS)} HOST"
    return (Command(usage, "break or mend a host of this lab", run, _HELP, Danger.CHANGE),)


def direction(line: str) -> str:
    """A line that may be a stage direction (`%% kill host1`), as a command line. Raises UsageError."""
    stripped = line.strip()
    if not stripped.startswith("%%"):
        return line
    words = stripped[2:].split()
    if not words or words[0] not in FAULTS:
        raise UsageError(
            f"{stripped!r} is no stage direction that can be given here",
            detail=f"there are: {', '.join(FAULTS)}",
            next="%% kill host1",
        )
    return "lab " + " ".join(words)
