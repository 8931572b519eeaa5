"""What is done to a running lab, by the same words on the command line, in its shell and in transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cctrl.lab.cuts import Cut
from cctrl.lab.faults import fault
from cctrl.lab.layout import Lab
from cctrl.lab.traffic import traffic
from cctrl.outcome import UsageError


@dataclass(frozen=True, slots=True)
class Done:
    """What there is to say; `good` is false where a report tells of losses."""

    lines: tuple[str, ...]
    good: bool = True


def act(lab: Lab, words: Sequence[str]) -> Done:
    """`kill host1`, `traffic report`, …: do it, and return when it is done. Raises CctrlError."""
    match words:
        case ["traffic", what]:
            lines, good = traffic(lab, what)
            return Done(tuple(lines), good)
        case ["cut", node, "--in" | "--out" as way]:
            return Done(tuple(fault(lab, "cut", node, Cut(node, direction=way.removeprefix("--")))))
        case ["cut", node, "--from", other]:
            return Done(tuple(fault(lab, "cut", node, Cut(node, other=other))))
        case [verb, where]:
            return Done(tuple(fault(lab, verb, where)))
    raise UsageError(f"{' '.join(words)!r} is nothing that can be done to a lab", next="cctrl lab --help")
