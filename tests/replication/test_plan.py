"""Plans that move the primary keep their promises, whatever a look at the replica set shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from cctrl.replication.candidates import choose, parted, verdicts
from cctrl.replication.diagnosis import diagnose
from cctrl.replication.divergence import Tail
from cctrl.replication.facts import Facts, Ran, Server, View
from cctrl.replication.plan import Move, plan_move, plan_takeover
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Plan, Step
from tests.replication.worlds import (
    NAMES,
    SECOND,
    at,
    crashed,
    excluded,
    facts,
    failed,
    movable,
    primary,
    standby,
    stopped,
    unseen,
    view,
    views,
)

LIMIT = 1 << 20


def index(plan: Plan, action: Action) -> int:
    """In which group an action stands first; -1 where it does not."""
    return next((n for n, group in enumerate(plan.groups) for step in group if step.action is action), -1)


def takeover(seen: View, target: str, out: Mapping[str, str]) -> Move:
    try:
        return plan_takeover(seen, target, out)
    except Rejected as rejected:
        event(rejected.why.value)
        assume(False)
        raise


def move(seen: View, target: str, out: Mapping[str, str]) -> Move:
    try:
        return plan_move(seen, target, out, LIMIT)
    except Rejected as rejected:
        event(rejected.why.value)
        assume(False)
        raise


TARGETS = st.sampled_from(["", "", *NAMES[1:]])


@given(st.one_of(views(), failed(), movable()), TARGETS, excluded())
def test_nothing_is_promoted_while_another_member_accepts_writes(seen: View, target: str, out: dict[str, str]) -> None:
    for planned in (partial(plan_takeover, seen, target, out), partial(plan_move, seen, target, out, LIMIT)):
        try:
            found = planned()
        except Rejected:
            continue
        others = {m.name for m in seen.writable} - {found.source, found.target}
        assert not others
        if seen.writable:  # a planned move: the source is shut down and marked before anything is promoted
            assert 0 <= index(found.plan, Action.STOP) < index(found.plan, Action.MARK)
            assert index(found.plan, Action.MARK) < index(found.plan, Action.PROMOTE)


@given(failed(), excluded())
def test_the_most_advanced_candidate_takes_over(seen: View, out: dict[str, str]) -> None:
    found = takeover(seen, "", out)
    target = seen[found.target]
    assert found.target not in out
    assert found.target != found.source
    for verdict in found.verdicts:
        if verdict.eligible:
            other = seen[verdict.name]
            assert (other.timeline, other.received) <= (target.timeline, target.received)


@given(failed(), TARGETS, excluded())
def test_one_who_has_less_first_receives_it_or_the_plan_warns(seen: View, target: str, out: dict[str, str]) -> None:
    found = takeover(seen, target, out)
    chosen, failed = seen[found.target], seen[found.source]
    for other in seen.members:
        if not other.standby or other.system != chosen.system or (failed.timeline and parted(other, failed)):
            continue  # what it has more is none of the failed primary's
        if (other.timeline, other.history) == (chosen.timeline, chosen.history):
            if other.received > chosen.received:
                fed = [s for s in found.plan.steps if s.action is Action.CATCH_UP]
                assert [(s.position or 0) >= other.received for s in fed] == [True]
                assert index(found.plan, Action.CATCH_UP) < index(found.plan, Action.PROMOTE_NOW)
        elif other.timeline >= chosen.timeline:
            assert f"at risk: what {other.name} has" in "\n".join(found.plan.warnings)


@given(failed(), TARGETS, excluded())
def test_the_old_primary_is_fenced_before_the_promotion_wherever_it_is_seen(
    seen: View, target: str, out: dict[str, str]
) -> None:
    found = takeover(seen, target, out)
    promotions = [s for s in found.plan.steps if s.action in (Action.PROMOTE_NOW, Action.PROMOTE)]
    assert [s.member for s in promotions] == [found.target]
    fence = index(found.plan, Action.FENCE)
    if seen[found.source].seen:
        assert 0 <= fence < index(found.plan, Action.PROMOTE_NOW)
        assert Step(Action.FENCE, found.source, found.target) in found.plan.steps
    else:
        assert fence == -1
        assert found.plan.warnings[0].startswith("unfenced: ")


@given(failed(), TARGETS, excluded())
def test_nothing_is_asked_of_a_host_that_was_not_seen(seen: View, target: str, out: dict[str, str]) -> None:
    found = takeover(seen, target, out)
    assert all(seen[step.member].seen for step in found.plan.steps)


@given(failed(), TARGETS, excluded())
def test_what_a_takeover_cannot_know_is_said(seen: View, target: str, out: dict[str, str]) -> None:
    found = takeover(seen, target, out)
    said = "\n".join(found.plan.warnings)
    for member in seen.members:
        if not member.seen and member.name not in (found.source, found.target):
            assert member.name in said


@given(movable(), TARGETS, excluded())
def test_everything_before_the_promotion_of_a_move_can_be_put_back(
    seen: View, target: str, out: dict[str, str]
) -> None:
    found = move(seen, target, out)
    promotion = index(found.plan, Action.PROMOTE)
    assert promotion > 0
    before = [step for group in found.plan.groups[:promotion] for step in group]
    # one that takes up a move which was broken off starts the source again, as it was
    assert all(step.undoable or step.action is Action.UNMARK for step in before)


@given(movable(), TARGETS, excluded())
def test_the_target_of_a_move_has_all_the_source_wrote(seen: View, target: str, out: dict[str, str]) -> None:
    found = move(seen, target, out)
    chosen, source = seen[found.target], seen[found.source]
    (promotion,) = [s for s in found.plan.steps if s.action is Action.PROMOTE]
    assert chosen.timeline == source.timeline
    assert not chosen.replay_paused
    if index(found.plan, Action.STOP) == -1:  # it was stopped before: the log's end is known
        assert promotion.position == source.received
        assert chosen.replayed > source.received
    else:
        assert index(found.plan, Action.CATCH_UP) < index(found.plan, Action.STOP) < index(found.plan, Action.PROMOTE)
        assert promotion.other == found.source


@given(views(), excluded())
def test_every_member_but_the_primary_gets_a_verdict_and_the_eligible_ones_come_first(
    seen: View, out: dict[str, str]
) -> None:
    diagnosis = diagnose(seen)
    judged = verdicts(seen, diagnosis, out)
    assert {v.name for v in judged} == {m.name for m in seen.members} - {diagnosis.primary}
    assert [v.eligible for v in judged] == sorted((v.eligible for v in judged), reverse=True)
    assert all(v.eligible == (not v.reason) for v in judged)
    assert all(seen[v.name].standby for v in judged if v.eligible)
    assert choose(judged) == (judged[0] if judged and judged[0].eligible else None)


# Single cases, with the words they are told in.


def refused(planned: object, why: Why, words: str = "") -> Rejected:
    with pytest.raises(Rejected) as caught:
        planned()  # type: ignore[operator]  # a lambda
    assert caught.value.why is why
    assert words in "\n".join([caught.value.what, caught.value.detail])
    return caught.value


def test_one_named_takes_over_after_it_has_received_what_another_has_more() -> None:
    seen = view(crashed(), standby("host2", "", received=at(50)), standby("host3", "", received=at(90)))
    found = plan_takeover(seen, "host2", {})
    assert [s.action for s in found.plan.steps[:4]] == [
        Action.FENCE,
        Action.FOLLOW,
        Action.CATCH_UP,
        Action.PROMOTE_NOW,
    ]
    assert found.plan.steps[2] == Step(Action.CATCH_UP, "host2", "host3", at(90))
    assert found.plan.steps[-2:] == (Step(Action.FOLLOW, "host3", "host2"), Step(Action.STREAM, "host3", "host2"))
    assert not found.plan.warnings


def test_one_that_is_shunned_still_gives_what_it_has_more() -> None:
    seen = view(crashed(), standby("host2", "", received=at(50)), standby("host3", "", received=at(90)))
    found = plan_takeover(seen, "", {"host3": "it is SHUNNED"})
    assert found.target == "host2"
    assert Step(Action.CATCH_UP, "host2", "host3", at(90)) in found.plan.steps


def test_one_of_another_cluster_gives_nothing() -> None:
    seen = view(
        crashed(), standby("host2", "", received=at(50)), standby("host3", "", received=at(90), system="7"),
        intended="host1",
    )  # fmt: skip
    found = plan_takeover(seen, "", {})
    assert found.target == "host2"
    assert index(found.plan, Action.CATCH_UP) == -1
    assert next(v for v in found.verdicts if v.name == "host3").reason == "another system identifier: 7"


def test_ties_go_to_the_first_of_the_configuration() -> None:
    assert plan_takeover(view(crashed(), standby("host2", ""), standby("host3", "")), "", {}).target == "host2"


@pytest.mark.parametrize("second", [crashed("host2", received=at(400), **SECOND), unseen("host2")])
def test_one_left_behind_on_an_older_timeline_is_not_taken(second: Facts) -> None:
    """host2 took over while host3 was away, and failed: host3 has nothing of what host2 accepted."""
    seen = view(unseen("host1"), second, standby("host3", "", received=at(80)), intended="host2")
    words = "host3 has not followed host2 to timeline 2"
    for target in ("", "host3"):
        refused(lambda to=target: plan_takeover(replace(seen, reached=2), to, {}), Why.NOT_FOLLOWED, words)
    followed = standby("host3", "", received=at(400), **SECOND)
    assert plan_takeover(replace(seen, members=(*seen.members[:2], followed), reached=2), "", {}).timeline == 3


QUORUM = 'ANY 1 ("host1", "host2", "host3")'


def test_what_a_quorum_has_is_certain_only_where_enough_logs_are_seen() -> None:
    """With three members each commit is on two: two logs have all, and so has the failed primary's own."""
    two, three = (standby(f"host{n}", "", settings={"synchronous_standby_names": QUORUM}) for n in (2, 3))
    nothing, something = Tail(records=False), Tail(records=True, commits=1)
    for first, second, tail, certain in (
        (crashed(), two, None, True),
        (unseen(), two, None, True),
        (crashed(), unseen("host2"), None, False),
        (crashed(), unseen("host2"), nothing, True),
        (crashed(), unseen("host2"), something, False),
        (crashed(), two, something, True),
        (unseen(), crashed("host2", ran=Ran.STANDBY), None, False),
    ):
        seen = replace(view(first, second, three, intended="host1"), acknowledged_by=QUORUM)
        found = plan_takeover(seen, "", {}, tail)
        assert (not found.uncertain) is certain, (first.server, second.server, tail)
        assert certain or f"at risk: {found.uncertain}" in found.plan.warnings
        assert not plan_takeover(replace(seen, acknowledged_by=""), "", {}, tail).uncertain


