"""The fixtures that the other tests stand on."""

from __future__ import annotations

import os
from pathlib import Path

from tests.stage import Lab


def test_nothing_of_the_user_reaches_a_test(surroundings: Path) -> None:
    assert os.environ["HOME"] == str(surroundings)
    assert Path.home() == surroundings
    assert not [name for name in os.environ if name.startswith(("PG", "CCTRL", "SSH_"))]


def test_a_lab_streams(quiet_lab: Lab) -> None:
    assert quiet_lab.sql("host1", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "2"
    assert quiet_lab.sql("host2", "SELECT pg_is_in_recovery()") == "t"
