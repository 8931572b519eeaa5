"""The way back of a member is the cheapest that is right, and throws nothing away unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cctrl.replication.divergence import Commit, Relation, Tail, parting
from cctrl.replication.facts import Facts, Fence, Ran, Server, View
from cctrl.replication.position import Position
from cctrl.replication.recovery import LogRange, Remedy, Way, remedy, unread
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Step
from tests.replication.worlds import (
    SECOND,
    Placed,
    addresses,
    at,
    branches,
    common,
    crashed,
    facts,
    forks,
    placed,
    primary,
    standby,
    stopped,
    unseen,
)

FORK = at(100)
NEW = primary("host1", received=at(500), **SECOND)


def seen(*members: Facts) -> View:
    return View(members, "host1", addresses(tuple(m.name for m in members)))


def actions(found: Remedy) -> list[Action]:
    return [step.action for step in found.plan.steps]


def commits(count: int) -> Tail:
    listed = tuple(Commit(str(700 + n), at(110 + n), f"10:00:{n:02}") for n in range(min(count, 2)))
    return Tail(records=True, commits=count, end=at(300), first="10:00:00", last="10:00:59", listed=listed)


def refused(make: Callable[[], object], why: Why, *words: str) -> Rejected:
    with pytest.raises(Rejected) as caught:
        make()
    error = caught.value
    assert error.why is why
    for word in words:
        assert word in f"{error.what}\n{error.detail}"
    return error


# Whatever the histories are.


@st.composite
def returning(draw: st.DrawFn) -> tuple[Placed, Placed, Tail | None]:
    """A member, the primary it comes back under, and what a true reading of the member's log would show."""
    tree = draw(branches())
    new = draw(placed(tree, "host1"))
    old = draw(placed(tree, "host2"))
    server = draw(st.sampled_from([Server.UP, Server.DOWN, Server.DOWN, Server.FROZEN]))
    writable = server is Server.UP and draw(st.booleans())
    ran = Ran.PRIMARY if writable else draw(st.sampled_from([Ran.STANDBY, Ran.PRIMARY]))
    # of a server that crashed only a part of what it wrote is known without a look at its log
    known = Position(max(old.branch.begins, old.end - draw(st.integers(0, 40)))) if server is not Server.UP else old.end
    member = replace(
        old.facts, server=server, writable=writable, ran=ran, received=known, standby_mark=ran is Ran.STANDBY,
        rewindable=draw(st.integers(0, 9)) > 0,
    )  # fmt: skip
    source = replace(new.facts, writable=True, ran=Ran.PRIMARY)
    asked = unread(member, source)
    return replace(old, facts=member), replace(new, facts=source), _tail(draw, old, asked) if asked else None


def _tail(draw: st.DrawFn, old: Placed, asked: LogRange) -> Tail:
    beyond = old.end > asked.start
    count = draw(st.integers(0, 3)) if beyond else 0
    return Tail(records=beyond, commits=count, end=old.end, problem="broken" if draw(st.integers(0, 9)) == 0 else "")


def to_the_end(old: Placed, new: Placed, tail: Tail | None, force: bool) -> tuple[Remedy, list[Action]]:
    """The way back and all its actions: one that runs is ended first, and judged again. Raises Rejected."""
    found = remedy(seen(new.facts, old.facts), "host1", "host2", tail, force=force)
    if found.way is not Way.END:
        return found, actions(found)
    down = replace(old.facts, server=Server.DOWN, writable=False)
    beyond = Tail(records=(asked := unread(down, new.facts)) is not None and old.end > asked.start, end=old.end)
    again = remedy(seen(new.facts, down), "host1", "host2", (tail or beyond) if asked else None, force=force)
    return again, [*actions(found), *actions(again)]


@given(returning(), st.booleans())
def test_a_member_that_diverged_is_rewound_or_refused(case: tuple[Placed, Placed, Tail | None], force: bool) -> None:
    old, new, tail = case
    try:
        found, order = to_the_end(old, new, tail, force)
    except Rejected:
        return
    if found.way is Way.NOTHING:
        return
    only_there = old.end > common(old, new)
    if only_there and old.branch is not new.branch:
        assert found.way is Way.REWIND
    if Action.REWIND in order:
        assert order.index(Action.REWIND) < order.index(Action.START) < order.index(Action.STREAM)
        assert Action.FOLLOW not in order
    if old.facts.may_run and Action.START in order:
        assert order[0] in (Action.STOP, Action.END), "nothing is done to the files of a server that runs"
    assert order[-1] is Action.STREAM


