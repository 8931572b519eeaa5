"""The programs of an instance: packaged, readable for every shell, put there again where anything of them changes."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from cctrl.config import Host, Server
from cctrl.grid.programs import PROGRAMS, install, program, script, stamp
from tests.source import TOP

MEMBER = Server("host3.instance1", Host("host3", "h"), "h", 5432, "/i", home="/i", listen_addresses="127.0.0.1")


@pytest.mark.parametrize("shell", ["sh", "bash", "busybox"])
def test_every_shell_reads_the_programs(shell: str) -> None:
    found = shutil.which(shell)
    if not found:
        pytest.skip(f"no {shell}")
    words = [found, "sh", "-n"] if shell == "busybox" else [found, "-n"]
    for text in (script("install"), *map(program, PROGRAMS)):
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_they_are_packaged() -> None:
    assert "grid/sh/*.sh" in (TOP / "setup.cfg").read_text(encoding="utf-8")
    assert all(program(name).startswith("#!/bin/sh\n") for name in PROGRAMS)


def test_an_instance_that_is_configured_otherwise_is_put_there_again() -> None:
    assert stamp(MEMBER) != stamp(replace(MEMBER, daemon_port=7000))
    assert stamp(MEMBER) in install(MEMBER)
