"""gprecoverseg --differential on real servers: what is sent, what it makes, broken off and given again, refused."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.segments.gp import WELL, Gp
from tests.stage import Completed, Labs, wait_for

LOADED = """\
create table loaded as select g as i, repeat(md5(g::text), 24) as t from generate_series(1, 24000) g;
alter table loaded add primary key (i)"""
ROWS = "select count(*) || ' ' || md5(string_agg(r::text, ',' order by r::text)) from {} r"
BY_INDEX = "set enable_seqscan = off; set enable_bitmapscan = off; select sum(i), count(*) from loaded where i > 0"
SENT = re.compile(
    r"([\d,]+) of ([\d,]+) bytes came from (\S+), and [\d,]+ bytes of its log; the rest was in the old data"
)
HELD = (
    "select count(*) from pg_stat_replication where application_name like 'cctrl-copy-%'",
    "select count(*) from pg_replication_slots where temporary",
)
GRANT = re.compile(r"NEXT: on it, as superuser: (GRANT EXECUTE ON FUNCTION .*)")


@pytest.fixture(scope="module")
def gp(likeness: tuple[str, ...]) -> Iterator[Gp]:
    """Two pairs over two hosts. Every test leaves them healthy and balanced."""
    labs = Labs(likeness)
    yield Gp(labs("--hosts", 2, kind="segments", manager=True))
    labs.down()


def data(gp: Gp, content: int, built: str) -> Path:
    where = f"content = {content} and preferred_role = '{built}'"
    return Path(gp.sql(f"select datadir from gp_segment_configuration where {where}"))


def sent(ended: Completed) -> tuple[int, int]:
    """The bytes that came from the source, and those of all."""
    found = SENT.search(ended.stderr)
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
    assert found, ended.stderr
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


def the_same(gp: Gp, content: int) -> None:
    """Both of a pair hold the same rows, by table and by index."""
    one, other = gp.place(content, "p"), gp.place(content, "m")
    at = gp.lab.sql(one, "select pg_current_wal_lsn()")
    gp.lab.has(other, f"select pg_last_wal_replay_lsn() >= '{at}'", "t")
    for statement in (ROWS.format("loaded"), ROWS.format("traffic"), BY_INDEX):
        assert gp.lab.sql(one, statement) == gp.lab.sql(other, statement)


def stopped_midway(gp: Gp, job: Path) -> int:
    """Begin a recovery of content 0 and stop it while it compares; cctrl is killed. The process of its script."""
    first = gp.lab.cctrl.start("-c", "gprecoverseg -a --differential")
    wait_for(lambda: (job / "log").exists() and " kB (" in (job / "log").read_text(), 60)
    leader = int((job / "pid").read_text())
    os.killpg(leader, signal.SIGSTOP)
    first.kill()
    first.communicate()
    return int(Path(f"/proc/{leader}/task/{leader}/children").read_text())


def test_only_what_differs_is_sent_also_after_it_was_broken_off(gp: Gp) -> None:
    old, new = gp.place(0, "p"), gp.place(0, "m")
    # Whole pages are logged, so that they are the same on both, and no hints are left to be set on one side alone.
    for statement in (LOADED, "checkpoint", "vacuum (freeze) loaded", "checkpoint"):
        gp.lab.sql(old, statement)
    gp.lab.run("traffic", "start")
    gp.fail(0)
    gp.lab.sql(new, "update loaded set t = repeat(md5('x' || i), 24) where i between 10000 and 10500")

    script = stopped_midway(gp, data(gp, 0, "p").parent / ".cctrl-job-copy-primary0")
    shown = gp.run("gpstate -e").stdout
    assert re.search(r"Segment +Port +Recovery type +Stage +Completed bytes \(kB\) +Percentage completed", shown)
    assert re.search(r"sdw1 +\d+ +differential +Syncing pg_data of dbid 2 +\d+ +\d+%", shown)
    other = gp.done("gprecoverseg -a")
    assert "Found differential recovery running for segments with contentIds [0], skipping recovery of these" in other
    group = os.getpgid(script)
    os.kill(script, signal.SIGKILL)
    os.killpg(group, signal.SIGCONT)
    for statement in HELD:  # what holds the backup on the source ends with the script, however that ends
        gp.lab.has(new, statement, "0")

    ended = gp.run("gprecoverseg -a --differential")
    taken, total = sent(ended)
    assert taken < total / 3, f"{taken} of {total}"
    assert "-   Synchronization mode                 = Differential" in ended.stdout
    assert f"sdw1 (dbid 2): total size is {total:,}  speedup is {total / taken:.2f}" in ended.stdout
    gp.becomes(0, "msu psu")
    gp.done("gprecoverseg -r -a")
    gp.becomes(0, WELL)
    gp.lab.run("traffic", "report")  # nothing is lost
    gp.lab.run("traffic", "stop")
    the_same(gp, 0)


def test_what_it_needs(gp: Gp) -> None:
    """A right that is missing is named as the statement that gives it; with nothing to compare all is copied."""
    new = gp.place(1, "m")
    name = gp.sql("select datadir from gp_segment_configuration where content = 1 and preferred_role = 'p'")
    port = gp.place(1, "p").partition(":")[2]
    gp.fail(1)
    right = "select oid::regprocedure from pg_proc where proname in ('pg_backup_stop', 'pg_stop_backup') limit 1"
    function = gp.lab.sql(new, right)
    gp.lab.sql(new, f"revoke execute on function {function} from replicator")
    ended = gp.run("gprecoverseg -a --differential")
    assert ended.returncode == 1
    found = GRANT.search(ended.stderr)
    assert found, ended.stderr
    assert function in found[1]
    explained = gp.run("explain gprecoverseg --differential")
    assert found[1] in explained.stdout + explained.stderr
    gp.lab.sql(new, found[1])
    assert "a copy of what differs, as asked" in gp.done("explain gprecoverseg --differential")

    file = gp.lab.directory / "home" / "which"
    file.write_text(f"D|sdw2|{port}|{name} sdw2|{port}|{name}\n")
    refused = gp.run(f"gprecoverseg -a -i {file}")
    assert refused.returncode == 2
    assert "gprecoverseg error: line 1: a differential recovery is made in place" in refused.stdout
    gp.lab.run("wipe", gp.place(1, "p"))
    said = gp.done("explain gprecoverseg --differential")
    assert "a full copy: there is no data directory to compare with" in said
    file.write_text(f"D|sdw2|{port}|{name}\n")
    ended = gp.run(f"gprecoverseg -a -i {file}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "pg_basebackup: base backup completed" in ended.stdout
    assert "there is no data directory to compare with: all was copied" in ended.stderr
    gp.becomes(1, "msu psu")
    gp.done("gprecoverseg -r -a")
    gp.becomes(1, WELL)
