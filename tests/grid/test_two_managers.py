"""A manager that stands still in the middle of an act for longer than its lease never acts beside its successor."""

from __future__ import annotations

from tests.grid.grid import Grid
from tests.stage import wait_for

HOLDER = "SELECT holder FROM leader"
ACTED = """SELECT coalesce(group_concat(text), '') FROM event WHERE source = ? AND number > ?
AND text NOT LIKE '%cannot be held%' AND text NOT LIKE '%leads no more%'
AND text NOT LIKE '%lease is over%' AND text NOT LIKE '%have not ended after%'"""
SAID = "SELECT count(*) FROM event WHERE source = ? AND text LIKE ?"
LAST = "SELECT max(number) FROM event"


def test_one_that_stood_still_in_an_act_does_nothing_beside_its_successor(grid: Grid) -> None:
    active = grid.active("host5", "host6")
    other = "host6" if active == "host5" else "host5"
    former = grid.asked(HOLDER)
    grid.lab.run("start", "manager2")  # before: the lock that is refused to it lasts for 15 s
    with grid.open_definition(active, "meanwhile"):
        grid.lab.run("kill", other)
        holding = "select count(*) > 0 from pg_stat_activity where application_name = 'cctrl holding'"
        grid.lab.has(active, holding, "t")
        grid.lab.run("freeze", "manager")  # between the catch-up and the moment from which commits wait for it
        wait_for(lambda: grid.asked(HOLDER) not in ("", former), 20)
        successor = grid.asked(HOLDER)
        refused = f"%{other}.instance1: another operation is under way%{former}%"
        wait_for(lambda: grid.asked(SAID, successor, refused) != "0", 20, "the lock is the frozen one's still")
    frozen_at = grid.asked("SELECT max(number) FROM event WHERE source = ?", former)
    grid.well(other)  # once its host has heard nothing of the frozen one for long enough
    grid.lab.run("thaw", "manager")
    wait_for(lambda: grid.asked(SAID, former, "%leads no more%") == "1", 20)
    grid.well()
    assert grid.asked(ACTED, former, frozen_at) == ""
    assert grid.asked(HOLDER) == successor
    grid.lab.run("stop", "manager2")
    wait_for(lambda: grid.asked(HOLDER) == former, 20)
    since = grid.asked(LAST)
    grid.lab.run("kill", active)  # it has the locks again
    moved = f"{SAID} AND number > {since}"
    wait_for(lambda: grid.asked(moved, former, f"{other}.instance1 is the active element of%") == "1", 60)
    grid.well()
    assert grid.lab.sql(grid.active("host5", "host6"), "select count(*) from meanwhile") == "0"
