"""What goes wrong while FTS works, and while gprecoverseg does: on real servers, one failure after the other."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cctrl.lab import Lab, control, processes
from cctrl.lab.layout import Plan, ServerPlan, read_plan
from cctrl.segments.catalog import read, swapped
from cctrl.segments.catalog_sql import READ, by_fts
from tests.killing import killed
from tests.segments.gp import WELL, Gp
from tests.stage import Labs, wait_for


@pytest.fixture(scope="module")
def gp(likeness: tuple[str, ...]) -> Iterator[Gp]:
    """Two pairs over two hosts whose file systems can be filled, where that can be."""
    labs = Labs(likeness)
    disk = ("--disk", "700MB") if os.geteuid() == 0 else ()
    yield Gp(labs("--hosts", 2, "--spares", 1, "--failure-timeout", 2, *disk, kind="segments", manager=True))
    labs.down()


def plan_of(gp: Gp) -> Plan:
    return read_plan(Lab(gp.lab.name, gp.lab.directory / "lab"))


def server(gp: Gp, name: str) -> ServerPlan:
    return next(s for host in plan_of(gp).hosts for s in host.servers if s.name == name)


def log(gp: Gp) -> str:
    return (gp.lab.directory / "lab" / "manager.log").read_text()


def test_a_manager_dies_between_catalog_and_promotion(gp: Gp) -> None:
    """The roles are swapped, and nobody was promoted: the next one does it. The old primary lives until then."""
    gp.is_well(0)
    gp.lab.run("kill", "manager")
    gp.sql(by_fts(swapped(read(gp.sql(READ)).pairs[0])))
    gp.lab.run("start", "manager")
    gp.lab.has(gp.place(0, "m"), "select pg_is_in_recovery()", "f")
    assert not processes.postmaster(server(gp, "primary0").data_dir)  # it was fenced first
    assert gp.state(0) == "mnd pnu"


def test_all_that_can_be_wrong_with_one_that_is_down(gp: Gp) -> None:
    """Each is said with what to do, and the same command does it once that is mended."""
    gp.is_failed(0)
    plan, failed = plan_of(gp), server(gp, "primary0")
    taken = "import socket, time; s = socket.create_server(('', int(__import__('sys').argv[1]))); time.sleep(600)"
    python = shutil.which("python3", path="/usr/bin") or "python3"
    pid = control.launch(plan, "sdw1", [python, "-c", taken, str(failed.port)])
    lock = Path(failed.data_dir, "postmaster.pid")  # the number of a server that died is another process's by now
    lock.write_text(f"{pid}\n{failed.data_dir}\n1\n{failed.port}\n{failed.socket_dir}\n\n\n")
    if plan.run_as.switch:
        os.chown(lock, plan.run_as.uid, plan.run_as.gid)
    ended = gp.run("gprecoverseg -a")
    processes.send([pid], signal.SIGKILL)
    assert ended.returncode == 1
    assert "-Failed to start the following segments. Please check the latest logs located in" in ended.stdout
    assert f"hostname: sdw1; port: {failed.port}; datadir: {failed.data_dir}" in ended.stdout
    assert "Address already in use" in ended.stderr
    assert "NEXT: gprecoverseg   (when the cause is mended)" in ended.stderr

    shutil.rmtree(failed.data_dir)
    ended = gp.run("gprecoverseg -a")
    assert ended.returncode == 1
    assert "must run" in ended.stdout
    assert "the data directory does not exist" in ended.stderr
    assert "NEXT: gprecoverseg -F" in ended.stderr
    if plan.disk:
        gp.lab.run("fill", "sdw1")
        ended = gp.run("gprecoverseg -a -F")
        assert ended.returncode == 1
        assert "recoverytype: full" in ended.stdout
        assert "no room" in ended.stderr or "space" in ended.stderr
        assert re.search(
            r"^NEXT: (make room on sdw1, where|datasource sdw1:).*then gprecoverseg -F\)$", ended.stderr, re.M
        )
        gp.lab.run("unfill", "sdw1")
    assert gp.state(0) == "mnd pnu"


def test_two_at_once_and_one_that_is_interrupted(gp: Gp) -> None:
    gp.is_failed(0)
    first = subprocess.Popen(
        gp.lab.cctrl.argv("-c", "gprecoverseg -a -F --max-rate 1M"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**gp.lab.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert first.stdout
    said: list[str] = []
    while "Initiating segment recovery" not in (said or [""])[-1]:
        said.append(first.stdout.readline())
        assert said[-1], said
    second = gp.run("gprecoverseg -a")
    assert second.returncode == 0
    assert "gprecoverseg:default-[ERROR]:-Lockfile " in second.stdout
    assert "indicates that an instance of gprecoverseg is already running with PID" in second.stdout
    assert "-If this is not the case, remove the lockfile directory at " in second.stdout
    assert "nothing was done" in second.stderr
    first.send_signal(signal.SIGINT)
    out, _ = first.communicate(timeout=60)
    assert first.returncode != 0
    assert "Traceback" not in out
    gp.done("gprecoverseg -a -F")
    gp.becomes(0, "msu psu")
    gp.lab.run("stop", "manager")
    ended = gp.run("gprecoverseg -r -a")  # nobody would promote: no primary is stopped
    assert ended.returncode == 2
    assert "FTS does not run" in ended.stdout
    assert processes.postmaster(server(gp, "mirror0").data_dir)
    gp.lab.run("start", "manager")
    killed(gp.lab.cctrl, "gprecoverseg -r -a", lambda line: "exited 0" in line and "cctrl-stop" in line)
    gp.becomes(0, "pnu mnd")
    told = gp.done("explain gprecoverseg -r")
    assert f"stopped by a rebalance that was broken off: {gp.place(0, 'm')}\n{gp.place(0, 'm')}: " in told
    gp.done("gprecoverseg -r -a")  # all are in their roles: what it had stopped is brought back
    gp.becomes(0, WELL)


def test_only_the_manager_does_not_reach_a_host(gp: Gp) -> None:
    """Its primary serves its clients: nothing is failed over."""
    if not plan_of(gp).bridge:
        pytest.skip("network namespaces are not available")
    gp.is_well(0)
    gp.lab.run("cut", "sdw1", "--from", "manager")
    wait_for(lambda: "its host is out of sight, but cdw reaches its server" in log(gp), 60)
    assert gp.state(0) == WELL
    gp.lab.run("heal", "sdw1")
    gp.sql("select gp_request_fts_probe_scan()")
    assert gp.state(0) == WELL


def test_a_mirror_without_room_is_promoted_once_it_has_some(gp: Gp) -> None:
    """Its server lives on: what is kept aside there is removed, and FTS does the rest."""
    plan, place = plan_of(gp), gp.place(0, "m")
    if not plan.disk:
        pytest.skip("file systems of their own need root")
    gp.is_well(0)
    directory = Path(server(gp, "mirror0").data_dir)
    aside = directory.with_name(f".cctrl-{directory.name}.aside-before")
    aside.mkdir()
    (aside / "large").write_bytes(b"x" * (40 << 20))
    os.chown(aside, plan.run_as.uid, plan.run_as.gid)
    gp.lab.run("fill", "sdw2")
    gp.lab.run("kill", gp.place(0, "p"))
    wait_for(lambda: f"({place}) cannot be promoted, the disk of sdw2 is full, " in log(gp), 60)
    assert gp.state(0) == WELL
    told = gp.run("ls")
    assert f"{place} cannot take the writes of content 0: the disk of sdw2 is full: " in told.stderr
    following = f"NEXT: datasource {place} cleanup   (40 MB are kept aside; then FTS promotes it by itself"
    assert following in told.stderr
    refused = gp.run("gprecoverseg -a")
    assert refused.returncode == 2
    assert following in refused.stderr
    removed = gp.lab.cctrl("-expert", "--yes", "-c", f"datasource {place} cleanup")
    assert removed.returncode == 0, removed.stderr
    gp.becomes(0, "mnd pnu")
    gp.lab.has(place, "select pg_is_in_recovery()", "f")
    gp.lab.run("unfill", "sdw2")
    gp.heal(0)


MOMENTS = (
    ("sdw1: exited .*: cctrl-fence ", 1),
    ("cdw: cctrl-sql ", 3),  # the catalog is to name the new place
    ("sdw3: exited .*: cctrl-copyprepare ", 1),
    ("sdw3: cctrl .* copy-mirror1 ", 1),
    ("sdw3: exited .*: cctrl-copyswap ", 1),
    ("sdw3: cctrl-configure ", 1),
    ("sdw3: exited .*: cctrl-start ", 1),
)
"""The beginning or the end of each remote command: which of those with such a line."""


def test_a_move_onto_another_host_is_killed_at_each_step(gp: Gp) -> None:
    """Each time the same command goes on from there. No manager marks it up between two of them."""
    old, place = server(gp, "mirror1").data_dir, gp.place(1, "m")
    gp.lab.run("kill", place)
    gp.becomes(1, "pnu mnd")
    gp.lab.run("stop", "manager")
    for pattern, number in MOMENTS:
        left = [number]

        def stop(line: str, pattern: str = pattern, left: list[int] = left) -> bool:
            left[0] -= bool(re.match(pattern, line))
            return left[0] == 0

        told, out, status = killed(gp.lab.cctrl, "gprecoverseg -a -p sdw3", stop)
        assert status == -signal.SIGKILL, f"{pattern}: exit {status}\n{out}\n{''.join(told)[-3000:]}"
    gp.lab.run("start", "manager")
    gp.done("gprecoverseg -a -p sdw3")
    gp.becomes(1, WELL)
    assert gp.place(1, "m").startswith("sdw3:")
    assert not processes.postmaster(old)
    removed = gp.lab.cctrl("-expert", "--yes", "-c", f"datasource {gp.place(1, 'm')} cleanup")
    assert f"sdw1:{old}   left " in removed.stdout, removed.stderr
    assert not Path(old).exists()