@given(returning(), st.booleans())
def test_commits_that_only_the_member_has_are_refused_or_kept(
    case: tuple[Placed, Placed, Tail | None], force: bool
) -> None:
    old, new, tail = case
    assume(tail is not None and (tail.commits or tail.problem))
    assert tail is not None
    if parting(old.facts, new.facts).relation is Relation.SAME:
        return  # it was read only to find its end
    try:
        _, order = to_the_end(old, new, tail, force)
    except Rejected as rejected:
        if rejected.why is Why.ORPHANS:
            assert str(tail.commits) in rejected.what
        assert rejected.why not in (Why.ORPHANS, Why.TAIL_UNREADABLE) or not force
        return
    assert force
    assert order.index(Action.KEEP) < order.index(Action.REWIND)
    if old.facts.may_run:
        assert order[0] in (Action.STOP, Action.END), "what is committed until it stops is kept too"


@given(returning())
def test_a_log_is_read_from_where_it_parts(case: tuple[Placed, Placed, Tail | None]) -> None:
    """Nothing that only the member has may stand before the place where the reading begins."""
    old, new, _ = case
    asked = unread(old.facts, new.facts)
    if asked is not None and parting(old.facts, new.facts).relation is not Relation.SAME:
        assert asked.start <= common(old, new) or old.end <= common(old, new)
        assert asked.spans[0] == (asked.timeline, asked.start)


# One by one.


def test_a_standby_that_streams_needs_nothing() -> None:
    found = remedy(seen(NEW, standby("host2", "host1", **SECOND)), "host1", "host2", None)
    assert (found.way, found.plan.groups) == (Way.NOTHING, ())


def test_a_standby_of_the_old_primary_is_only_pointed_at_the_new_one() -> None:
    view = seen(NEW, standby("host2", "", received=at(90)))
    assert unread(view["host2"], NEW) is None
    found = remedy(view, "host1", "host2", None)
    assert (found.way, actions(found)) == (Way.FOLLOW, [Action.FOLLOW, Action.STREAM])


def test_a_standby_whose_receiver_is_further_at_the_second_look_still_only_follows() -> None:
    """The looks at two hosts are not made at the same instant."""
    view = seen(NEW, standby("host2", "", received=at(600), **SECOND))
    assert remedy(view, "host1", "host2", None).way is Way.FOLLOW


def test_a_stopped_standby_is_started() -> None:
    view = seen(NEW, facts("host2", Server.DOWN, received=at(90), clean=True, standby_mark=True))
    found = remedy(view, "host1", "host2", Tail(records=False))
    assert (found.way, actions(found)) == (Way.START, [Action.MARK, Action.START, Action.STREAM])


def test_an_old_primary_with_nothing_after_the_fork_is_started() -> None:
    view = seen(NEW, crashed("host2", received=at(60)))
    assert unread(view["host2"], NEW) == LogRange(1, FORK)
    assert remedy(view, "host1", "host2", Tail(records=False)).way is Way.START


def test_an_old_primary_that_wrote_on_without_a_commit_is_rewound() -> None:
    view = seen(NEW, crashed("host2", received=at(60)))
    found = remedy(view, "host1", "host2", Tail(records=True, end=at(130)))
    assert found.way is Way.REWIND
    assert actions(found) == [Action.CHECKPOINT, Action.REWIND, Action.START, Action.STREAM]
    assert found.plan.steps[0].member == "host1", "measured: pg_rewind of 15 needs it right after a promotion"


def test_from_16_on_the_new_primary_needs_no_checkpoint() -> None:
    view = seen(replace(NEW, version=16), crashed("host2", version=16))
    found = remedy(view, "host1", "host2", Tail(records=True))
    assert Action.CHECKPOINT not in actions(found)


