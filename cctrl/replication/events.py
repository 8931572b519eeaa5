"""What happens while a plan is carried out; a vocabulary's narrator makes lines of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cctrl.replication.steps import Result, Step


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True)
class Progress:
    """A long step says how far it is."""

    step: Step
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step is done and seen to be done."""

    step: Step
    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """A step failed; what follows are the undo steps, if any."""

    step: Step
    what: str


@dataclass(frozen=True, slots=True)
class Undone:
    """A step was put back."""

    step: Step


Event = Started | Progress | Done | Failed | Undone
