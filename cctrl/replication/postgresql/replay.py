"""Steps on what a PostgreSQL standby receives and replays: pausing, going on, connecting anew."""

from __future__ import annotations

from cctrl.replication.postgresql import queries
from cctrl.replication.postgresql.remote import Remote
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result

LIMIT = 30.0  # seconds a receiver gets to end


class Replay:
    """The part of the engine that holds a standby back and lets it go on."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def handlers(self) -> dict[Action, Handler]:
        """What carries out each action."""
        return {
            Action.PAUSE: lambda work: self._once(work, queries.PAUSE),
            Action.RESUME: lambda work: self._once(work, queries.RESUME),
            Action.RECONNECT: self._reconnect,
        }

    def _once(self, work: Work, statement: str) -> Result:
        self._remote.sql(work.member, statement)
        return Result()

    def _reconnect(self, work: Work) -> Result:
        what = f"cannot end {work.member}'s receiver"
        self._remote.must(work.member, "reconnect", queries.RECEIVER, timeout=LIMIT, what=what)
        return Result()
