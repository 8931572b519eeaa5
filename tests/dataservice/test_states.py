"""The table of roles, states, reasons and alerts, walked: what was decided × what is seen × the policy."""

from __future__ import annotations

from typing import Any

import pytest

from cctrl.dataservice import states
from cctrl.dataservice.states import STATUS, Datasource, State
from cctrl.replication.facts import Facts, Fence, Ran, Server, Upstream
from cctrl.store import MemberIntent
from tests.dataservice.sights import seen
from tests.replication.worlds import at, crashed, facts, forks, primary, standby, stopped, unseen

FENCE = Fence("20261122T104205-7f3a", "host1", "2026-11-22T10:42:05Z")
OTHER = Upstream("10.0.0.2", 5432, "streaming", 0.1)  # host2
FAULTS = {
    Server.STARTING: "DATASERVER 'host3@alpha' IS STARTING",
    Server.REJECTING: "DATASERVER 'host3@alpha' REFUSES CONNECTIONS",
    Server.FROZEN: "DATASERVER 'host3@alpha' DOES NOT ANSWER",
    Server.DOWN: "DATASERVER 'host3@alpha' STOPPED",
    Server.NO_DATA: "DATASERVER 'host3@alpha' HAS NO DATA DIRECTORY",
    Server.MISCONFIGURED: "DATASERVER 'host3@alpha' IS NOT AS CONFIGURED",
    Server.NO_BINARIES: "DATASERVER 'host3@alpha' HAS NO BINARIES",
    Server.UNSEEN: "NODE 'host3' IS UNREACHABLE",
}


def shown(member: Facts, told: MemberIntent | None = None, policy: str = "") -> Datasource:
    """host3 beside a master that is well."""
    master = primary(timeline=2, history=forks((1, 50)))
    return seen(master, standby("host2"), member, told={"host3": told} if told else {}, policy=policy)[2]


def line(source: Datasource) -> str:
    return f"{source.role}:{source.word} {source.status} [{source.fault}]"


def test_each_state_of_a_server_has_a_fault() -> None:
    assert set(FAULTS) == set(Server) - {Server.UP}
    assert {state: STATUS[state] for state in State} == {
        State.ONLINE: "OK",
        State.OFFLINE: "WARN",
        State.FAILED: "CRITICAL",
        State.SHUNNED: "SHUNNED",
    }


@pytest.mark.parametrize("server", FAULTS)
@pytest.mark.parametrize("policy", ["", "AUTOMATIC", "MANUAL"])
def test_what_is_not_up_is_failed(server: Server, policy: str) -> None:
    fault = FAULTS[server]
    assert line(shown(facts("host3", server), policy=policy)) == f"slave:FAILED({fault}) CRITICAL [{fault}]"


@pytest.mark.parametrize("server", FAULTS)
def test_in_maintenance_nothing_is_detected_but_it_is_seen(server: Server) -> None:
    source = shown(facts("host3", server), policy="MAINTENANCE")
    assert line(source) == f"slave:ONLINE DIMINISHED [{FAULTS[server]}]"


@pytest.mark.parametrize("server", list(Server))
@pytest.mark.parametrize("policy", ["AUTOMATIC", "MAINTENANCE"])
@pytest.mark.parametrize("reason", ["MANUALLY-SHUNNED", "FAILED-OVER-TO-host1"])
def test_what_was_shunned_stays_so_whatever_is_seen(server: Server, policy: str, reason: str) -> None:
    source = shown(facts("host3", server), MemberIntent("SHUNNED", reason, "slave", 1.0), policy)
    assert line(source) == f"slave:SHUNNED({reason}) SHUNNED []"


