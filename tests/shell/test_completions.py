"""The files in `completions/`: that they are the ones made from the registry, and that they work in the shells."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from cctrl.lab import command, faults
from cctrl.shell import completions
from cctrl.shell.stage import FAULTS
from cctrl.transcript import model
from tests.shell.conftest import ROOT, TOY, Run

FILES = ROOT / "completions"
Complete = Callable[[str], str]

CASES = [
    ("cctrl --exp", {"--expert"}),
    ("cctrl -exp", {"-expert"}),
    ("cctrl re", {"record", "replay"}),
    ("cctrl lab he", {"heal"}),
    ("cctrl lab kill ho", {"host1", "host2", "host3"}),
    ("cctrl lab up ", {"dataservice", "segments", "grid"}),
    ("cctrl trust ", {"host1", "host2", "host3"}),
    ("cctrl -service ", {"alpha"}),
    ("cctrl --lab ", {"here", "there"}),
    ("cctrl lab down --name t", {"there"}),
    ("cctrl --format j", {"json"}),
    ("cctrl -c sw", {"switch"}),
    ("cctrl -c 'set po", {"set policy automatic", "set policy manual", "set policy maintenance"}),
    ("cctrl --expert -c 'dataso", {"datasource host1", "datasource host2", "datasource host3"}),
    ("cctrl -c 'datasource host2 rec", {"datasource host2 recover"}),
    ("cctrl -c 'ls; use ", {"ls; use alpha"}),
]


def test_the_files_are_those_that_the_registry_makes() -> None:
    for name, make in completions.FILES.items():
        assert (FILES / name).read_text() == make(), "python -m cctrl.shell.completions writes them anew"


def test_the_tables_are_those_of_the_lab() -> None:
    assert list(FAULTS) == list(faults.VERBS) == list(model.FAULTS)
    assert set(completions.LAB_VERBS) == set(command._SUMMARIES)
    for option in completions.LAB_OPTIONS:
        argv = ["up", option, *(["3"] if option not in ("--sshd", "--netns", "--no-manager", "--synchronous") else [])]
        assert command._parse(argv).verb == "up"


def test_what_is_asked_needs_no_configuration(run: Run, tmp_path: Path) -> None:
    asked = run("--complete", "line", "--", "exp", config=tmp_path / "none.toml")
    assert asked.out == "expert\tgo to EXPERT mode: expert-level commands no longer ask\nexplain\t" + (
        "show what a command would do, and stop\n"
    )
    assert run("--complete", "hosts", config=tmp_path / "none.toml").out == ""


@pytest.fixture
def path_with_cctrl(tmp_path: Path, config_path: Path) -> str:
    """A PATH on which `cctrl` is the one with the toy vocabulary, and knows two labs."""
    for name in ("here", "there"):
        (tmp_path / "cctrl" / "labs" / name).mkdir(parents=True)
    program = tmp_path / "bin" / "cctrl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nXDG_STATE_HOME={tmp_path} exec {sys.executable} {TOY} --config {config_path} "$@"\n'
    )
    program.chmod(0o755)
    return f"{program.parent}:/usr/local/bin:/usr/bin:/bin"


def needed(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} on this machine")
    return found


def test_bash(path_with_cctrl: str, environ: dict[str, str]) -> None:
    """What readline would be given for each line, with the words divided as bash divides them."""
    script = [f"source {shlex.quote(str(FILES / 'cctrl.bash'))}", "compopt() { :; }"]
    for line, _ in CASES:
        unquoted = line.partition("'")[0]
        words = line.split(" ", unquoted.count(" "))
        script.append(f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _cctrl")
        script.append("printf '%s\\n' \"${COMPREPLY[@]}\"; echo ==")
    done = subprocess.run(
        [needed("bash"), "--norc", "-c", "\n".join(script)],
        env={**environ, "PATH": path_with_cctrl},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    given = [set(block.split("\n")) - {""} for block in done.stdout.split("==\n")]
    assert given[: len(CASES)] == [wanted for _, wanted in CASES]


def test_fish(path_with_cctrl: str, environ: dict[str, str]) -> None:
    lines = "; ".join("complete -C " + shlex.quote(line) + "; echo ==" for line, _ in CASES)
    done = subprocess.run(
        [needed("fish"), "--no-config", "-c", f"source {shlex.quote(str(FILES / 'cctrl.fish'))}; {lines}"],
        env={**environ, "PATH": path_with_cctrl},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    given = [{w.split("\t")[0] for w in block.split("\n")} - {""} for block in done.stdout.split("==\n")]
    assert given[: len(CASES)] == [wanted for _, wanted in CASES]


KEYS = [  # typed at a real shell, with Tab: what the line then is
    ("cctrl --exp", "cctrl --expert "),
    ("cctrl lab kill ho", "cctrl lab kill host"),
    ("cctrl -c 'datasource host2 rec", "cctrl -c 'datasource host2 recover'"),
    ("cctrl -c 'dataso", "cctrl -c 'datasource host"),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_at_a_real_shell(shell: str, path_with_cctrl: str, environ: dict[str, str], tmp_path: Path) -> None:
    begin = {
        "bash": [f"source {shlex.quote(str(FILES / 'cctrl.bash'))}", "bind 'set enable-bracketed-paste off'"],
        "zsh": [
            f"fpath=({shlex.quote(str(FILES))} $fpath)",
            f"autoload -U compinit; compinit -u -d {shlex.quote(str(tmp_path / 'dump'))}",
            "setopt no_beep; unset zle_bracketed_paste",
        ],
    }
    argv = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"]}
    env = {**environ, "PATH": path_with_cctrl, "TERM": "dumb", "PS1": "$ "}
    child = pexpect.spawn(needed(shell), argv[shell], env=env, encoding="utf-8", dimensions=(40, 200), timeout=60)
    try:
        for line in begin[shell]:
            child.sendline(line)
        child.sendline("echo re''ady")
        child.expect_exact("ready\r\n")
        for typed, wanted in KEYS:
            child.send(typed + "\t")
            child.expect(_any_drawing_of(wanted))
            child.send("\x03")
    finally:
        child.close(force=True)


def _any_drawing_of(text: str) -> str:
    """A pattern for the text as a line editor may draw it: bells, backspaces and blanks in between."""
    return r"(?:\x07|\x08| )*".join(re.escape(c) for c in text.rstrip())
