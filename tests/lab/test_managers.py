"""A lab's managers: shown, broken and mended like a host's server, and gone with the lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cctrl.config import load
from cctrl.lab import Lab, act, managers, netns, processes, programs
from cctrl.lab.command import main
from cctrl.lab.layout import read_plan
from cctrl.outcome import Refused, UsageError
from tests.stage import wait_for

from .conftest import MakeLab, take_down


def pid(lab: Lab, name: str = "manager") -> int:
    return programs.look(read_plan(lab))[name].pid


def says(lab: Lab, what: str, name: str = "manager") -> None:
    log = managers.log_path(read_plan(lab), name)
    try:
        wait_for(lambda: what in log.read_text(), 60)
    except AssertionError:
        raise AssertionError(f"{name} did not say {what!r}:\n{log.read_text()}") from None


def test_a_manager_leads_and_is_broken_and_mended(make_lab: MakeLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = make_lab(hosts=1, manager=True, synchronous=True, failure_timeout=2.5, failover_block=5)
    service = load(lab.config_path).services[0]
    assert (service.synchronous, service.failure_timeout, service.failover_block) == (True, 2.5, 5)
    assert "leading alpha" in managers.log_path(read_plan(lab), "manager").read_text()
    assert main(["list"]) == 0
    assert capsys.readouterr().out.split()[3:5] == ["host1", "manager"]
    assert act(lab, ("start", "manager")).lines == ("manager runs already: nothing to do",)
    assert act(lab, ("freeze", "manager")).lines == ("manager frozen",)
    assert processes.state(pid(lab)) == "T"
    assert act(lab, ("freeze", "manager")).lines == ("manager is frozen already: nothing to do",)
    with pytest.raises(Refused, match="is frozen"):
        act(lab, ("stop", "manager"))
    assert act(lab, ("thaw", "manager")).lines == ("manager thawed",)
    assert processes.state(pid(lab)) != "T"
    with pytest.raises(UsageError, match="for hosts"):
        act(lab, ("wipe", "manager"))
    assert act(lab, ("stop", "manager")).lines == ("manager stopped",)
    assert act(lab, ("stop", "manager")).lines == ("manager does not run: nothing to do",)
    with pytest.raises(Refused, match="does not run"):
        act(lab, ("thaw", "manager"))


def test_another_manager_takes_over_and_both_end_with_the_lab(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=1, manager=True)
    assert act(lab, ("start", "manager2")).lines == ("manager2 started",)
    assert managers.running(read_plan(lab)) == ["manager", "manager2"]
    act(lab, ("freeze", "manager"))
    assert act(lab, ("kill", "manager")).lines == ("manager killed",)
    says(lab, "leading alpha", "manager2")
    assert act(lab, ("start", "manager")).lines == ("manager started",)
    both = {pid(lab), pid(lab, "manager2")}
    take_down(lab)
    assert not processes.alive(both)


@pytest.mark.parametrize(
    "apart", [False, pytest.param(True, marks=pytest.mark.skipif(bool(netns.why_not()), reason=netns.why_not()))]
)
def test_a_manager_is_cut_off_while_the_hosts_see_each_other(make_lab: MakeLab, apart: bool) -> None:
    lab = make_lab(netns=apart, manager=True, failure_timeout=4)
    act(lab, ("cut", "host1", "--from", "manager"))
    says(lab, "host1 cannot be reached from here")
    act(lab, ("cut", "manager"))
    ls = [sys.executable, "-m", "cctrl", "--config", str(lab.config_path), "-c", "ls"]
    wait_for(lambda: "FAILSAFE_SHUN" in subprocess.run(ls, capture_output=True, text=True).stdout)
    assert "FAILOVER" not in managers.log_path(read_plan(lab), "manager").read_text()


def test_what_the_configuration_would_refuse_is_refused_before_a_lab_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["up", "--failure-timeout", "1"]) == 2
    assert "--failure-timeout is 1.0, it must be from 2.0" in capsys.readouterr().err
    assert not list(tmp_path.glob("**/labs/*"))
