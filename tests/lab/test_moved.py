"""Segments that were put elsewhere are found by their files, and called by their places."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import cast

from cctrl.lab.layout import HostPlan, Plan, RunAs, ServerPlan
from cctrl.lab.moved import with_moved
from cctrl.lab.writer import Writing


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
    for holder in (own, beside):  # the other one's system nobody holds any more: its name tells its content
        (holder / "global").mkdir()
        (holder / "global" / "pg_control").write_bytes((70).to_bytes(8, sys.byteorder) + b"more")
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
    assert [[s.port for _, s in servers] for servers in found.sets] == [[7000, 7001], [7002]]
    assert found.servers("sdw2")[0][1].content == 2


def test_a_writer_takes_in_servers_that_come_later(tmp_path: Path) -> None:
    targets = tmp_path / "targets.json"

    def aim(at: int, *servers: tuple[str, int]) -> None:
        targets.write_text(json.dumps({"servers": servers, "common": ""}))
        os.utime(targets, ns=(at, at))

    aim(1, ("a", 1), ("b", 2))
    writing = Writing(cast("ctypes.CDLL", None), targets)
    assert [client.servers for client in writing.clients] == [[("a", 1), ("b", 2)], [("a", 1)], [("b", 2)]]
    aim(2, ("a", 1), ("c", 3))
    writing.look()
    assert writing.clients[0].servers == [("a", 1), ("b", 2), ("c", 3)]
    assert [client.number for client in writing.clients] == [0, 1, 2, 3]
