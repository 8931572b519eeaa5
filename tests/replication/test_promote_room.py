"""A promotion for which the disk has no room is not asked for: the server would end of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cctrl.config import Host, Server
from cctrl.replication.postgresql.remote import FULL, arguments
from cctrl.replication.postgresql.scripts import script

LOG_FILE = "000000010000000000000001"


def test_without_room_for_a_file_of_the_log_nothing_is_asked_of_the_server(tmp_path: Path) -> None:
    """The process stands for the server; its file of the log is larger than what is free, and takes nothing itself."""
    data = tmp_path / "data"
    (data / "pg_wal").mkdir(parents=True)
    (data / "standby.signal").touch()
    room = os.statvfs(data)
    with (data / "pg_wal" / LOG_FILE).open("wb") as file:
        file.truncate((room.f_bavail + 1_000_000) * room.f_frsize)
    with subprocess.Popen(["sleep", "60"], cwd=data) as process:
        (data / "postmaster.pid").write_text(f"{process.pid}\n")
        server = Server("host1", Host("host1", ""), "", 5432, str(data))
        argv = ["sh", "-c", script("promote"), "sh", *arguments(server), "", "select 1"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
        assert process.poll() is None
        process.kill()
    assert done.returncode == 1
    assert FULL.search(done.stderr)
    assert f" bytes are free in {data}/pg_wal, a promotion needs " in done.stderr
    assert not (data / "promote").exists()
