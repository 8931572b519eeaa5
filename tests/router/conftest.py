"""Services for routers to stand before."""

from __future__ import annotations

import pytest

from tests.dataservice.alpha import Alpha
from tests.stage import Labs


@pytest.fixture
def alpha(lab: Labs) -> Alpha:
    """A service of three hosts, healthy, host1 the master."""
    return Alpha(lab())
