"""What the manager makes of a look, without any host."""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Database, Element, Mark, Phase, Status, Wanted
from cctrl.grid.watch.deciding import Calm, calm, decide, ended, waiting
from cctrl.grid.watch.keeper import lost, relevant
from cctrl.grid.watch.tasks import Act, Decision, Seen, Task, damaged
from cctrl.replication.facts import Downstream, Facts, Server, Upstream
from cctrl.replication.position import Position

A, B = "host3.instance1", "host4.instance1"
ME = "root@vm pid 1"


def element(number: int, name: str, **more: object) -> Element:
    base = Element(number, name, number, 1, Status.OPENED, made=True, in_set=True, active=number == 1)
    return replace(base, **more)  # type: ignore[arg-type]  # the fields of Element


def pair(**more: object) -> Database:
    return replace(
        Database("database1", (element(1, A), element(2, B)), Wanted(opened=True), generation=1),
        **more,  # type: ignore[arg-type]  # the fields of Database
    )


def primary(name: str = A, standby: str = B, *, waits: str | None = None) -> Facts:
    setting = f'FIRST 1 ("{standby}")' if waits is None else waits
    downstreams = (Downstream(standby, "streaming"),) if standby else ()
    settings = {"synchronous_standby_names": setting}
    return Facts(name, 0, Server.UP, writable=True, timeline=1, received=Position(9), downstreams=downstreams,
                 settings=settings)  # fmt: skip


def standby(name: str = B, received: int = 9, age: float | None = 0.1) -> Facts:
    upstream = Upstream("h", 1, "streaming", age)
    return Facts(name, 0, Server.UP, timeline=1, received=Position(received), upstream=upstream)


def stopped(name: str, state: Server = Server.DOWN) -> Facts:
    return Facts(name, 0, state, timeline=1, received=Position(9))


def look(database: Database, first: Seen, second: Seen, *busy: str) -> tuple[Decision, dict[str, str]]:
    decision = decide(database, {A: first, B: second}, busy, 5.0, ME)
    return decision, {e.instance: e.status.value for e in decision.database.elements}


def tasks(decision: Decision) -> set[tuple[Act, str]]:
    return {(t.act, t.instance) for t in decision.tasks}


def test_where_all_is_well_nothing_is_done() -> None:
    decision, statuses = look(pair(), Seen(True, primary()), Seen(True, standby()))
    assert decision.tasks == ()
    assert set(statuses.values()) == {"opened"}
    assert calm(decision.database, (), {}) is Calm.SETTLED


def test_the_active_element_fails_and_the_other_takes_the_writes_at_once() -> None:
    decision, statuses = look(pair(), Seen(True, stopped(A)), Seen(True, standby()))
    assert tasks(decision) == {(Act.PROMOTE, B)}
    first, second = decision.database.elements
    assert (first.active, first.in_set, second.active, second.in_set) == (False, False, True, True)
    assert statuses == {A: "unloaded", B: "opened"}
    assert calm(decision.database, ("set 1",), {}) is Calm.WORKING


def test_nobody_is_promoted_beside_one_that_is_being_made_the_seed() -> None:
    """It was begun while the other was not seen, whose task had just ended: both took writes, and rows were lost."""
    decision, _ = look(pair(), Seen(True, stopped(A)), Seen(True, standby()), A)
    assert decision.tasks == () and decision.database.elements[0].active


def test_an_element_that_came_after_the_look_is_left_for_the_next() -> None:
    database = pair().having(element(3, "host9.instance1", status=Status.UNCREATED, made=False, replica_set=0))
    decision, statuses = look(database, Seen(True, primary()), Seen(True, standby()))
    assert (decision.tasks, statuses["host9.instance1"]) == ((), "uncreated")


