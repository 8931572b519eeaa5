"""The pages of dbStatus and the lists, byte for byte where they are documented (reference timesten.md, 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from cctrl.grid.model import Database, Element, Mark, Status, Wanted
from cctrl.grid.verbs import pages
from tests.grid.made import INSTANCES, database, with_status

PST = timezone(timedelta(hours=-8), "PST")
AT = datetime(2018, 2, 22, 7, 37, 28, tzinfo=PST)
U, L, O, S = Status.UNLOADED, Status.LOADED, Status.OPENED, Status.LOADING  # noqa: E741


def test_summary_of_a_database_that_works() -> None:
    assert pages.summary(database(), AT) == [
        "Database database1 summary status as of Thu Feb 22 07:37:28 PST 2018",
        " ",
        "created,loaded-complete,open",
        "Completely created elements: 6 (of 6)",
        "Completely loaded elements: 6 (of 6)",
        "Completely created replica sets: 3 (of 3)",
        "Completely loaded replica sets: 3 (of 3)",
        " ",
        "Open elements: 6 (of 6)",
    ]


def test_the_day_is_padded_with_a_blank() -> None:
    assert pages.stamp(datetime(2020, 12, 7, 15, 35, 13, tzinfo=PST)) == "Mon Dec  7 15:35:13 PST 2020"


def test_summary_while_it_is_created() -> None:
    found = with_status(database(Status.CREATING, mapped=False, count=4, opened=False), host3=L)
    assert pages.summary(found, AT)[2:6] == [
        "creating,loading-partial,closed",
        "Completely created elements: 1 (of 4) (3 in progress)",
        "Completely loaded elements: 1 (of 4) (3 in progress)",
        "Completely created replica sets: 0 (of 0)",
    ]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (database(L, mapped=False, count=4, opened=False), "created,loaded,closed"),
        (database(L, count=4, opened=False), "created,loaded-complete,closed"),
        (replace(database(U, mapped=False, count=4), wanted=Wanted(loaded=False)), "created,unloaded,closed"),
        (database(O, count=4), "created,loaded-complete,open"),
        (with_status(database(), host3=S), "created,loaded-functional,open"),
        (with_status(database(), host3=Status.DOWN, host4=Status.WAITING_FOR_SEED), "created,loaded-incomplete,open"),
        (database(Status.CLOSING, opened=False), "created,loaded-complete,closed"),
        (with_status(database(L, opened=False), host3=O), "created,loaded-complete,closing"),
        (database(L), "created,loaded-complete,opening"),
        (replace(database(L), wanted=Wanted(loaded=False)), "created,unloading,closed"),
        (replace(database(U), wanted=Wanted(False, False, True)), "destroying,unloaded,closed"),
    ],
)
def test_the_three_words(found: Database, words: str) -> None:
    assert ",".join(pages.summary_words(found)) == words


def test_element_block() -> None:
    at = datetime(2018, 1, 10, 14, 33, 21).timestamp()
    elements = tuple(replace(e, at=at + 2 * (e.number != 2)) for e in database().elements)
    found = with_status(replace(database(), elements=elements), host3=S)
    assert pages.element_block(found, AT)[2:] == [
        "Host  Instance  Elem Status  Date/Time of Event  Message ",
        "----- --------- ---- ------- ------------------- ------- ",
        "host3 instance1    1 loading 2018-01-10 14:33:23         ",
        "host4 instance1    2 opened  2018-01-10 14:33:21         ",
        "host5 instance1    3 opened  2018-01-10 14:33:23         ",
        "host6 instance1    4 opened  2018-01-10 14:33:23         ",
        "host7 instance1    5 opened  2018-01-10 14:33:23         ",
        "host8 instance1    6 opened  2018-01-10 14:33:23         ",
    ]


def test_an_element_that_is_down_has_no_time_and_no_message() -> None:
    found = database().having(replace(database().elements[1], status=Status.DOWN, message="gone"))
    assert pages.element_block(found, AT)[5] == "host4 instance1    2 down                               "


def test_replica_set_block() -> None:
    at = datetime(2020, 11, 23, 8, 37, 35).timestamp()
    found = replace(database(), elements=tuple(replace(e, at=at) for e in database().elements))
    assert pages.replica_set_block(found, AT)[2:6] == [
        "RS DS Elem Host  Instance  Status Date/Time of Event  Message ",
        "-- -- ---- ----- --------- ------ ------------------- ------- ",
        " 1  1    1 host3 instance1 opened 2020-11-23 08:37:35         ",
        " 1  2    2 host4 instance1 opened 2020-11-23 08:37:35         ",
    ]
    assert pages.data_space_block(found, AT)[5].startswith(" 1  2    3 host5 ")


def test_load_readiness() -> None:
    found = replace(database(U, count=4), wanted=Wanted(loaded=False))
    assert pages.load_readiness(found) == [
        "Data Elements:",
        "RS DS Instance        State    ",
        "-- -- --------------- -------- ",
        " 1  1 host3.instance1 Unloaded ",
        " 1  2 host4.instance1 Unloaded ",
        " 1                    Loadable ",
        " 2  1 host5.instance1 Unloaded ",
        " 2  2 host6.instance1 Unloaded ",
        " 2                    Loadable ",
        " ",
        "database1 load state: Loadable",
        "Total Elements Loaded:0/4",
    ]


def test_a_set_whose_seed_is_down_cannot_be_loaded() -> None:
    found = with_status(database(U, count=4), host3=Status.DOWN)
    seed = found.elements[0]
    assert "database1 load state: Loadable" in pages.load_readiness(found)
    later = found.having(replace(seed, timeline=2, position=7))
    assert "database1 load state: Not Loadable" in pages.load_readiness(later)


def test_lists() -> None:
    both = (database(), replace(database(L, opened=False), name="testdb"))
    assert pages.db_list(both) == [
        "Database  Loaded Opened ",
        "--------- ------ ------ ",
        "database1 Y      Y      ",
        "testdb    Y      N      ",
    ]
    assert pages.host_list(INSTANCES)[2] == "host3 host3      host3        1         "
    assert pages.instance_list(INSTANCES)[2].startswith("host3 instance1 Data /grid/host3/instance1/ 6624   6625 ")


def test_who_is_in_the_map_and_what_is_pending() -> None:
    new = Element(7, "host9.instance1", 1, 0, Status.LOADED)
    old = replace(database().elements[0], mark=Mark.REMOVE, replace_with=new.instance)
    found = pages.distribution_list(database().having(new).having(old))
    assert found[2] == " 1  1    1 host3 instance1 remove  host9.instance1 "
    assert found[-1] == "    1    7 host9 instance1                         "


def test_details_show_each_daemon_with_its_process() -> None:
    ran = (
        ("host3.instance1", True, "TimesTen status report as of now\n\nDaemon pid 459 port 14000\nEnd of report\n"),
        ("host4.instance1", False, "ttStatus: Could not connect to the TimesTen daemon.\nIf it …\n"),
        ("host5.instance1", False, ""),
    )
    assert [line.rstrip() for line in pages.daemons("database1", ran)[4:]] == [
        "host3.instance1 running     Daemon pid 459 port 14000",
        "host4.instance1 not running ttStatus: Could not connect to the TimesTen daemon.",
        "host5.instance1 not running",
    ]
