"""What a manager suspects, and when it counts: what was decided × what one look shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from cctrl.dataservice import candidates, states
from cctrl.dataservice.service import Picture
from cctrl.dataservice.watch import watching
from cctrl.manager.suspicion import Suspicion
from cctrl.replication.diagnosis import diagnose
from cctrl.replication.facts import Facts, Fence, Ran, Server
from cctrl.replication.synchrony import setting
from cctrl.store import MemberIntent, ServiceIntent
from tests.replication.worlds import NAMES, at, crashed, facts, forks, primary, standby, stopped, unseen, view

TIMEOUT = 10.0
LIMIT = 1000  # bytes
FENCE = Fence("20261122T104205-7f3a", "host1", "2026-11-22T10:42:05Z")
LATER: dict[str, Any] = {"timeline": 2, "history": forks((1, 50))}
DOWN: dict[str, Any] = {"standby_mark": True, "ran": Ran.STANDBY}
FAILED_OVER = MemberIntent("SHUNNED", "FAILED-OVER-TO-host1", "master")


def picture(*members: Facts, told: Mapping[str, MemberIntent] | None = None, synchronous: bool = False) -> Picture:
    sight = view(*members, intended="host1")
    if synchronous:
        sight = replace(sight, acknowledged_by=setting(NAMES[:3]))
    intent = ServiceIntent("", "host1", MappingProxyType(dict(told or {})))
    diagnosis = diagnose(sight)
    return Picture("alpha", intent, sight, diagnosis, states.datasources(sight, diagnosis, intent, "alpha"))


def suspected(seen: Picture, silence: float = 0.0) -> tuple[Suspicion, ...]:
    return watching.suspicions(seen, dict.fromkeys(NAMES, silence), TIMEOUT, LIMIT)


def test_a_service_that_is_well_is_not_suspected() -> None:
    assert suspected(picture(primary(), standby("host2"), standby("host3"))) == ()


@pytest.mark.parametrize(
    ("master", "patience", "lasted"),
    [
        (crashed(), watching.CONFIRM, 0.0),
        (stopped(), watching.RESTART, 0.0),  # somebody restarts it, perhaps
        (unseen(), TIMEOUT, 7.0),  # the silence counts
        (facts("host1", Server.FROZEN), TIMEOUT, 7.0),
        (facts("host1", Server.REJECTING), TIMEOUT, 0.0),  # it lives: it has too many clients, say
        (facts("host1", Server.STARTING), TIMEOUT, 0.0),
    ],
)
def test_a_master_that_failed(master: Facts, patience: float, lasted: float) -> None:
    seen = picture(master, standby("host2", ""), standby("host3", ""), told={"host1": MemberIntent("ONLINE")})
    (one,) = (s for s in suspected(seen, 7.0) if s.kind == watching.MASTER_FAILED)
    assert (one.member, one.patience, one.lasted) == ("host1", patience, lasted)


@pytest.mark.parametrize("slave", [crashed("host3", **DOWN), unseen("host3"), standby("host3", "")])
def test_a_slave_that_failed_and_is_back(slave: Facts) -> None:
    (one,) = suspected(picture(primary(), standby("host2"), slave))
    assert (one.kind, one.member) == (watching.SLAVE_FAILED, "host3")
    told = {"host3": MemberIntent("FAILED", one.text, "slave")}
    assert [s.kind for s in suspected(picture(primary(), standby("host2"), slave, told=told)) if not slave.up] == []
    (back,) = suspected(picture(primary(), standby("host2"), standby("host3"), told=told))
    assert (back.kind, back.patience) == (watching.BACK, 0.0)


@pytest.mark.parametrize("master", [crashed(), facts("host1", Server.NO_DATA), unseen()])
def test_a_slave_that_receives_nothing_has_not_failed_where_no_master_works(master: Facts) -> None:
    """Marked FAILED it could not be promoted, and nobody could bring it back."""
    seen = picture(master, standby("host2", ""), standby("host3", ""))
    assert {s.member for s in suspected(seen)} == {"host1"}


def test_a_slave_that_was_found_failed_and_answers_again_can_be_promoted() -> None:
    told = {"host2": MemberIntent("FAILED", "REPLICATOR STOPPED", "slave")}
    told["host3"] = MemberIntent("FAILED", "MANUALLY-FAILED", "slave")
    seen = picture(crashed(), standby("host2", ""), standby("host3", ""), told=told)
    assert set(candidates.excluded_from_takeover(seen.sources, "")) == {"host3"}
    assert set(candidates.excluded(seen.sources)) == {"host2", "host3"}


def test_one_that_is_offline_is_promoted_where_it_is_asked_for_or_nobody_in_service_is_left() -> None:
    """Without a master it could not be put ONLINE first."""
    told = {"host2": MemberIntent("OFFLINE", "", "slave"), "host3": MemberIntent("OFFLINE", "", "slave")}
    seen = picture(crashed(), standby("host2", ""), standby("host3", ""), told=told)
    assert candidates.excluded_from_takeover(seen.sources, "") == {}
    seen = picture(crashed(), standby("host2", ""), standby("host3", ""), told={"host2": told["host2"]})
    assert candidates.excluded_from_takeover(seen.sources, "") == {
        "host2": "it is OFFLINE; to take it all the same: failover to host2"
    }
    assert candidates.excluded_from_takeover(seen.sources, "host2") == {}
    assert set(candidates.excluded(seen.sources)) == {"host2"}


def test_a_disk_that_is_full_is_told_of_and_fails_nobody() -> None:
    for members in ((primary(free=0), standby("host2")), (primary(), standby("host2", free=0))):
        (one,) = suspected(picture(*members))
        assert (one.kind, one.text) == (watching.FULL, f"DATASERVER '{one.member}@alpha' HAS NO DISK SPACE LEFT")


def test_what_was_decided_by_hand_is_left_alone() -> None:
    for word, reason in (("SHUNNED", "MANUALLY-SHUNNED"), ("FAILED", "MANUALLY-FAILED")):
        told = {"host3": MemberIntent(word, reason, "slave")}
        for slave in (standby("host3"), unseen("host3"), crashed("host3", **DOWN)):
            assert suspected(picture(primary(), standby("host2"), slave, told=told)) == ()


def test_what_is_offline_and_well_is_seen() -> None:
    told = {"host2": MemberIntent("OFFLINE", "", "slave")}
    (one,) = suspected(picture(primary(), standby("host2"), standby("host3"), told=told))
    assert (one.kind, one.member) == (watching.OFFLINE, "host2")


@pytest.mark.parametrize(
    ("old", "unfenced"),
    [
        (primary("host3"), True),  # came back writable
        (crashed("host3"), True),  # would start writable
        (stopped("host3"), True),
        (crashed("host3", standby_mark=True, fence=FENCE), False),
        (crashed("host3", standby_mark=True), False),  # being recovered
        (unseen("host3"), False),
        (facts("host3", Server.NO_DATA), False),
    ],
)
def test_a_master_that_was_replaced_is_fenced_at_the_first_contact(old: Facts, unfenced: bool) -> None:
    seen = picture(primary(**LATER), standby("host2", **LATER), old, told={"host3": FAILED_OVER})
    kinds = [s.kind for s in suspected(seen) if s.member == "host3"]
    assert kinds == ([watching.UNFENCED] if unfenced else [])


def test_a_second_writable_server() -> None:
    seen = picture(primary(**LATER), standby("host2", **LATER), primary("host3"))
    (one,) = suspected(seen)
    assert (one.kind, one.member, one.patience) == (watching.STRAY, "host3", 0.0)
    both = picture(primary(**LATER), standby("host2"), primary("host3", timeline=3, history=forks((1, 60))))
    assert watching.UNCLEAR in {s.kind for s in suspected(both)}


@pytest.mark.parametrize(
    ("master", "cause"),
    [
        (crashed(free=0), "only 0 B are free where its data directory lies"),
        (crashed(free=1 << 30), ""),
        (
            facts("host1", Server.REJECTING, reason="connection to … failed: FATAL: sorry, too many clients already"),
            "sorry, too many clients already",
        ),
        (facts("host1", Server.FROZEN, reason="timeout expired"), ""),
    ],
)
def test_why_a_master_failed(master: Facts, cause: str) -> None:
    seen = picture(master, standby("host2", ""), standby("host3", ""))
    (one,) = (s for s in suspected(seen) if s.kind == watching.MASTER_FAILED)
    assert one.cause == cause
    assert one.told == (f"{one.text} ({cause})" if cause else one.text)


@pytest.mark.parametrize(
    ("kind", "member", "text"),
    [
        (watching.FULL, "host1", "the disk of host1 has room again"),
        (watching.FULL, "host2", ""),  # the master moved, its disk is as it was
        (watching.MASTER_FAILED, "host1", "host1 is the master and accepts writes again"),
        (watching.MASTER_FAILED, "host2", ""),  # another took its place
        (watching.LAGGING, "host2", "host2 has caught up"),
        (watching.LAGGING, "host3", ""),  # it went down
        (watching.UNCLEAR, "", "host1 is the master, and no other one"),
        (watching.STRAY, "host2", ""),  # it was fenced, and that was told
    ],
)
def test_what_ends_by_itself_is_told(kind: str, member: str, text: str) -> None:
    seen = picture(primary(), standby("host2", free=0), crashed("host3", **DOWN))
    assert watching.over(seen, kind, member) == text


def test_a_slave_that_lags() -> None:
    seen = picture(primary(received=at(5000)), standby("host2", received=at(5000)), standby("host3", received=at(100)))
    (one,) = suspected(seen)
    assert (one.kind, one.member) == (watching.LAGGING, "host3")
    assert "4900 B behind, limit 1000 B" in one.text


def test_a_member_that_would_acknowledge_alone() -> None:
    right: dict[str, Any] = {"settings": {"synchronous_standby_names": setting(NAMES[:3])}}
    well = picture(primary(**right), standby("host2", **right), standby("host3", **right), synchronous=True)
    assert suspected(well) == ()
    lacking = picture(primary(**right), standby("host2", **right), standby("host3"), synchronous=True)
    (one,) = suspected(lacking)
    assert (one.kind, one.member) == (watching.NOT_SYNCHRONOUS, "host3")


@pytest.mark.parametrize(("down", "held"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_majority_must_answer(down: int, held: bool) -> None:
    members = [primary(), standby("host2"), standby("host3")]
    for number in range(down):
        members[number] = unseen(NAMES[number])
    assert watching.reach(picture(*members)).held is held


def test_where_nobody_knows_which_master_is_right_none_is_fenced() -> None:
    """Two were promoted by hand at the same time, and no master was ever on record."""
    both = (
        crashed(),
        primary("host2", timeline=2, history=forks((1, 50))),
        primary("host3", timeline=2, history=forks((1, 60))),
    )
    seen = picture(*both)
    assert not seen.diagnosis.primary
    assert [s.kind for s in suspected(seen)] == [watching.UNCLEAR]


def test_after_an_automatic_failover_the_next_one_waits_unless_the_clock_was_set_back() -> None:
    assert watching.too_soon(1000.0, 1000.0, 60.0)
    assert watching.too_soon(1000.0, 1059.0, 60.0)
    assert not watching.too_soon(1000.0, 1060.0, 60.0)
    assert not watching.too_soon(5000.0, 1000.0, 60.0)
