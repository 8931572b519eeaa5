"""A grid of real servers as it is built, its bring-up and bring-down, and what waits while an element catches up.

What the manual goes through when elements fail is played in `transcripts/grid-*.t`.
"""

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
    grid.lab.sql(first, "create role terry login password 'x'; create table kept as select 1 as a")
    assert grid.let_in("host3", "terry", "x")
    assert grid.let_in("host4", "terry", "x")
    _connected_user_is_shown_and_disconnected(grid)
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
    assert grid.lab.sql(grid.active("host3", "host4"), "select a from kept") == "1"


def _connected_user_is_shown_and_disconnected(grid: Grid) -> None:
    argv = grid.psql_as("host3", "terry", "x")
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdin is not None and user.stdout is not None
        user.stdin.write("begin;\nselect 'here';\n")
        user.stdin.flush()
        assert user.stdout.readline() == "here\n"
        shown = grid.done("dbStatus database1 -connections")
        assert "Database database1: 1 connections\n" in shown
        of_all = grid.done("dbStatus database1 -connections -system")  # standbys are connected at least
        assert re.search(r"^Database database1: ([2-9]|\d\d+) connections$", of_all, re.M) and " terry " in of_all
        assert re.search(r"^host3\.instance1 +\d+ terry +\S+ +idle in transaction $", shown, re.M), shown
        left = grid.run("dbDisconnect database1 -transactional -wait 1")  # it is in a transaction
        assert left.returncode == 255 and "1 connections are left after 1 s" in left.stderr
        grid.done("dbDisconnect database1 -immediate -wait 30")
        assert "status: Complete" in grid.done("dbDisconnectStatus database1")
        user.stdin.close()
        user.wait(60)


def test_definitions_wait_while_an_element_catches_up_and_it_waits_for_open_ones(grid: Grid) -> None:
    first = grid.active("host7", "host8")
    other = "host8" if first == "host7" else "host7"
    with grid.open_definition(first, "opened_long_ago"):
        grid.lab.run("kill", other)
        said = f"open transactions on {first}.instance1 have changed definitions"
        wait_for(lambda: said in grid.rows()[other][1], 40)
        shown = grid.done(f"instanceExec -only {first}.instance1 ttXactAdmin database1")
        assert "public.opened_long_ago" not in shown  # it is seen by its own transaction alone
        assert "Program File Name: psql" in shown
    grid.well(other)
    assert grid.lab.sql(other, "select count(*) from opened_long_ago") == "0"
