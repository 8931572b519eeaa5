"""Recording a session, and replaying the record."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl.outcome import Refused
from cctrl.transcript.command import ReplayOptions, replay
from cctrl.transcript.contract import Opening
from cctrl.transcript.format import read
from cctrl.transcript.match import match_line
from cctrl.transcript.model import Head
from cctrl.transcript.record import Recorder, scrubbed
from cctrl.transcript.writing import written
from tests.transcript.toys import Printed, Toys, ToySession


class Teed:
    """A screen that tells a recorder what it shows, as the shell's does."""

    def __init__(self, recorder: Recorder, answers: list[str]) -> None:
        self.recorder = recorder
        self.answers = answers

    def out(self, line: str) -> None:
        self.recorder.heard("out", line)

    def err(self, line: str) -> None:
        self.recorder.heard("err", line)

    @property
    def live(self) -> bool:
        return False

    def progress(self, text: str) -> None:
        pass

    def hint(self, text: str) -> None:
        pass

    @property
    def asks(self) -> bool:
        return bool(self.answers)

    def answer(self, prompt: str) -> str | None:
        answer = self.answers.pop(0) if self.answers else None
        self.recorder.heard("err", prompt + (answer or ""))
        if answer is not None:
            self.recorder.heard("answer", answer)
        return answer

    def secret(self, prompt: str) -> str | None:
        return None


def record(path: Path, commands: list[str], answers: list[str]) -> str:
    recorder = Recorder(path, Head(service="alpha"))
    session = ToySession(None, Opening("alpha", "LOGICAL:EXPERT"), Teed(recorder, answers))
    for command in commands:
        recorder.command(session.prompt, command)
        recorder.ended(session.execute(command))
    recorder.close()
    recorder.close()
    return path.read_text()


COMMANDS = ["say |one|2026-11-22 10:41:00+00|# no comment|at 0/3000148||", "ask", "ask", "fail 2", "logical", "say x"]


def test_a_record_is_a_transcript_that_replays(tmp_path: Path) -> None:
    text = record(tmp_path / "r.t", COMMANDS, ["y", "n"])
    assert text == (
        "#@ lab: dataservice\n#@ service: alpha\n#@ hosts: 3\n\n"
        "[LOGICAL:EXPERT] /alpha > say |one|2026-11-22 10:41:00+00|# no comment|at 0/3000148||\n"
        "\none\n[TIME]\n\\# no comment (glob)\nat [LSN]\n\n\n\n"
        "[LOGICAL:EXPERT] /alpha > ask\n\nDo you want to continue? (y/n)>\n< y\nanswered y\n\n"
        "[LOGICAL:EXPERT] /alpha > ask\n\nDo you want to continue? (y/n)>\n< n\nanswered n\n? 3\n\n"
        "[LOGICAL:EXPERT] /alpha > fail 2\nERROR: failed with 2\n? 2\n\n"
        "[LOGICAL:EXPERT] /alpha > logical\n\n"
        "[LOGICAL] /alpha > say x\nx\n"
    )
    assert stat.S_IMODE((tmp_path / "r.t").stat().st_mode) == 0o600
    toys, out = Toys(tmp_path), Printed()
    assert replay([tmp_path / "r.t"], ReplayOptions(), toys.stage, toys.session, out) == 0, out.text


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.t").write_text("mine")
    with pytest.raises(Refused, match="exists"):
        Recorder(tmp_path / "r.t", Head())
    with pytest.raises(Refused, match="no such file"):
        Recorder(tmp_path / "none" / "r.t", Head())
    assert (tmp_path / "r.t").read_text() == "mine"


def test_passwords_are_starred_out(tmp_path: Path) -> None:
    text = record(tmp_path / "r.t", ["say password=hunter2 x", "say postgresql://u:hunter2@h/db"], [])
    assert "hunter2" not in text
    assert "password=*** x" in text and "postgresql://u:***@h/db" in text
    assert scrubbed("PASSWORD 'x'") == "PASSWORD 'x'"


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_output_is_recorded_as_something_that_parses(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("record") / "r.t"
    recorder = Recorder(path, Head())
    recorder.command("[LOGICAL] /alpha > ", "say\n" + " ".join(lines))
    for line in lines:
        recorder.heard("out", line)
        recorder.heard("answer", line[:3])
    recorder.ended(3)
    recorder.close()
    transcript = read(path)
    assert len(transcript.steps) == 1 and transcript.steps[0].status == 3


LINE = st.text(alphabet=st.characters(exclude_characters="\n\r"), max_size=30)


@settings(deadline=None)
@given(LINE, st.sampled_from(["0/3000148", "2026-11-22 10:41:00+00", "pid 77", "latency=1.5", "5 s ago"]), LINE)
def test_a_redacted_line_matches_the_line_it_was_made_of(before: str, value: str, after: str) -> None:
    line = f"{before} {value} {after}"
    assert match_line(written(line), line, {}) is not None
