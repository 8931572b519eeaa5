"""`tprovision` of a lost data directory, with 1 GB of data, beside pg_basebackup and a start by hand."""

from __future__ import annotations

from collections.abc import Iterator

from bench import byhand
from bench.figures import Figure, in_turn
from bench.move import FIRST, SECOND, THIRD
from bench.place import Lab, Place, milliseconds

ROWS = 126_000  # of 8 kB: 1 GB


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """In turn on the same servers; the data directory is wiped before each."""
    lab = place.lab("provision")
    _fill(lab)
    shell = place.shell(lab.config)

    def ours() -> float:
        lab.do("wipe", THIRD)
        took = shell(f"tprovision {THIRD} --source {SECOND}")
        shell(f"datasource {THIRD} online")
        return took

    def theirs() -> float:
        lab.do("wipe", THIRD)
        return milliseconds(lambda: byhand.run(lab, "copy", THIRD, SECOND, FIRST))

    mine, other = in_turn(samples, ours, theirs)
    size = int(lab.sql(FIRST, "select sum(pg_tablespace_size(oid)) from pg_tablespace")) >> 20
    yield Figure("tprovision", mine, other, "pg_basebackup and start by hand", 1.05, note=f"{size} MB")


def _fill(lab: Lab) -> None:
    lab.sql(FIRST, "create table filler (data bytea)", "alter table filler alter data set storage external")
    bytes_ = "decode(repeat(md5(i::text), 252), 'hex')"
    lab.sql(FIRST, f"insert into filler select {bytes_} || {bytes_} from generate_series(1, {ROWS}) i", "checkpoint")
    lab.as_real_servers()
    lab.sql(SECOND, "checkpoint")
