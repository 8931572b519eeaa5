"""A grid to test on, one for all modules: it takes a while to make."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.grid.grid import Grid
from tests.stage import Labs


@pytest.fixture(scope="session")
def grid(likeness: tuple[str, ...]) -> Iterator[Grid]:
    """Three replica sets on host3 to host8, host9 and host10 to spare, and a manager. Every test leaves it well."""
    labs = Labs(likeness)
    yield Grid(labs(kind="grid", manager=True))
    labs.down()
