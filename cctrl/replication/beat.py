"""One beat of a member's pulse: the little that is told many times a minute. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cctrl.replication.position import ZERO, Position


class Pulse(Enum):
    """What a beat says of a member's server."""

    PRIMARY = "accepts writes"
    STANDBY = "is in recovery"
    RUNNING = "has a process, but does not answer"
    DOWN = "has no process"
    LOST = "cannot be heard"  # the connection ended: nothing is known


@dataclass(frozen=True, slots=True)
class Beat:
    """What one beat said."""

    pulse: Pulse
    received: Position = ZERO
    replayed: Position = ZERO
    receiver: str = ""  # state of what receives: `streaming` …; "" where nothing does
    upstream: tuple[str, int] | None = None  # address and port it receives from


LOST = Beat(Pulse.LOST)


def parse(line: str) -> Beat | None:
    """Read a line of the pulse script; None for what is no beat."""
    word, *rest = line.split("|")
    if word in ("down", "running") and not rest:
        return Beat(Pulse.DOWN if word == "down" else Pulse.RUNNING)
    if word not in ("primary", "standby") or len(rest) != 5:
        return None
    received, replayed, receiver, address, port = rest
    try:
        positions = Position.parse(received), Position.parse(replayed)
        upstream = (address, int(port)) if address and port else None
    except ValueError:
        return None
    return Beat(Pulse(_PULSES[word]), *positions, receiver, upstream)


_PULSES = {"primary": Pulse.PRIMARY, "standby": Pulse.STANDBY}


def notable(before: Beat | None, after: Beat) -> bool:
    """True where a beat differs from the one before in more than its positions: it is worth a look."""
    if before is None:
        return True
    return (before.pulse, before.receiver, before.upstream) != (after.pulse, after.receiver, after.upstream)
