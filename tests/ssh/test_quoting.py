"""Whatever the words are, a shell hands them on as they are."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl.outcome import UsageError
from cctrl.ssh.quoting import command_line, quote

WORDS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20)
NASTY = st.sampled_from(
    ["", "'", '"', "$(id)", "`id`", "a b", "\n", "\\", "!x", "~", "*", "-n", "=ls", "A=b", "if", ";", "#"]
)
SHELLS = [shell for shell in ("sh", "bash", "zsh") if shutil.which(shell)]


def spoken(shell: str, line: str) -> list[str]:
    """The words that `shell` makes of `line`."""
    answer = subprocess.run([shell, "-c", line], stdout=subprocess.PIPE, check=True)
    return answer.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS | NASTY, min_size=1, max_size=6))
def test_any_words_survive_sh(words: list[str]) -> None:
    assert spoken("sh", quote(["printf", "%s\\0", *words])) == words


@pytest.mark.parametrize("shell", SHELLS)
def test_nasty_words_survive_every_shell(shell: str) -> None:
    words = [
        "",
        "'",
        '"',
        "$(id)",
        "`id`",
        "a b",
        "a\nb",
        "\\",
        "!x",
        "~",
        "*",
        "-n",
        "=ls",
        "A=b",
        ";",
        "#",
        "é",
        "\udcff",
    ]
    assert spoken(shell, command_line(["printf", "%s\\0", *words])) == words


@pytest.mark.parametrize("first", ["A=b", "if", "a b", "no'such"])
def test_the_first_word_is_a_program_and_nothing_else(first: str) -> None:
    answer = subprocess.run(["sh", "-c", quote([first, "x"])], capture_output=True)
    assert answer.returncode == 127


def test_become_and_limit() -> None:
    assert command_line(["ls", "-l"], become="postgres") == "exec 'sudo' -n -u postgres -- ls -l"
    assert command_line(["ls"], limit=2.2) == "exec 'timeout' -k 2 3 ls"
    assert command_line(["ls"], become="db", limit=5) == "exec 'sudo' -n -u db -- timeout -k 2 5 ls"


@pytest.mark.parametrize("words", [[], ["a\0b"], ["ls", "\0"], ["ls", "\ud800"]])
def test_what_cannot_be_passed_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(UsageError):
        quote(words)
    with pytest.raises(UsageError):
        command_line(words, become="db")
