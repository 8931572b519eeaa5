"""Standbys that were away, behind or held back come along, on real servers."""

from __future__ import annotations

from tests.replication.hands import Hands

PAUSED = "select pg_is_wal_replay_paused()"


def test_standbys_that_crashed_or_hold_back_on_purpose(hands: Hands) -> None:
    hands.table()
    # killed while behind: the log it misses spans several files by then
    hands.lab.run("kill", "host3")
    hands.here("host1", "insert into t select generate_series(1, 20000); select pg_switch_wal()")
    hands.here("host1", "insert into t values (-2)")
    said = hands.done("datasource host3 recover", "datasource host3 online")
    assert "RECOVERY OF 'host3@alpha' WAS SUCCESSFUL" in said
    hands.have(["host3"], 20002)

    # killed while its replay is paused, so that it has received what it has not replayed
    hands.here("host3", "select pg_wal_replay_pause()")
    hands.here("host1", "insert into t values (-3)")
    hands.lab.run("kill", "host3")
    hands.done("recover", "datasource host3 online")
    hands.have(["host3"], 20003)

    # paused: no target of a switch, and no obstacle to one to another
    hands.here("host3", "select pg_wal_replay_pause()")
    hands.here("host1", "insert into t values (-4)")
    before = hands.standing()
    hands.told("switch to host3", 3, "its replay is paused", "select pg_wal_replay_resume()")
    assert hands.standing() == before
    hands.done("switch to host2")
    hands.stands("host2", ["host1"])
    assert hands.here("host3", PAUSED) == "t"
    assert hands.here("host3", "select count(*) from t") == "20003"
    hands.here("host3", "select pg_wal_replay_resume()")
    hands.have(["host3"], 20004)
    hands.streaming("host2", 2)

    # paused, and the only one left when the master dies: it takes over with all it has received
    hands.here("host3", "select pg_wal_replay_pause()")
    hands.lab.run("stop", "host1")
    hands.here("host2", "insert into t values (-5)")
    received = "select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"
    hands.lab.has("host3", received, "t")
    hands.lab.run("kill", "host2")
    hands.done("failover")
    assert hands.master() == "host3"
    assert hands.here("host3", "select count(*) from t") == "20005"
    said = hands.done("recover")
    assert "RECOVERED 2 DATA SOURCES" in said
    hands.stands("host3", ["host1", "host2"])
    hands.have(hands.hosts, 20005)


def test_one_named_receives_what_another_has_more_before_it_takes_over(hands: Hands) -> None:
    hands.table()
    hands.lab.run("stop", "host2")
    hands.here("host1", "insert into t values (1)")
    hands.have(["host3"], 2)
    hands.lab.run("kill", "host1")
    hands.lab.run("start", "host2")
    hands.done("failover to host2")
    hands.stands("host2", ["host3"])
    assert hands.here("host2", "select count(*) from t") == "2"
    hands.done("datasource host1 recover")
    hands.stands("host2", ["host1", "host3"])


def test_one_left_behind_does_not_replace_a_later_master(hands: Hands) -> None:
    """host2 took over while host3 was away; forced, both are promoted to a timeline 2 of their own."""
    hands.table()
    hands.lab.run("stop", "host3")
    hands.lab.run("kill", "host1")
    hands.done("failover to host2")
    hands.here("host2", "insert into t values (1)")
    hands.fault("cut", "host2")
    hands.lab.run("start", "host3")
    hands.told("failover", 3, "host3 has not followed host2 to timeline 2: it is on 1", "NEXT: ping")
    lost = "making host3 the master would lose all that host2 wrote on timeline 2"
    hands.told("set master host3", 3, lost, "to give up what it has: set master host3 --force")
    assert hands.standing("host3") == {"host3": "receives nothing"}
    hands.fault("heal", "host2")
    hands.lab.run("kill", "host2")
    for command in ("explain failover", "failover to host3"):
        hands.told(command, 3, "host3 has not followed host2", "NEXT: recover using host2 ")
    hands.done("set master host3 --force")
    assert len(hands.kept("host2")) == 1
    hands.here("host3", "insert into t values (2)")
    assert hands.master() == "host3"
    # the two timelines begin at the same point, and have the same number: nothing tells their logs apart
    hands.told("datasource host2 recover", 3, "each promoted to a timeline 2 of its own", "a full copy")
    hands.done("datasource host1 recover")
    hands.stands("host3", ["host1"])
