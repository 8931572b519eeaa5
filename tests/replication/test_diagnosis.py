"""What is wrong with a primary gets its right name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from cctrl.replication.diagnosis import Health, diagnose
from cctrl.replication.divergence import descends
from cctrl.replication.facts import Fence, Server, Upstream, View
from tests.replication.worlds import (
    SECOND,
    addresses,
    at,
    crashed,
    facts,
    forks,
    primary,
    standby,
    stopped,
    unseen,
    view,
    views,
)


def standbys(of: str = "host1") -> tuple:  # type: ignore[type-arg]  # of facts
    return standby("host2", of), standby("host3", of)


@pytest.mark.parametrize(
    ("first", "health"),
    [
        (primary(), Health.HEALTHY),
        (stopped(), Health.PRIMARY_STOPPED),
        (crashed(), Health.PRIMARY_CRASHED),
        (facts("host1", Server.NO_DATA), Health.PRIMARY_CRASHED),
        (facts("host1", Server.FROZEN), Health.PRIMARY_NOT_ANSWERING),
        (facts("host1", Server.MISCONFIGURED), Health.PRIMARY_MISCONFIGURED),
        (facts("host1", Server.STARTING), Health.PRIMARY_NOT_ANSWERING),
        (facts("host1", Server.REJECTING), Health.PRIMARY_SEEN_BY_OTHERS),
        (unseen("host1"), Health.PRIMARY_SEEN_BY_OTHERS),
    ],
)
def test_each_failure_has_its_name(first, health: Health) -> None:  # type: ignore[no-untyped-def]  # facts
    found = diagnose(view(first, *standbys(), intended="host1"))
    assert (found.health, found.primary) == (health, "host1")
    assert found.healthy is (health is Health.HEALTHY)


def test_one_that_refuses_us_and_serves_nobody_does_not_answer() -> None:
    found = diagnose(
        view(facts("host1", Server.REJECTING), standby("host2", ""), standby("host3", ""), intended="host1")
    )
    assert found.health is Health.PRIMARY_NOT_ANSWERING


def test_one_that_refuses_everybody_for_want_of_room_does_not_answer_though_standbys_still_hear_of_it() -> None:
    reasons = {
        "FATAL:  could not write init file": Health.PRIMARY_NOT_ANSWERING,
        "FATAL:  sorry, too many clients already": Health.PRIMARY_SEEN_BY_OTHERS,
    }
    for reason, health in reasons.items():
        full = facts("host1", Server.REJECTING, free=0, reason=reason)
        assert diagnose(view(full, *standbys(), intended="host1")).health is health


def test_a_host_that_standbys_heard_of_long_ago_is_unreachable() -> None:
    silent = tuple(replace(s, upstream=Upstream(*addresses()["host1"], "streaming", 60.0)) for s in standbys())
    assert diagnose(view(unseen("host1"), *silent, intended="host1")).health is Health.PRIMARY_UNREACHABLE


def test_nothing_is_known_where_nobody_answered() -> None:
    assert diagnose(view(unseen("host1"), unseen("host2"), intended="host1")).health is Health.NOTHING_SEEN


def test_a_record_that_is_out_of_date_does_not_count() -> None:
    """host2 was the primary on record, but host1 accepts writes and host2 follows it."""
    found = diagnose(view(primary(), *standbys(), intended="host2"))
    assert (found.health, found.primary) == (Health.HEALTHY, "host1")


def test_without_a_record_the_last_primary_is_known_by_what_it_ran_as() -> None:
    found = diagnose(view(crashed("host3", timeline=2), crashed("host1"), standby("host2", "")))
    assert found.primary == "host3"


def test_without_a_record_the_last_primary_is_known_by_who_follows_it() -> None:
    assert diagnose(view(unseen("host1"), *standbys())).primary == "host1"


def test_a_fenced_server_is_no_primary() -> None:
    fenced = crashed("host1", fence=Fence("7", "host2", ""), standby_mark=True)
    assert diagnose(view(fenced, standby("host2", ""), standby("host3", ""))).health is Health.NO_PRIMARY


def test_an_old_primary_started_again_is_a_stray_of_the_later_one() -> None:
    found = diagnose(view(primary("host1", received=at(900)), primary("host2", **SECOND), standby("host3", "host2")))
    assert (found.health, found.primary, found.strays) == (Health.HEALTHY, "host2", ("host1",))


@pytest.mark.parametrize("later", [crashed("host2", **SECOND), standby("host2", "", **SECOND)])
def test_a_primary_that_was_superseded_is_stale(later) -> None:  # type: ignore[no-untyped-def]  # facts
    found = diagnose(view(primary("host1"), later, unseen("host3"), intended="host2"))
    assert (found.health, found.primary, found.strays) == (Health.STALE_PRIMARY, "host2", ("host1",))


def test_two_primaries_promoted_without_knowing_of_each_other_are_two() -> None:
    one, other = primary("host1", **SECOND), primary("host2", timeline=2, history=forks((1, 90)))
    assert diagnose(view(one, other)).health is Health.TWO_PRIMARIES
    assert diagnose(view(primary("host1"), primary("host2"))).health is Health.TWO_PRIMARIES


@given(views())
def test_a_healthy_primary_accepts_writes_and_nobody_is_later(seen: View) -> None:
    found = diagnose(seen)
    if found.healthy:
        assert seen[found.primary].writable
        assert not any(descends(m, seen[found.primary]) for m in seen.members)
        assert {found.primary, *found.strays} == {m.name for m in seen.writable}
    elif seen.writable:
        assert found.health in (Health.TWO_PRIMARIES, Health.STALE_PRIMARY)
        assert found.strays


@given(views())
def test_only_a_server_that_is_not_up_as_a_standby_can_be_the_failed_primary(seen: View) -> None:
    found = diagnose(seen)
    if found.primary and not seen.writable and found.health is not Health.NOTHING_SEEN:
        assert not seen[found.primary].standby or not seen.intended
