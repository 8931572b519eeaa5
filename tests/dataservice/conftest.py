"""Dataservices to test on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.dataservice.alpha import Alpha
from tests.stage import Labs


@pytest.fixture(scope="module")
def calm(likeness: tuple[str, ...]) -> Iterator[Alpha]:
    """One service of three hosts for the tests of a file that put back what they change."""
    labs = Labs(likeness)
    yield Alpha(labs())
    labs.down()


Make = Callable[..., Alpha]


@pytest.fixture
def service(lab: Labs) -> Make:
    """Makes a service of N hosts: `service(4)`."""

    def make(hosts: int = 3) -> Alpha:
        return Alpha(lab("--hosts", hosts), [f"host{n}" for n in range(1, hosts + 1)])

    return make
