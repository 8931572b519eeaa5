"""`cctrl record`, and sessions that others drive: the console is theirs."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from cctrl.config import Config
from cctrl.outcome import Outcome, Refused, UsageError
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.shell import recording, stage
from cctrl.shell.console import Script
from cctrl.shell.session import Session
from cctrl.shell.talk import Manner
from tests.shell.conftest import Run
from tests.shell.toy import Toy


class Screen(Script):
    """Keeps what is said."""

    def __init__(self, *answers: str) -> None:
        self.lines: list[str] = []
        super().__init__(
            lambda line: self.lines.append(f"1 {line}"), lambda line: self.lines.append(f"2 {line}"), answers
        )


def session(config: Config, screen: Screen, expert: bool = False, extra: tuple[Command, ...] = ()) -> Session:
    return Session(config, screen, manner=Manner(expert=expert), extra=extra, vocabularies=lambda _: Toy())


def test_a_session_with_answers_from_a_list(config: Config) -> None:
    screen = Screen("n", "y")
    driven = session(config, screen)
    assert driven.execute("datasource host1 fail") is Outcome.REFUSED
    assert driven.execute("datasource host1 fail") is Outcome.DONE
    assert driven.execute("datasource host1 fail") is Outcome.REFUSED
    assert screen.lines.count("2 Do you want to continue? (y/n)> n") == 1
    assert screen.lines.count("2 Do you want to continue? (y/n)> y") == 1
    assert screen.lines.count("1 datasource fail host1") == 1


def test_a_question_may_bring_its_own_last_line(config: Config) -> None:
    def ask(_handle: object, _typed: Invocation, talk: Talk) -> Outcome:
        talk.confirm("Three transactions will be set aside.\nGo on? (y/n)> ")
        return Outcome.DONE

    screen = Screen("maybe", "YES")
    driven = session(config, screen, expert=True, extra=(Command("ask", "", ask, danger=Danger.EXPERT),))
    assert driven.execute("ask") is Outcome.DONE
    assert screen.lines == [
        "2 Three transactions will be set aside.",
        "2 Go on? (y/n)> maybe",
        "2 Please answer y or n.",
        "2 Go on? (y/n)> YES",
    ]


def test_the_prompt_follows_mode_and_service(config: Config) -> None:
    driven = session(config, Screen("y"))
    assert driven.prompt == "[LOGICAL] /alpha > "
    driven.execute("expert")
    assert driven.prompt == "[LOGICAL:EXPERT] /alpha > "
    driven.execute("cd ..; logical")
    assert driven.prompt == "[LOGICAL] / > "
    assert driven.execute("switch") is Outcome.USAGE
    driven.execute("use alpha")
    assert driven.prompt == "[LOGICAL] /alpha > "
    assert dict(driven.states()) == {f"host{n}": "slave:ONLINE" for n in (1, 2, 3)}
    driven.execute("quit; ls")
    assert driven.leaving
    driven.close()
    driven.close()
    with pytest.raises(UsageError, match="unknown service"):
        Session(config, Screen(), service="beta", vocabularies=lambda _: Toy())


def test_stage_directions_are_commands_on_a_lab_only(config: Config) -> None:
    done: list[tuple[str, ...]] = []

    def act(words: Sequence[str]) -> tuple[list[str], bool]:
        done.append(tuple(words))
        return [f"{words[-1]} {words[0]}ed"], words[-1] != "report"

    screen = Screen()
    driven = session(config, screen, extra=stage.commands(act))
    assert driven.execute("%% kill host1") is Outcome.DONE
    assert driven.execute("lab cut host2; ls") is Outcome.DONE
    assert driven.execute("lab cut host1 --from manager") is Outcome.DONE
    assert driven.execute("lab cut manager --from host9") is Outcome.USAGE
    assert driven.execute("lab cut host1 --in; lab kill manager2") is Outcome.DONE
    assert done[2:] == [("cut", "host1", "--from", "manager"), ("cut", "host1", "--in"), ("kill", "manager2")]
    del done[2:]
    assert driven.execute("%% traffic start") is Outcome.DONE
    assert driven.execute("lab traffic report") is Outcome.INTERNAL
    assert done == [("kill", "host1"), ("cut", "host2"), ("traffic", "start"), ("traffic", "report")]
    assert driven.execute("%% sleep 3") is Outcome.USAGE
    assert driven.execute("lab kill host9") is Outcome.USAGE
    assert session(config, Screen()).execute("%% kill host1") is Outcome.USAGE


def test_a_recorded_session_is_a_transcript(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "session.t"
    ended = run("record", str(path), stdin="ls host1\n\ndatasource host1 fail\nls\n")
    assert ended.status == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith(
        "#@ lab: dataservice\n#@ service: alpha\n#@ hosts: 3\n\n[LOGICAL] /alpha > ls host1\nls host1\n"
    )
    assert text.endswith("NEXT: give --yes to confirm beforehand\n? 3\n")
    assert run("record", str(path), stdin="ls\n").status == 3, "an existing file is not overwritten"
    assert path.read_text() == text


def test_faults_are_recorded_as_directions(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cctrl.dataservice

    monkeypatch.setattr(cctrl.dataservice, "VOCABULARY", Toy())
    path = tmp_path / "session.t"
    extra = stage.commands(lambda words: ([" ".join(words)], True))
    recorded = recording.RecordedSession(config, Screen(), path, extra=extra)
    for line in ("lab kill host1", "%% start host1", "lab kill host9", "lab traffic stop", "ls"):
        recorded.execute(line)
    recorded.close()
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#@")]
    assert lines == ["%% kill host1", "%% start host1", "%% traffic stop", "[LOGICAL] /alpha > ls", "ls"]
    with pytest.raises(Refused):
        recording.RecordedSession(config, Screen(), path)
