"""How long a writing client had to wait: the writer's process, and what its record says."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.place import Lab
from cctrl.lab.processes import wait_until
from cctrl.replication.postgresql import conninfo

AROUND = 10  # acknowledged rows before and after what is measured


@dataclass(frozen=True, slots=True)
class Outage:
    """What a client saw of something that was done to the service."""

    longest: float  # milliseconds between two acknowledged commits
    took: float  # milliseconds of the whole
    lost: int  # acknowledged rows that are not there afterwards


class Writer:
    """The client, running against all members of a lab."""

    def __init__(self, lab: Lab) -> None:
        self._record = lab.place.directory / "acknowledged"
        self._record.unlink(missing_ok=True)
        source = str(Path(__file__).with_name("writer.py"))
        argv = [sys.executable, "-S", "-E", source, libpq(lab.place.bin_dir), dsn(lab), str(self._record)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=lab.place.environ)
        self.wait_for_more()

    def rows(self) -> list[tuple[int, float]]:
        """Number and time of each acknowledged row."""
        if not self._record.exists():
            return []
        *lines, _unfinished = self._record.read_text().split("\n")
        return [(int(line.split()[0]), float(line.split()[1])) for line in lines]

    def wait_for_more(self, seconds: float = 60.0) -> None:
        """Wait until some more rows have been acknowledged."""
        wanted = len(self.rows()) + AROUND
        wait_until(lambda: len(self.rows()) >= wanted or self._process.poll() is not None, seconds, 0.01)
        if len(self.rows()) < wanted:
            raise RuntimeError(f"the writer does not get on: {len(self.rows())} rows, exit {self._process.poll()}")

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def seen(lab: Lab, primary_after: str, work: Callable[[], object]) -> Outage:
    """Do `work` while a client writes."""
    lab.sql(primary_of(lab), "drop table if exists written", "create table written (id bigint)")
    writer = Writer(lab)
    try:
        began = time.monotonic()
        work()
        took = (time.monotonic() - began) * 1000
        writer.wait_for_more()
    finally:
        writer.stop()
    rows = writer.rows()
    there = {int(line) for line in lab.sql(primary_after, "select id from written").split()}
    times = [at for _, at in rows]
    longest = max(b - a for a, b in zip(times, times[1:], strict=False) if b > began)
    return Outage(longest * 1000, took, sum(number not in there for number, _ in rows))


def primary_of(lab: Lab) -> str:
    """The member that accepts writes."""
    for name in lab.service.names:
        try:
            if lab.sql(name, "select pg_is_in_recovery()") == "f":
                return name
        except RuntimeError:
            continue
    raise RuntimeError("no member accepts writes")


def dsn(lab: Lab) -> str:
    """A libpq connection string for whichever member accepts writes."""
    members = lab.service.members
    return conninfo.join(
        {
            "host": ",".join(m.address for m in members),
            "port": ",".join(str(m.port) for m in members),
            "user": members[0].user,
            "password": lab.password,
            "dbname": members[0].database,
            "target_session_attrs": "read-write",
            "connect_timeout": "2",
            "gssencmode": "disable",
        }
    )


def libpq(bin_dir: Path) -> str:
    """The client library: the one of this PostgreSQL, or the system's."""
    for place in (bin_dir.parent / "lib", *bin_dir.parents[1].parent.glob("*.libs")):
        for found in sorted(place.glob("libpq[.-]*so*")):
            return str(found)
    found_name = ctypes.util.find_library("pq")
    if found_name is None:
        raise RuntimeError(f"no libpq, neither beside {bin_dir} nor in the system")
    return found_name
