"""The tables of the core are whole: every action has an engine, every script a use."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import cast

import pytest

from cctrl.config import Host, Server, Service
from cctrl.replication.postgresql.engine import PostgreSQL
from cctrl.replication.postgresql.scripts import script
from cctrl.replication.steps import Action
from cctrl.ssh import Hosts
from tests.source import TOP, tree

FOLDER = TOP / "cctrl" / "replication" / "postgresql"
SCRIPTS = sorted(path.stem for path in (FOLDER / "sh").glob("*.sh") if path.stem not in ("living", "prelude"))
HABITS = (
    "SC2034",  # the prelude names what not every script needs
    "SC2317",  # and has functions that not every script calls
    "SC2015",  # a && b || exit: b is meant to be able to fail
    "SC3012", "SC3013",  # test's <, -nt and -ef: dash, bash and busybox have them
)  # fmt: skip


def test_every_action_is_carried_out() -> None:
    server = Server("host1", Host("host1", "host1"), "host1", 5432, "/data")
    engine = PostgreSQL(cast(Hosts, None), Service("dataservice", "alpha", (server,)), timeout=1.0)
    assert set(engine.handlers) == set(Action)


def test_every_action_says_what_it_does() -> None:
    texts = [action.value for action in Action]
    assert len(set(texts)) == len(texts)
    assert all("{member}" in text for text in texts)


WHERE = {"command": 0, "run": 1, "must": 1, "_must": 1, "job": 2}
"""What runs a script -> which of its arguments is the script's name."""


def test_every_script_is_used_and_every_script_that_is_used_is_there() -> None:
    used: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            given = call.args[WHERE[name] :][:1] if name in WHERE else []
            used |= {str(arg.value) for arg in given if isinstance(arg, ast.Constant)}
    assert used == set(SCRIPTS)


@pytest.mark.parametrize("shell", ["sh", "bash", "busybox"])
def test_every_shell_reads_the_scripts(shell: str) -> None:
    found = shutil.which(shell)
    if not found:
        pytest.skip(f"no {shell}")
    words = [found, "sh", "-n"] if shell == "busybox" else [found, "-n"]
    for name in SCRIPTS:
        done = subprocess.run(words, input=script(name), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), name


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_finds_nothing(name: str) -> None:
    found = shutil.which("shellcheck")
    if not found:
        pytest.skip("no shellcheck")
    words = [found, "-s", "sh", "-f", "gcc", "-e", ",".join(HABITS), "-"]
    done = subprocess.run(words, input=script(name), capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_scripts_are_packaged() -> None:
    assert (files("cctrl.replication.postgresql") / "sh" / "prelude.sh").is_file()
    assert "replication/postgresql/sh/*.sh" in Path(TOP / "setup.cfg").read_text(encoding="utf-8")


def test_data_comes_to_a_script_only_as_its_arguments() -> None:
    """Nothing is formatted into the text of a script."""
    for name in SCRIPTS:
        assert "%(" not in script(name)
        assert not re.search(r"\{[a-z_]+\}", re.sub(r"\$\{[^}]*\}", "", script(name)))
