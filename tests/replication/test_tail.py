"""The script that reads what a stopped server's log holds after a position, on a real one."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from cctrl.config import load
from cctrl.replication.divergence import Tail
from cctrl.replication.position import Position
from cctrl.replication.postgresql import wal
from cctrl.replication.postgresql.probe_parse import wal_name
from cctrl.replication.postgresql.remote import arguments
from cctrl.replication.postgresql.scripts import script
from tests.stage import Lab, Labs

SEGMENT = 16 << 20
PATIENCE = 4.0  # seconds; pg_waldump waits 5 for a file that is not there


def shell(text: str, *words: str) -> str:
    """What a script prints."""
    done = subprocess.run(["sh", "-c", text, "sh", *words], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


def tail_of(lab: Lab, at: str) -> tuple[Tail, float]:
    """What host1's log holds after a position, and the seconds it took to read."""
    server = load(lab.directory / "lab" / "cctrl.toml").services[0].member("host1")
    start = Position.parse(at)
    here, before = (wal_name(1, p, SEGMENT) for p in (start, Position(start - SEGMENT)))
    began = time.monotonic()
    said = shell(script("tail"), *arguments(server), "1", at, here, before)
    return wal.tail(said), time.monotonic() - began


@pytest.fixture
def alone(lab: Labs) -> Lab:
    """A host without standbys."""
    return lab("--hosts", "1")


def test_a_log_that_ends_with_a_file_is_read_without_waiting_for_the_next(alone: Lab) -> None:
    at = alone.sql("host1", "checkpoint; select pg_switch_wal(); select pg_current_wal_lsn()").splitlines()[-1]
    alone.sql("host1", "create table t (n int)")
    alone.sql("host1", "insert into t values (1)")
    alone.sql("host1", "select pg_switch_wal()")
    alone.run("kill", "host1")
    data = Path(alone.directory / "lab" / "hosts" / "host1" / "data" / "pg_wal")
    last = max(p.name for p in data.iterdir() if p.name == wal_name(1, Position.parse(at), SEGMENT))
    for later in data.iterdir():
        if later.is_file() and later.name > last:
            later.unlink()
    tail, took = tail_of(alone, at)
    assert (tail.records, tail.commits, len(tail.listed), tail.problem) == (True, 2, 2, "")
    assert took < PATIENCE


def test_nothing_after_the_end_of_a_file_is_nothing_at_once(alone: Lab) -> None:
    at = alone.sql("host1", "select pg_switch_wal(); select pg_current_wal_lsn()").splitlines()[-1]
    alone.run("stop", "host1")
    end = Position((int(Position.parse(at)) // SEGMENT + 1) * SEGMENT)
    data = Path(alone.directory / "lab" / "hosts" / "host1" / "data" / "pg_wal")
    (data / wal_name(1, end, SEGMENT)).unlink(missing_ok=True)
    tail, took = tail_of(alone, str(end))
    assert (tail.records, tail.problem) == (False, "")
    assert took < PATIENCE


def test_files_made_ahead_of_their_use_hide_nothing(alone: Lab) -> None:
    """PostgreSQL fills new files with zeros; whichever file a directory lists first may be one of them."""
    at = alone.sql("host1", "select pg_current_wal_lsn()")
    alone.sql("host1", "create table t (n int)")
    alone.run("kill", "host1")
    data = Path(alone.directory / "lab" / "hosts" / "host1" / "data" / "pg_wal")
    for number in range(0x40, 0x80):
        with (data / wal_name(1, Position(number * SEGMENT), SEGMENT)).open("wb") as file:
            file.truncate(SEGMENT)
    tail, _ = tail_of(alone, at)
    assert (tail.records, tail.commits, tail.problem) == (True, 1, "")
    tail, _ = tail_of(alone, str(Position(0x50 * SEGMENT)))
    assert (tail.records, tail.problem) == (False, "")


def test_what_is_prepared_counts_until_it_is_rolled_back(lab: Labs) -> None:
    alone = lab("--hosts", "1")
    alone.sql("host1", "alter system set max_prepared_transactions = 5")
    alone.run("stop", "host1")
    alone.run("start", "host1")
    alone.sql("host1", "create table t (n int)")
    at = alone.sql("host1", "select pg_current_wal_lsn()")
    for number, gid in enumerate(("one", "two: desc: COMMIT 3", "three")):
        alone.sql("host1", f"begin; insert into t values ({number}); prepare transaction '{gid}'")
    alone.sql("host1", "commit prepared 'one'")
    alone.sql("host1", "rollback prepared 'three'")
    alone.sql("host1", "checkpoint")
    alone.run("kill", "host1")
    tail, _ = tail_of(alone, at)
    assert (tail.commits, tail.prepared, tail.counted) == (1, 1, "1 committed and 1 prepared transactions")
    assert [transaction.gid for transaction in tail.listed] == ["", "two: desc: COMMIT 3"]
    assert tail.listed[1].shown.startswith("prepared transaction 'two: desc: COMMIT 3', transaction ")


def test_transactions_that_only_touched_statistics_are_counted_apart(alone: Lab) -> None:
    alone.sql("host1", "create table t as select g as n, g % 7 as m from generate_series(1, 1000) g")
    alone.sql("host1", "create statistics s on n, m from t")
    alone.sql("host1", "checkpoint")  # logs which transactions run
    at = alone.sql("host1", "select pg_current_wal_insert_lsn()")
    alone.sql("host1", "analyze")  # one transaction for each table
    alone.sql("host1", "insert into t values (1, 1)")
    alone.sql("host1", "begin; analyze t; insert into t values (2, 2); commit")
    alone.sql("host1", "create index on t (n)")
    alone.sql("host1", "alter table t set (fillfactor = 90)")
    alone.run("kill", "host1")
    tail, _ = tail_of(alone, at)
    assert (tail.commits, len(tail.listed), tail.problem) == (4, 4, "")
    assert tail.statistics >= 20


def test_one_that_may_have_begun_before_is_no_matter_of_statistics(alone: Lab) -> None:
    """What it did before the position is on the other side's log, but not committed there."""
    alone.sql("host1", "create table t (n int)")
    alone.sql("host1", "checkpoint")
    held = subprocess.Popen(
        [alone.environ["CCTRL_TEST_PSQL"], "-XAtq", alone.dsn("host1")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=alone.environ,
    )  # fmt: skip
    assert held.stdin
    assert held.stdout
    held.stdin.write("begin;\ninsert into t values (1);\nselect pg_current_wal_insert_lsn();\n")
    held.stdin.flush()
    at = held.stdout.readline().strip()
    held.communicate("analyze t;\ncommit;\n", timeout=30)
    alone.run("kill", "host1")
    tail, _ = tail_of(alone, at)
    assert (tail.commits, tail.statistics, len(tail.listed)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("first", "count", "end"),
    [
        ("000000010000000000000003", 1, "0/4000000"),
        ("0000000100000000000000FE", 3, "1/1000000"),
        ("0000000A00000012000000FF", 1, "13/0"),
    ],
)
def test_where_the_files_end(tmp_path: Path, first: str, count: int, end: str) -> None:
    number = int(first[8:16], 16) * 256 + int(first[16:], 16)
    for n in (*range(number, number + count), number + count + 1):  # one after a gap does not count
        with (tmp_path / f"{first[:8]}{n // 256:08X}{n % 256:08X}").open("wb") as file:
            file.truncate(SEGMENT)
    prelude = script("tail").split("wal=$data/pg_wal")[0]
    assert shell(prelude + 'log_end "$1" "$2"', *"abcdefgh", str(tmp_path), first) == end
