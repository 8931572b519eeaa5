"""cctrl is killed (SIGKILL) at each step of a changing command: the same command, given again, finishes the work."""

from __future__ import annotations

import pytest

from tests.dataservice.alpha import Alpha, Killed, Writer
from tests.stage import Completed

pytestmark = pytest.mark.timeout(900)

SLAVE, MASTER = "slave:ONLINE OK", "master:ONLINE OK"


def ended_well(alpha: Alpha, again: Completed, broken_off: Killed) -> None:
    """The second run came to its end and left neither the policy nor an operation open."""
    assert again.returncode == 0, f"{broken_off}: then exit {again.returncode}\n{again.stdout}{again.stderr}"
    assert alpha.unfinished() is None, broken_off
    assert alpha.policy() == "AUTOMATIC", broken_off


def target_on_record(alpha: Alpha) -> str:
    """The target that the killed command had chosen, if it had got so far."""
    operation = alpha.unfinished()
    return operation.target if operation else ""


def test_switch(alpha: Alpha) -> None:
    with Writer(alpha) as writer:
        number, killed = 0, True
        while killed:
            writer.writes()
            before, seen = alpha.master(), len(writer.acknowledged) - 1
            broken_off = alpha.killed_at("switch", number)
            killed, target = broken_off.killed, target_on_record(alpha)
            if killed:
                ended_well(alpha, alpha("switch"), broken_off)
            master = alpha.master()
            assert master == (target or master), broken_off
            assert master != before or not killed, broken_off
            alpha.stands(master, [host for host in alpha.hosts if host != master])
            assert alpha.states() == {h: MASTER if h == master else SLAVE for h in alpha.hosts}, broken_off
            assert not writer.lost(master, seen), broken_off
            number += 1
        assert broken_off.status == 0
        assert number > 15
    assert not writer.lost(alpha.master())
