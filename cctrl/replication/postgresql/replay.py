"""Steps on what a PostgreSQL standby receives and replays: pausing, going on, connecting anew."""

from __future__ import annotations

from cctrl.replication.engine import StepFailed
from cctrl.replication.position import Position
from cctrl.replication.postgresql import queries
from cctrl.replication.postgresql.remote import Remote
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result

LIMIT = 30.0  # seconds a receiver gets to end
LEAVE_LIMIT = 10.0  # seconds until one that must not receive any more has been ended
LOOKS = 50  # a second: how often the script looks


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
            Action.LEAVE: self._leave,
        }

    def _once(self, work: Work, statement: str) -> Result:
        self._remote.sql(work.member, statement)
        return Result()

    def _leave(self, work: Work) -> Result:
        name, other = work.member, self._remote.service.member(work.other)
        receiver = queries.OTHER_RECEIVER.format(address=other.address.replace("'", "''"), port=other.port)
        words = (receiver, str(int(LEAVE_LIMIT * LOOKS)), f"select {queries.RECEIVED}")
        done = self._remote.must(name, "leave", *words, timeout=LIMIT, what=f"{name} does not leave the old primary")
        here = Position.parse(done.stdout.strip())
        there = Position.parse(self._remote.sql(work.other, f"select {queries.RECEIVED}"))
        if here > there:
            what = f"{name} has received more than {work.other} meanwhile"
            raise StepFailed(what, detail=f"{name} is at {here}, {work.other} at {there}")
        return Result(position=here)

    def _reconnect(self, work: Work) -> Result:
        what = f"cannot end {work.member}'s receiver"
        self._remote.must(work.member, "reconnect", queries.RECEIVER, timeout=LIMIT, what=what)
        return Result()