def test_what_was_seen_before_a_task_ended_is_out_of_date() -> None:
    """A look takes as long as a host that does not answer: one that was down when it began may be back by its end."""
    seen = {A: Seen(True, primary(standby="")), B: Seen(True, stopped(B))}
    found = decide(pair(), seen, (), 5.0, ME, ended={B}).database
    assert found.element(B) == pair().element(B)
    joined = pair().having(element(2, B, status=Status.LOADING))
    found = decide(joined, seen, {B}, 5.0, ME).database  # its task is at its end
    assert (at_end := found.element(B)) is not None and at_end.in_set


def test_a_promotion_that_was_broken_off_is_done_again_and_fences_first() -> None:
    elements = (element(1, A, active=False, in_set=False), element(2, B, active=True))
    decision, _ = look(replace(pair(), elements=elements), Seen(True, primary()), Seen(True, standby()))
    assert Task(Act.PROMOTE, B, A, replica_set=1) in decision.tasks


def test_one_that_is_not_in_the_set_is_never_promoted() -> None:
    database = replace(pair(), elements=(element(1, A), element(2, B, in_set=False, status=Status.LOADING)))
    decision, statuses = look(database, Seen(False, stopped(A)), Seen(True, standby()))
    assert decision.tasks == ()
    assert statuses == {A: "down", B: "waiting for seed"}
    assert decision.database.elements[1].message == f"for {A}"
    assert calm(decision.database, (), {}) is Calm.AWAITED


def test_an_active_element_that_may_be_well_is_left_alone() -> None:
    hidden = Facts(A, 0, Server.UNSEEN)
    for here in (Seen(None, hidden), Seen(True, stopped(A, Server.STARTING)), Seen(True, stopped(A, Server.FROZEN))):
        decision, statuses = look(pair(), here, Seen(True, standby(age=30)))
        assert (decision.tasks, statuses[A]) == ((), "opened")
        assert calm(decision.database, (), {A: here, B: Seen(True, standby())}) is Calm.AWAITED
    # out of sight for long, but the other still hears from it
    decision, _ = look(pair(), Seen(None, hidden, silent=True), Seen(True, standby(age=0.2)))
    assert decision.tasks == ()
    for age in (5, -3595):  # its host's clock was set back by an hour
        decision, statuses = look(pair(), Seen(None, hidden, silent=True), Seen(True, standby(age=age)))
        assert tasks(decision) == {(Act.PROMOTE, B)}
        assert statuses[A] == "down"


def test_a_database_that_leaves_the_record_without_being_destroyed_is_lost() -> None:
    known = {"database1": relevant(pair()), "other": relevant(replace(pair(), name="other"))}
    assert lost(known, [pair()]) == ["other"]
    ending = tuple(replace(e, status=Status.DESTROYED) for e in pair().elements)
    assert lost({"database1": relevant(replace(pair(), elements=ending))}, []) == []


def test_commits_no_longer_wait_for_one_that_failed_and_the_record_says_so_first() -> None:
    decision, statuses = look(pair(), Seen(True, primary(standby="")), Seen(True, stopped(B)))
    assert not decision.database.elements[1].in_set
    assert (Act.RECOVER, B) in tasks(decision)
    assert statuses[B] == "loading"
    decision, _ = look(decision.database, Seen(True, primary(waits=f'FIRST 1 ("{B}")')), Seen(True, stopped(B)))
    assert (Act.ACKNOWLEDGE, A) in tasks(decision)


def test_one_that_accepts_writes_beside_the_active_element_is_fenced() -> None:
    database = replace(pair(), elements=(element(1, A), element(2, B, in_set=False, status=Status.DOWN)))
    decision, _ = look(database, Seen(True, primary(standby="")), Seen(True, primary(B, "")))
    assert (Act.FENCE, B) in tasks(decision)


def test_without_its_daemon_no_server_of_an_element_runs() -> None:
    decision, statuses = look(pair(), Seen(True, primary()), Seen(False, standby()))
    assert (Act.STOP, B) in tasks(decision)
    assert statuses[B] == "down"


