"""The shell at a pseudo-terminal: typing, completion, Ctrl-C, Ctrl-D, questions."""

from __future__ import annotations

import re
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.shell.conftest import TOY
from tests.shell.screen import Screen

LOGICAL = "[LOGICAL] /alpha >"
EXPERT = "[LOGICAL:EXPERT] /alpha >"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


class Typist:
    """Somebody at a terminal with the shell on it. The terminal says where its cursor is when asked."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self.child = pexpect.spawn(argv[0], argv[1:], env=environ, encoding="utf-8", dimensions=(30, 100))
        self.raw = ""  # all that came
        self.screen = Screen()
        self.unread = ""  # what came since the last `sees`, as plain text

    def sees(self, *texts: str) -> str:
        """Wait until the texts have appeared, in order; the plain text up to the last of them."""
        seen = ""
        deadline = time.monotonic() + 60
        for text in texts:
            while text not in self.unread:
                self._read(text, deadline)
            before, _, self.unread = self.unread.partition(text)
            seen += before + text
        return seen

    def shows(self, *texts: str) -> None:
        """Wait until all of the texts stand on the screen."""
        deadline = time.monotonic() + 60
        while missing := [t for t in texts if t not in "\n".join(self.screen.lines())]:
            self._read(missing[0], deadline)

    def _read(self, awaited: str, deadline: float) -> None:
        try:
            came = self.child.read_nonblocking(4096, timeout=max(0.0, deadline - time.monotonic()))
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            raise AssertionError(
                f"{awaited!r} did not come: {type(error).__name__} in\n" + "\n".join(self.screen.lines())
            ) from None
        self.raw += came
        self.screen.feed(came)
        for _ in range(came.count("\x1b[6n")):
            self.child.send("\x1b[3;1R")
        self.unread += ESCAPES.sub("", came).replace("\r", "")

    def types(self, keys: str) -> None:
        self.child.send(keys)

    def says(self, line: str, *then: str) -> str:
        """Type a command; wait for what it prints, then for the next prompt."""
        self.types(line + "\r")
        return self.sees(*then)

    def leaves(self) -> int:
        self.types("\x04")
        self.sees("Exiting...")
        return self.ended()

    def ended(self) -> int:
        self.child.expect(pexpect.EOF)
        self.raw += self.child.before
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)


Start = Callable[..., Typist]


@pytest.fixture
def start(config_path: Path, environ: dict[str, str]) -> Iterator[Start]:
    typists: list[Typist] = []

    def begin(*argv: str, prompt: str = LOGICAL, **env: str) -> Typist:
        typist = Typist([sys.executable, str(TOY), "--config", str(config_path), *argv], {**environ, **env})
        typists.append(typist)
        typist.sees("cctrl 0.1.0\n", "alpha: 3 members", prompt)
        return typist

    yield begin
    for typist in typists:
        typist.child.close(force=True)


def test_typing_and_leaving_with_ctrl_d(start: Start) -> None:
    typist = start()
    typist.says("ls host1", "\nls host1\n", LOGICAL)
    typist.says("nonsense", "ERROR: unknown command 'nonsense'", "NEXT: help", LOGICAL)
    assert typist.leaves() == 0


@pytest.mark.parametrize("word", ["quit", "exit", "ls; QUIT; ls"])
def test_leaving_with_a_word(start: Start, word: str) -> None:
    typist = start()
    typist.types(word + "\r")
    assert typist.ended() == 0


def test_tab_completes_verbs_and_hosts_with_their_state(start: Start) -> None:
    typist = start()
    typist.types("sw\t")
    typist.shows("> switch")
    typist.types("to h\t")
    typist.shows("> switch to host", "host1  slave:ONLINE", "host2  slave:ONLINE", "host3  slave:ONLINE")
    typist.types("\t")
    typist.shows("> switch to host1")
    typist.types("\t")
    typist.shows("> switch to host2")
    typist.types("\r")
    typist.sees("\nswitch to host2\n", LOGICAL)
    assert typist.leaves() == 0


def test_the_toolbar_shows_the_usage_of_what_is_typed(start: Start) -> None:
    typist = start()
    typist.shows("help COMMAND")
    typist.types("set pol")
    typist.shows("set policy automatic|manual|maintenance")


def test_an_unknown_verb_turns_red_before_enter(start: Start) -> None:
    typist = start()
    typist.types("zzz ")
    typist.shows("> zzz", "unknown command")
    assert typist.screen.colour_of("zzz") == "0;31"
    typist.types("\x03ls zzz ")
    typist.shows("> ls zzz")
    assert typist.screen.colour_of("ls zzz") == "0;0;1;0;31"


def test_no_color_is_honoured(start: Start) -> None:
    typist = start(NO_COLOR="1")
    typist.types("zzz \r")
    typist.sees("NEXT: help", LOGICAL)
    typist.leaves()
    assert "31m" not in typist.raw


def test_a_dumb_terminal_gets_plain_text(start: Start) -> None:
    typist = start(TERM="dumb")
    typist.says("ls host1", "ls host1\n", LOGICAL)
    typist.leaves()
    assert "\x1b" not in typist.raw


def test_ctrl_c_at_the_prompt_clears_the_line(start: Start) -> None:
    typist = start()
    typist.types("datasource host1 fai")
    typist.shows("> datasource host1 fai")
    typist.types("\x03")
    typist.sees(LOGICAL)
    typist.says("ls host2", "\nls host2\n", LOGICAL)


def test_ctrl_c_stops_waiting_for_a_command(start: Start) -> None:
    typist = start()
    typist.says("wait", "waiting\n")
    typist.child.sendintr()
    seen = typist.sees(LOGICAL)
    assert "goes on there by itself" in seen
    assert "Traceback" not in seen
    assert typist.leaves() == 0


def test_the_expert_question_answered_with_no_then_yes(start: Start) -> None:
    typist = start()
    question = typist.says("datasource host1 fail", "(y/n)> ")
    block = ["", "WARNING: This is an expert-level command:", "Incorrect use may cause data corruption"]
    block += ["or make the cluster unavailable.", "", "Do you want to continue? (y/n)> "]
    assert question.endswith("\n".join(block))
    typist.types("n\r")
    assert "was not confirmed: nothing was changed" in typist.sees(LOGICAL)
    typist.says("datasource host1 fail", "(y/n)> ")
    typist.types("what\r")
    typist.sees("Please answer y or n.", "(y/n)> ")
    typist.types("y\r")
    typist.sees("\ndatasource fail host1\n", LOGICAL)


def test_ctrl_c_and_ctrl_d_at_the_question_change_nothing(start: Start) -> None:
    typist = start()
    typist.says("datasource host1 fail", "(y/n)> ")
    typist.child.sendintr()
    assert "datasource fail host1" not in typist.sees(LOGICAL)
    typist.says("datasource host1 fail", "(y/n)> ")
    typist.types("\x04")
    assert "nothing was changed" in typist.sees(LOGICAL)


def test_expert_mode_and_back(start: Start) -> None:
    typist = start()
    typist.says("expert", "(y/n)> ")
    typist.types("y\r")
    typist.sees(EXPERT)
    typist.says("datasource host1 fail", "\ndatasource fail host1\n", EXPERT)
    typist.says("logical", LOGICAL)


def test_the_terminal_may_change_its_size(start: Start) -> None:
    typist = start()
    typist.child.setwinsize(12, 40)
    typist.says("ls host1", "ls host1\n", LOGICAL)
    typist.says("wait", "waiting")
    typist.child.setwinsize(50, 200)
    typist.child.sendintr()
    typist.sees(LOGICAL)
    assert typist.leaves() == 0


def test_history_is_kept_for_its_owner_alone(start: Start, tmp_path: Path) -> None:
    typist = start()
    typist.says("ls host3", "\nls host3\n", LOGICAL)
    typist.leaves()
    history = tmp_path / "state" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "+ls host3" in history.read_text()
    again = start()
    again.types("\x1b[A\r")
    again.sees("\nls host3\n", LOGICAL)


def test_no_history_leaves_no_file(start: Start, tmp_path: Path) -> None:
    typist = start("-no-history")
    typist.says("ls host3", "\nls host3\n", LOGICAL)
    typist.leaves()
    assert not (tmp_path / "state" / "history").exists()


def test_history_suggests_what_looks_and_never_what_changes(start: Start) -> None:
    typist = start()
    typist.says("ls -l host3", LOGICAL)
    typist.says("datasource host3 shun", LOGICAL)
    typist.types("ls -")
    typist.shows("> ls -l host3")
    typist.types("\x03")
    typist.sees(LOGICAL)
    typist.types("datasource host3 s")
    typist.shows("> datasource host3 s", "datasource HOST shun")
    typist.says("\x03ls", "\nls\n", LOGICAL)
    assert "host3 shun" not in "".join(typist.screen.lines()[5:])


def test_a_state_directory_that_cannot_be_written_stops_nobody(start: Start, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    typist = start()
    typist.says("ls host1", "\nls host1\n", LOGICAL)
    assert typist.leaves() == 0


def test_a_service_that_cannot_be_opened_says_why(start: Start, config_path: Path) -> None:
    config_path.write_text(config_path.read_text().replace("dataservice", "grid"))
    typist = start()
    typist.says("ls", "member 'host1' is no instance of host 'host1'", LOGICAL)
    typist.says("help exit", "\nexit\n    leave\n", LOGICAL)
    typist.types("quit\r")
    assert typist.ended() == 0


def test_killed_at_the_prompt(start: Start) -> None:
    typist = start()
    typist.child.kill(signal.SIGTERM)
    assert typist.ended() in (-signal.SIGTERM, 128 + signal.SIGTERM)
