"""Positions in the log are read, shown and compared as PostgreSQL's LSNs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl.replication.position import Position, size
from cctrl.replication.postgresql.probe_parse import wal_name, wal_start

POSITIONS = st.integers(0, 2**64 - 1).map(Position)
WAL_SEGMENT_SIZES = st.sampled_from([2**n for n in range(20, 31)])


@given(POSITIONS)
def test_what_is_shown_can_be_read(position: Position) -> None:
    assert Position.parse(str(position)) == position
    assert Position.parse(str(position).lower()) == position


@given(POSITIONS, POSITIONS)
def test_positions_are_ordered_as_numbers(one: Position, other: Position) -> None:
    assert (one < other) == (int(one) < int(other))


@pytest.mark.parametrize(
    "text", ["", "0", "0/", "/0", "0/3000148x", "0/3000148/1", "g/0", "123456789/0", "0/-1", "0 / 1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a log position"):
        Position.parse(text)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (10239, "10239 B"), (10240, "10 kB"), (412 << 20, "412 MB"), (5 << 40, "5120 GB")],
)
def test_sizes_are_for_people(count: int, shown: str) -> None:
    assert size(count) == shown


@given(st.integers(1, 2**31), st.integers(0, 2**60), WAL_SEGMENT_SIZES)
def test_the_file_of_a_position_begins_at_or_before_it(timeline: int, number: int, file_size: int) -> None:
    position = Position(number)
    name = wal_name(timeline, position, file_size)
    assert len(name) == 24
    assert int(name[:8], 16) == timeline
    begins = wal_start(name[8:], file_size)
    assert begins <= position < begins + file_size