def test_what_is_destroyed_while_its_instance_is_down_is_destroyed_when_that_is_back() -> None:
    gone = element(2, B, replica_set=0, status=Status.DESTROYING, retry=True)
    database = replace(pair(), elements=(element(1, A), gone))
    away = Seen(False, stopped(B))
    decision, statuses = look(database, Seen(True, primary(standby="")), away)
    assert statuses[B] == "destroying" and (Act.DESTROY, B) not in tasks(decision)
    assert calm(decision.database, (), {A: Seen(True, primary(standby="")), B: away}) is Calm.AWAITED
    decision, _ = look(decision.database, Seen(True, primary(standby="")), Seen(True, stopped(B)))
    assert (Act.DESTROY, B) in tasks(decision)
    begun = decision.database.element(B)
    assert begun is not None and (begun.at, begun.retry) == (5.0, False)


def test_a_set_that_is_down_begins_with_the_one_that_has_all() -> None:
    database = pair()
    both = replace(database, elements=(element(1, A, in_set=False, active=False), element(2, B, active=True)))
    decision, statuses = look(both, Seen(True, stopped(A)), Seen(True, stopped(B)))
    assert tasks(decision) == {(Act.SEED, B)}
    assert statuses == {A: "waiting for seed", B: "loading"}


def test_all_wait_where_the_seed_has_lost_its_data_until_the_database_is_loaded_anew() -> None:
    lost = Seen(True, stopped(A, Server.NO_DATA))
    database = replace(pair(), elements=(element(1, A), element(2, B, in_set=False, status=Status.LOADING)))
    decision, statuses = look(database, lost, Seen(True, stopped(B)))
    assert set(statuses.values()) == {"waiting for seed"}
    unloaded = replace(decision.database, elements=tuple(
        replace(e, status=Status.UNLOADED) for e in decision.database.elements))  # fmt: skip
    decision, statuses = look(unloaded, lost, Seen(True, stopped(B)))
    assert tasks(decision) == {(Act.SEED, B)}
    assert decision.told


def test_what_a_crash_of_the_host_may_have_damaged_is_no_seed_while_anything_else_may_be() -> None:
    """Durability=0: the other one is, where it has all; else both wait, and a person decides."""
    crashed = Seen(True, stopped(A), damaged=True)
    decision, _ = look(pair(), crashed, Seen(True, stopped(B)))
    assert (Act.SEED, B) in tasks(decision) and (Act.SEED, A) not in tasks(decision)
    ahead = pair(elements=(element(1, A), element(2, B, in_set=False, active=False)))
    decision, statuses = look(ahead, crashed, Seen(True, stopped(B)))
    assert (decision.tasks, set(statuses.values())) == ((), {"waiting for seed"})
    assert "its host crashed, and Durability=0" in decision.database.elements[0].message
    unloaded = [replace(e, status=Status.UNLOADED) for e in ahead.elements]
    decision, _ = look(replace(ahead, elements=tuple(unloaded)), crashed, Seen(True, stopped(B)))
    assert tasks(decision) == {(Act.SEED, B)}
    decision, _ = look(replace(ahead, elements=tuple(unloaded)), crashed, Seen(True, stopped(B, Server.NO_DATA)))
    assert tasks(decision) == {(Act.SEED, A)} and "may be damaged" in decision.told[0][1]


def test_only_where_commits_wait_for_no_disk_is_what_a_crash_left_not_trusted() -> None:
    crashed = replace(stopped(A), host_crashed=True)
    assert damaged(pair(durability=0), crashed) and not damaged(pair(durability=1), crashed)
    assert not damaged(pair(durability=0), stopped(A))


def test_the_active_element_is_unloaded_first() -> None:
    database = replace(pair(), wanted=Wanted(loaded=False))
    decision, statuses = look(database, Seen(True, primary()), Seen(True, standby()))
    assert tasks(decision) == {(Act.UNLOAD, A)}
    assert set(statuses.values()) == {"unloading"}


