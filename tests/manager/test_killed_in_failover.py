"""SIGKILL in the middle of a manager's failover, at each step, and of a shell's switch while a manager watches."""

from __future__ import annotations

import os
import signal

import pytest

from cctrl.lab import processes, traffic
from tests.manager.conftest import Watched
from tests.stage import wait_for

pytestmark = pytest.mark.timeout(900)


def steps(watched: Watched) -> int:
    """How many steps the operation under way has begun; -1 where none is."""
    operation = watched.unfinished()
    return len(operation.steps) if operation and operation.verb == "failover" else -1


def test_another_manager_finishes_a_failover(watched: Watched) -> None:
    number, killed = 0, True
    while killed:
        old = watched.master()
        done = watched.log().count("FAILOVER TO")
        watched.fault("kill", old)
        _wait_for_step(watched, number, done)
        leader = watched.leader()
        killed = not _done(watched, done)
        if killed:
            os.kill(leader, signal.SIGKILL)
            watched.act("kill", "manager")  # until it is seen to be gone
            watched.act("start", "manager")
        new = watched.has_a_master(old)
        wait_for(lambda: watched.unfinished() is None, 60, f"step {number}: it is finished")
        wanted = {h: "writable" if h == new else "" if h == old else new for h in watched.hosts}
        _wait_for_standing(watched, wanted)
        watched.is_whole(recovering=True)
        number += 1
    assert number > 2, "too quick for the kills"


def _wait_for_standing(watched: Watched, wanted: dict[str, str]) -> None:
    processes.wait_until(lambda: watched.standing() == wanted, 60)
    assert watched.standing() == wanted, watched.log()


def _wait_for_step(watched: Watched, number: int, done: int) -> None:
    """Or for the failover's end, where it has no such step."""
    reached = processes.wait_until(lambda: steps(watched) >= number or _done(watched, done), 60, 0.001)
    assert reached, f"step {number} does not come\n{watched.log()}"


def _done(watched: Watched, before: int) -> bool:
    return watched.log().count("FAILOVER TO") > before


@pytest.mark.parametrize("number", [2, 5, 8, 11])
def test_a_switch_whose_shell_was_killed_leaves_no_service_without_master(watched: Watched, number: int) -> None:
    """The manager puts the policy back and sees to a master; nobody gives a command."""
    traffic.start(watched.place)
    broken_off = watched.killed_at("switch", number)
    assert broken_off.killed, broken_off
    wait_for(lambda: watched.policy() == "AUTOMATIC", 60, f"{broken_off}: the policy is back")
    watched.has_a_master()
    watched.is_whole(recovering=True)
    found, _ = traffic.report(watched.place)
    assert found.clean, (str(broken_off), found.lost, found.overlaps)
