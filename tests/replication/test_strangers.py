"""Which standbys are strangers: those that certainly are no member by another name."""

from __future__ import annotations

from cctrl.replication.facts import Downstream, Facts, Server
from cctrl.replication.strangers import copies, strangers
from tests.replication.worlds import facts, primary, standby, view


def sent(*names: str, address: str = "10.0.0.9") -> tuple[Downstream, ...]:
    return tuple(Downstream(name, "streaming", address=address) for name in names)


def found(*members: Facts) -> list[tuple[str, str]]:
    return [(giver, one.name) for giver, one in strangers(view(*members))]


def test_members_are_none() -> None:
    assert found(primary(downstreams=sent("host2", "host3")), standby("host2"), standby("host3")) == []


def test_one_that_no_member_is() -> None:
    assert found(primary(downstreams=sent("host2", "reporting")), standby("host2")) == [("host1", "reporting")]
    assert found(primary(), standby("host2", downstreams=sent("walreceiver"))) == [("host2", "walreceiver")]


def test_tools_subscribers_and_copies_are_none() -> None:
    others = (
        Downstream("sub1", "streaming", logical=True),
        Downstream("pg_receivewal", "streaming"),
        Downstream("another", "backup"),
        Downstream("cctrl-copy-host3", "streaming"),
    )
    assert found(primary(downstreams=others)) == []
    assert copies(view(primary(downstreams=others))) == (("host1", "host3"),)


def test_a_member_that_goes_by_another_name_is_told_by_its_address() -> None:
    both = (*sent("15/main", address="10.0.0.2"), *sent("reporting"))
    assert found(primary(downstreams=both), standby("host2")) == [("host1", "reporting")]


def test_nothing_is_said_where_it_may_be_a_member() -> None:
    assert found(primary(downstreams=sent("walreceiver")), standby("host2")) == []
    assert found(primary(downstreams=sent("walreceiver")), facts("host2", Server.UNSEEN)) == []
