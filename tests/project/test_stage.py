"""The fixtures that the other tests stand on."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.stage import Cctrl, Lab, Labs


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


def test_cctrl_in_a_fork_is_a_program_like_any_other(cctrl: Cctrl, tmp_path: Path) -> None:
    """Its arguments, environment, directory, input, output and status are its own; it can be killed."""
    plain = subprocess.run(cctrl.argv("no-such-verb"), capture_output=True, text=True, env=cctrl.environ, check=False)
    done = cctrl("no-such-verb")
    assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    elsewhere = {"CCTRL_CONFIG": str(tmp_path / "nowhere.toml")}
    assert str(tmp_path / "nowhere.toml") in cctrl("-c", "ls", environ=elsewhere).stderr
    assert "nowhere.toml" not in cctrl("-c", "ls").stderr

    os.mkfifo(tmp_path / "waits")  # nobody ever writes to it
    waiting = cctrl.start("--config", tmp_path / "waits", "-c", "ls")
    assert waiting.poll() is None
    waiting.kill()
    assert waiting.wait(20) == -signal.SIGKILL
    waiting.communicate()
    with pytest.raises(subprocess.TimeoutExpired):
        cctrl("--config", tmp_path / "waits", "-c", "ls", timeout=0.2)
