"""Plans are carried out step by step; what can be put back is put back, and what cannot is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from threading import Barrier

import pytest

from cctrl.outcome import Incomplete, Interrupted, OutOfSight, Refused
from cctrl.replication.divergence import Tail
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.events import Done, Event, Failed, Progress, Started, Undone
from cctrl.replication.executor import execute
from cctrl.replication.facts import Facts, View
from cctrl.replication.plan import plan_move, plan_takeover
from cctrl.replication.position import Position
from cctrl.replication.recovery import LogRange
from cctrl.replication.steps import UNDO, Action, Plan, Result, Step
from cctrl.threads import to_its_end
from tests.replication.worlds import at, crashed, primary, standby, view

Trouble = Callable[[Step], None]
MOVE = plan_move(view(primary(), standby("host2"), standby("host3")), "host2", {}, 1 << 20).plan
BEFORE_PROMOTION = (Action.CHECKPOINT, Action.CATCH_UP, Action.STOP, Action.MARK)
AFTER_PROMOTION = (Action.START, Action.FOLLOW, Action.STREAM)


class World:
    """An engine in memory: who accepts writes. A step's trouble comes before its effect, or after it."""

    def __init__(self, before: Mapping[Action, Trouble] | None = None, after: Mapping[Action, Trouble] | None = None):
        self.before = before or {}
        self.after = after or {}
        self.steps: list[Step] = []
        self.known: dict[Action, Mapping[str, Position]] = {}
        self.accepting = {"host1"}
        self.marked: set[str] = set()

    def probe(self, member: str) -> Facts:
        raise NotImplementedError

    def tail(self, member: str, part: LogRange) -> Tail:
        raise NotImplementedError

    def source_refuses(self, member: str, source: str) -> str:
        raise NotImplementedError

    def end_leftovers(self, member: str) -> None:
        raise NotImplementedError

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        self.steps.append(step)
        self.known[step.action] = dict(known)
        on_text(f"{step.action.name} of {step.member}")
        if step.action in self.before:
            self.before[step.action](step)
        self._do(step)
        assert len(self.accepting) <= 1, "two servers accept writes"
        if step.action in self.after:
            self.after[step.action](step)
        return Result(position=at(700) if step.action is Action.STOP else None)

    def _do(self, step: Step) -> None:
        if step.action in (Action.STOP, Action.FENCE):
            self.accepting.discard(step.member)
        elif step.action in (Action.MARK, Action.FENCE):
            self.marked.add(step.member)
        elif step.action in (Action.PROMOTE, Action.PROMOTE_NOW) or (
            step.action is Action.START and step.member not in self.marked
        ):
            self.accepting.add(step.member)
        elif step.action is Action.UNMARK:
            self.marked.discard(step.member)
            self.accepting.add(step.member)

    @property
    def actions(self) -> list[Action]:
        return [step.action for step in self.steps]


def failing(what: str = "it did not work", *, uncertain: bool = False) -> Trouble:
    def trouble(step: Step) -> None:
        raise StepFailed(what, detail="the host's words", next="the next command", uncertain=uncertain)

    return trouble


def interrupting(step: Step) -> None:
    raise KeyboardInterrupt


def run(world: World, plan: Plan = MOVE) -> list[Event]:
    events: list[Event] = []
    execute(plan, world, events.append)
    return events


def test_all_steps_are_done_in_order_and_told() -> None:
    world = World()
    events = run(world)
    assert world.actions[:5] == [*BEFORE_PROMOTION, Action.PROMOTE]
    assert world.accepting == {"host2"}
    for step in MOVE.steps:
        told = [e for e in events if e.step == step]
        assert [type(e) for e in told] == [Started, Progress, Done]
    assert world.known[Action.PROMOTE] == {"host1": at(700)}, "the promotion knows where the old primary's log ends"


@pytest.mark.parametrize("action", BEFORE_PROMOTION)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_before_the_promotion_is_put_back(action: Action, when: str) -> None:
    world = World(**{when: {action: failing()}})
    events: list[Event] = []
    with pytest.raises(Refused) as caught:
        execute(MOVE, world, events.append)
    assert (caught.value.what, caught.value.next) == ("it did not work", "the next command")
    assert "the host's words" in caught.value.detail
    assert world.accepting == {"host1"}
    assert not world.marked
    assert Action.PROMOTE not in world.actions
    assert any(isinstance(e, Failed) for e in events)
    undone = [e for e in events if isinstance(e, Undone)]
    if action in (Action.STOP, Action.MARK):
        assert [e.step.action for e in undone] == [Action.STOP]
        assert "put back: end host1's client sessions" in caught.value.detail
    else:
        assert not undone


