"""`lab VERB HOST` inside a session on a lab: break things from where they are watched."""

from __future__ import annotations

import shlex
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
    "fill": "the file system that the data directory is on is full",
    "unfill": "the file system has its room again",
    "exhaust": "all connections that the data server allows are taken",
    "release": "they are given back",
}
MANAGERS = ("manager", "manager2")
TRAFFIC = {
    "start": "rows are written every 10 ms to whichever server takes them",
    "stop": "no more rows are written",
    "report": "rows acknowledged, outages, losses, and whether two servers ever took writes at once",
}

_HELP = "\n".join(f"{verb:<7} {what}" for verb, what in FAULTS.items()) + (
    "\nWhere a host has several servers, HOST means all of them, and host:port or host.instance one.\n"
    "`%% kill host1` means the same."
)
_MANAGER_HELP = "As for a host's data server: `cctrl manager` dies, ends (SIGTERM), begins, is cut off, is suspended."
_CUT_HELP = """--in         nothing reaches it; what it sends arrives
--out        nothing it sends arrives; what others send reaches it
--from HOST  only the two do not reach each other
`lab heal HOST` undoes all cuts that HOST has part in."""
_TRAFFIC_HELP = "\n".join(f"{what:<7} {meaning}" for what, meaning in TRAFFIC.items())

Act = Callable[[Sequence[str]], tuple[Sequence[str], bool]]


def commands(act: Act) -> tuple[Command, ...]:
    """The commands `lab …`; `act(words)` does it and says what has happened, and whether all is well."""

    def run(_session: Any, typed: Invocation, talk: Talk) -> Outcome:
        lines, good = act([typed.words[1], *shlex.split(typed.text)[2:]])
        for line in lines:
            talk.line(line)
        return Outcome.DONE if good else Outcome.INTERNAL

    usage, traffic = f"lab {'|'.join(FAULTS)} HOST", f"lab traffic {'|'.join(TRAFFIC)}"
    manager = f"lab kill|stop|start|cut|heal|freeze|thaw {'|'.join(MANAGERS)}"
    node = f"HOST|{'|'.join(MANAGERS)}"
    return (
        Command(usage, "break or mend a host of this lab", run, _HELP, Danger.CHANGE),
        Command(manager, "break or mend a manager of this lab", run, _MANAGER_HELP, Danger.CHANGE),
        Command(f"lab cut {node} --in|--out", "cut one direction only", run, _CUT_HELP, Danger.CHANGE),
        Command(f"lab cut {node} --from {node}", "cut two off from each other only", run, _CUT_HELP, Danger.CHANGE),
        Command(traffic, "write all the time, and tell of outages and losses", run, _TRAFFIC_HELP, Danger.CHANGE),
    )


def direction(line: str) -> str:
    """A line that may be a stage direction (`%% kill host1`), as a command line. Raises UsageError."""
    stripped = line.strip()
    if not stripped.startswith("%%"):
        return line
    words = stripped[2:].split()
    if not words or words[0] not in (*FAULTS, "traffic"):
        raise UsageError(
            f"{stripped!r} is no stage direction that can be given here",
            detail=f"there are: {', '.join(FAULTS)}, traffic",
            next="%% kill host1",
        )
    return "lab " + " ".join(words)
