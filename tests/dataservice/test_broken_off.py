"""Commands that do not come to their end in other ways than by SIGKILL, and what may follow them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest

from tests.dataservice.alpha import Alpha, Writer
from tests.stage import wait_for

pytestmark = pytest.mark.timeout(600)


def at(step: str, alpha: Alpha, then: Callable[[], object] = lambda: None) -> Callable[[str], bool]:
    """For Alpha.killed: as soon as the journal says that a step which begins so was begun; `then` is done first."""

    def stop(line: str) -> bool:
        operation = alpha.unfinished()
        begun = operation.steps if operation else ()  # steps done side by side: it need not be the last one
        if " cctrl-" not in line or not any(one.startswith(step) for one in begun):
            return False
        then()
        return True

    return stop


@pytest.mark.parametrize("step", ["checkpoint", "end host1", "mark host1"])
def test_ctrl_c_before_the_promotion_puts_all_back(alpha: Alpha, step: str) -> None:
    with Writer(alpha) as writer:
        writer.writes()
        stopped = alpha.killed("switch to host2", at(step, alpha), signal.SIGINT)
        assert stopped.status == 130, stopped.told[-12:]
        assert any(line.startswith("NEXT: ls ") for line in stopped.told), stopped.told[-5:]
        alpha.stands("host1", [])
        assert (alpha.policy(), alpha.unfinished()) == ("AUTOMATIC", None)
        writer.writes()
        assert alpha.does("switch to host2").splitlines()[-1] == "SWITCH TO 'host2@alpha' WAS SUCCESSFUL"
        alpha.stands("host2", ["host1", "host3"])
        assert not writer.lost("host2")


@pytest.mark.parametrize("step", ["promote host2", "start host1", "wait until"])
def test_ctrl_c_after_it_leaves_what_the_same_command_finishes(alpha: Alpha, step: str) -> None:
    with Writer(alpha) as writer:
        writer.writes()
        stopped = alpha.killed("switch to host2", at(step, alpha), signal.SIGINT)
        assert stopped.status == 130, stopped.told[-12:]
        assert any(line.startswith("NEXT: ls ") and "switch to host2" in line for line in stopped.told)
        assert (alpha.policy(), alpha.unfinished()) == ("AUTOMATIC", None)
        assert alpha.does("switch to host2").splitlines()[-1] == "SWITCH TO 'host2@alpha' WAS SUCCESSFUL"
        alpha.stands("host2", ["host1", "host3"])
        assert not writer.lost("host2")


def test_what_was_broken_off_is_shown(alpha: Alpha) -> None:
    assert alpha.killed("switch to host2", at("end host1", alpha)).killed
    said = alpha("ls").stderr
    assert re.search(r"^`switch to host2` by \S+ pid \d+ .*broken off at: end host1's client sessions", said, re.M), (
        said
    )
    assert "NEXT, where it was broken off: switch to host2" in said
    assert alpha.policy() == "MAINTENANCE"
    alpha.does("datasource host3 shun; datasource host3 welcome")  # another verb puts the policy back as well
    assert alpha.policy() == "AUTOMATIC"
    alpha.does("switch to host2")
    alpha.stands("host2", ["host1", "host3"])


def test_another_target_is_refused_while_the_first_may_become_the_master(alpha: Alpha) -> None:
    alpha.fault("kill", "host1")
    startup = int(alpha.sql("host2", "select pid from pg_stat_activity where backend_type = 'startup'"))
    try:
        stop = at("promote host2", alpha, lambda: os.kill(startup, signal.SIGSTOP))
        assert alpha.killed("failover to host2", stop).killed
        said = alpha.refuses("failover to host3", "--yes")
        assert "it may become the master" in said
        assert re.search(r"^NEXT: failover to host2$", said, re.M)
    finally:
        os.kill(startup, signal.SIGCONT)
    alpha.does("failover")
    alpha.stands("host2", ["host3"])


def test_an_old_master_that_is_gone_does_not_hold_up_the_others(alpha: Alpha) -> None:
    """Killed right after the promotion; then the old master's host goes away."""
    assert alpha.killed("switch to host2", at("start host1", alpha)).killed
    wait_for(lambda: alpha.standing("host2") == {"host2": "writable"}, 30, "host2 is the master")
    alpha.fault("cut", "host1")
    done = alpha("switch to host2")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "host2 is the master, but does not feed host1 yet" in done.stderr
    assert re.search(r"^NEXT: datasource host1 recover$", done.stderr, re.M)
    alpha.stands("host2", ["host3"])
    alpha.fault("heal", "host1")
    alpha.does("switch to host2")
    alpha.stands("host2", ["host1", "host3"])


def test_a_slave_that_missed_the_failover_follows_after_recover(alpha: Alpha) -> None:
    alpha.fault("cut", "host3")
    alpha.fault("kill", "host1")
    said = alpha.refuses("failover")
    assert "at risk: host3" in said
    alpha.does("--yes", "failover")
    alpha.stands("host2", [])
    alpha.fault("heal", "host3")
    wait_for(lambda: "ONLINE DIMINISHED" in alpha.states()["host3"], 30, "host3 is back, but follows nobody")
    done = alpha("recover")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'" in done.stdout
    alpha.stands("host2", ["host1", "host3"])


def test_a_recovery_that_was_broken_off_is_not_mistaken_for_another(alpha: Alpha) -> None:
    alpha.fault("kill", "host2")
    assert alpha.killed("datasource host2 recover", at("start host2", alpha)).killed
    assert "there is nothing to recover" in alpha.refuses("datasource host3 recover")
    assert alpha.states()["host3"] == "slave:ONLINE OK"
    alpha.does("datasource host2 recover; datasource host2 online")
    alpha.stands("host1", ["host2", "host3"])


def test_a_target_that_goes_away_in_the_middle(alpha: Alpha) -> None:
    """Nobody can say whether it became the master: nothing else is promoted; when it is back the same finishes."""
    with Writer(alpha) as writer:
        writer.writes()
        stop = at("promote host2", alpha, lambda: alpha.fault("cut", "host2"))
        cut = alpha.killed("switch to host2", stop, signal.SIGCONT)
        assert cut.status == 5, cut.told[-12:]
        assert any(line.startswith("NEXT: ") for line in cut.told), cut.told[-12:]
        assert alpha.policy() == "AUTOMATIC"
        said = alpha.refuses("switch to host3")
        assert "may" in said
        alpha.fault("heal", "host2")  # which hears only now that the command has ended, and gives its lock back
        wait_for(lambda: alpha("switch to host2").returncode == 0, 60, "the switch is finished")
        alpha.stands("host2", ["host1", "host3"])
        assert not writer.lost("host2")