def test_commits_are_counted_and_listed() -> None:
    view = seen(NEW, crashed("host2"))
    error = refused(
        lambda: remedy(view, "host1", "host2", commits(7)), Why.ORPHANS,
        "host2 has 7 committed transactions that host1 does not have", "10:00:00 to 10:00:59",
        "transaction 700 at 0/300006E", "and 5 more",
    )  # fmt: skip
    assert error.tail is not None
    assert error.tail.commits == 7


def test_statistics_alone_are_no_reason_to_refuse() -> None:
    view = seen(NEW, crashed("host2"))
    found = remedy(view, "host1", "host2", Tail(records=True, end=at(300), statistics=11))
    assert (found.way, Action.KEEP in actions(found)) == (Way.REWIND, False)
    both = replace(commits(1), statistics=11)
    refused(lambda: remedy(view, "host1", "host2", both), Why.ORPHANS, "has 1 committed", "not counted: 11")


def test_forced_the_log_is_kept_first() -> None:
    view = seen(NEW, crashed("host2"))
    found = remedy(view, "host1", "host2", commits(7), force=True)
    assert found.plan.steps[0] == Step(Action.KEEP, "host2", "host1", FORK)


def test_one_that_accepts_writes_is_ended_before_its_log_is_judged() -> None:
    """It may commit until then; and a shutdown writes a record, behind which nothing can be followed."""
    for tail, action in ((Tail(records=True, end=at(200)), Action.STOP), (Tail(records=False), Action.END)):
        received = at(200) if tail.records else FORK
        found = remedy(seen(NEW, primary("host2", received=received)), "host1", "host2", tail)
        assert (found.way, actions(found)) == (Way.END, [action])


def test_a_frozen_standby_is_ended_at_once_and_one_that_refuses_is_shut_down() -> None:
    for server, action in ((Server.FROZEN, Action.END), (Server.REJECTING, Action.STOP)):
        found = remedy(seen(NEW, facts("host2", server, standby_mark=True)), "host1", "host2", Tail(records=False))
        assert (found.way, actions(found)) == (Way.END, [action])


def test_a_log_that_cannot_be_read_is_refused_until_forced() -> None:
    view = seen(NEW, crashed("host2"))
    unreadable = Tail(records=False, problem="could not open file")
    refused(lambda: remedy(view, "host1", "host2", unreadable), Why.TAIL_UNREADABLE, "could not open file")
    assert actions(remedy(view, "host1", "host2", unreadable, force=True))[0] is Action.KEEP


def test_one_that_was_never_part_of_it_is_refused() -> None:
    refused(
        lambda: remedy(seen(NEW, crashed("host2", system="7")), "host1", "host2", None), Why.FOREIGN,
        "another database system", "system identifier 7, host1 has",
    )  # fmt: skip
    refused(lambda: remedy(seen(NEW, crashed("host2", timeline=9)), "host1", "host2", None), Why.FOREIGN, "timeline 9")


def test_two_that_were_promoted_to_the_same_timeline_cannot_be_told_apart() -> None:
    fenced = crashed("host2", received=at(300), fence=Fence("7", "host1", ""), standby_mark=True, **SECOND)
    for member in (fenced, replace(fenced, fence=None, standby_mark=False)):
        error = refused(
            partial(remedy, seen(NEW, member), "host1", "host2", None),
            Why.FOREIGN,
            "each promoted to a timeline 2 of its own",
        )
        assert error.member == "host2"


def test_one_that_has_log_its_primary_lost_is_refused() -> None:
    ahead = facts("host2", Server.DOWN, received=at(600), clean=True, standby_mark=True, **SECOND)
    refused(lambda: remedy(seen(NEW, ahead), "host1", "host2", None), Why.FOREIGN, "has log that host1 lost")


def test_what_cannot_be_rewound_is_said_before_anything_is_stopped_with_what_to_set() -> None:
    view = seen(NEW, primary("host2", received=at(200), rewindable=False))
    for tail in (Tail(records=True), commits(1)):
        for force in (False, True):
            refused(
                partial(remedy, view, "host1", "host2", tail, force=force), Why.NOT_REWINDABLE,
                "wal_log_hints = on", "restart", "pg_checksums --enable",
            )  # fmt: skip