@pytest.mark.parametrize(
    ("end", "problem", "certain"), [(100, "", True), (101, "", False), (0, "cannot read it", False)]
)
def test_the_log_of_one_that_is_down_counts_where_it_was_read(end: int, problem: str, certain: bool) -> None:
    """The master's own has what nobody else has: nothing of it was acknowledged by those whose logs are known."""
    two = standby("host2", "", settings={"synchronous_standby_names": QUORUM})
    lying = facts("host3", Server.DOWN, received=at(60), standby_mark=True)
    seen = replace(view(crashed(), two, lying, intended="host1"), acknowledged_by=QUORUM)
    tail, read = Tail(records=True, commits=1), {"host3": Tail(records=True, end=at(end), problem=problem)}
    assert plan_takeover(seen, "", {}, tail).uncertain
    assert (not plan_takeover(seen, "", {}, tail, read).uncertain) is certain


def test_whoever_acknowledged_leaves_a_master_that_is_out_of_sight_before_the_promotion() -> None:
    two, three = (standby(f"host{n}", "", settings={"synchronous_standby_names": QUORUM}) for n in (2, 3))
    seen = replace(view(unseen(), two, three, intended="host1"), acknowledged_by=QUORUM)
    order = [Action.FOLLOW, Action.LEAVE, Action.PROMOTE_NOW, Action.STREAM]
    assert [step.action for step in plan_takeover(seen, "", {}).plan.steps] == order
    fenced = replace(seen, members=(crashed(), two, three))
    assert index(plan_takeover(fenced, "", {}).plan, Action.LEAVE) == -1


