"""The record: what is written is read again, and nobody comes in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from cctrl.grid import orders
from cctrl.grid.model import Database, Element, GridError, Mark, Phase, Status, Wanted
from cctrl.grid.record import Record
from cctrl.store.sqlite import SqliteStore
from tests.grid.made import INSTANCES

ELEMENTS = (
    Element(1, "host3.instance1", 1, 1, Status.EVICTED_LOADED, 12.5, "why", active=True, timeline=2, position=9),
    Element(2, "host4.instance1", 2, mark=Mark.REMOVE, replace_with="host9.instance1", retry=True),
)
DATABASE = Database("database1", ELEMENTS, Wanted(opened=True), durability=0, phase=Phase.APPLYING, slot=1)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    store = SqliteStore(tmp_path / "cctrl.db")
    yield Record(store, "grid1")
    store.close()


def made(present: Database | None, others: Sequence[Database]) -> Database:
    assert (present, others) == (None, ())
    return DATABASE


def test_what_is_written_is_read_again(record: Record) -> None:
    assert record.databases() == ()
    assert record.create("DATABASE1", made) == DATABASE
    assert record.database("DATABASE1") == DATABASE


def test_a_change_is_made_whole_or_not_at_all(record: Record) -> None:
    record.create(DATABASE.name, made)
    assert record.change("database1", lambda d: replace(d, generation=d.generation + 1)).generation == 1

    def refuse(database: Database) -> Database:
        raise GridError("no")

    with pytest.raises(GridError):
        record.change("database1", refuse)
    assert record.database("database1").generation == 1


def test_a_database_that_is_removed_is_unknown(record: Record) -> None:
    record.create(DATABASE.name, made)
    record.change("database1", lambda d: None)
    assert record.wait("database1", lambda d: d is None) is None
    with pytest.raises(GridError) as caught:
        record.database("database1")
    assert caught.value.lines()[0] == "Error 2: Database database1 does not exist"


def test_no_two_databases_that_are_created_at_once_have_the_same_slot(tmp_path: Path) -> None:
    """Several commands, each a process with a store of its own."""
    names = [f"db{number}" for number in range(8)]
    begin = Barrier(len(names))

    def create(name: str) -> int:
        store = SqliteStore(tmp_path / "cctrl.db")
        begin.wait()
        try:
            return Record(store, "grid1").create(name, lambda _, others: orders.create(name, INSTANCES, others)).slot
        finally:
            store.close()

    with ThreadPoolExecutor(len(names)) as pool:
        assert sorted(pool.map(create, names)) == list(range(len(names)))
