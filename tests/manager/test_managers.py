"""Two managers, and a manager beside shells: one works at a time, and whoever goes on knows what has become of it."""

from __future__ import annotations

import os
import random
import signal
import threading

import pytest

from cctrl.lab import traffic
from cctrl.manager.leadership import RENEWAL
from cctrl.store.interface import LEASE
from tests.manager.conftest import Watched
from tests.stage import wait_for

pytestmark = pytest.mark.timeout(600)
BUSY = 30.0  # seconds that a busy machine may take longer


def test_another_manager_takes_over(watched: Watched) -> None:
    """After SIGKILL when the lease is over; after SIGTERM at once."""
    watched.act("start", "manager2")
    watched.says("waiting: ", "manager2")
    first = watched.leader()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: watched.leader() not in (0, first), LEASE + RENEWAL + BUSY, "the second one leads")
    second = watched.leader()
    watched.says("leading alpha", "manager2")
    watched.act("start", "manager")
    watched.says(f"pid {second} leads alpha")
    watched.act("stop", "manager2")
    assert watched.leader() != second, "the lease was given back"
    wait_for(lambda: watched.leader() not in (0, second), BUSY, "the first one leads")
    assert "stopped" in watched.log("manager2").splitlines()[-1]
    told = [event["text"] for event in watched.documents("show events 50")[0]["events"] if event["kind"] == "manager"]
    ends = [text.partition(" pid ")[2] for text in told if " leads" in text]
    assert ends[:3] == [f"{first} leads", f"{second} leads", f"{second} leads no more: it was stopped"]


def test_a_manager_that_stood_still_does_nothing_it_may_not(watched: Watched) -> None:
    """Frozen for longer than its lease while another one fails over; thawed, it does not fail over once more."""
    watched.act("start", "manager2")
    watched.says("waiting: ", "manager2")
    watched.act("freeze", "manager")
    watched.fault("kill", "host1")
    new = watched.has_a_master("host1")
    watched.says("FAILOVER TO ", "manager2")
    watched.act("thaw", "manager")
    watched.says("waiting: ")
    watched.says("leads alpha")
    watched.does("--yes", "datasource host1 recover")
    watched.is_whole()
    assert watched.master() == new
    assert "FAILOVER" not in watched.log()


def test_a_manager_that_stood_still_alone_goes_on(watched: Watched) -> None:
    """It heard nobody for longer than failure_timeout, because it stood still: nobody is taken for gone."""
    watched.act("freeze", "manager")
    wait_for(lambda: watched.leader() == 0, LEASE + BUSY, "its lease is over")
    watched.act("thaw", "manager")
    wait_for(lambda: watched.leader() != 0, BUSY, "it leads again")
    watched.fault("stop", "host2")
    wait_for(lambda: "slave:FAILED" in watched.states()["host2"], 30, "it watches")
    assert "FAILOVER" not in watched.log()
    assert watched.master() == "host1"


def test_a_policy_holds_from_the_moment_it_is_set(watched: Watched) -> None:
    watched.does("set policy maintenance")
    watched.sql("host1", "create table t (at timestamptz); insert into t values (clock_timestamp())")
    watched.lab.has("host2", "select count(*) from t", "1")
    watched.fault("kill", "host1")
    watched.lab.has("host2", "select now() - at > '5 s' from t", "t")
    assert watched.standing("host2", "host3") == dict.fromkeys(("host2", "host3"), "receives nothing")
    watched.act("start", "host1")
    watched.does("set policy automatic")
    watched.fault("kill", "host1")
    new = watched.has_a_master("host1")
    watched.does("--yes", "datasource host1 recover")
    watched.is_whole()
    assert watched.log().count("FAILOVER TO") == 1
    assert watched.master() == new


def test_a_policy_is_not_set_in_the_middle_of_a_failover(watched: Watched) -> None:
    """It is refused, or holds afterwards; what the failover puts back is never in its place."""
    watched.fault("kill", "host1")
    given = [watched("set policy manual")]
    while given[-1].returncode != 0:
        assert given[-1].returncode == 3, given[-1].stderr
        assert "another operation is under way" in given[-1].stderr
        given.append(watched("set policy manual"))
    wait_for(lambda: watched.unfinished() is None, 30, "nothing is under way")
    assert watched.policy() == "MANUAL"
    failover = watched("--yes", "failover")
    if failover.returncode != 0:  # the manager's came first
        assert "is healthy and accepts writes" in failover.stderr, failover.stderr
    watched.does("--yes", "datasource host1 recover", "datasource host1 online", "set policy automatic")
    watched.is_whole()


def test_two_shells_and_a_manager_never_fight(watched: Watched) -> None:
    """Each does what it may, or is refused; at the end one master has all that was acknowledged."""
    commands = ("switch", "datasource host2 offline", "datasource host3 shun", "datasource host3 welcome", "recover")
    ended: list[tuple[str, int, str]] = []

    def shell(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(6):
            command = dice.choice(commands)
            done = watched("-expert", command)
            ended.append((command, done.returncode, done.stdout + done.stderr))

    traffic.start(watched.place)
    shells = [threading.Thread(target=shell, args=(seed,)) for seed in (1, 2)]
    for one in shells:
        one.start()
    for one in shells:
        one.join()
    assert not [e for e in ended if e[1] not in (0, 3)], "done, or refused with nothing changed"
    assert not [e for e in ended if "Traceback" in e[2]]
    for host in watched.hosts:
        watched("-expert", f"datasource {host} welcome")
    watched.is_whole()
    found, _ = traffic.report(watched.place)
    assert found.clean, (found.lost, found.overlaps)
    watched.stands(watched.master(), [h for h in watched.hosts if h != watched.master()])
