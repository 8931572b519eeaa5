"""The data directory of a place that was left is removed only where it is certain that it is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cctrl.config import Host, Server
from cctrl.replication.postgresql.remote import arguments
from cctrl.replication.postgresql.scripts import script

CONTROL = "#!/bin/sh\necho 'Database system identifier:           7'\n"


@pytest.fixture
def server(tmp_path: Path) -> Server:
    data, bin_dir = tmp_path / "data", tmp_path / "bin"
    data.mkdir()
    bin_dir.mkdir()
    (data / "PG_VERSION").write_text("16\n")
    (bin_dir / "pg_controldata").write_text(CONTROL)
    (bin_dir / "pg_controldata").chmod(0o755)
    return Server("mirror0", Host("sdw1", ""), "", 5432, str(data), str(bin_dir))


def run(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    verb, *rest = words
    lock = str(Path(server.data_dir).parent / ".cctrl-job-copy-mirror0.lock")
    argv = ["sh", "-c", script("copyaside"), "sh", *arguments(server), verb, lock, *rest]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)


def test_only_what_was_left_is_removed(server: Server) -> None:
    data = Path(server.data_dir)
    assert run(server, "list", "7").stdout.startswith("@aside left ")
    assert not run(server, "list", "8").stdout + run(server, "list", "").stdout
    link = data.with_name("link")
    link.symlink_to(data)
    for system, used, said in (
        ("8", "", "holds another database system than 8"),
        ("", "", "there is no data directory"),
        ("7", f"/nowhere\n{link}", "is in use"),
    ):
        refused = run(server, "remove", system, used, "left")
        assert refused.returncode == 1
        assert said in refused.stderr
    with subprocess.Popen(["sleep", "60"], cwd=data) as process:
        (data / "postmaster.pid").write_text(f"{process.pid}\n")
        assert "a server runs in" in run(server, "remove", "7", "", "left").stderr
        process.kill()
    assert (data / "PG_VERSION").exists()
    assert run(server, "remove", "7", "/nowhere", "left").returncode == 0
    assert not data.exists()
    assert not run(server, "list", "7").stdout
