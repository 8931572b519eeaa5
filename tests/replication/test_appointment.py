"""Making a member the primary where none is: the ranking, what each choice loses, and the steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cctrl.replication.appointment import (
    Standing,
    best,
    plan_appointment,
    standings,
    to_read,
    unread_end,
    with_ends,
    with_tails,
)
from cctrl.replication.divergence import Commit, Tail
from cctrl.replication.facts import Facts, Fence, Ran, Server, View
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action
from tests.replication.worlds import SECOND, at, crashed, facts, primary, standby, stopped, unseen, view

COMMITS = Tail(True, 2, at(300), "10:00", "10:05", (Commit("731", at(210), "10:00"), Commit("732", at(250), "10:05")))


def ranked(sight: View, tail: Tail = COMMITS) -> tuple[Standing, ...]:
    found = standings(sight)
    return with_tails(found, dict.fromkeys(to_read(sight, found), tail))


def order(sight: View) -> list[str]:
    return [s.name for s in ranked(sight)]


def actions(sight: View, target: str, tail: Tail = COMMITS, *, force: bool = False) -> list[tuple[Action, str]]:
    plan = plan_appointment(sight, target, ranked(sight, tail), force=force).plan
    return [(step.action, step.member) for step in plan.steps]


def lying(name: str, **known: object) -> Facts:
    """A standby that is not running."""
    return facts(name, Server.DOWN, **{"ran": Ran.STANDBY, "standby_mark": True, **known})


def test_the_true_end_of_a_log_that_was_read_counts() -> None:
    sight = view(crashed(received=at(50)), lying("host2", received=at(200)))
    assert order(sight)[0] == "host2"
    part = unread_end(sight["host1"])
    assert part is not None and (part.timeline, part.start) == (1, at(50))
    assert order(with_ends(sight, {"host1": COMMITS}))[0] == "host1"
    assert unread_end(standby("host3")) is None
    assert unread_end(unseen()) is None


def test_a_later_timeline_comes_before_a_longer_log_and_the_last_primary_before_its_equals() -> None:
    assert order(view(crashed(received=at(900)), lying("host2", **SECOND, received=at(120))))[0] == "host2"
    assert order(view(lying("host2", received=at(7)), stopped(received=at(7))))[0] == "host1"


def test_the_last_primary_is_started_as_it_was_and_others_are_kept_read_only() -> None:
    sight = view(stopped(), lying("host2"), lying("host3", received=at(60)))
    assert actions(sight, "host1") == [(Action.START, "host1")]


@pytest.mark.parametrize(
    "former",
    [
        crashed(fence=Fence("x", "host2", ""), standby_mark=True, received=at(100)),
        crashed(standby_mark=True),
        lying("host1"),
    ],
)
def test_any_other_one_begins_a_timeline_of_its_own(former: Facts) -> None:
    steps = actions(view(former, lying("host2")), "host1")
    assert steps == [(Action.ISOLATE, "host1"), (Action.START, "host1"), (Action.PROMOTE_NOW, "host1")]


def test_one_that_is_behind_or_that_not_all_can_be_compared_with_begins_a_timeline_of_its_own() -> None:
    """Two that write on the same timeline could never be told apart again."""
    none = Tail(records=True)
    behind = actions(view(crashed(received=at(90)), lying("host2")), "host1", none)
    assert behind[0] == (Action.ISOLATE, "host1")
    assert actions(view(crashed(), unseen("host2")), "host1")[0] == (Action.ISOLATE, "host1")


def test_a_choice_that_loses_is_refused_with_the_numbers_and_forced_keeps_what_is_lost() -> None:
    sight = view(crashed(received=at(300)), lying("host2", received=at(200)))
    with pytest.raises(Rejected) as caught:
        plan_appointment(sight, "host2", ranked(sight), again="make it so --force")
    assert caught.value.why is Why.WOULD_LOSE
    assert caught.value.what == (
        "making host2 the primary would lose 2 committed transactions that host1 has (100 B of log, 10:00 to 10:05)"
    )
    assert "host1: transaction 731 at" in caught.value.detail
    assert "host1 is the one that is furthest" in caught.value.detail
    assert caught.value.next.startswith("make it so --force")
    steps = actions(sight, "host2", force=True)
    assert steps[:2] == [(Action.KEEP, "host1"), (Action.FENCE, "host1")]
    kept = plan_appointment(sight, "host2", ranked(sight), force=True).plan.steps[0]
    assert kept.position == at(200)


@pytest.mark.parametrize(("tail", "lost"), [(Tail(True), False), (Tail(False, problem="gone"), True)])
def test_bytes_without_a_commit_are_no_loss_and_bytes_that_cannot_be_read_are(tail: Tail, lost: bool) -> None:
    sight = view(crashed(received=at(300)), lying("host2", received=at(200)))
    if lost:
        with pytest.raises(Rejected):
            actions(sight, "host2", tail)
    else:
        assert (Action.KEEP, "host1") not in actions(sight, "host2", tail)


def test_what_two_have_is_lost_once() -> None:
    found = ranked(view(crashed(received=at(300)), lying("host2", received=at(200)), lying("host3", received=at(250))))
    losses = {s.name: [loss.holder for loss in s.losses] for s in found}
    assert losses == {"host1": [], "host3": ["host1"], "host2": ["host1"]}


def test_a_standby_that_is_up_first_receives_what_another_has_more() -> None:
    sight = view(standby("host1", ""), standby("host2", "", received=at(50)))
    assert actions(sight, "host2") == [
        (Action.FOLLOW, "host2"),
        (Action.CATCH_UP, "host2"),
        (Action.PROMOTE_NOW, "host2"),
    ]
    assert not ranked(sight)[1].losses


def test_what_was_written_before_a_failover_and_never_received_is_named() -> None:
    """The old primary went on after the fork."""
    sight = view(crashed(received=at(180)), lying("host2", **SECOND, received=at(120)))
    (later, _) = ranked(sight)
    assert later.name == "host2"
    assert [(loss.holder, loss.size) for loss in later.losses] == [("host1", 80)]


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ((primary(), standby("host2")), Why.PRIMARY_HEALTHY),
        ((primary(), primary("host2", **SECOND)), Why.TWO_PRIMARIES),
        ((unseen(), standby("host2")), Why.PRIMARY_SEEN_BY_OTHERS),
        ((stopped(), facts("host2", Server.NO_DATA)), Why.NOT_ELIGIBLE),
        ((stopped(), unseen("host2")), Why.NOT_ELIGIBLE),
        ((stopped(), facts("host2", Server.FROZEN)), Why.NOT_ELIGIBLE),
        ((stopped(), lying("host2", half_rewound=True)), Why.NOT_ELIGIBLE),
        ((stopped(), lying("host2", system="9"), lying("host3")), Why.NOT_ELIGIBLE),
    ],
)
def test_nothing_is_planned_beside_a_writable_one_or_for_one_that_cannot(members: tuple[Facts, ...], why: Why) -> None:
    sight = view(*members, intended="host1")
    with pytest.raises(Rejected) as caught:
        plan_appointment(sight, "host2", ranked(sight), force=True)
    assert caught.value.why is why


def test_one_out_of_sight_is_named_with_what_it_may_have() -> None:
    sight = view(stopped(), unseen("host2"))
    (warning,) = plan_appointment(sight, "host1", ranked(sight)).plan.warnings
    assert "host2 cannot be seen" in warning
    assert str(at(100)) in warning


def test_what_could_start_writable_is_fenced_and_what_could_not_is_left() -> None:
    sight = view(standby("host1", ""), crashed("host2"), facts("host3", Server.FROZEN, ran=Ran.PRIMARY), lying("host4"))
    steps = actions(sight, "host1", Tail(True))
    assert [member for action, member in steps if action is Action.FENCE] == ["host2", "host3"]


def test_nobody_is_best_where_none_can() -> None:
    assert best(ranked(view(facts("host1", Server.NO_DATA), unseen("host2")))) == ""


def test_one_on_a_later_timeline_is_named() -> None:
    sight = view(crashed(), lying("host2", **SECOND, received=at(120)))
    (warning,) = plan_appointment(sight, "host1", ranked(sight, Tail(True))).plan.warnings
    assert "host2 is on the later timeline 2" in warning


def test_nobody_leaves_the_last_primarys_timeline_behind_unasked() -> None:
    """host2 was promoted, nobody in sight has followed it, and it cannot be seen."""
    seen = replace(view(crashed(), unseen("host2"), standby("host3", ""), intended="host2"), reached=2)
    with pytest.raises(Rejected, match="would lose all that host2 wrote on timeline 2") as caught:
        plan_appointment(seen, "host3", ranked(seen))
    assert caught.value.why is Why.NOT_FOLLOWED
    assert plan_appointment(seen, "host3", ranked(seen), force=True).timeline == 2
    wiped = replace(seen, members=(crashed(), facts("host2", Server.NO_DATA, timeline=0), standby("host3", "")))
    assert plan_appointment(wiped, "host3", ranked(wiped, Tail(True))).target == "host3"
    there = replace(seen, members=(crashed(), crashed("host2", **SECOND), standby("host3", "")))
    assert plan_appointment(there, "host2", ranked(there)).target == "host2"