@pytest.mark.parametrize(
    ("member", "told", "wanted"),
    [
        (standby("host3"), None, "slave:ONLINE OK []"),
        (standby("host3"), MemberIntent("ONLINE", "", "slave"), "slave:ONLINE OK []"),
        (standby("host3"), MemberIntent("ONLINE", "", "master"), "slave:ONLINE OK []"),
        (standby("host3"), MemberIntent("OFFLINE", "", "slave"), "slave:OFFLINE WARN []"),
        (
            standby("host3"),
            MemberIntent("FAILED", "MANUALLY-FAILED", "slave"),
            "slave:FAILED(MANUALLY-FAILED) CRITICAL []",
        ),
        (standby("host3", ""), None, "slave:ONLINE DIMINISHED [REPLICATOR STOPPED]"),
        (standby("host3", ""), MemberIntent("OFFLINE", "", "slave"), "slave:OFFLINE WARN [REPLICATOR STOPPED]"),
        (
            standby("host3", upstream=OTHER),
            None,
            "slave:ONLINE DIMINISHED [REPLICATOR DOES NOT FOLLOW 'host1@alpha']",
        ),
        (primary("host3"), None, "master:ONLINE DIMINISHED [ACCEPTS WRITES BESIDE 'host1@alpha']"),
        (
            primary("host3"),
            MemberIntent("SHUNNED", "FAILED-OVER-TO-host1", "master"),
            "master:SHUNNED(FAILED-OVER-TO-host1) SHUNNED [ACCEPTS WRITES BESIDE 'host1@alpha']",
        ),
        (
            crashed("host3"),
            None,
            "master:FAILED(DATASERVER 'host3@alpha' STOPPED) CRITICAL [DATASERVER 'host3@alpha' STOPPED]",
        ),
        (
            stopped("host3", ran=Ran.STANDBY),
            None,
            "slave:FAILED(DATASERVER 'host3@alpha' STOPPED) CRITICAL [DATASERVER 'host3@alpha' STOPPED]",
        ),
        (crashed("host3", fence=FENCE), None, "master:SHUNNED(FAILED-OVER-TO-host1) SHUNNED []"),
    ],
)
def test_beside_a_master_that_is_well(member: Facts, told: MemberIntent | None, wanted: str) -> None:
    assert line(shown(member, told)) == wanted


@pytest.mark.parametrize(
    ("member", "role", "fault"),
    [
        (crashed(), "master", "DATASERVER 'host1@alpha' STOPPED"),
        (crashed(fence=FENCE, standby_mark=True), "master", "DATASERVER 'host1@alpha' STOPPED"),  # nobody took over yet
        (unseen(), "master", "NODE 'host1' IS UNREACHABLE"),
        (facts("host1", Server.FROZEN), "master", "DATASERVER 'host1@alpha' DOES NOT ANSWER"),
    ],
)
def test_a_master_that_failed(member: Facts, role: str, fault: str) -> None:
    master, slave = seen(member, standby("host2", ""))
    assert line(master) == f"{role}:FAILED({fault}) CRITICAL [{fault}]"
    assert slave.state is State.ONLINE
    assert states.replicator(master) == "REPLICATOR(role=master, state=DEGRADED)"


def test_two_masters_of_which_none_is_later_both_say_so() -> None:
    both = seen(
        primary("host1", timeline=2, history=forks((1, 50))), primary("host2", timeline=2, history=forks((1, 60)))
    )
    assert [source.role for source in both] == ["master", "master"]
    assert [source.status for source in both] == ["DIMINISHED", "DIMINISHED"]
    assert all(source.fault.startswith("ACCEPTS WRITES") for source in both)


REPLICATORS = {
    "streaming": "REPLICATOR(role=slave, master=host1, state=ONLINE)",
    "catchup": "REPLICATOR(role=slave, master=host1, state=SYNCHRONIZING)",
    "waiting": "REPLICATOR(role=slave, master=host1, state=SYNCHRONIZING)",
}


@pytest.mark.parametrize("state", REPLICATORS)
def test_the_replicator_of_a_slave(state: str) -> None:
    source = shown(standby("host3", upstream=Upstream("10.0.0.1", 5432, state, 0.1)))
    assert states.replicator(source) == REPLICATORS[state]


