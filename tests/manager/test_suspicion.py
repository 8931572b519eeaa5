"""How long something has been wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl.manager.suspicion import Suspicion, Suspicions


def of(member: str, patience: float, lasted: float = 0.0) -> Suspicion:
    return Suspicion("failed", member, f"{member} does not answer", patience, lasted)


def test_one_bad_look_is_not_a_failure() -> None:
    first = Suspicions().after((of("host1", 3.0),), 100.0)
    assert first.due == ()
    assert first.pause(5.0) == 3.0
    assert first.after((of("host1", 3.0),), 102.9).due == ()
    assert [s.member for s in first.after((of("host1", 3.0),), 103.0).due] == ["host1"]


def test_what_was_not_seen_again_begins_anew() -> None:
    seen = Suspicions().after((of("host1", 3.0),), 100.0).after((), 101.0).after((of("host1", 3.0),), 104.0)
    assert seen.due == ()
    assert seen.after((of("host1", 3.0),), 107.0).due


def test_a_silence_counts_from_its_beginning() -> None:
    """A host that was silent before the first look at it failed."""
    seen = Suspicions().after((of("host1", 4.0, lasted=3.5),), 100.0)
    assert (seen.due, seen.pause(5.0)) == ((), 0.5)
    assert seen.after((of("host1", 4.0, lasted=4.0),), 100.5).due


def test_there_is_always_a_next_look() -> None:
    assert Suspicions().pause(5.0) == 5.0
    due = Suspicions().after((of("host1", 0.0),), 100.0)
    assert due.due
    assert due.pause(1.0) == 1.0


@pytest.mark.parametrize(
    ("lasted", "pause"),
    [
        (1.0, 1.0),  # far from due: as usual
        (7.3, 1.5),  # the next one is the last, and begins so that it ends when the time is over
        (8.2, 0.6),
        (9.4, 0.6),  # too late for that: a look when it is due
        (10.0, 1.0),
    ],
)
def test_the_last_look_ends_when_a_silence_is_due(lasted: float, pause: float) -> None:
    seen = Suspicions().after((of("host1", 10.0, lasted),), 100.0)
    assert seen.pause(1.0, ahead=1.2) == pytest.approx(pause)


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.booleans()), min_size=1, max_size=30), st.floats(0.0, 10.0))
def test_due_is_what_was_seen_in_every_look_for_as_long_as_its_patience(
    looks: list[tuple[float, bool]], patience: float
) -> None:
    now, since, state = 0.0, None, Suspicions()
    for step, bad in looks:
        now += step
        since = (now if since is None else since) if bad else None
        state = state.after((of("host1", patience),) if bad else (), now)
        assert bool(state.due) == (since is not None and now - since >= patience)
