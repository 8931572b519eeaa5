"""What the store keeps, as its users see it."""

from __future__ import annotations

import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.outcome import Outcome
from cctrl.store import MemberIntent, ServiceIntent, Store
from cctrl.store.sqlite import SqliteStore
from tests.store.conftest import OpenStore


class Clock:
    """A clock that stands until it is set."""

    now = 1795344165.0  # 2026-11-22 10:42:45 UTC

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(opened: OpenStore, clock: Clock) -> Store:
    return opened(clock=clock)


def test_nothing_is_made_before_the_first_use(path: Path) -> None:
    SqliteStore(path)
    assert not path.parent.exists()


def test_only_the_owner_may_read(path: Path, store: Store) -> None:
    store.begin("alpha", "switch", "switch to host2")
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert set(modes) <= {"cctrl.db", "cctrl.db-wal", "cctrl.db-shm"}


def test_an_unknown_service_has_an_empty_intent(store: Store) -> None:
    assert store.intent("alpha") == ServiceIntent()
    assert store.intent("alpha").member("host1") == MemberIntent()


def test_an_intent_is_kept_beyond_the_process(store: Store, opened: OpenStore) -> None:
    shunned = MemberIntent("SHUNNED", "MANUALLY-SHUNNED", "slave", 12.5)
    new = store.update(
        "alpha", lambda old: replace(old.with_member("host2", shunned), policy="MANUAL", primary="host1")
    )
    again = opened()
    assert again.intent("alpha") == new == ServiceIntent("MANUAL", "host1", {"host2": shunned})
    assert again.intent("beta") == ServiceIntent()


def test_a_change_that_raises_changes_nothing(store: Store) -> None:
    store.update("alpha", lambda old: replace(old, policy="MANUAL"))

    def broken(old: ServiceIntent) -> ServiceIntent:
        raise KeyError("host9")

    with pytest.raises(KeyError, match="host9"):
        store.update("alpha", broken)
    assert store.intent("alpha").policy == "MANUAL"
    assert store.update("alpha", lambda old: replace(old, primary="host1")).primary == "host1"


def test_threads_take_turns(store: Store) -> None:
    def count(old: ServiceIntent) -> ServiceIntent:
        return replace(old, policy=str(int(old.policy or 0) + 1))

    threads = [threading.Thread(target=lambda: [store.update("alpha", count) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.intent("alpha").policy == "80"


def test_an_operation_goes_through_the_journal(store: Store, clock: Clock) -> None:
    op = store.begin("alpha", "switch", "switch to host2", source="host1", target="host2", policy="MANUAL")
    assert op.startswith("20261122T104245-")
    store.note_step(op, "fence host1")
    store.note_step(op, "promote host2")
    running = store.unfinished("alpha")
    assert running is not None
    assert (running.id, running.step, running.steps) == (op, "promote host2", ("fence host1", "promote host2"))
    assert (running.verb, running.source, running.target, running.policy) == ("switch", "host1", "host2", "MANUAL")
    assert " pid " in running.who
    assert running.outcome is None
    clock.now += 2
    store.finish(op, Outcome.DONE, "SWITCH TO 'host2@alpha' WAS SUCCESSFUL")
    assert store.unfinished("alpha") is None
    (ended,) = store.operations("alpha")
    assert (ended.outcome, ended.finished, ended.started) == (Outcome.DONE, clock.now, clock.now - 2)


def test_the_latest_without_an_end_is_the_unfinished_one(store: Store) -> None:
    first = store.begin("alpha", "switch", "switch")
    second = store.begin("alpha", "recover", "recover")
    store.begin("beta", "switch", "switch")
    found = store.unfinished("alpha")
    assert found is not None
    assert found.id == second
    store.finish(second, Outcome.DONE)
    found = store.unfinished("alpha")
    assert found is not None
    assert found.id == first
    assert [o.id for o in store.operations("alpha")] == [second, first]
    assert [o.id for o in store.operations("alpha", limit=1)] == [second]
    assert (store.count("alpha"), store.count("beta")) == (2, 1)


def test_an_operation_id_is_never_used_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda size: next(drawn))
    ids = [store.begin("alpha", "switch", "switch") for _ in range(2)]
    assert [i[-4:] for i in ids] == ["aaaa", "bbbb"]


def test_hostile_names_are_only_names(store: Store) -> None:
    name = "x'); DROP TABLE intent; --\n\x00é"
    store.update(name, lambda old: old.with_member(name, MemberIntent(state=name)))
    store.begin(name, name, name, source=name, target=name)
    assert store.intent(name).member(name).state == name
    assert store.operations(name)[0].target == name


def test_a_closed_store_opens_again(store: Store) -> None:
    store.begin("alpha", "switch", "switch")
    store.close()
    store.close()
    assert len(store.operations("alpha")) == 1
