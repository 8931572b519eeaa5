"""What the documents at the top say is true, as far as a program can tell."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from cctrl import __version__
from cctrl.config import load
from cctrl.outcome import Outcome
from cctrl.transcript.match import match_line
from tests.source import TOP
from tests.stage import Cctrl

README = (TOP / "README.md").read_text(encoding="utf-8")
SCRIPTS = ["demo", "tests/run", "tests/venv", ".ci/run"]


def test_the_readme_opens_with_the_two_commands() -> None:
    commands = re.findall(r"^    (\S.*)$", README, re.MULTILINE)
    assert commands[:2] == ["./demo", "tests/run"]
    assert README.index("    tests/run") < 600


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_can_be_run(script: str) -> None:
    path = TOP / script
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", path], check=True)


def test_the_example_of_a_configuration_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "cctrl.toml"
    path.write_text(example, encoding="utf-8")
    service = load(path).service("alpha")
    assert service is not None
    assert service.names == ("host1", "host2", "host3")
    assert {m.host.become for m in service.members} == {"postgres"}
    assert all(m.start and m.stop and m.config_file and m.bin_dir for m in service.members)
    assert service.member("host3").host.address == "host3.example.com"
    assert tomllib.loads(example)["timeout"] == load(path).timeout


def test_the_session_shows_what_the_transcripts_hold() -> None:
    """Line by line, whichever host it is; what the lab says stands in no transcript."""
    session = README.partition("## A session")[2].partition("\n## ")[0]
    shown = {line for line in re.findall(r"^    (.*)$", session, re.MULTILINE) if not line.startswith("[LOGICAL")}
    held = {any_host(line) for file in (TOP / "transcripts").glob("*.t") for line in file.read_text().splitlines()}
    unheld = {line for line in shown if not any(match_line(e, any_host(line), {}) is not None for e in held - {"..."})}
    assert unheld == {"host1 killed"}


def any_host(line: str) -> str:
    return re.sub(r"host\d", "hostN", line)


def test_the_exit_codes_are_those_of_the_program() -> None:
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [int(o) for o in Outcome]


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_a_document_names_is_there(document: str) -> None:
    text = (TOP / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:cctrl|tests|transcripts|completions|bench)/[\w./]*|\w+\.md|\.ci/run|\./demo)`", text))
    named |= set(re.findall(r"\]\((\w+\.md)\)", text))
    assert not [name for name in named if not (TOP / name).exists() and not (TOP / f"{name}.py").exists()]


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_one_page_each(document: str) -> None:
    assert len((TOP / document).read_text(encoding="utf-8").splitlines()) <= 80


def test_the_changelog_knows_this_version() -> None:
    assert f"## {__version__} " in (TOP / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason() -> None:
    setup = ConfigParser(interpolation=None)
    setup.read(TOP / "setup.cfg", encoding="utf-8")
    wanted = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    names = {re.split(r"[<>=]", line)[0] for lines in wanted for line in lines.split()}
    reasons = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Why each dependency")[2]
    assert not [n for n in names if n not in reasons and not n.startswith("types-")]


def test_the_program_says_its_version(cctrl: Cctrl) -> None:
    done = cctrl("--version")
    assert (done.returncode, done.stdout) == (0, f"cctrl {__version__}\n")
