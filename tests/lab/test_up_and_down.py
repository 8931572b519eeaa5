"""Making labs and taking them down, in every state they can be in."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cctrl.config import load
from cctrl.lab import Options, down, fault, find, place, processes, up
from cctrl.lab.command import main
from cctrl.lab.layout import labs_dir, read_plan
from cctrl.outcome import Refused
from tests.stage import wait_for

from .conftest import MakeLab, psql, streaming, take_down


def test_a_lab_streams_is_complete_and_goes_away(make_lab: MakeLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = make_lab()
    assert streaming(lab) == 2
    service = load(lab.config_path).service("alpha")
    assert service and service.names == ("host1", "host2", "host3")
    assert Path(service.members[0].host.identity or "").stat().st_mode & 0o777 == 0o600
    assert [psql(lab, h, "select pg_is_in_recovery()").stdout.strip() for h in service.names] == ["f", "t", "t"]
    assert len({psql(lab, h, "select system_identifier from pg_control_system()").stdout for h in service.names}) == 1

    assert main(["up"]) == 3
    assert "is up already" in capsys.readouterr().err
    assert main(["list"]) == 0
    assert capsys.readouterr().out.split() == ["lab", "dataservice", "up", "host1,host2,host3", "-", str(lab.dir)]
    assert main(["env"]) == 0
    assert capsys.readouterr().out == f"export CCTRL_CONFIG={lab.config_path}\n"
    take_down(lab)
    assert main(["list"]) == 0
    assert capsys.readouterr().out == ""


def test_labs_side_by_side_do_not_touch_each_other(make_lab: MakeLab, tmp_path: Path) -> None:
    one, other = make_lab(name="one", hosts=1), make_lab(name="other", hosts=2, directory=str(tmp_path / "elsewhere"))
    assert find("other").dir == tmp_path / "elsewhere"
    fault(one, "kill", "host1")
    assert psql(one, "host1", "select 1").returncode != 0
    assert streaming(other) == 1
    take_down(one)
    assert streaming(other) == 1
    take_down(other)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_of_the_users_own_is_emptied_not_removed(make_lab: MakeLab, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    take_down(make_lab(hosts=1, directory=str(tmp_path / "mine")))
    assert list((tmp_path / "mine").iterdir()) == []
    (tmp_path / "mine" / "precious").touch()
    with pytest.raises(Refused, match="not an empty directory"):
        make_lab(hosts=1, directory=str(tmp_path / "mine"))
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["precious"]
    assert not os.path.lexists(labs_dir() / "lab")


def test_a_directory_with_blanks_quotes_and_a_long_name(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(hosts=2, directory=str(tmp_path / ('it\'s a \\ "lab" ' + "x" * 100)))
    assert streaming(lab) == 1
    assert load(lab.config_path).lab == lab.dir


def test_down_ends_a_lab_whose_switchboard_was_killed(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=2)
    os.kill(_switchboard(str(lab.dir)), signal.SIGKILL)
    wait_for(lambda: main(["cut", "host1"]) == 3)
    with pytest.raises(Refused, match="does not run"):
        up(Options())
    take_down(lab)


def test_a_switchboard_told_to_end_takes_everything_along(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=2)
    servers = {pid for h in read_plan(lab).hosts for pid in processes.servers_in(h.servers[0].data_dir)}
    os.kill(_switchboard(str(lab.dir)), signal.SIGTERM)
    wait_for(lambda: not processes.alive(servers))
    take_down(lab)


def test_a_lab_whose_directory_was_removed_ends_by_itself(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(hosts=1, directory=str(tmp_path / "gone"))
    plan = read_plan(lab)
    shutil.rmtree(lab.dir)
    wait_for(
        lambda: not processes.marked(plan.directory) and not processes.servers_in(plan.hosts[0].servers[0].data_dir)
    )
    for elsewhere in plan.scratch:
        shutil.rmtree(elsewhere)
    assert main(["list"]) == 0
    down(find("lab"))
    assert not os.path.lexists(labs_dir() / "lab")


def test_a_failing_up_says_why_and_leaves_nothing(make_lab: MakeLab, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    real = place.bin_dir("")
    for program in real.iterdir():
        if program.name != "initdb":
            (programs / program.name).symlink_to(program)
    (programs / "initdb").write_text("#!/bin/sh\necho 'no initdb today' >&2\nexit 3\n")
    (programs / "initdb").chmod(0o755)
    with pytest.raises(Refused) as caught:
        make_lab(hosts=1, postgresql=str(programs), directory=str(tmp_path / "lab"))
    assert "exit status 3" in caught.value.what
    assert caught.value.detail == "no initdb today"
    assert not (tmp_path / "lab").exists()
    assert not os.path.lexists(labs_dir() / "lab")
    assert not processes.marked(str(tmp_path / "lab"))


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["upp"], 2, "did you mean up?"),
        ([], 2, "VERB"),
        (["up", "--hosts", "0"], 2, "1 to 100 hosts, not 0"),
        (["up", "--hosts", "many"], 2, "invalid int value"),
        (["up", "segments", "--hosts", "1"], 2, "2 to 100 hosts, not 1"),
        (["up", "dataservise"], 2, "did you mean dataservice?"),
        (["up", "--name", "../x"], 2, "cannot name a lab"),
        (["up", "--postgresql", "/nowhere"], 2, "no PostgreSQL programs in /nowhere"),
        (["dsn", "host1", "--name", "none"], 2, "there is no lab 'none'"),
        (["kill", "host1"], 2, "there is no lab 'lab'"),
        (["kill"], 2, "HOST"),
        (["down", "--name", "$(touch x)"], 2, "cannot name a lab"),
    ],
)
def test_what_is_refused(
    words: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(words) == status
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("**/labs/*"))


def test_looking_at_a_lab_does_not_import_what_is_dear() -> None:
    dear = {"paramiko", "cryptography", "prompt_toolkit"}
    script = f"import sys, cctrl.lab.command; print(sorted({dear} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _switchboard(directory: str) -> int:
    """The pid of a lab's switchboard: of the lab's processes the one that all others descend from."""
    found = processes.marked(directory)
    return next(pid for pid in found if not processes.ancestors(pid) & (found - {pid}))


def test_programs_that_the_servers_user_cannot_reach_are_copied(make_lab: MakeLab, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's servers run as somebody else")
    closed = tmp_path / "closed"
    install = place.bin_dir("").parent
    libraries = f"{install.parent.name}.libs"
    shutil.copytree(install, closed / install.parent.name / "pg", symlinks=True)
    shutil.copytree(install.parents[1] / libraries, closed / libraries)
    closed.chmod(0o700)
    lab = make_lab(hosts=1, postgresql=str(closed / install.parent.name / "pg" / "bin"))
    plan = read_plan(lab)
    assert plan.bin_dir.startswith(plan.hosts_dir)
    assert psql(lab, "host1", "select 1").stdout == "1\n"
