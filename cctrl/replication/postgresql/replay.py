"""Steps on what a PostgreSQL standby receives and replays: pausing, going on, connecting anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cctrl.config import Service
from cctrl.replication.engine import OnText
from cctrl.replication.position import Position
from cctrl.replication.postgresql import queries
from cctrl.replication.steps import Action, Result, Step

LIMIT = 30.0  # seconds a receiver gets to end


class Replay:
    """The part of the engine that holds a standby back and lets it go on."""

    def __init__(self, service: Service, sql: Callable[[str, str], str], must: Callable[..., Any]) -> None:
        """`sql` runs a statement on a member, `must` a script on a server; both raise StepFailed."""
        self.service = service
        self.sql = sql
        self.must = must

    @property
    def steps(self) -> dict[Action, Callable[[Step, Mapping[str, Position], OnText], Result]]:
        """What carries out each action."""
        return {
            Action.PAUSE: lambda step, known, on_text: self._once(step, queries.PAUSE),
            Action.RESUME: lambda step, known, on_text: self._once(step, queries.RESUME),
            Action.RECONNECT: self._reconnect,
        }

    def _once(self, step: Step, statement: str) -> Result:
        self.sql(step.member, statement)
        return Result()

    def _reconnect(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        what = f"cannot end {step.member}'s receiver"
        self.must(self.service.member(step.member), "reconnect", queries.RECEIVER, timeout=LIMIT, what=what)
        return Result()
