"""A segment cluster to test on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.segments.gp import Gp
from tests.stage import Labs


@pytest.fixture(scope="module")
def gp(likeness: tuple[str, ...]) -> Iterator[Gp]:
    """Two pairs over two hosts, a third one without any, with FTS. Every test leaves it healthy and balanced."""
    labs = Labs(likeness)
    yield Gp(labs("--hosts", 2, "--spares", 1, kind="segments", manager=True))
    labs.down()
