"""`cluster …`, `show topology`, `show alarms` and `set force`, on real servers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cctrl.replication.position import Position
from tests.dataservice.alpha import Alpha, Writer

pytestmark = pytest.mark.timeout(300)
CHECKED = "CHECKED 1 TABLE WITH 3 ROWS ON 2 SLAVES"


def three_rows(alpha: Alpha) -> Path:
    """A table that lies on all hosts' disks; where it lies on host3's."""
    alpha.sql("host1", "create table t (i int primary key, text text); checkpoint")
    alpha.sql("host1", "insert into t values (1, 'marker-one'), (2, 'two'), (3, 'three')")
    alpha.lab.has("host3", "select count(*) from t", "3")
    place = alpha.sql("host3", "select pg_relation_filepath('t')")
    return alpha.lab.directory / "lab" / "hosts" / "host3" / "data" / place


TRAP = """\
create function public.concat_ws(text, numeric, numeric) returns text language plpgsql as
 'begin raise exception ''a function of a user was called by the superuser''; end'"""
"""It fits better than the one of PostgreSQL that a checksum means."""


def test_a_slave_whose_rows_differ_is_found(alpha: Alpha) -> None:
    file = three_rows(alpha)
    alpha.sql("host1", """create database "host=nowhere user='x" """)
    alpha.sql("host1", 'create table "odd "" name" (i int)')
    alpha.sql("host1", TRAP)
    said = alpha.does("cluster check public.t")
    assert said.splitlines()[1:] == [
        "'postgres.public.t' (3 ROWS) IS CONSISTENT ON 'host2@alpha', 'host3@alpha'",
        CHECKED,
    ]
    assert "CHECKED 2 TABLES" in alpha.does("cluster check"), "all of them, in all databases"
    assert "(1 ROW) IS CONSISTENT" in alpha.does("cluster check t -limit 2,1")

    alpha.sql("host1", "checkpoint")
    alpha.does("cluster heartbeat")
    alpha.sql("host3", "checkpoint")  # from here on nothing of the table is replayed again
    alpha.fault("stop", "host3")
    assert b"marker-one" in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(b"marker-one", b"marker-two"))
    alpha.fault("start", "host3")
    alpha.lab.has("host1", "select count(*) from pg_stat_replication where state = 'streaming'", "2")
    found = alpha("cluster check t")
    assert found.returncode == 3
    assert "'postgres.public.t' (3 ROWS) IS CONSISTENT ON 'host2@alpha'\n" in found.stdout
    assert re.search(r"'postgres.public.t' .*\bNOT (CONSISTENT|COMPARED) ON 'host3@alpha'", found.stdout), found.stdout
    assert re.search(r"^NEXT: (tprovision host3|cluster check)", found.stderr, re.M)
    limited = alpha("cluster check t -limit 2,2")
    assert limited.returncode == 0 or "NOT COMPARED" in limited.stdout, "the row that differs is not among them"


def test_writers_are_not_held_up_and_are_no_difference(alpha: Alpha) -> None:
    with Writer(alpha) as writer:
        writer.writes(20)
        seen = len(writer.acknowledged)
        done = alpha("cluster check kept")
        assert "NOT CONSISTENT" not in done.stdout, done.stdout
        assert "ON 2 SLAVES" in done.stdout
        assert len(writer.acknowledged) > seen
    alpha.does("cluster check kept")


def test_a_check_says_what_it_leaves_out_and_refuses_what_means_nothing(alpha: Alpha) -> None:
    three_rows(alpha)
    for bad in (
        "check nosuch",
        "check a.b.c.d",
        "check ..",
        "check t -limit 1",
        "check t -limit 0,5",
        "check t -limit -1,2",
    ):
        assert alpha(f"cluster {bad}").returncode == 2, bad
    assert "did you mean" in alpha("cluster check postgres.public.tt").stderr
    alpha.does("set policy manual", "replicator host3 offline")
    done = alpha("cluster check t")
    assert done.returncode == 0 and "ON 1 SLAVE" in done.stdout
    assert "host3 is not compared: REPLICATOR OFFLINE" in done.stderr
    alpha.fault("kill", "host2")
    assert "no slave can be compared" in alpha.refuses("cluster check t")
    alpha.fault("kill", "host1")
    for verb in ("check", "heartbeat", "flush"):
        alpha.refuses(f"cluster {verb}")


def test_a_heartbeat_goes_through(alpha: Alpha) -> None:
    told = alpha.does("cluster heartbeat").splitlines()
    assert re.fullmatch(r"HEARTBEAT \S+ WRITTEN ON MASTER 'host1@alpha'", told[0])
    assert [re.sub(r" \d\S*", "", line) for line in told[1:]] == [
        "HEARTBEAT APPLIED BY 'host2@alpha' WITHIN s",
        "HEARTBEAT APPLIED BY 'host3@alpha' WITHIN s",
    ]
    position = alpha.does("cluster flush").strip()
    assert Position.parse(position) <= Position.parse(alpha.sql("host2", "select pg_last_wal_receive_lsn()"))
    alpha.does("set policy manual", "replicator host2 offline")
    alpha.does("cluster flush")
    late = alpha("cluster heartbeat")
    assert late.returncode == 5, late.stderr
    assert "the heartbeat was not seen on host2" in late.stderr and "NEXT: replicator host2 online" in late.stderr
    assert "APPLIED BY 'host3@alpha'" in late.stdout


def test_the_majority_and_the_topology(alpha: Alpha) -> None:
    assert alpha.documents("cluster validate")[0]["held"] is True
    assert "THE TOPOLOGY OF DATA SERVICE 'alpha' IS VALID" in alpha.does("cluster topology validate")
    assert "    host3(slave:ONLINE) " in alpha.does("show topology")
    assert alpha("show alarms").stdout == ""

    alpha.fault("kill", "host3")
    wrong = alpha("cluster topology validate")
    assert wrong.returncode == 3
    assert "'host3@alpha': DATASERVER 'host3@alpha' STOPPED" in wrong.stdout
    assert "NEXT: datasource host3 recover" in wrong.stderr
    alarms = alpha.does("show alarms").splitlines()
    assert alarms[0].startswith("host3(slave:FAILED(DATASERVER 'host3@alpha' STOPPED)) STATUS [CRITICAL] [")
    assert alarms[-1] == "  NEXT: datasource host3 recover"
    assert [a["name"] for a in alpha.documents("show alarms")[0]["alarms"]] == ["host3"]

    alpha.fault("cut", "host2", "host3")
    done = alpha("cluster validate")
    assert done.returncode == 3
    assert (
        "CONCLUSION: I AM IN A NON-PRIMARY PARTITION OF 1 MEMBERS OUT OF A REQUIRED MAJORITY SIZE OF 2" in done.stdout
    )
    assert "1 of 3 hosts answer, 2 must" in done.stderr


def test_all_go_offline_and_online(calm: Alpha) -> None:
    calm.does("datasource host3 shun")
    done = calm("cluster offline")
    assert done.stdout.splitlines() == [f"DataSource '{name}' is now OFFLINE" for name in ("host1", "host2")]
    assert "host3 is SHUNNED(MANUALLY-SHUNNED) and is left as it is" in done.stderr
    calm.does("cluster online", "datasource host3 welcome")
    assert set(calm.states().values()) == {"master:ONLINE OK", "slave:ONLINE OK"}


def test_force_holds_for_the_session_and_is_said(calm: Alpha) -> None:
    assert "--yes" in calm.refuses("set force true")
    done = calm("--yes", "set force true", "explain datasource host2 recover", "set force false")
    assert done.stdout.splitlines()[0] == "force is now true"
    assert done.stderr.count("force is true in this session") == 1
    assert "force is true" not in calm("explain datasource host2 recover").stderr
