"""Which datasources health checks send clients to: only those that do what they are ONLINE for."""

from __future__ import annotations

import pytest

from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import datasources
from cctrl.dataservice.watch import checks
from cctrl.manager.answers import unfit
from cctrl.replication.diagnosis import diagnose
from cctrl.replication.facts import Facts, Server
from cctrl.store import MemberIntent, ServiceIntent
from tests.replication.worlds import facts, forks, primary, standby, view


def picture(*members: Facts, policy: str = "AUTOMATIC", told: dict[str, MemberIntent] | None = None) -> Picture:
    sight = view(*members, intended="host1")
    diagnosis, intent = diagnose(sight), ServiceIntent(policy, "host1", told or {})
    return Picture("alpha", intent, sight, diagnosis, datasources(sight, diagnosis, intent, "alpha"))


def fit(seen: Picture) -> dict[str, list[str]]:
    shown = checks.shown(seen, 7.0)
    return {word: [n for n, s in shown.items() if not unfit(s, word, 7.0, 1.0)] for word in ("primary", "replica")}


def test_a_service_that_is_well() -> None:
    seen = picture(primary(), standby("host2"), standby("host3"))
    assert fit(seen) == {"primary": ["host1"], "replica": ["host2", "host3"]}
    assert checks.shown(seen, 7.0)["host1"].at == 7.0


@pytest.mark.parametrize("policy", ["AUTOMATIC", "MANUAL", "MAINTENANCE"])
def test_a_server_that_is_down_takes_nobody_whatever_the_policy(policy: str) -> None:
    seen = picture(facts("host1", Server.DOWN), standby("host2"), facts("host3", Server.UNSEEN), policy=policy)
    assert fit(seen) == {"primary": [], "replica": ["host2"]}


def test_what_is_offline_or_shunned_takes_nobody() -> None:
    told = {"host1": MemberIntent("OFFLINE"), "host2": MemberIntent("SHUNNED", "MANUALLY-SHUNNED")}
    assert fit(picture(primary(), standby("host2"), told=told)) == {"primary": [], "replica": []}


def test_a_second_server_that_accepts_writes_takes_nobody() -> None:
    old = primary("host3")
    seen = picture(primary(timeline=2, history=forks((1, 50))), standby("host2"), old)
    assert fit(seen)["primary"] == ["host1"]
    assert "BESIDE" in checks.shown(seen, 7.0)["host3"].fault


def test_of_two_that_nobody_can_tell_apart_none_is_taken() -> None:
    seen = picture(
        primary("host1", timeline=2, history=forks((1, 50))), primary("host2", timeline=3, history=forks((1, 40)))
    )
    assert len(seen.diagnosis.strays) == 2
    assert fit(seen)["primary"] == []
