"""Segments that were put elsewhere are found by their files, and called by their places."""

from __future__ import annotations

from pathlib import Path

from cctrl.lab.layout import HostPlan, Plan, RunAs, ServerPlan
from cctrl.lab.moved import with_moved


def directory(path: Path, port: int | None = None) -> Path:
    path.mkdir(parents=True)
    (path / "PG_VERSION").write_text("16\n")
    if port:
        (path / "postgresql.conf").write_text(f"listen_addresses = 'x'\nport = 5432\n port = '{port}'\n")
    return path


def test_what_moved_is_a_server_of_its_host(tmp_path: Path) -> None:
    own = directory(tmp_path / "sdw1" / "primary" / "gpseg0", 1)
    directory(tmp_path / "sdw1" / "primary" / ".cctrl-gpseg0.aside-x", 2)
    directory(tmp_path / "sdw1" / "primary" / "half")
    beside = directory(tmp_path / "sdw1" / "primary" / "gpseg1", 7001)
    spare = directory(tmp_path / "sdw2" / "gpseg2", 7002)
    server = ServerPlan("primary0", 7000, str(own), "conf", "/run/1", "log", "log", dbid=2, place="sdw1:7000")
    hosts = tuple(
        HostPlan(name, "127.0.0.1", "127.0.1.1", 22, str(tmp_path / name), "", servers)
        for name, servers in (("sdw1", (server,)), ("sdw2", ()))
    )
    plan = Plan(
        "lab", "segments", "gp", "d", True, "h", (), "c", RunAs("u", 1, 1, switch=False), "bin", "", "u", "", hosts
    )
    found = with_moved(plan)
    assert [s.called for _, s in found.servers("sdw1")] == ["sdw1:7000", "sdw1:7001"]
    assert [s.data_dir for _, s in found.servers("sdw1:7001")] == [str(beside)]
    assert [(s.port, s.data_dir) for _, s in found.servers("sdw2")] == [(7002, str(spare))]
