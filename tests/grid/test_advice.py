"""What `recover` gives for elements that need something."""

from __future__ import annotations

from cctrl.grid.model import Status
from cctrl.grid.verbs.advice import advice
from tests.grid.made import database, with_status

DOWN, WAITING, EVICTED = Status.DOWN, Status.WAITING_FOR_SEED, Status.EVICTED


def test_nothing_where_all_is_well() -> None:
    assert advice(database()) == ()


def test_daemons_are_started_by_one_command() -> None:
    (one,) = advice(with_status(database(), host4=DOWN, host6=DOWN))
    command = "instanceExec -only host4.instance1 -only host6.instance1 ttDaemonAdmin -start"
    assert " ".join(one.command) == command


def test_what_one_command_tries_again_is_given_once() -> None:
    found = advice(with_status(database(), host3=Status.OPEN_FAILED, host5=Status.OPEN_FAILED))
    assert [" ".join(one.command) for one in found] == ["dbOpen database1"]


def test_only_the_named_element_is_helped() -> None:
    found = advice(with_status(database(), host4=DOWN, host6=DOWN), "host6.instance1")
    assert [one.elements[0].host for one in found] == ["host6"]


def test_what_gives_something_up_is_left_to_a_person() -> None:
    found = advice(with_status(database(), host3=WAITING, host4=WAITING, host5=EVICTED))
    assert [one.command for one in found] == [(), (), ()]
    assert "all elements of replica set 1 wait" in found[0].reason
    assert "dbDestroy database1 -instance host5.instance1" in found[2].reason
    (seed,) = advice(with_status(database(), host3=WAITING), "host3.instance1")
    assert seed.reason == "its seed is host4.instance1, opened"


def test_what_waits_for_a_seed_that_is_started_comes_by_itself() -> None:
    found = with_status(database(), host3=WAITING, host4=DOWN)
    (one,) = advice(found)
    assert " ".join(one.command) == "instanceExec -only host4.instance1 ttDaemonAdmin -start"
    (alone,) = advice(found, "host3.instance1")
    assert alone.reason == "its seed host4.instance1 is down: datasource host4.instance1 recover"
