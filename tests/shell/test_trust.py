"""`cctrl trust HOST` on a real SSH server whose key is not known yet."""

from __future__ import annotations

import re
from pathlib import Path

from cctrl.config import load
from tests.stage import Cctrl, Lab


def test_an_unknown_key_is_shown_and_accepted_once(quiet_lab: Lab, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    original = load(quiet_lab.directory / "lab" / "cctrl.toml").path.read_text()
    config = tmp_path / "cctrl.toml"
    config.write_text(re.sub(r'known_hosts = "[^"]*"', f'known_hosts = "{known}"', original))
    on = Cctrl(quiet_lab.environ, ("--config", str(config)))
    refused = on("trust", "host1")
    assert refused.returncode == 3, refused.stderr
    assert "SHA256:" in refused.stdout
    assert "--yes" in refused.stderr
    assert not known.exists()
    accepted = on("trust", "host1", "--yes")
    assert (accepted.returncode, accepted.stderr) == (0, "")
    assert known.stat().st_mode & 0o777 == 0o600
    again = on("trust", "host1")
    assert (again.returncode, "already known" in again.stdout) == (0, True)
    assert on("trust", "host9").returncode == 2
