"""What is done to a running lab, by the same words on the command line, in its shell and in transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    if len(words) != 2:
        raise UsageError(f"{' '.join(words)!r} is nothing that can be done to a lab", next="cctrl lab --help")
    verb, what = words
    if verb == "traffic":
        lines, good = traffic(lab, what)
        return Done(tuple(lines), good)
    return Done(tuple(fault(lab, verb, what)))
