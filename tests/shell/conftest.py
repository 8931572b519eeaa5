"""A configuration of three members that nobody answers for, and a `cctrl` with the toy vocabulary on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cctrl.config import Config, load
from tests.shell import toy

TOY = Path(toy.__file__)
ROOT = TOY.parents[2]


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    path = tmp_path / "cctrl.toml"
    path.write_text(toy.CONFIG.format(state=tmp_path / "state"))
    return path


@pytest.fixture
def config(config_path: Path) -> Config:
    return load(config_path)


@pytest.fixture
def environ() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return {**plain, "PYTHONPATH": str(ROOT), "TERM": "xterm"}


@pytest.fixture
def run(config_path: Path, environ: dict[str, str]) -> Run:
    """`run("-c", "ls")`; `stdin` is a pipe with that text."""

    def toy_cctrl(*argv: str, stdin: str = "", config: Path = config_path) -> Ended:
        command = [sys.executable, str(TOY), "--config", str(config), *argv]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=environ, timeout=30)
        assert "Traceback" not in done.stdout + done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    return toy_cctrl
