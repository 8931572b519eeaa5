"""What commands make of the record, and each refusal of the reference (timesten.md, 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cctrl.grid import distribution, orders
from cctrl.grid.model import Database, Element, GridError, Mark, Phase, Status, Wanted, unknown_database
from cctrl.outcome import Outcome
from tests.grid.made import INSTANCES, SPARE, database, with_status

H3, H4, H9 = "host3.instance1", "host4.instance1", "host9.instance1"
NEW = Element(7, H9, 1, 0, Status.LOADED)
LOADED = database(Status.LOADED, opened=False)
UNLOADED = replace(database(Status.UNLOADED), wanted=Wanted(loaded=False))


def test_the_documented_refusal() -> None:
    error = unknown_database("database1")
    assert error.lines()[0] == "Error 2: Database database1 does not exist"
    assert error.outcome is Outcome.GRID_SYNTAX and int(error.outcome) == 254


def test_create_makes_an_element_on_each_instance() -> None:
    made = orders.create("database1", INSTANCES)
    assert [e.number for e in made.elements] == [1, 2, 3, 4, 5, 6]
    assert {e.status for e in made.elements} == {Status.UNCREATED} and made.wanted == Wanted(loaded=True)
    assert orders.load(made).wanted.loaded  # it is on its way, also where the manager has not seen it yet


def test_create_on_one_instance_retries_or_adds_one() -> None:
    failed = with_status(database(Status.LOADED), host3=Status.CREATE_FAILED)
    retried = orders.create_on(failed, "database1", INSTANCES[0]).element(H3)
    assert retried is not None and retried.status is Status.UNCREATED
    added = orders.create_on(database(), "database1", SPARE).element(H9)
    assert added is not None and added.number == 7


def test_open_and_close_again_retry_what_failed() -> None:
    failed = with_status(database(), host3=Status.OPEN_FAILED)
    assert [e.retry for e in orders.open_(failed).elements] == [True, *[False] * 5]
    failed = with_status(database(Status.LOADED, opened=False), host3=Status.CLOSE_FAILED)
    assert [e.retry for e in orders.close(failed).elements] == [True, *[False] * 5]


def test_unload_force_goes_on_where_it_is_refused() -> None:
    lost = with_status(database(Status.LOADED, opened=False), host3=Status.DOWN, host4=Status.DOWN)
    lost = replace(lost, durability=0)
    with pytest.raises(GridError, match="Durability|replica set 1"):
        orders.unload(lost, force=False, connections=0)
    assert not orders.unload(lost, force=True, connections=3).wanted.loaded
    assert not orders.unload(replace(lost, durability=1), force=False, connections=0).wanted.loaded


def test_load_again_tries_what_waits() -> None:
    waiting = with_status(database(), host3=Status.WAITING_FOR_SEED, host4=Status.LOAD_FAILED)
    assert [e.retry for e in orders.load(waiting).elements] == [True, True, False, False, False, False]


def test_one_that_is_down_is_started_before_it_is_loaded() -> None:
    with pytest.raises(GridError) as refused:
        orders.load_on(with_status(database(), host3=Status.DOWN), H3)
    assert refused.value.next == f"ttGridAdmin instanceExec -only {H3} ttDaemonAdmin -start"


REFUSED: list[tuple[str, Callable[[], object], str]] = [
    ("create a path", lambda: orders.create("../x", INSTANCES), "'../x' is not a name"),
    ("create a path on one", lambda: orders.create_on(None, "a/b", INSTANCES[0]), "'a/b' is not a name"),
    ("create on one that is there", lambda: orders.create_on(database(), "database1", INSTANCES[0]), "is opened"),
    (
        "create in one that is being destroyed",
        lambda: orders.create_on(replace(database(), wanted=Wanted(False, destroyed=True)), "database1", SPARE),
        "is being destroyed",
    ),
    ("load nothing", lambda: orders.load(database(Status.CREATE_FAILED)), "no element"),
    ("load one that is loaded", lambda: orders.load_on(database(), H3), "is opened"),
    (
        "open without a map",
        lambda: orders.open_(database(Status.LOADED, mapped=False, opened=False)),
        "no distribution",
    ),
    ("open an unloaded one", lambda: orders.open_(UNLOADED), "not loaded"),
    ("open an open one", lambda: orders.open_(database()), "open already"),
    ("close a closed one", lambda: orders.close(database(Status.LOADED, opened=False)), "closed already"),
    ("unload an open one", lambda: orders.unload(database(), False, 0), "is open"),
    (
        "unload while closing",
        lambda: orders.unload(with_status(database(Status.LOADED, opened=False), host3=Status.CLOSING), False, 0),
        "1 of 6 elements are still closing",
    ),
    ("unload with users", lambda: orders.unload(database(Status.LOADED, opened=False), False, 2), "2 connections"),
    (
        "unload under a distribution",
        lambda: orders.unload(replace(LOADED, phase=Phase.APPLYING), False, 0),
        "A distribution of database database1 is in progress",
    ),
    (
        "destroy what is to come into the map",
        lambda: orders.destroy_on(replace(_marked(), phase=Phase.APPLYING), H9),
        "is to come into the distribution map",
    ),
    (
        "resync a distribution of an unloaded database",
        lambda: distribution.resync(UNLOADED.having(replace(UNLOADED.elements[0], since=1))),
        "is not loaded",
    ),
    ("unload twice", lambda: orders.unload(UNLOADED, False, 0), "unloaded already"),
    ("destroy a loaded one", lambda: orders.destroy(database()), "not unloaded"),
    ("destroy one in the map", lambda: orders.destroy_on(database(), H3), "in the distribution map"),
    ("destroy where none is", lambda: orders.destroy_on(database(), H9), "no element on host9"),
    ("add one in the map", lambda: distribution.add(database(), H3), "already"),
    (
        "remove without another",
        lambda: _apply(database(), (H3, Mark.REMOVE, "")),
        "1 of 2 elements of replica set 1 are to be removed, with none in the place",
    ),
    (
        "remove a whole set",
        lambda: _apply(database(), (H3, Mark.REMOVE, ""), (H4, Mark.REMOVE, "")),
        "2 of 2 elements of replica set 1 are to be removed",
    ),
    ("evict half a set", lambda: _apply(database(), (H3, Mark.EVICT, "")), "1 of 2 elements of replica set 1"),
    (
        "evict the only set",
        lambda: _apply(database(count=2), (H3, Mark.EVICT, ""), (H4, Mark.EVICT, "")),
        "only one of database",
    ),
    ("replace with one in the map", lambda: _apply(database(), (H3, Mark.REMOVE, H4)), "cannot take the place"),
    ("replace with none", lambda: _apply(database(), (H3, Mark.REMOVE, H9)), "no element on host9"),
    (
        "replace with one of another data space group",
        lambda: _apply(_with(replace(NEW, data_space=2)), (H3, Mark.REMOVE, H9)),
        "cannot take the place of host3",
    ),
    (
        "add what is to replace another",
        lambda: distribution.add(_marked(), H9),
        "is to take the place of host3",
    ),
    (
        "apply with a replacement that was destroyed meanwhile",
        lambda: distribution.apply(_gone(_marked())),
        "no element on host9",
    ),
    (
        "apply with an added one that was destroyed meanwhile",
        lambda: distribution.apply(_gone(distribution.add(_with(NEW), H9))),
        "no element on host9",
    ),
    ("apply nothing", lambda: distribution.apply(database()), "Nothing is marked"),
    ("apply twice", lambda: distribution.apply(replace(database(), phase=Phase.APPLYING)), "in progress"),
    ("reset while applying", lambda: distribution.reset(replace(database(), phase=Phase.APPLYING)), "in progress"),
]


def _with(element: Element) -> Database:
    return database().having(element)


def _marked() -> Database:
    return distribution.take_out(_with(NEW), H3, Mark.REMOVE, H9)


def _gone(found: Database) -> Database:
    return with_status(found, host9=Status.DESTROYED)


def _apply(found: Database, *out: tuple[str, Mark, str]) -> Database:
    for instance, mark, replacement in out:
        found = distribution.take_out(found, instance, mark, replacement)
    return distribution.apply(found)


@pytest.mark.parametrize(("act", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(act: Callable[[], object], text: str) -> None:
    with pytest.raises(GridError) as caught:
        act()
    assert text in caught.value.lines()[0] and caught.value.lines()[0].startswith("Error : ")


def test_who_could_take_its_place_is_named() -> None:
    every, h3 = (*INSTANCES, SPARE), database().elements[0]
    replaced = f"ttGridAdmin dbDistribute database1 -remove {H3} -replaceWith {H9} -apply"
    made_first = f"ttGridAdmin dbCreate database1 -instance {H9} -wait, then {replaced}"
    assert distribution.replacing(database(), h3, every) == made_first
    assert distribution.replacing(database().having(NEW), h3, every) == replaced
    taken = database().having(replace(database().elements[2], replace_with=H9)).having(NEW)
    assert "data space group 1" in distribution.replacing(taken, h3, every)
    with pytest.raises(GridError) as caught:
        distribution.apply(distribution.take_out(database(), H3, Mark.EVICT, ""), every)
    evicting = f"; or, to give up the rows: ttGridAdmin dbDistribute database1 -evict {H3} -evict {H4} -apply"
    assert caught.value.next == made_first + evicting
    with pytest.raises(GridError) as caught:
        distribution.apply(distribution.take_out(database(), H3, Mark.REMOVE, ""), every)
    assert caught.value.next == made_first + evicting and int(caught.value.outcome) == 255
    with pytest.raises(GridError) as caught:
        distribution.apply(distribution.take_out(database(count=2), H3, Mark.REMOVE, ""), (*INSTANCES[:2], SPARE))
    assert caught.value.next == made_first  # the only set cannot be evicted


def test_replace_an_element() -> None:
    found = _apply(database().having(NEW), (H3, Mark.REMOVE, H9))
    assert found.phase is Phase.APPLYING


def test_what_was_broken_off_can_be_undone_and_a_database_unloaded_in_the_middle() -> None:
    assert distribution.reset(replace(database(), phase=Phase.BROKEN_OFF)).phase is Phase.RESET
    assert not orders.unload(replace(LOADED, phase=Phase.APPLYING), force=True, connections=0).wanted.loaded


def test_add_all_makes_replica_sets_of_one_of_each_data_space_group() -> None:
    found = distribution.add_all(database(Status.LOADED, mapped=False))
    assert {e.mark for e in found.elements} == {Mark.ADD}
    placed = distribution.added(distribution.apply(found))
    assert [(e.replica_set, e.data_space) for e in placed.elements] == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_an_uneven_set_is_refused() -> None:
    found = with_status(database(Status.LOADED, mapped=False), host8=Status.DOWN)
    with pytest.raises(GridError, match="one element of each data space group"):
        distribution.apply(distribution.add_all(found))


def test_rows_are_given_up_only_with_a_whole_set() -> None:
    """Half a set is refused by -apply: nothing is given up."""
    half = distribution.take_out(database(), H3, Mark.EVICT, "")
    assert distribution.given_up(half) == []
    (each,) = distribution.given_up(distribution.take_out(half, H4, Mark.EVICT, ""))
    assert {e.instance for e in each} == {H3, H4}
