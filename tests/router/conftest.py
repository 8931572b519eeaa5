"""Services for routers to stand before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that the lab's user, whom SSH commands run as, can enter; pytest closes its own again."""
    made = Path(tempfile.mkdtemp(prefix="cctrl-router-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)
