"""Replaying, on a toy stage: order, answers, statuses, waits, programs, ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from cctrl.outcome import Refused
from cctrl.transcript import programs
from cctrl.transcript.command import ReplayOptions, replay
from cctrl.transcript.model import Head
from cctrl.transcript.wait import same_state, until
from tests.transcript.toys import Printed, Toys, ToyStage


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    return Toys(tmp_path)


def play(toys: Toys, text: str, *, config: Path | None = None) -> tuple[int, Printed]:
    file = toys.directory / "x.t"
    file.write_text(textwrap.dedent(text))
    out = Printed()
    code = replay([file], ReplayOptions(config=config), toys.stage, toys.session, out)
    return code, out


def test_a_whole_play(toys: Toys) -> None:
    code, out = play(
        toys,
        """\
        #@ policy: manual
        #@ hosts: 2
        %% kill host2
        %% wait until host2 state is FAILED timeout 5s
        %% wait until host1 state is master:ONLINE
        %% wait until manager is ONLINE timeout 5s
        %% kill manager
        %% wait until manager is OFFLINE
        %% sql host1 select i from t
        1
        2
        %% sql host1 insert into t values (3)
        %% cut host3 --from host2
        %% cut host3 --in
        %% heal host3
        %% traffic start
        %% traffic report
        traffic report
        nothing *lost (glob)
        %% traffic report
        %% wait until sql host1 select i from t is * (glob) timeout 5s

        [LOGICAL:EXPERT] /alpha > say one|two
        one
        ...

        [LOGICAL:EXPERT] /alpha > ask

        Do you want to continue? (y/n)> y
        answered y

        [LOGICAL:EXPERT] /alpha > ask

        Do you want to continue? (y/n)>
        answered None
        ? 3

        [LOGICAL:EXPERT] /alpha > logical
        [LOGICAL] /alpha > fail 2
        ERROR: failed with 2
        ? 2
        [LOGICAL] /alpha > quit
        [LOGICAL:EXPERT] /beta > say again
        again
        """,
    )
    assert out.text.startswith(f"ok {toys.directory}/x.t (") and code == 0
    assert [s.typed[0] for s in toys.sessions] == ["set policy manual", "say again"]
    assert toys.sessions[1].service == "beta"
    assert all(s.closed == 1 for s in toys.sessions)
    assert toys.stages[0].faults == [
        ("kill", "host2"), ("kill", "manager"), ("cut", "host3", "--from", "host2"), ("cut", "host3", "--in"),
        ("heal", "host3"),
    ]  # fmt: skip
    assert toys.stages[0].head.hosts == 2
    assert toys.stages[0].downs >= 1


@pytest.mark.parametrize(
    ("text", "line", "shows"),
    [
        ("[LOGICAL] /alpha > say one\ntwo\n", 1, ["-    2 two", "+      one", "the text differs from column 1"]),
        ("[LOGICAL] /alpha > fail 3\n...\n", 1, ["? 0", "? 3", "the exit status"]),
        ("[LOGICAL] /alpha > say one\none\n? 4\n", 1, ["-    3 ? 4", "? 0"]),
        ("[LOGICAL] /alpha > logical\n[LOGICAL:EXPERT] /alpha > ls\n", 2, ["[LOGICAL] /alpha >", "session's prompt"]),
        ("[LOGICAL] /alpha > logical\n[LOGICAL] /beta > ls\n", 2, ["[LOGICAL] /beta >", "was not played"]),
        ("#@ mode: logical\n[LOGICAL:EXPERT] /alpha > ls\n", 2, ["[LOGICAL] /alpha >"]),
        ("[LOGICAL] /alpha > say one\n< y\none\n", 1, ["< y"]),
        ("%% kill host9\n", 1, ["the lab has no host9", "NEXT: one of host1"]),
        ("%% sql host1 nonsense\n", 1, ["syntax error"]),
        ("%% sql host1 select\n1\n3\n", 1, ["-    3 3", "+      2"]),
        ("%% traffic report\ntraffic report\n\n3 lost\n", 1, ["3 lost", "nothing lost"]),
        ("%% wait until host2 state is SHUNNED timeout 300ms\n", 1, ["not within 0.3 s", "host2 is slave:ONLINE"]),
        ("%% wait until host7 state is ONLINE timeout 300ms\n", 1, ["no member host7", "host1, host2, host3"]),
        ("%% wait until sql host1 select is 5 timeout 300ms\n", 1, ["is '1\\n2', not '5'"]),
        ("#@ timeout: 300ms\n[LOGICAL] /alpha > hang\n", 2, ["hang had not ended after 0.3 s"]),
        ("[LOGICAL] /alpha > crash\n", 1, ["internal error, ZeroDivisionError"]),
        ("$ rm -rf /\n", 1, ["cannot run 'rm' in a transcript", "one of: cctrl"]),
        ("$ cctrl -c ls | head\n", 1, ["without a shell"]),
        ("$ cctrl 'x\n", 1, ["No closing quotation"]),
    ],
)
def test_differences(toys: Toys, text: str, line: int, shows: list[str]) -> None:
    code, out = play(toys, text)
    assert code == 1
    assert out.lines[0] == f"FAIL {toys.directory}/x.t:{line}"
    for part in shows:
        assert part in out.text
    assert "Traceback" not in out.text
    assert toys.stages[0].downs == 1


def test_after_a_difference_the_play_goes_on(toys: Toys) -> None:
    code, out = play(toys, "[LOGICAL] /alpha > say one\ntwo\n[LOGICAL] /alpha > say three\nfour\n")
    assert code == 1
    assert [text for text in out.lines if text.startswith("FAIL")] == [
        f"FAIL {toys.directory}/x.t:1",
        f"FAIL {toys.directory}/x.t:3",
    ]


def test_bindings_hold_for_the_file(toys: Toys) -> None:
    code, _ = play(toys, "[LOGICAL] /a > say 0/30\n[LSN:a]\n[LOGICAL] /a > say 0/30\n[LSN:a]\n")
    assert code == 0
    code, out = play(toys, "[LOGICAL] /a > say 0/30\n[LSN:a]\n[LOGICAL] /a > say 0/31\n[LSN:a]\n")
    assert code == 1 and "stands for 0/30" in out.text


def test_files_side_by_side_and_results_in_their_order(tmp_path: Path, toys: Toys) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.t").write_text("[LOGICAL] /a > say x\nx\n")
    (tmp_path / "sub" / "b.t").write_text("#@ service: b\n[LOGICAL] /b > say x\ny\n")
    (tmp_path / "c.t").write_text("[LOGICAL] /c > say x\nx\n")
    (tmp_path / "README").write_text("not one")
    both = threading.Barrier(2, timeout=20)

    def stage(head: Head) -> ToyStage:
        if head.service != "b":
            both.wait()  # only passes where two are played at once
        return toys.stage(head)

    out = Printed()
    files = [tmp_path / "a.t", tmp_path]
    assert replay(files, ReplayOptions(jobs=3), stage, toys.session, out) == 1
    heads = [text.split()[:2] for text in out.lines if text.startswith(("ok", "FAIL"))]
    assert heads == [["ok", f"{tmp_path}/a.t"], ["ok", f"{tmp_path}/c.t"], ["FAIL", f"{tmp_path}/sub/b.t:2"]]
    assert out.lines[-1] == "3 transcripts: 2 ok, 1 failed"
    assert len(toys.stages) == 3 and all(s.downs == 1 for s in toys.stages)


def test_nothing_is_played_where_a_file_does_not_parse(tmp_path: Path, toys: Toys) -> None:
    (tmp_path / "a.t").write_text("[LOGICAL] /a > say x\nx\n")
    (tmp_path / "b.t").write_text("%% explode host1\n")
    (tmp_path / "c.t").write_text("oops\n")
    out = Printed()
    assert replay([tmp_path], ReplayOptions(), toys.stage, toys.session, out) == 2
    assert not toys.stages and not out.lines
    assert f"{tmp_path}/b.t:1: unknown stage direction explode" in "\n".join(out.notes)
    assert f"{tmp_path}/c.t:1: output without a command" in "\n".join(out.notes)


def test_paths_that_hold_nothing(tmp_path: Path, toys: Toys) -> None:
    for paths, what in (
        ([], "no transcripts are named"),
        ([tmp_path], "no transcripts in"),
        ([tmp_path / "n"], "no such"),
    ):
        out = Printed()
        assert replay(paths, ReplayOptions(), toys.stage, toys.session, out) == 2
        assert what in "\n".join(out.notes)


def test_a_stage_that_does_not_come_up_is_told(tmp_path: Path, toys: Toys) -> None:
    def stage(head: Head) -> ToyStage:
        raise Refused("no free port", next="cctrl lab list")

    (tmp_path / "a.t").write_text("[LOGICAL] /a > say x\n")
    out = Printed()
    assert replay([tmp_path], ReplayOptions(), stage, toys.session, out) == 1
    assert "no free port" in out.text and "NEXT: cctrl lab list" in out.text


def test_a_configuration_that_is_no_lab_is_never_broken(toys: Toys, tmp_path: Path) -> None:
    config = tmp_path / "real.toml"
    code, out = play(toys, "[LOGICAL] /alpha > say one\none\n", config=config)
    assert code == 0 and not toys.stages
    code, out = play(toys, "[LOGICAL] /alpha > say one\none\n%% wipe host1\n", config=config)
    assert code == 3
    assert ":3: stage directions are played on a lab only" in out.notes[0]
    assert len(toys.sessions) == 1  # the first play's
    for line in ("%% sql host1 drop table t\n", "%% traffic start\n"):
        assert play(toys, line, config=config)[0] == 3


def test_a_program_gets_the_configuration_answers_and_status(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import os, sys; print('to', os.path.basename(os.environ['CCTRL_CONFIG']), sys.argv[1:]);"
        "print('err', file=sys.stderr); print(sys.stdin.read(), end=''); sys.exit(7)"
    )
    monkeypatch.setitem(programs.PROGRAMS, "prog", (sys.executable, "-c", script))
    monkeypatch.setenv("CCTRL_LAB", "x")
    code, out = play(
        toys,
        """\
        $ prog 'a b' --x
        to cctrl0.toml ['a b', '--x']
        err
        in
        < in
        ? 7
        """,
    )
    assert code == 0, out.text


def test_a_program_that_does_not_end_is_ended(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(programs.PROGRAMS, "prog", (sys.executable, "-c", "import signal; signal.pause()"))
    code, out = play(toys, "#@ timeout: 600ms\n$ prog\n")
    assert code == 1 and "had not ended after 0.6 s" in out.text


def test_the_real_program_is_run_on_the_stages_configuration(toys: Toys) -> None:
    assert programs.argv_of("cctrl -c 'ls -l'") == [sys.executable, "-m", "cctrl", "-c", "ls -l"]
    code, out = play(
        toys,
        """\
        % cctrl --version
        cctrl * (glob)
        shell> cctrl -c ls
        ERROR: no configuration at */cctrl0.toml (glob)
        ...
        ? 2
        """,
    )
    assert code == 0, out.text


@pytest.mark.parametrize(
    ("wanted", "actual", "same"),
    [
        ("ONLINE", "master:ONLINE", True),
        ("master:ONLINE", "master:ONLINE", True),
        ("slave:ONLINE", "master:ONLINE", False),
        ("SHUNNED(MANUALLY-SHUNNED)", "slave:SHUNNED(MANUALLY-SHUNNED)", True),
        ("SHUNNED", "slave:SHUNNED(MANUALLY-SHUNNED)", True),
        ("SHUNNED(FAILED-OVER-TO-host2)", "master:SHUNNED(FAILED-OVER-TO-host3)", False),
        ("FAILED", "slave:FAILED(NODE 'host1' IS UNREACHABLE)", True),
        ("OFFLINE", "master:ONLINE", False),
        ("?", "master:ONLINE", False),
    ],
)
def test_states_compare_with_or_without_role_and_reason(wanted: str, actual: str, same: bool) -> None:
    assert same_state(wanted, actual) is same


def test_a_wait_needs_no_real_time() -> None:
    clock = [0.0]

    def pause(seconds: float) -> bool:
        clock[0] += seconds
        return False

    looks: list[float] = []

    def look() -> str | None:
        looks.append(clock[0])
        return "not yet"

    assert until(look, 60.0, lambda: clock[0], pause) == "not yet"
    assert looks[-1] == pytest.approx(60.0) and len(looks) > 100


def test_ctrl_c_ends_the_stages(tmp_path: Path) -> None:
    (tmp_path / "a.t").write_text("[LOGICAL] /a > hang\n")
    (tmp_path / "b.t").write_text("[LOGICAL] /b > hang\n")
    (tmp_path / "c.t").write_text("[LOGICAL] /c > hang\n")
    script = f"""if True:
        import sys, pathlib
        from cctrl.transcript.command import ReplayOptions, replay
        from tests.transcript.toys import Toys
        class Out:
            def line(self, text=""): print(text, flush=True)
            note = line
        toys = Toys(pathlib.Path({str(tmp_path)!r}))
        def stage(head):
            made = toys.stage(head)
            print("up", flush=True)
            return made
        code = replay([toys.directory], ReplayOptions(), stage, toys.session, Out())
        print("stages", len(toys.stages), "downs", sum(s.downs > 0 for s in toys.stages))
        sys.exit(code)
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        assert process.stdout
        assert [process.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]
        process.send_signal(number)
        started = time.monotonic()
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 130, output
        assert "stages 2 downs 2" in output
        assert time.monotonic() - started < 10


def test_modules_of_this_room_import_nothing_above_or_beside() -> None:
    script = """if True:
        import sys, cctrl.transcript.command, cctrl.transcript.record
        below = ("cctrl.transcript", "cctrl.outcome", "cctrl.config", "cctrl.registry")
        ours = [m for m in sys.modules if m.startswith("cctrl.") and not m.startswith(below)]
        print(ours, "paramiko" in sys.modules)
    """
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == "[] False\n"
