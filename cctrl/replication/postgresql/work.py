"""One step as it is handed to whatever part of the engine carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cctrl.replication.engine import OnText
from cctrl.replication.position import Position
from cctrl.replication.steps import Result, Step


@dataclass(frozen=True, slots=True)
class Work:
    """A step, and what is known when it begins (see Engine.perform)."""

    step: Step
    known: Mapping[str, Position]
    on_text: OnText
    operation: str  # what is moved or kept aside is named after it

    @property
    def member(self) -> str:
        """The member that the step is done on."""
        return self.step.member

    @property
    def other(self) -> str:
        """The step's other member."""
        return self.step.other


Handler = Callable[[Work], Result]
"""Carries out a step; returns when its effect was seen. Raises StepFailed."""
