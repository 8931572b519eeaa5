"""Commands that nobody types: -c, -f, standard input; exit codes, JSON, and what is wrong with the options."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell.conftest import ROOT, TOY, Run
from tests.shell.toy import CONFIG


def test_commands_run_in_order_and_stop_at_the_first_that_is_not_done(run: Run) -> None:
    ended = run("-c", "ls host1; switch to host2", "-c", "ls; recover; ls host3", "-c", "ls host2")
    assert ended.out.splitlines() == ["ls host1", "switch to host2", "ls", "one step done"]
    assert ended.err.splitlines() == ["ERROR: the second step failed", "NEXT: recover", "not begun: 'ls host3'"]
    assert ended.status == 4


@pytest.mark.parametrize(
    ("command", "status"),
    [("ls", 0), ("crash", 1), ("datasorce host1 recover", 2), ("failover", 3), ("recover", 4), ("ping", 5), ("", 0)],
)
def test_exit_codes(run: Run, command: str, status: int) -> None:
    assert run("-c", command).status == status


@pytest.mark.parametrize(
    "command",
    [
        *("datasorce host1 recover", "datasource host9 recover", "datasource host1 recovr", "use nosuch"),
        *("set policy sometimes", "switch to", "datasource 'host1; touch x' recover"),
        *("datasource $(touch x) recover", "explain nothing", "help nothing", "cd nosuch", "'", "ls\x00"),
    ],
)
def test_what_means_nothing_is_a_usage_error(run: Run, command: str) -> None:
    ended = run(stdin=command) if "\0" in command else run("-expert", "-c", command)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("ERROR: ")
    assert "NEXT: " in ended.err


def test_a_file_of_commands(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# a comment\nls host1\n\nswitch \\\n  to host2\nfailover\nls\n")
    ended = run("-c", "ls", "-f", str(script))
    assert ended.out.splitlines() == ["ls", "ls host1", "switch to host2"]
    assert ended.err.splitlines()[-1] == f"stopped at {script}:6"
    assert ended.status == 3


def test_standard_input(run: Run) -> None:
    ended = run(stdin="ls\nset policy maintenance; ls host1\nquit\nls host2\n")
    assert ended.out.splitlines() == ["ls", "set policy maintenance", "ls host1"]
    assert ended.status == 0
    assert run("-f", "-", stdin="ls -l").out == "ls -l\n"


@pytest.mark.parametrize("spelling", ["-expert", "--expert"])
def test_expert_mode_asks_nothing(run: Run, spelling: str) -> None:
    ended = run(spelling, "-c", "datasource host1 fail")
    assert (ended.status, ended.out) == (0, "datasource fail host1\n")


def test_without_a_terminal_what_needs_an_answer_is_refused(run: Run) -> None:
    for command in ("datasource host1 fail", "expert; datasource host1 fail"):
        ended = run("-c", command)
        assert (ended.status, ended.out) == (3, "")
        assert "--yes" in ended.err
        assert "Incorrect use may cause data corruption" in ended.err
    assert run("--yes", "-c", "datasource host1 fail").status == 0


def test_json_is_one_document_a_command(run: Run) -> None:
    ended = run("--format", "json", "-c", "ls host1; failover", "-c", "ls")
    first, second = map(json.loads, ended.out.splitlines())
    assert first == {
        "schema_version": 1,
        "command": "ls host1",
        "service": "alpha",
        "outcome": "done",
        "exit_code": 0,
        "data": {"arguments": {"HOST": "host1"}},
        "messages": [{"stream": "stdout", "text": "ls host1"}],
        "error": None,
    }
    assert (second["outcome"], second["exit_code"]) == ("refused", 3)
    assert second["error"] == {
        "what": "the master 'host1' is healthy", "detail": "0 s since it answered", "next": "switch"
    }  # fmt: skip
    assert ended.status == 3


def test_json_for_what_does_not_parse_and_for_a_broken_configuration(run: Run, tmp_path: Path) -> None:
    for ended in (run("--format=json", "-c", "lss"), run("--format=json", "-c", "ls", config=tmp_path / "none.toml")):
        document = json.loads(ended.out)
        assert (document["outcome"], document["exit_code"], ended.status) == ("usage", 2, 2)


def test_help_lists_every_command_and_tells_more_about_one(run: Run) -> None:
    ended = run("-c", "help")
    assert "datasource HOST recover [--force]" in ended.out
    assert "explain COMMAND..." in ended.out
    told = run("-c", "help switch").out
    assert told.splitlines() == ["switch [to HOST]", "    planned move", "    Moves the master."]
    assert run("-c", "help set policy").out.startswith("set policy automatic|manual|maintenance\n")
    assert "asks first" in run("-c", "help datasource host1 fail").out


def test_explain_prints_the_plan_and_stops(run: Run) -> None:
    assert run("-c", "explain switch to host1").out == "1 would switch\n"
    assert run("-c", "explain ls").status == 0
    assert run("-c", "explain recover").out.startswith("recover: ")
    assert run("-c", "explain datasource host1 recovr").status == 2


def test_help_of_a_sub_command_shows_what_it_takes(run: Run) -> None:
    told = run("manager", "--help").out
    assert "--service NAME" in told
    assert "--expert" not in told
    assert "COMMAND" not in told
    assert "--expert" in run("record", "--help").out


def test_a_comment_is_none_and_a_question_mark_is_help(run: Run) -> None:
    assert (run("-c", "# hi").status, run("-c", "# hi").out) == (0, "")
    assert run("-c", "? switch").out == run("-c", "help switch").out


def test_multi_starts_at_the_root(run: Run, tmp_path: Path) -> None:
    two = tmp_path / "two.toml"
    one = CONFIG.format(state=tmp_path / "state")
    two.write_text(one + one.replace("alpha", "beta").split("\n", 1)[1])
    ended = run("-multi", "-c", "ls; use beta; ls; cd ..; ls", config=two)
    border = "+" + "-" * 76 + "+"
    listing = ["", border, "|DATA SERVICES:" + " " * 62 + "|", border, "alpha", "beta", ""]
    assert ended.out.splitlines() == [*listing, "ls", *listing]
    lost = run("-c", "switch", config=two)
    assert (lost.status, lost.err.splitlines()[-1]) == (2, "NEXT: use alpha")
    assert run("-service", "beta", "-c", "ls", config=two).status == 0


@pytest.mark.parametrize("words", [("-c", "ls"), ("doctor",), ("trust", "host1")])
def test_an_unknown_service_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    ended = run("-service", "alpa", *words)
    assert ended.status == 2
    assert "did you mean alpha?" in ended.err


def test_missing_and_broken_configuration(run: Run, tmp_path: Path) -> None:
    ended = run("-c", "ls", config=tmp_path / "none.toml")
    assert (ended.status, "none.toml" in ended.err) == (2, True)
    broken = tmp_path / "bad.toml"
    broken.write_text("x = [\n")
    ended = run("-c", "ls", config=broken)
    assert (ended.status, "bad.toml" in ended.err) == (2, True)
    broken.write_bytes(b"\xff")
    assert run("-c", "ls", config=broken).status == 2
    assert run("-c", "ls", config=tmp_path).status == 2


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["demmo"], "did you mean demo?"),
        (["ls"], "cctrl -c 'ls'"),
        (["--nonsense"], "there is no option --nonsense"),
        (["--formt", "json", "-c", "ls"], "did you mean --format?"),
        (["-c"], "expected one argument"),
        (["--timeout", "-3"], "timeout"),
        (["--timeout", "soon"], "number of seconds"),
        (["--format", "xml"], "xml"),
        (["replay"], "FILE|DIR"),
        (["-f", "/nowhere/at all"], "/nowhere/at all"),
        (["trust", "host9"], "did you mean host"),
    ],
)
def test_wrong_options_are_usage_errors(run: Run, argv: list[str], says: str) -> None:
    ended = run(*argv)
    assert ended.status == 2
    assert says in ended.err


def test_a_mode_has_its_own_commands(run: Run) -> None:
    for mode in ("-physical", "--admin"):
        ended = run(mode, "-c", "recover")
        assert (ended.status, ended.out) == (2, "")
        assert "ERROR: 'recover' is a command of the LOGICAL mode" in ended.err
        assert "NEXT: logical   (then: recover)" in ended.err
        assert run(mode, "-c", "logical; ls").out == "ls\n"
    assert run("-admin", "-logical", "-c", "ls").out == "ls\n"


def test_version(run: Run) -> None:
    assert run("--version").out == "cctrl 0.1.0\n"


def test_a_defect_leaves_a_report_that_only_its_owner_reads(run: Run, tmp_path: Path) -> None:
    ended = run("-c", "ls", "-c", "crash", "-c", "ls")
    assert ended.out == "ls\n"
    (line,) = ended.err.splitlines()
    path = Path(line.rpartition(" ")[2])
    assert line.startswith("ERROR: internal error")
    assert "ZeroDivisionError: a defect" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_reader_that_goes_away_stops_no_command(config_path: Path, environ: dict[str, str]) -> None:
    line = f"{sys.executable} {TOY} --config {config_path} -c flood; echo $? >&2"
    shell = subprocess.Popen(
        ["sh", "-c", f"({line}) | head -n 1"], stdout=-1, stderr=-1, text=True, env=environ, cwd=ROOT
    )
    out, err = shell.communicate(timeout=30)
    assert (out, err) == ("line 0\n", "flood ended\n0\n")


def test_a_full_disk_below_stdout_is_said_and_stops_no_command(config_path: Path, environ: dict[str, str]) -> None:
    command = [sys.executable, str(TOY), "--config", str(config_path), "-c", "flood"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=-1, text=True, env=environ, timeout=30)
    assert done.stderr == "ERROR: cannot write to standard output: no space left on device\nflood ended\n"
    assert done.returncode == 1


def test_closed_streams(config_path: Path, environ: dict[str, str]) -> None:
    line = f"{sys.executable} {TOY} --config {config_path}"
    for streams, status in (("<&-", 0), ("-c ls >&-", 0), ("-c failover 2>&-", 3), ("-c ls <&- >&- 2>&-", 0)):
        assert subprocess.run(["sh", "-c", f"{line} {streams}"], env=environ, timeout=30).returncode == status, streams


def test_interrupted(config_path: Path, environ: dict[str, str]) -> None:
    command = [sys.executable, str(TOY), "--config", str(config_path), "-c", "wait", "-c", "ls"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "goes on there by itself" in err
    assert "Traceback" not in err
