"""With synchronous commits a manager takes nobody of whom it is not certain that nothing acknowledged is missing."""

from __future__ import annotations

import subprocess

import pytest

from tests.dataservice.alpha import STANDING
from tests.dataservice.test_promotions import hurry, slow, under_way
from tests.manager.conftest import Watched
from tests.replication.hands import Hands
from tests.stage import Labs, wait_for

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
    watched.says("NEXT: recover using host1")
    assert watched.standing("host3") == {"host3": "receives nothing"}
    assert "at risk: commits that were acknowledged may be lost" in watched.refuses("failover")
    assert watched.policy() == "AUTOMATIC"
    watched.act("heal", "host2")
    assert watched.has_a_master("host1") == "host2"
    assert watched.sql("host2", "select i from t") == "1"

    # what only the master has was acknowledged by nobody: the log of host1, which is down, is read on its host
    watched.does("--yes", "-expert", "datasource host1 recover --force")
    watched.is_whole()
    watched.act("stop", "host1")
    watched.act("cut", "host3", "--from", "host2")
    watched.lab.has("host3", "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "0", 60)
    watched.sql("host2", "set synchronous_commit = local; insert into t values (2)")
    watched.act("kill", "host2")
    watched.act("heal", "host3")
    assert watched.has_a_master("host2") == "host3"


def test_a_master_that_is_back_in_the_middle_of_a_failover_acknowledges_nothing(lab: Labs) -> None:
    """host3 leaves it before host2 is promoted, however long that takes."""
    hands = Hands(lab("--synchronous", manager=True))
    wait_for(lambda: "ANY 1" in hands.sql("host2", "show synchronous_standby_names"), 30, "commits wait for a quorum")
    hands.fault("stop", "manager")
    hands.table()
    slow(hands, "host2")
    hands.fault("cut", "host1")
    for host in ("host2", "host3"):
        hands.lab.has(host, "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "0", 60)
    failover = hands.start("--yes", "-c", "failover to host2")
    under_way(hands, "host2")
    hands.fault("heal", "host1")
    wait_for(lambda: hands.sql("host3", STANDING).startswith("streaming"), 30, "host3 receives")
    assert hands.standing("host3") == {"host3": "host2"}
    words = hands.psql(hands.dsns["host1"], "-c", "insert into t values (1)")
    writing = subprocess.Popen(words, env=hands.lab.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    hands.lab.has("host1", "select count(*) from pg_stat_activity where wait_event = 'SyncRep'", "1")
    hurry(hands, "host2")
    out, said = failover.communicate(timeout=60)
    assert failover.returncode == 0, out + said
    assert writing.poll() is None, "it was acknowledged"
    writing.kill()
    writing.wait()
    hands.stands("host2", ["host3"])