def test_the_replicator_where_no_server_is() -> None:
    assert states.replicator(shown(facts("host3", Server.DOWN))) == "REPLICATOR(state=STOPPED)"


@pytest.mark.parametrize(
    ("server", "word"),
    [
        (Server.UP, "ONLINE"),
        (Server.STARTING, "SUSPECT"),
        (Server.REJECTING, "SUSPECT"),
        (Server.FROZEN, "TIMEOUT"),
        (Server.DOWN, "STOPPED"),
        (Server.NO_DATA, "STOPPED"),
        (Server.NO_BINARIES, "STOPPED"),
        (Server.UNSEEN, "UNKNOWN"),
    ],
)
def test_the_dataserver(server: Server, word: str) -> None:
    assert states.dataserver(facts("host3", server)) == f"DATASERVER(state={word})"


@pytest.mark.parametrize(("told", "wanted"), [(MemberIntent(since=5.0), 5.0), (None, 3.0)])
def test_since_when(told: MemberIntent | None, wanted: float) -> None:
    assert shown(standby("host3", started=3.0), told).since == wanted


WIPED = facts("host1", Server.NO_DATA)
DOWN = stopped("host2", ran=Ran.STANDBY, standby_mark=True)


@pytest.mark.parametrize(
    ("members", "told", "wanted"),
    [
        ((standby("host1", ""), standby("host2", "")), {}, True),
        ((WIPED, DOWN), {}, True),
        ((crashed(), DOWN), {"host1": MemberIntent("FAILED", "MANUALLY-FAILED", "master")}, True),
        ((crashed(fence=FENCE, standby_mark=True), DOWN), {}, True),
        ((crashed(), DOWN), {}, False),  # it could be started: it is FAILED
        ((unseen(), DOWN), {}, False),  # it may live
        ((WIPED, standby("host2", "")), {}, False),  # failover has somebody to promote
        ((unseen(), unseen("host2")), {}, False),
        ((primary(), DOWN), {}, False),
    ],
)
def test_all_are_shunned_where_nobody_is_or_could_be_the_master(
    members: tuple[Facts, ...], told: dict[str, MemberIntent], wanted: bool
) -> None:
    found = {source.word for source in seen(*members, told=told, policy="MAINTENANCE")}
    assert (found == {"SHUNNED(SHUNNED)"} or "SHUNNED(FAILED-OVER-TO-host1)" in found) is wanted, found


@pytest.mark.parametrize(
    ("master", "slave", "who", "reason"),
    [
        ({"free": 0}, {}, 0, "DATASERVER 'host1@alpha' HAS NO DISK SPACE LEFT"),
        ({}, {"free": 0}, 1, "DATASERVER 'host2@alpha' HAS NO DISK SPACE LEFT"),
        ({"received": at(9000)}, {"replayed": at(100)}, 1, "REPLICATOR IS 8900 B BEHIND, LIMIT 8899 B"),
    ],
)
def test_what_still_works_but_not_as_it_should_is_diminished(
    master: dict[str, Any], slave: dict[str, Any], who: int, reason: str
) -> None:
    members = primary(**master), standby("host2", **slave)
    one = seen(*members, maximum_lag=8899)[who]
    assert (one.state, one.status, one.fault, one.remark) == (State.ONLINE, "DIMINISHED", "", reason)
    assert [source.status for source in seen(*members, maximum_lag=8899)].count("OK") == 1
    put_off = seen(*members, told={one.name: MemberIntent("OFFLINE", "", one.role)}, maximum_lag=8899)[who]
    assert (put_off.status, put_off.remark) == ("WARN", reason)
    assert not seen(*members, told={one.name: MemberIntent("SHUNNED", "R", one.role)}, maximum_lag=8899)[who].remark
