"""What goes wrong on real servers beside what the transcripts play, and beside what is played in `test_killed`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.grid.grid import Grid
from tests.stage import wait_for

SPARE = ("host9", "host10")
OTHERS = ("host7", "host8", *SPARE)


def applier(grid: Grid, database: str) -> str:
    """Who carries out a distribution."""
    return str(json.loads(grid.asked("SELECT text FROM document WHERE name = ?", database))["applier"])


def follow_up(grid: Grid) -> None:
    """Kill the manager, and wait until another one leads."""
    holder = "SELECT holder FROM leader"
    former = grid.asked(holder)
    grid.lab.run("kill", "manager")
    grid.lab.run("start", "manager")
    wait_for(lambda: grid.asked(holder) not in ("", former), 20)


@pytest.fixture(scope="module")
def testdb(grid: Grid) -> Iterator[str]:
    """A second database: a replica set on host7 and host8 beside the first database's, elements on both spares."""
    for host in OTHERS:
        grid.done(f"dbCreate testdb -instance {host}")
    grid.done("dbLoad testdb -wait 60")
    grid.done("dbDistribute testdb -add host7 -add host8 -apply")
    grid.done("dbOpen testdb -wait 60")
    yield "testdb"
    grid.done("dbClose testdb -wait 60")
    grid.done("dbUnload testdb -wait 60")
    grid.done("dbDestroy testdb -wait 60")
    assert grid.run("dbStatus testdb").stderr.startswith("Error 2: Database testdb does not exist")
    assert grid.run("hostExec -only host7 'ls instance1/db/testdb/data'").returncode != 0


def test_a_second_database_lives_beside_the_first(grid: Grid, testdb: str) -> None:
    assert {grid.statuses(testdb)[h] for h in OTHERS} == {"opened", "loaded"}
    grid.well()


def test_what_is_kept_aside_is_removed_when_confirmed_and_the_element_is_well(grid: Grid, testdb: str) -> None:
    cleanup = ("-c", "datasource host9.instance1 cleanup")
    grid.lab.cctrl(*cleanup, "--yes")  # what other tests left
    assert grid.lab.cctrl(*cleanup, "--yes").stdout == "nothing is kept aside on host9.instance1\n"
    grid.done("instanceExec -only host9 mkdir db/testdb/.cctrl-data.aside-20260101T000000")
    assert grid.lab.cctrl(*cleanup).returncode == 3  # nobody answers
    assert "1 directories; when no longer needed: datasource host9.instance1 cleanup" in grid.lab.cctrl("doctor").stdout
    grid.done("instanceExec -only host9 ttDaemonAdmin -stop")
    grid.becomes("host9", "down", database=testdb)
    refused = grid.lab.cctrl(*cleanup, "--yes")
    assert (refused.returncode, "is down: what is kept aside may still be needed" in refused.stderr) == (3, True)
    # As a host that crashed leaves it: the daemon's number is by now that of a process that is nobody's concern.
    left = "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! | tee daemon/postmaster.pid"
    foreign = grid.done(f"instanceExec -only host9 '{left}'").split()[-1]
    assert "TimesTen Daemon is not running." in grid.done("instanceExec -only host9 ttDaemonAdmin -stop")
    start = "ttDaemonAdmin -start"  # given twice at once, it is well both times
    grid.done(f"instanceExec -only host9 '{start} & {start} && wait $!'")
    grid.becomes("host9", "loaded", database=testdb)
    grid.done(f"instanceExec -only host9 kill {foreign}")  # it was left alone
    removed = grid.lab.cctrl(*cleanup, "--yes").stdout
    assert "old data directory\n" in removed and "removed 1 from host9.instance1, " in removed
    assert "aside" not in grid.done("instanceExec -only host9 ls -a db/testdb")


def test_a_distribution_whose_manager_ends_is_settled_by_resync(grid: Grid, testdb: str) -> None:
    marked = grid.run("dbDistribute testdb -add host9 -add host10")
    assert (marked.returncode, marked.stderr.startswith("NEXT: ttGridAdmin dbDistribute testdb -apply ")) == (0, True)
    argv = grid.lab.cctrl.argv("-c", "ttGridAdmin dbDistribute testdb -apply")
    with subprocess.Popen(argv, env=grid.lab.cctrl.environ, stderr=subprocess.PIPE, text=True) as applying:
        wait_for(lambda: applier(grid, testdb) != "", 20)
        second = grid.run("dbDistribute testdb -apply")
        assert second.returncode == 255
        follow_up(grid)
        said = applying.communicate(timeout=60)[1]
    if applying.returncode == 0:  # it was quicker than the kill
        return
    assert "Error : Distribution failed" in said
    assert "-resync" in said
    assert grid.run("dbDistribute testdb -apply").returncode == 255
    assert "Distribution map updated" in grid.done("dbDistribute testdb -resync")
    for host in SPARE:
        grid.becomes(host, "opened", database=testdb)


def test_what_served_a_database_whose_record_was_lost_is_neither_taken_nor_removed(grid: Grid) -> None:
    """The store was lost, and the database is created again by its name."""
    here = "instanceExec -only host9"
    grid.done(f"{here} 'mkdir -p db/lost/data && touch db/lost/data/cctrl.made db/lost/data/postmaster.opts'")
    grid.run("dbCreate lost -instance host9 -wait 60")
    status, message = grid.rows("lost")["host9"]
    assert (status, "has served before" in message) == ("create failed", True)
    grid.done("dbUnload lost")
    grid.done("dbDestroy lost -wait 60")
    assert "cctrl.made" in grid.done(f"{here} ls db/lost/data")
    cleanup = ("-c", "datasource host9.instance1 cleanup", "--yes")
    grid.lab.cctrl(*cleanup)  # what other tests left
    grid.done(f"{here} mkdir db/lost/.cctrl-data.aside-20260101T000000")
    left = grid.lab.cctrl(*cleanup)
    assert left.stdout == "nothing is kept aside on host9.instance1\n"
    assert "db/lost holds data of a database that is not on record: it is left alone" in left.stderr
    grid.done(f"{here} rm -r db/lost/data")  # as after dbDestroy: nobody comes back for what was aside
    removed = grid.lab.cctrl(*cleanup).stdout
    assert re.search(
        r"^host9:/\S+/db/lost/data   aside-\S+   \d+ \S+   \S+ \S+ UTC   old data directory$", removed, re.M
    )
    assert "removed 1 from host9.instance1, " in removed
    assert "aside" not in grid.done(f"{here} ls -a db/lost")