def test_what_the_others_do_with_one_that_is_out_of_sight_is_said_as_it_is() -> None:
    two, three = (standby(f"host{n}", "", settings={"synchronous_standby_names": QUORUM}) for n in (2, 3))
    both = replace(view(unseen(), two, three, intended="host1"), acknowledged_by=QUORUM)
    assert "It acknowledges no commit" in plan_takeover(both, "", {}).plan.warnings[1]
    alone = replace(both, members=(unseen(), unseen("host2"), three))
    assert "If it lives it may still accept writes" in plan_takeover(alone, "", {}).plan.warnings[1]


def test_one_that_went_on_after_the_fork_is_no_candidate() -> None:
    """host3 had received more than host2 when that was promoted: their logs have parted."""
    ahead = standby("host3", "", received=at(130))
    seen = view(crashed("host1", timeline=1), primary("host2", received=at(500), **SECOND), ahead)
    refused(lambda: plan_move(seen, "host3", {}, LIMIT), Why.NOT_ELIGIBLE, "went on after 0/3000064 on timeline 1")
    seen = view(unseen("host1"), crashed("host2", received=at(500), **SECOND), ahead, intended="host2")
    refused(lambda: plan_takeover(seen, "", {}), Why.NO_CANDIDATE, "went on after 0/3000064 on timeline 1")


