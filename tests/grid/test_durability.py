"""A database whose commits wait for no disk (Durability=0), and the documented way out where a whole set waits for a
seed that does not come back: it is evicted, the database unloaded and loaded."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cctrl.config import load
from cctrl.grid import inventory
from cctrl.outcome import ConfigError
from tests.grid.grid import Grid
from tests.stage import wait_for

NAME = "fast"
KEPT, LOST = ("host3", "host4"), ("host5", "host6")


def test_a_set_that_does_not_come_back_is_evicted_then_the_database_unloaded_and_loaded(grid: Grid) -> None:
    path = grid.lab.directory / "lab" / "cctrl.toml"
    text = path.read_text()
    path.write_text(text.replace("[grid.grid1]\n", "[grid.grid1]\ndurability = 0\n", 1))
    try:
        for host in (*KEPT, *LOST):
            grid.done(f"dbCreate {NAME} -instance {host}")
    finally:
        path.write_text(text)
    grid.done(f"dbLoad {NAME} -wait 120")
    assert "fsync = 'off'" in grid.done(f"instanceExec -only host3 grep fsync db/{NAME}/conf/postgresql.conf")
    assert "fsync = 'on'" in grid.done("instanceExec -only host3 grep fsync db/database1/conf/postgresql.conf")
    grid.done(f"dbDistribute {NAME} -add all -apply")
    grid.done(f"dbOpen {NAME} -wait 60")
    _host_crashed(grid)
    _seed_lost(grid)
    grid.done(f"dbClose {NAME} -wait 60")
    refused = grid.run(f"dbUnload {NAME}")
    assert refused.returncode == 255
    assert "no element of replica set 2 is loaded, and Durability=0" in refused.stderr
    evicted = grid.lab.cctrl("--yes", "-c", f"ttGridAdmin dbDistribute {NAME} -evict host5 -evict host6 -apply")
    assert "Distribution map updated" in evicted.stdout, evicted.stderr
    for command in ("dbUnload", "dbLoad", "dbOpen"):
        grid.done(f"{command} {NAME} -wait 60")
    assert {grid.statuses(NAME)[h] for h in KEPT} == {"opened"}
    assert {grid.statuses(NAME)[h] for h in LOST} == {"evicted"}
    for command in ("dbClose", "dbUnload", "dbDestroy"):
        grid.done(f"{command} {NAME} -wait 60")
    grid.well()


def _active(grid: Grid) -> str:
    record = json.loads(grid.asked("SELECT text FROM document WHERE name = ?", NAME))["elements"]
    return str(next(e["instance"].partition(".")[0] for e in record if e["active"] and e["replica_set"] == 2))


def _host_crashed(grid: Grid) -> None:
    """As after a crash of the host: the server was not shut down, and was started in another start of its host. What
    lies there is not used while another element has it."""
    told = "SELECT count(*) FROM event WHERE text LIKE '%its host crashed, and Durability=0%becomes a copy'"
    last, before = _active(grid), grid.asked(told)
    crash = "cd db/fast/data && echo another >cctrl.boot && kill -9 $(head -n 1 postmaster.pid)"
    grid.done(f"instanceExec -only {last} '{crash}'")
    wait_for(lambda: grid.asked(told) != before, 60)
    grid.become(dict.fromkeys(LOST, "opened"), database=NAME)
    assert _active(grid) != last


def _seed_lost(grid: Grid) -> None:
    """The element with the latest changes has lost its data, and the other one lacks them: both wait for it."""
    last = _active(grid)
    first = next(h for h in LOST if h != last)
    for host in (first, last):
        grid.done(f"instanceExec -only {host} ttDaemonAdmin -stop")
        grid.becomes(host, "down", database=NAME)
    grid.done(f"instanceExec -only {last} rm -rf db/{NAME}/data")
    grid.done("instanceExec -only host5 -only host6 ttDaemonAdmin -start")
    for host in LOST:
        grid.becomes(host, "waiting for seed", database=NAME)


def test_without_a_second_copy_commits_wait_for_the_disk(grid: Grid) -> None:
    service = load(grid.lab.directory / "lab" / "cctrl.toml", {}).services[0]
    with pytest.raises(ConfigError, match=r"\[grid.grid1\]: durability = 0 needs a second copy of the data"):
        inventory.checked(replace(service, k=1, durability=0))
