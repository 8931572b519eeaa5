"""With synchronous commits a manager takes nobody of whom it is not certain that nothing acknowledged is missing."""

from __future__ import annotations

import pytest

from tests.manager.conftest import Watched
from tests.stage import Labs

pytestmark = pytest.mark.timeout(600)


def test_the_only_slave_in_sight_may_lack_what_was_acknowledged(lab: Labs) -> None:
    """host2 acknowledged, and is out of sight when the master dies; host3, in sight, has nothing of it."""
    options = ("--synchronous", "--failure-timeout", "2", "--failover-block", "0")
    watched = Watched(lab(*options, manager=True))
    watched.says("a commit is acknowledged once a quorum")
    watched.sql("host1", "create table t (i int)")
    watched.act("cut", "host3", "--from", "host1")
    watched.lab.has("host3", "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "0", 60)
    assert watched.sql("host1", "insert into t values (1) returning i") == "1"
    watched.act("cut", "host2")
    watched.act("kill", "host1")
    watched.says("commits that were acknowledged may be lost: the logs of 2 of the 3 members are needed")
    assert watched.standing("host3") == {"host3": "receives nothing"}
    assert "at risk: commits that were acknowledged may be lost" in watched.refuses("failover")
    assert watched.policy() == "AUTOMATIC"
    watched.act("heal", "host2")
    assert watched.has_a_master("host1") == "host2"
    assert watched.sql("host2", "select i from t") == "1"