def test_a_distribution_of_a_manager_that_ended_is_broken_off() -> None:
    database = replace(pair(), phase=Phase.APPLYING, applier="somebody@else pid 2")
    decision, _ = look(database, Seen(True, primary()), Seen(True, standby()))
    assert decision.database.phase is Phase.BROKEN_OFF


def test_a_rollback_keeps_who_alone_may_have_every_row() -> None:
    """host3 has handed over to host9 and is to leave; host10 is away, which was to take the place of host4."""
    nine, ten = "host9.instance1", "host10.instance1"
    old = [replace(element(1, A, active=False, in_set=False), mark=Mark.REMOVE, replace_with=nine),
           replace(element(2, B, in_set=False), mark=Mark.REMOVE, replace_with=ten)]  # fmt: skip
    new = [element(3, nine, active=True, since=2), element(4, ten, in_set=False, since=2, status=Status.DOWN)]
    database = replace(pair(), phase=Phase.RESYNC, applier=ME, elements=(*old, *new))
    up, away = Seen(True, primary(nine, "", waits="")), Seen(False, stopped(ten))
    decision = decide(database, {A: Seen(True, stopped(A)), B: Seen(True, standby()), nine: up, ten: away}, (), 5.0, ME)
    found = decision.database
    assert [e.instance for e in found.elements if e.in_map] == [B, nine]
    assert [e.instance for e in found.elements if e.active] == [nine]
    assert (found.phase, found.generation, found.told) == (Phase.NONE, 2, f"what is done stays; rolled back: {ten}")
    assert {e.mark for e in found.elements} == {Mark.NONE}


def test_a_rollback_lets_all_go_that_nothing_was_left_for() -> None:
    nine = "host9.instance1"
    old = replace(element(1, A), mark=Mark.REMOVE, replace_with=nine)
    elements = (old, element(2, B), element(3, nine, in_set=False, since=2, status=Status.DOWN))
    database = replace(pair(), phase=Phase.RESYNC, applier=ME, elements=elements)
    seen = {A: Seen(True, primary()), B: Seen(True, standby()), nine: Seen(False, stopped(nine))}
    found = decide(database, seen, (), 5.0, ME).database
    assert [e.instance for e in found.elements if e.in_map] == [A, B]
    assert (found.phase, found.generation, found.told) == (Phase.NONE, 1, "")


def _replacing() -> Database:
    """host9 is to take the place of host3."""
    nine = "host9.instance1"
    old = replace(element(1, A), mark=Mark.REMOVE, replace_with=nine)
    new = element(3, nine, in_set=False, since=2, status=Status.LOADING)
    return pair(phase=Phase.APPLYING, applier=ME, elements=(old, element(2, B), new))


def _looked(database: Database) -> Database:
    new = Seen(True, stopped("host9.instance1"))
    seen = {A: Seen(True, primary()), B: Seen(True, standby()), "host9.instance1": new}
    return decide(database, seen, (), 5.0, ME).database


def test_a_distribution_that_cannot_come_to_its_end_is_broken_off_with_its_reason() -> None:
    assert _looked(_replacing()).phase is Phase.APPLYING
    unloaded = _looked(replace(_replacing(), wanted=Wanted(loaded=False)))
    assert (unloaded.phase, "unloaded in the middle of it" in unloaded.told) == (Phase.BROKEN_OFF, True)
    waits = [replace(e, status=Status.WAITING_FOR_SEED, message=f"for {A}") for e in _replacing().elements]
    found = _looked(replace(_replacing(), elements=(replace(waits[0], status=Status.DOWN), *waits[1:])))
    assert (found.phase, found.told) == (Phase.BROKEN_OFF, f"host9.instance1 waiting for seed: for {A}")


