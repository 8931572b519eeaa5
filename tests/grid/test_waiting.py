"""What `-wait` waits for, and where it says that what was asked for has not come about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cctrl.grid import orders, waiting
from cctrl.grid.model import Database, Status, Wanted
from cctrl.grid.states import AWAY
from cctrl.grid.verbs.running import DONE
from cctrl.grid.watch.deciding import decide
from cctrl.grid.watch.tasks import Seen
from cctrl.replication.facts import Facts, Server
from tests.grid.made import database, with_status

H3 = "host3.instance1"
CLOSED = database(Status.LOADED, opened=False)
UNLOADED = replace(database(Status.UNLOADED, opened=False), wanted=Wanted(loaded=False))
DESTROYED = replace(UNLOADED, wanted=Wanted(loaded=False, destroyed=True))


def test_what_wait_waits_for() -> None:
    assert waiting.unsettled(database()) == ()
    opening = orders.open_(CLOSED)
    assert len(waiting.unsettled(opening)) == 6
    assert [e.instance for e in waiting.unsettled(opening, H3)] == [H3]
    assert waiting.unsettled(with_status(database(), host3=Status.DOWN, host4=Status.LOAD_FAILED)) == ()


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (orders.unload(CLOSED, force=True, connections=0), Status.WAITING_FOR_SEED),
        (orders.unload(CLOSED, force=True, connections=0), Status.LOAD_FAILED),
        (orders.close(database()), Status.OPEN_FAILED),
        (orders.open_(CLOSED), Status.CLOSE_FAILED),
        (DESTROYED, Status.CREATE_FAILED),
    ],
)
def test_what_failed_before_is_waited_for_where_it_goes_on(found: Database, status: Status) -> None:
    assert H3 in [e.instance for e in waiting.unsettled(with_status(found, host3=status))]


def _missed(found: Database, order: str, **statuses: Status) -> list[str]:
    return [e.host for e in waiting.missed(with_status(found, **statuses), order)]


def test_where_nothing_has_come_about() -> None:
    """A data instance that is down is told of by every command; else what each command is for counts."""
    down, waits, failed = Status.DOWN, Status.WAITING_FOR_SEED, Status.LOAD_FAILED
    for order, found in (("dbLoad", CLOSED), ("dbOpen", database()), ("dbClose", CLOSED), ("dbUnload", UNLOADED)):
        assert _missed(found, order) == []
        assert _missed(found, order, host3=down) == ["host3"]
        assert _missed(found, order, host3=Status.EVICTED) == []
    assert _missed(database(), "dbOpen", host3=waits, host4=failed, host5=Status.OPEN_FAILED) == [
        "host3", "host4", "host5",
    ]  # fmt: skip
    assert _missed(CLOSED, "dbClose", host3=waits, host4=failed, host5=Status.CLOSE_FAILED) == ["host5"]
    assert _missed(database(), "dbLoad", host3=Status.OPEN_FAILED, host4=failed) == ["host4"]
    assert _missed(UNLOADED, "dbCreate") == []
    assert _missed(DESTROYED, "dbDestroy", host3=Status.DESTROYED, host4=Status.DESTROY_FAILED, host5=down) == [
        "host4", "host5", "host6", "host7", "host8",
    ]  # fmt: skip
    loose = database(Status.LOADED, mapped=False)
    assert _missed(loose, "dbOpen") == []


def test_every_status_that_can_be_told_has_a_next_command_and_every_command_a_word() -> None:
    for order in DONE:
        for status in Status:
            for element in waiting.missed(with_status(database(), host3=status), order, H3):
                assert waiting.following(database(), element)
    away = replace(database(Status.UNCREATED).elements[0], message=AWAY)
    assert waiting.following(database(), away) == f"instanceExec -only {H3} ttDaemonAdmin -start"


def test_one_that_was_down_is_looked_at_once_more_before_it_is_told() -> None:
    """Its daemon may have been started just before."""
    anew = waiting.looked_at_anew(with_status(database(), host3=Status.DOWN))
    assert [e.instance for e in waiting.unsettled(anew)] == [H3]
    down = Seen(False, Facts(H3, 1.0, Server.DOWN))
    looked = decide(anew, {H3: down}, (), 2.0, "m").database
    assert waiting.unsettled(looked, H3) == () and waiting.missed(looked, "dbLoad", H3)


@pytest.mark.parametrize("status", [Status.UNCREATED, Status.DESTROYING])
def test_what_is_to_be_made_or_destroyed_on_one_that_is_down_is_waited_for(status: Status) -> None:
    """The manager may just be putting the instance there."""
    found = with_status(database(mapped=False), host3=status)
    looked = decide(found, {H3: Seen(False, Facts(H3, 1.0, Server.NO_DATA))}, (), 2.0, "m").database
    (left,) = waiting.unsettled(looked, H3)
    assert left.message == AWAY
