"""The store cannot be written in the middle of a command: all is put back, or finished, and the outcome is true."""

from __future__ import annotations

import re
import signal
import sqlite3

import pytest

from tests.dataservice.alpha import Alpha, Killed
from tests.dataservice.test_broken_off import at

pytestmark = pytest.mark.timeout(600)


def locked(alpha: Alpha, command: str, step: str) -> Killed:
    """A command during which another process locks the store, from the moment a step has begun until it ends."""
    path = alpha.lab.directory / "lab" / "state" / "cctrl.db"
    others: list[sqlite3.Connection] = []

    def lock() -> None:
        others.append(sqlite3.connect(path, isolation_level=None))
        others[0].execute("begin immediate")

    try:
        ended = alpha.killed(command, at(step, alpha, lock), signal.SIGCONT)
        assert others, "the step did not come"
        return ended
    finally:
        for other in others:
            other.close()


def test_before_the_promotion_all_is_put_back(alpha: Alpha) -> None:
    ended = locked(alpha, "switch to host2", "end host1")
    said = "".join(ended.told)
    assert ended.status == 4, said + ended.out
    assert re.search(r"^ERROR: the store \S+ is locked by another process", said, re.M), said
    assert "DETAIL: put back: end host1's client sessions" in said
    assert "DETAIL: the policy on record is MAINTENANCE until the next command puts AUTOMATIC back" in said
    assert re.search(r"^NEXT: fuser -v ", said, re.M), said
    assert "internal error" not in said
    alpha.stands("host1", [])
    assert alpha.does("switch to host2").splitlines()[-1] == "SWITCH TO 'host2@alpha' WAS SUCCESSFUL"
    assert alpha.policy() == "AUTOMATIC"
    alpha.stands("host2", ["host1", "host3"])


def test_after_it_the_switch_is_finished_and_told_as_what_it_is(alpha: Alpha) -> None:
    ended = locked(alpha, "switch to host2", "promote host2")
    said = "".join(ended.told)
    assert ended.status == 4, said + ended.out
    assert "host2 is the master and accepts writes" in said
    assert re.search(r"^NEXT: fuser -v ", said, re.M), said
    alpha.stands("host2", ["host1", "host3"])
    assert alpha.does("switch to host2").splitlines()[-1] == "SWITCH TO 'host2@alpha' WAS SUCCESSFUL"
    assert (alpha.policy(), alpha.unfinished()) == ("AUTOMATIC", None)


def test_a_switch_that_is_put_back_says_that_the_policy_is(alpha: Alpha) -> None:
    alpha.sql("host2", "alter system set recovery_min_apply_delay = '1h'")
    alpha.sql("host2", "select pg_reload_conf()")
    alpha.sql("host1", "create table t (i int)")
    refused = alpha("switch to host2")
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert re.search(r"^ERROR: host2 does not come as far as \S+$", refused.stderr, re.M), refused.stderr
    assert re.search(r"^DETAIL: it has been at \S+ for 30 s$", refused.stderr, re.M)
    assert "DETAIL: it holds changes back for recovery_min_apply_delay = 1h" in refused.stderr
    assert "do $$" not in refused.stderr
    lines = refused.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("SET POLICY: AUTOMATIC => MAINTENANCE", "REVERT POLICY: MAINTENANCE => AUTOMATIC")