def test_one_that_was_broken_off_is_undone_where_that_is_asked_for() -> None:
    """Though all is there that would be needed to finish it."""
    found = _looked(replace(_replacing(), phase=Phase.RESET))
    assert [e.instance for e in found.elements if e.in_map] == [A, B]
    assert (found.phase, found.generation) == (Phase.NONE, 1)
    assert _looked(replace(_replacing(), phase=Phase.RESYNC)).phase is Phase.APPLYING


def test_what_is_held_up_says_why() -> None:
    for status in (Status.CREATING, Status.LOADING, Status.OPENING, Status.UNLOADING, Status.DESTROYING):
        held_up = waiting(pair().having(element(2, B, status=status)), Task(Act.CREATE, B), "another is at work there")
        assert (found := held_up.element(B)) is not None and found.message == "another is at work there"
    assert waiting(pair(), Task(Act.PROMOTE, A), "another is at work there") == pair()


def test_users_are_let_into_a_new_set_once_the_map_stands() -> None:
    """Or what they write there would go with it where it is rolled back."""
    elements = tuple(replace(e, status=Status.LOADED, mark=Mark.ADD, since=2) for e in pair().elements)
    database = replace(pair(), phase=Phase.APPLYING, applier=ME, elements=elements)
    half = replace(database, elements=(elements[0], replace(elements[1], in_set=False)))
    _, statuses = look(half, Seen(True, primary(standby="", waits="")), Seen(True, standby()))
    assert statuses[A] == "loaded"
    decision, statuses = look(database, Seen(True, primary()), Seen(True, standby()))
    assert set(statuses.values()) == {"opening"}
    assert decision.database.phase is Phase.NONE


def test_a_failure_is_told_with_its_reason_and_the_last_destroyed_element_ends_the_database() -> None:
    database = replace(pair(), elements=(element(1, A, status=Status.CREATING),))
    failed = ended(database, Task(Act.CREATE, A), 6.0, "no permission\nmore")
    assert failed is not None
    assert (failed.elements[0].status, failed.elements[0].message) == (Status.CREATE_FAILED, "no permission")
    destroying = replace(database, elements=(element(1, A, status=Status.DESTROYING),))
    assert ended(destroying, Task(Act.DESTROY, A), 6.0) is None


def test_a_record_that_is_older_than_the_elements_is_put_right_and_costs_no_row() -> None:
    """The store was restored from a copy: the element that it has as the second took the writes since."""
    later = replace(primary(B, "", waits=""), timeline=2)
    for here in (primary(A, ""), replace(primary(A, "", waits=""), timeline=1), stopped(A)):
        decision, _ = look(pair(), Seen(True, here), Seen(True, later))
        assert (Act.FENCE, B) not in tasks(decision)
        assert ((Act.FENCE, A) in tasks(decision)) is here.writable
        assert decision.database is not None
        first, second = decision.database.elements
        assert (first.active, first.in_set, second.active, second.in_set) == (False, False, True, True)
        assert "the record is older" in decision.told[0][1]
    # it follows the other one, which acknowledged without it
    decision, _ = look(pair(), Seen(True, standby(A)), Seen(True, primary(B, "", waits="")))
    assert (Act.PROMOTE, A) not in {(t.act, t.instance) for t in decision.tasks}
    # the one that took the writes is not known: nothing is done
    follower = replace(standby(B), timeline=2)
    decision, statuses = look(pair(), Seen(True, primary(A, "")), Seen(True, follower))
    assert decision.tasks == ()
    assert statuses == {A: "opened", B: "opened"}


def test_an_element_with_a_server_of_its_own_is_nobodys_successor() -> None:
    """One that comes into the map has another system's data, whatever its timeline."""
    own = replace(primary(B, "", waits=""), system="8", timeline=9)
    decision, _ = look(pair(), Seen(True, primary(A)), Seen(True, own))
    assert decision.database is not None
    assert decision.database.elements[0].active
