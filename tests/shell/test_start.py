"""What the shell does before its first prompt: as little as it can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect

from tests.shell.conftest import ROOT


def test_the_command_line_is_cheap_to_import() -> None:
    code = "import cctrl.cli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "argparse",
        "prompt_toolkit",
        "paramiko",
        "tabulate",
        "pygments",
        "sqlite3",
        "cctrl.dataservice",
    }


def test_the_prompt_waits_for_neither_paramiko_nor_the_vocabulary_nor_the_network(
    config_path: Path, environ: dict[str, str]
) -> None:
    """The hosts of the configuration do not exist; what is imported is shown on the terminal as it happens."""
    argv = ["-X", "importtime", "-m", "cctrl", "--config", str(config_path)]
    child = pexpect.spawn(sys.executable, argv, env=environ, encoding="utf-8", dimensions=(30, 100), timeout=30)
    try:
        child.expect_exact("[LOGICAL] /alpha >")
        before = child.before
        assert "cctrl.shell.repl" in before
        for module in ("paramiko", "sqlite3", "tabulate", "pygments", "cctrl.ssh", "cctrl.dataservice"):
            assert f" {module}" not in before, module
        child.expect_exact("cctrl.dataservice.commands")  # begun once the prompt was drawn
    finally:
        child.close(force=True)