def test_one_whose_replay_is_paused_or_whose_disk_is_full_does_not_hold_up_a_move() -> None:
    paused, full = standby("host2", replay_paused=True), standby("host2", free=1 << 20)
    for one, why in ((paused, "pg_wal_replay_resume()"), (full, "full, 1024 kB free, 16 MB needed")):
        seen = view(primary(), one, standby("host3"))
        assert plan_move(seen, "", {}, LIMIT).target == "host3"
        refused(lambda: plan_move(seen, "host2", {}, LIMIT), Why.NOT_ELIGIBLE, why)  # noqa: B023 - called at once
        assert plan_takeover(view(crashed(), one), "host2", {}).target == "host2"


def test_one_too_far_behind_is_told_the_number_and_its_limit() -> None:
    seen = view(primary(received=at(3 << 20)), standby("host2", received=at(0)), standby("host3", received=at(0)))
    refused(lambda: plan_move(seen, "", {}, LIMIT), Why.NO_CANDIDATE, "3072 kB behind, limit 1024 kB")


def test_what_only_the_failed_primary_has_is_said() -> None:
    seen = view(crashed(), standby("host2", ""))
    tail = Tail(records=True, commits=3, first="10:00", last="10:01")
    (line,) = plan_takeover(seen, "", {}, tail).plan.warnings
    assert line == "at risk: 3 committed transactions that only host1 has (10:00 to 10:01)"


def test_a_move_broken_off_after_the_stop_is_planned_from_where_it_stands() -> None:
    source = stopped("host1", received=at(100))
    has_all = standby("host2", "", received=at(200))
    found = plan_move(view(source, has_all, intended="host1"), "host2", {}, LIMIT)
    assert [s.action for s in found.plan.steps] == [Action.MARK, Action.PROMOTE, Action.START, Action.STREAM]
    behind = standby("host2", "", received=at(100))
    found = plan_move(view(source, behind, intended="host1"), "host2", {}, LIMIT)
    assert found.plan.steps[0].action is Action.UNMARK