def test_a_promotion_that_certainly_did_not_happen_is_put_back() -> None:
    world = World({Action.PROMOTE: failing("it lacks the last record")})
    with pytest.raises(Refused):
        run(world)
    assert world.accepting == {"host1"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_promotion_out_of_sight_is_not_put_back(when: str) -> None:
    """It may have happened: to start the old primary again would make two."""
    world = World(**{when: {Action.PROMOTE: failing(uncertain=True)}})
    with pytest.raises(OutOfSight) as caught:
        run(world)
    assert Action.UNMARK not in world.actions
    assert "host1" not in world.accepting
    assert "done so far: end host1's client sessions" in caught.value.detail


@pytest.mark.parametrize("action", AFTER_PROMOTION)
def test_a_failure_after_the_promotion_leaves_it(action: Action) -> None:
    world = World({action: failing()})
    with pytest.raises(Incomplete) as caught:
        run(world)
    assert world.accepting == {"host2"}
    assert Action.UNMARK not in world.actions
    assert "done so far: promote host2" in caught.value.detail


def test_a_first_step_that_fails_changed_nothing() -> None:
    world = World({Action.FENCE: failing("cannot fence host1")})
    plan = plan_takeover(view(crashed(), standby("host2", ""), standby("host3", "")), "", {}).plan
    with pytest.raises(Refused):
        run(world, plan)
    assert world.actions == [Action.FENCE]


def test_a_takeover_that_fails_after_the_fence_says_what_was_done() -> None:
    world = World({Action.PROMOTE_NOW: failing()})
    plan = plan_takeover(view(crashed(), standby("host2", ""), standby("host3", "")), "", {}).plan
    with pytest.raises(Incomplete) as caught:
        run(world, plan)
    assert "done so far: fence host1" in caught.value.detail


@pytest.mark.parametrize("action", BEFORE_PROMOTION)
@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_before_the_promotion_puts_everything_back(action: Action, when: str) -> None:
    world = World(**{when: {action: interrupting}})
    with pytest.raises(Interrupted) as caught:
        run(world)
    assert world.accepting == {"host1"}
    assert not world.marked
    assert "goes on by itself" not in caught.value.detail


@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_in_a_promotion_says_that_it_goes_on(when: str) -> None:
    world = World(**{when: {Action.PROMOTE: interrupting}})
    with pytest.raises(Interrupted) as caught:
        run(world)
    assert Action.UNMARK not in world.actions
    assert "goes on by itself: promote host2" in caught.value.detail


def test_ctrl_c_of_a_connection_counts_as_ctrl_c() -> None:
    def interrupted(step: Step) -> None:
        raise Interrupted("interrupted")

    world = World({Action.STOP: interrupted})
    with pytest.raises(Interrupted, match="while it was to end host1's client sessions"):
        run(world)
    assert world.accepting == {"host1"}


def test_a_refusal_from_a_host_in_the_middle_is_not_told_as_nothing_changed() -> None:
    """Another job runs in the data directory: the step was refused, but the server is stopped by then."""

    def refused(step: Step) -> None:
        raise Refused("another job rewind-host2 already runs on host2")

    rewind = Plan(((Step(Action.KEEP, "host2", "host1"),), (Step(Action.REWIND, "host2", "host1"),)))
    with pytest.raises(Incomplete, match="another job"):
        run(World({Action.REWIND: refused}), rewind)
    with pytest.raises(Refused, match="another job"):
        run(World({Action.REWIND: refused}), Plan(rewind.groups[1:]))


@pytest.mark.parametrize("action", [*BEFORE_PROMOTION, Action.PROMOTE])
def test_a_defect_leaves_the_service_as_it_was_where_that_is_certain(action: Action) -> None:
    def defect(step: Step) -> None:
        raise ZeroDivisionError

    world = World({action: defect})
    with pytest.raises(ZeroDivisionError):
        run(world)
    if action is Action.PROMOTE:
        assert Action.UNMARK not in world.actions
    else:
        assert world.accepting == {"host1"}


def test_what_cannot_be_put_back_is_said() -> None:
    world = World({Action.MARK: failing("no space"), Action.UNMARK: failing("cannot start host1")})
    with pytest.raises(Incomplete) as caught:
        run(world)
    assert "putting it back failed too: cannot start host1" in caught.value.detail


def test_steps_of_a_group_are_done_side_by_side() -> None:
    together = Barrier(2, timeout=10)

    def meet(step: Step) -> None:
        together.wait()

    world = World({Action.FOLLOW: meet})
    run(world, Plan(((Step(Action.FOLLOW, "host1", "host3"), Step(Action.FOLLOW, "host2", "host3")),)))
    assert together.n_waiting == 0


def test_one_that_fails_in_a_group_does_not_stop_the_others() -> None:
    def third_fails(step: Step) -> None:
        if step.member == "host3":
            failing("host3 is away")(step)

    world = World({Action.FOLLOW: third_fails})
    steps = tuple(Step(Action.FOLLOW, name, "host4") for name in ("host1", "host2", "host3"))
    with pytest.raises(Incomplete, match="host3 is away") as caught:
        run(world, Plan((steps,)))
    assert {step.member for step in world.steps} == {"host1", "host2", "host3"}
    assert "done so far: let host1 follow host4" in caught.value.detail


def test_steps_whose_failure_leaves_something_changed_are_the_ones_that_are_not_undoable() -> None:
    """The table: these, and only these, may stand in a plan before the point of no return."""
    own = {Action.STOP: Action.UNMARK, Action.PAUSE: Action.RESUME, Action.RESUME: Action.PAUSE}
    nothing = (
        *(Action.MARK, Action.CHECKPOINT, Action.SYNCHRONISE, Action.CATCH_UP),
        *(Action.COPY, Action.REUSE, Action.RESTORE, Action.RECONNECT, Action.LEAVE, Action.CONFIGURE),
    )
    assert {**dict.fromkeys(nothing), **own} == UNDO
    assert Step(Action.STOP, "host1", "host2").undo() == Step(Action.UNMARK, "host1", "host2")
    assert all(Step(action, "host1").undo() is None for action in Action if action not in own)


def test_explain_says_how_each_step_is_undone() -> None:
    lines = MOVE.lines()
    assert len(lines) == len(MOVE.steps)
    for step, line in zip(MOVE.steps, lines, strict=True):
        ends = "[undo: " if step.action is Action.STOP else "nothing to undo]" if step.undoable else "cannot be undone]"
        assert ends in line
        assert step.member in line
        assert "{" not in line


def test_views_find_members_by_name_only() -> None:
    with pytest.raises(KeyError):
        View((primary(),))["host9"]


def test_what_is_put_back_by_something_that_would_not_wait_for_it_is_waited_for_at_ctrl_c() -> None:
    ended: list[bool] = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        ended.append(True)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            to_its_end(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended
