"""A lab's managers: shown, broken and mended like a host's server, and gone with the lab."""

from __future__ import annotations

import sys

import pytest

from cctrl.lab import Lab, act, managers, processes, programs
from cctrl.lab.command import main
from cctrl.lab.layout import read_plan
from cctrl.outcome import Refused, UsageError
from tests.stage import wait_for

from .conftest import MakeLab, take_down

# Only says that it leads: what the lab does to a manager is the same whatever it does itself.
_SPEAKER = "import signal; print('cctrl manager: leading alpha', flush=True); signal.pause()"


def speak(lab: Lab, name: str = "manager") -> int:
    """Start a manager that only speaks; its pid."""
    plan = read_plan(lab)
    assert programs.start(plan, name, [sys.executable, "-c", _SPEAKER], managers.log_path(plan, name))
    wait_for(lambda: "leading" in managers.log_path(plan, name).read_text())
    return programs.look(plan)[name].pid


def test_a_manager_is_broken_and_mended(make_lab: MakeLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = make_lab(hosts=1)
    pid = speak(lab)
    assert main(["list"]) == 0
    assert capsys.readouterr().out.split()[3:5] == ["host1", "manager"]
    assert act(lab, ("start", "manager")).lines == ("manager runs already: nothing to do",)
    assert act(lab, ("freeze", "manager")).lines == ("manager frozen",)
    assert processes.state(pid) == "T"
    assert act(lab, ("freeze", "manager")).lines == ("manager is frozen already: nothing to do",)
    with pytest.raises(Refused, match="is frozen"):
        act(lab, ("stop", "manager"))
    assert act(lab, ("thaw", "manager")).lines == ("manager thawed",)
    assert processes.state(pid) != "T"
    assert act(lab, ("stop", "manager")).lines == ("manager stopped",)
    assert act(lab, ("stop", "manager")).lines == ("manager does not run: nothing to do",)
    with pytest.raises(Refused, match="does not run"):
        act(lab, ("thaw", "manager"))
    again, other = speak(lab), speak(lab, "manager2")
    assert managers.running(read_plan(lab)) == ["manager", "manager2"]
    assert act(lab, ("freeze", "manager")).good
    assert act(lab, ("kill", "manager")).lines == ("manager killed",)
    assert not processes.alive([again])
    with pytest.raises(UsageError, match="for hosts"):
        act(lab, ("wipe", "manager2"))
    take_down(lab)
    assert not processes.alive([other])
