"""The fixtures that the other tests stand on."""

from __future__ import annotations

import os
from pathlib import Path

from tests.stage import Lab, Labs


def test_nothing_of_the_user_reaches_a_test(surroundings: Path) -> None:
    assert os.environ["HOME"] == str(surroundings)
    assert Path.home() == surroundings
    assert not [name for name in os.environ if name.startswith(("PG", "CCTRL", "SSH_"))]


def test_a_lab_streams(quiet_lab: Lab) -> None:
    assert quiet_lab.sql("host1", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "2"
    assert quiet_lab.sql("host2", "SELECT pg_is_in_recovery()") == "t"


def test_labs_of_one_test_are_apart_and_break_apart(lab: Labs) -> None:
    one, two = lab("--hosts", "2"), lab("--hosts", "2")
    one.sql("host1", "CREATE TABLE t (i int)")
    one.has("host2", "SELECT count(*) FROM t", "0")
    one.run("kill", "host1")
    assert one.try_sql("host1", "SELECT 1").returncode == 2
    assert two.sql("host1", "SELECT to_regclass('t') IS NULL") == "t"


def test_the_wheel_is_a_postgresql_too(lab: Labs, wheel_bin: Path) -> None:
    small = lab("--hosts", "1", like=("--postgresql", str(wheel_bin)))
    assert int(small.sql("host1", "SHOW server_version_num")) >= 160000
