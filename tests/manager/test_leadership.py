"""One manager leads; the lease is in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cctrl.manager.leadership import Leadership
from cctrl.store import Store
from cctrl.store.interface import LEASE
from cctrl.store.sqlite import SqliteStore


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "cctrl.db", clock, steady=clock)
    yield store
    store.close()


@pytest.fixture
def manager(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Leadership]:
    def make(name: str) -> Leadership:
        monkeypatch.setattr("cctrl.manager.leadership.who", lambda: name)
        return Leadership(store, "alpha", clock)

    return make


def test_the_second_one_waits_until_the_lease_is_over(manager: Callable[[str], Leadership], clock: Clock) -> None:
    first, second = manager("first"), manager("second")
    assert first.ask()
    assert not second.ask()
    assert second.leader is not None
    assert second.leader.holder == "first"
    clock.now += LEASE - 0.1
    assert first.leads
    assert not second.ask()
    clock.now += 0.1
    assert not first.leads  # it knows by itself, without the store
    assert second.ask()
    assert not first.ask()


def test_a_renewed_lease_goes_on_and_keeps_its_beginning(
    manager: Callable[[str], Leadership], store: SqliteStore, clock: Clock
) -> None:
    first, second = manager("first"), manager("second")
    for _ in range(5):
        assert first.ask()
        assert not second.ask()
        clock.now += LEASE / 2
    leader = store.leader("alpha")
    assert leader is not None
    assert (leader.holder, leader.since) == ("first", 1000.0)


def test_whoever_stops_gives_it_up_at_once(manager: Callable[[str], Leadership], store: SqliteStore) -> None:
    first, second = manager("first"), manager("second")
    assert first.ask()
    first.stop()
    assert store.leader("alpha") is None
    assert not first.ask()
    assert second.ask()
    first.stop()  # idempotent, and never another's
    assert store.leader("alpha") is not None


def test_a_change_of_the_time_of_day_moves_no_lease(tmp_path: Path, clock: Clock) -> None:
    """It was judged by that: an hour back, and nobody led for an hour after the end of the leader."""
    day = Clock()
    store = SqliteStore(tmp_path / "cctrl.db", day, steady=clock)
    assert store.lead("alpha", "first", "here").since == day.now
    for jump in (3600, -7200):
        day.now += jump
        assert store.lead("alpha", "second", "here").holder == "first"
        assert store.leader("alpha") is not None
    clock.now += LEASE
    assert store.leader("alpha") is None
    assert store.lead("alpha", "second", "here").holder == "second"
    clock.now = 10.0  # the machine was started anew
    assert store.leader("alpha") is None
    assert store.lead("alpha", "third", "here").holder == "third"
    store.close()


def test_what_it_says_of_itself_stands_in_the_store(manager: Callable[[str], Leadership], store: SqliteStore) -> None:
    first = manager("first")
    assert first.ask()
    first.say("FAILSAFE_SHUN")
    leader = store.leader("alpha")
    assert leader is not None
    assert leader.state == "FAILSAFE_SHUN"


def test_a_store_that_fails_ends_the_leadership_with_the_lease(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "cctrl.db"
    store = SqliteStore(path, clock, steady=clock)
    one = Leadership(store, "alpha", clock)
    assert one.ask()
    store.close()
    path.write_bytes(b"no database at all, but longer than the head of one" * 40)
    assert one.ask()  # the lease is still ours
    assert "damaged" in one.problem
    clock.now += LEASE
    assert not one.ask()


def test_events_come_in_order_and_the_oldest_go(store: SqliteStore, clock: Clock) -> None:
    for number in range(3):
        clock.now += 1
        store.tell("alpha", "host1", "failed", f"event {number}")
    store.tell("beta", "", "other", "of another service")
    assert [event.text for event in store.events("alpha", 2)] == ["event 1", "event 2"]
    last = store.events("alpha")[-1]
    assert (last.at, last.member, last.kind) == (1003.0, "host1", "failed")
    assert store.events("alpha", after=last.number) == ()
