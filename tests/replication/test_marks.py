"""The standby mark: what puts a stopped server back as it was never makes a standby writable."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cctrl.config import load
from cctrl.replication.postgresql.remote import arguments
from cctrl.replication.postgresql.scripts import script
from tests.stage import Lab, Labs


def unmarked(lab: Lab, host: str) -> bool:
    """Whether the mark of a stopped server is gone after the script that takes it off."""
    server = load(lab.directory / "lab" / "cctrl.toml").services[0].member(host)
    subprocess.run(["sh", "-c", script("unmark"), "sh", *arguments(server)], check=True, timeout=30)
    return not (Path(server.data_dir) / "standby.signal").exists()


def test_only_what_was_a_primary_loses_its_mark(lab: Labs) -> None:
    two = lab("--hosts", "2")
    two.run("stop", "host2")
    assert not unmarked(two, "host2"), "shut down in recovery"
    two.run("start", "host2")
    two.run("kill", "host2")
    assert not unmarked(two, "host2"), "killed in recovery"
    for verb in ("stop", "kill"):
        two.run(verb, "host1")
        (two.directory / "lab" / "hosts" / "host1" / "data" / "standby.signal").touch()
        assert unmarked(two, "host1"), verb
        two.run("start", "host1")