@pytest.mark.parametrize(
    ("members", "why", "words"),
    [
        ((primary(), standby("host2")), Why.PRIMARY_HEALTHY, "accepts writes"),
        ((unseen(), standby("host2")), Why.PRIMARY_SEEN_BY_OTHERS, "standbys still receive from it"),
        ((crashed(), crashed("host2", clean=True)), Why.NO_STANDBY, "is not running"),
        ((primary(), primary("host2", **SECOND), standby("host3")), Why.TWO_PRIMARIES, "host1 (timeline 1"),
        ((primary(), standby("host2", "", **SECOND)), Why.TWO_PRIMARIES, "already on a later one"),
        ((standby("host1", ""), standby("host2", "")), Why.NO_PRIMARY, "no member is or was the primary"),
        ((unseen(), unseen("host2")), Why.NO_STANDBY, ""),
    ],
)
def test_a_takeover_is_refused_for_a_reason(members, why: Why, words: str) -> None:  # type: ignore[no-untyped-def]
    intended = "" if why is Why.NO_PRIMARY else "host1"
    refused(lambda: plan_takeover(view(*members, intended=intended), "", {}), why, words)


@pytest.mark.parametrize(
    ("members", "target", "why", "words"),
    [
        ((primary(), standby("host2")), "host1", Why.IS_PRIMARY, "already"),
        ((crashed(), standby("host2", "")), "host2", Why.PRIMARY_FAILED, "cannot hand over"),
        ((primary(), crashed("host2")), "host2", Why.NOT_ELIGIBLE, "is not running"),
        ((primary(), unseen("host2")), "", Why.NO_CANDIDATE, "cannot be seen: no answer"),
        ((primary(), primary("host2", **SECOND)), "host2", Why.TWO_PRIMARIES, "timeline 2"),
        ((primary(), standby("host2", "", timeline=1, system="7")), "host2", Why.NOT_ELIGIBLE, "another system"),
    ],
)
def test_a_move_is_refused_for_a_reason(  # type: ignore[no-untyped-def]
    members, target: str, why: Why, words: str
) -> None:
    refused(lambda: plan_move(view(*members, intended="host1"), target, {}, LIMIT), why, words)


@pytest.mark.parametrize("target", ["", "host3"])
def test_nobody_is_promoted_beside_one_that_is_being_promoted(target: str) -> None:
    promoting = replace(standby("host2", ""), promoting=True)
    for first in (crashed(), stopped()):
        seen = view(first, promoting, standby("host3", ""), intended="host1")
        assert diagnose(seen).promoting == "host2"
        refused(lambda seen=seen: plan_takeover(seen, target, {}), Why.PROMOTING, "host2 is being promoted")
        assert plan_takeover(seen, "host2", {}).target == "host2"
    seen = view(stopped(), promoting, standby("host3", ""), intended="host1")
    refused(lambda: plan_move(seen, target, {}, LIMIT), Why.PROMOTING, "host2 is being promoted")
    seen = view(primary(), replace(standby("host2"), promoting=True), standby("host3"), intended="host1")
    refused(lambda: plan_move(seen, "host2", {}, LIMIT), Why.PROMOTING, "host2 is being promoted")


def test_a_target_that_will_wait_for_standbys_that_are_not_there_is_told_of() -> None:
    waiting = replace(standby("host2", ""), settings={"synchronous_standby_names": "FIRST 1 (host1)"})
    seen = view(crashed(), waiting, standby("host3", ""), intended="host1")
    (warning,) = plan_takeover(seen, "host2", {}).plan.warnings
    assert warning.startswith("at risk: writes on host2 will hang: it waits for 1 of the standbys host1 ")
    assert not plan_takeover(seen, "host3", {}).plan.warnings
    waiting = replace(standby("host2"), settings={"synchronous_standby_names": "FIRST 1 (host1)"})
    assert not plan_move(view(primary(), waiting, standby("host3")), "host2", {}, LIMIT).plan.warnings


def test_what_a_candidates_host_says_is_the_next_command() -> None:
    changed = replace(unseen("host2"), reason="its host key has changed", next="cctrl trust host2")
    seen = view(primary(), changed)
    for target in ("", "host2"):
        with pytest.raises(Rejected) as caught:
            plan_move(seen, target, {}, LIMIT)
        assert caught.value.next == "cctrl trust host2"


def test_one_without_room_on_its_disk_does_not_hand_over_for_its_shutdown_would_be_its_end() -> None:
    members = primary(free=0), standby("host2")
    refused(lambda: plan_move(view(*members, intended="host1"), "", {}, LIMIT), Why.NO_ROOM, "0 B are free")