def test_log_that_is_gone_from_the_primary_is_told_in_numbers() -> None:
    new = replace(NEW, oldest_log=at(16 << 20))
    stopped_standby = facts("host2", Server.DOWN, received=at(90), clean=True, standby_mark=True)
    words = ("the log host2 needs is gone from host1", "needed from 0/300005A", "keeps it from 0/4000000", "16 MB")
    refused(lambda: remedy(seen(new, stopped_standby), "host1", "host2", None), Why.LOG_GONE, *words[:3])
    refused(lambda: remedy(seen(new, standby("host2", "", received=at(90))), "host1", "host2", None), Why.LOG_GONE)
    refused(lambda: remedy(seen(new, crashed("host2")), "host1", "host2", Tail(records=True)), Why.LOG_GONE)
    archived = replace(stopped_standby, restores_log=True)
    assert remedy(seen(new, archived), "host1", "host2", Tail(records=False)).way is Way.START


def test_a_standby_that_crashed_starts_from_its_logs_end_not_from_its_last_checkpoint() -> None:
    new = replace(NEW, oldest_log=at(200))
    member = facts("host2", Server.DOWN, received=at(90), standby_mark=True, **SECOND)
    assert unread(member, new) == LogRange(2, at(90))
    assert remedy(seen(new, member), "host1", "host2", Tail(records=True, end=at(260))).way is Way.START
    refused(lambda: remedy(seen(new, member), "host1", "host2", Tail(records=True, end=at(150))), Why.LOG_GONE)


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (unseen("host2"), Why.UNREACHABLE),
        (facts("host2", Server.NO_DATA, reason="the data directory does not exist"), Why.NO_DATA),
        (facts("host2", Server.NO_BINARIES, reason="sh: postgres: not found"), Why.NO_BINARIES),
        (crashed("host2", version=14), Why.OTHER_VERSION),
    ],
)
def test_what_no_way_back_exists_for_is_refused(member: Facts, why: Why) -> None:
    assert (unread(member, NEW) is None) == (why is not Why.OTHER_VERSION)
    error = refused(lambda: remedy(seen(NEW, member), "host1", "host2", None), why)
    assert error.member == "host2"


def test_a_rewind_that_did_not_come_to_its_end_is_done_again_and_never_just_started() -> None:
    """Half of its files are the new primary's: no log that is left can tell how far it was."""
    half = crashed("host2", received=at(60), half_rewound=True)
    for tail in (Tail(records=False), Tail(records=False, problem="could not find file")):
        found = remedy(seen(NEW, half), "host1", "host2", tail)
        assert found.way is Way.REWIND
    rewound_unmarked = replace(half, received=at(500), **SECOND)
    assert remedy(seen(NEW, rewound_unmarked), "host1", "host2", None).way is Way.REWIND


def test_the_log_of_every_timeline_since_is_read() -> None:
    """host2 took over (timeline 2) and failed; host1, which had been away, forked off earlier."""
    new = primary("host1", received=at(500), timeline=3, history=forks((1, 40), (2, 60)))
    member = crashed("host2", received=at(300), **SECOND)
    assert unread(member, new) == LogRange(1, at(40), ((2, FORK),))
    refused(lambda: remedy(seen(new, member), "host1", "host2", commits(4)), Why.ORPHANS, "4 committed")
    found = remedy(seen(new, member), "host1", "host2", commits(4), force=True)
    assert found.plan.steps[0] == Step(Action.KEEP, "host2", "host1", at(40))


def test_two_timelines_of_one_number_are_not_rewound_to_each_other() -> None:
    """Measured: pg_rewind compares the numbers, says that no rewind is required and ends with 0."""
    new = primary("host1", received=at(500), timeline=2, history=forks((1, 40)))
    for member in (crashed("host2", received=at(300), **SECOND), standby("host2", "", received=at(300), **SECOND)):
        refused(partial(remedy, seen(new, member), "host1", "host2", commits(1), force=True), Why.FOREIGN, "0/3000028")


def test_a_stopped_old_primary_of_a_switch_is_started() -> None:
    view = seen(NEW, stopped("host2", received=at(90), standby_mark=True))
    assert remedy(view, "host1", "host2", Tail(records=False)).way is Way.START
