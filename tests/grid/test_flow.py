"""The documented flows on real servers: elements that fail and come back by themselves, seeds, replacement."""

from __future__ import annotations

import re
import subprocess

from tests.grid.grid import Grid
from tests.stage import wait_for

SYNC = "select string_agg(application_name || ' ' || sync_state, ',') from pg_stat_replication"


def test_the_grid_as_it_is_built(grid: Grid) -> None:
    assert set(grid.statuses().values()) == {"opened"}
    assert len(grid.statuses()) == 6
    first = grid.active("host3", "host4")
    other = "host4" if first == "host3" else "host3"
    assert grid.lab.sql(first, SYNC) == f"{other}.instance1 sync"
    grid.lab.sql(first, "create table t as select 1 as a")  # DDL too is on both when it is acknowledged
    assert grid.lab.sql(other, "select a from t") == "1"
    systems = {
        grid.lab.sql(h, "select system_identifier from pg_control_system()") for h in ("host3", "host5", "host7")
    }
    assert len(systems) == 3


def test_users_are_let_in_only_while_it_is_open(grid: Grid) -> None:
    first = grid.active("host3", "host4")
    grid.lab.sql(first, "create role terry login password 'x'")
    assert grid.let_in("host3", "terry", "x")
    assert grid.let_in("host4", "terry", "x")
    grid.done("dbClose database1 -wait 60")
    assert set(grid.statuses().values()) == {"loaded"}
    assert not grid.let_in("host3", "terry", "x")
    assert not grid.let_in("host4", "terry", "x")
    grid.done("dbUnload database1 -wait 60")
    assert set(grid.statuses().values()) == {"unloaded"}
    assert grid.lab.try_sql("host3", "select").returncode != 0
    grid.done("dbLoad database1 -wait 60")
    assert set(grid.statuses().values()) == {"loaded"}
    grid.done("dbOpen database1 -wait 60")
    grid.well()
    assert grid.lab.sql(grid.active("host3", "host4"), "select a from t") == "1"


def test_a_daemon_is_stopped_and_started(grid: Grid) -> None:
    first = grid.active("host3", "host4")
    said = grid.done(f"instanceExec -only {first}.instance1 ttDaemonAdmin -stop")
    assert re.search(r"^TimesTen Daemon \(PID: \d+, port: \d+\) stopped\.$", said, re.MULTILINE)
    grid.becomes(first, "down")
    other = "host4" if first == "host3" else "host3"
    wait_for(lambda: grid.lab.try_sql(other, "insert into t values (2)").returncode == 0, 20)
    asked = grid.run(f"instanceExec -only {first}.instance1 ttStatus")
    assert "ttStatus: Could not connect to the TimesTen daemon." in asked.stdout
    grid.done(f"instanceExec -only {first}.instance1 ttDaemonAdmin -start")
    grid.well(first)
    assert grid.lab.sql(first, "select count(*) from t") == "2"


def test_the_active_element_is_killed(grid: Grid) -> None:
    first = grid.active("host5", "host6")
    other = "host6" if first == "host5" else "host5"
    grid.lab.sql(first, "create table kept as select 1 as a")
    grid.lab.run("kill", first)
    wait_for(lambda: grid.lab.try_sql(other, "insert into kept values (2)").returncode == 0, 20)
    grid.well(first)
    assert grid.lab.sql(first, "select count(*) from kept") == "2"
    assert grid.lab.sql(first, "select pg_is_in_recovery()") == "t"


def test_an_element_that_is_wiped_becomes_a_copy(grid: Grid) -> None:
    first = grid.active("host5", "host6")
    other = "host6" if first == "host5" else "host5"
    for host in (other, first):
        grid.lab.run("wipe", host)
        wait_for(lambda: grid.statuses()[host] != "opened", 20)  # noqa: B023 - called at once
        grid.well("host5", "host6")
    assert grid.lab.sql(first, "select count(*) from kept") == "2"


def test_a_whole_replica_set_goes_down(grid: Grid) -> None:
    first = grid.active("host7", "host8")
    other = "host8" if first == "host7" else "host7"
    grid.done(f"instanceExec -only {other}.instance1 ttDaemonAdmin -stop")
    grid.becomes(other, "down")
    wait_for(lambda: grid.lab.try_sql(first, "create table late as select 1 as a").returncode == 0, 20)
    grid.done(f"instanceExec -only {first}.instance1 ttDaemonAdmin -stop")
    grid.becomes(first, "down")
    grid.done(f"instanceExec -only {other}.instance1 ttDaemonAdmin -start")
    grid.becomes(other, "waiting for seed")
    assert f"for {first}.instance1" in grid.rows()[other][1]
    grid.done(f"instanceExec -only {first}.instance1 ttDaemonAdmin -start")
    grid.well(first, other)
    assert grid.lab.sql(other, "select a from late") == "1"


def test_an_element_is_replaced_without_loss(grid: Grid) -> None:
    first = grid.active("host3", "host4")
    rows = grid.lab.sql(first, "select count(*) from t")
    spare = "host9" if first == "host3" else "host10"
    grid.done(f"dbCreate database1 -instance {spare} -wait 60")
    grid.done(f"dbDistribute database1 -remove {first} -replaceWith {spare} -apply")
    grid.becomes(first, "evicted")
    grid.well(spare)
    other = "host4" if first == "host3" else "host3"
    assert grid.lab.sql(spare, "select count(*) from t") == rows
    assert grid.active(other, spare) == other
    grid.done(f"dbDestroy database1 -instance {first} -wait 60")
    assert grid.statuses().get(first, "destroyed") == "destroyed"
    grid.done(f"dbCreate database1 -instance {first} -wait 60")
    grid.done(f"dbDistribute database1 -remove {spare} -replaceWith {first} -apply")
    grid.becomes(spare, "evicted")
    grid.well(first)
    grid.done(f"dbDestroy database1 -instance {spare} -wait 60")


def test_definitions_wait_while_an_element_catches_up_and_it_waits_for_open_ones(grid: Grid) -> None:
    first = grid.active("host7", "host8")
    other = "host8" if first == "host7" else "host7"
    psql = grid.lab.environ["CCTRL_TEST_PSQL"]
    argv = [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", grid.lab.dsn(first)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, text=True) as open_one:
        assert open_one.stdin is not None
        open_one.stdin.write("begin;\ncreate table opened_long_ago (a int);\n\\echo\n")
        open_one.stdin.flush()
        locked = "locktype = 'relation' and mode = 'AccessExclusiveLock' and granted"
        grid.lab.has(first, f"select count(*) from pg_locks where {locked}", "1")
        grid.lab.run("kill", other)
        said = f"open transactions on {first}.instance1 have changed definitions"
        wait_for(lambda: said in grid.rows()[other][1], 40)
        shown = grid.done(f"instanceExec -only {first}.instance1 ttXactAdmin database1")
        assert "public.opened_long_ago" not in shown  # it is seen by its own transaction alone
        assert "Program File Name: psql" in shown
        open_one.stdin.write("commit;\n\\q\n")
        open_one.stdin.close()
        open_one.wait(20)
    grid.well(other)
    assert grid.lab.sql(other, "select count(*) from opened_long_ago") == "0"
