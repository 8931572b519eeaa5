"""What the hosts' scripts print is read for what it says, and never breaks a look."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl.replication.divergence import Tail
from cctrl.replication.facts import Downstream, Facts, Fence, Fork, Ran, Server, Upstream
from cctrl.replication.position import Position
from cctrl.replication.postgresql import probe_parse, wal

CONTROL = """\
pg_control version number:            1300
Database system identifier:           7300000000000000001
Database cluster state:               in production
Latest checkpoint location:           0/3000060
Latest checkpoint's TimeLineID:       1
Minimum recovery ending location:     0/0
Min recovery ending loc's timeline:   0
wal_log_hints setting:                on
Bytes per WAL segment:                16777216
Data page checksum version:           0"""
SPACE = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 1000 600 400 60% /"


def answer(**changed: Any) -> dict[str, Any]:
    """What a standby's server says."""
    settings = {
        "wal_log_hints": "off",
        "data_checksums": "on",
        "restore_command": "",
        "primary_conninfo": "user=replicator host=10.0.0.1 port=5433",
        "primary_slot_name": "",
    }
    return {
        "version": 15, "recovery": True, "started": 900.5, "system": "7300000000000000001", "timeline": 2,
        "current": None, "received": "0/3000200", "replayed": "0/3000148", "replay_age": 4.5, "paused": False,
        "receiver": {"state": "streaming", "host": "10.0.0.1", "port": 5433, "flushed": "0/3000200", "age": 0.2},
        "files": {"standby.signal": True, "recovery.signal": False, "promote": False},
        "senders": [], "history": "1\t0/3000100\tno recovery target specified\n", "oldest": "0000000000000002",
        "wal_segment": 16777216, "sessions": 3, "sessions_ever": 77, "settings": settings, **changed,
    }  # fmt: skip


def up(**changed: Any) -> Facts:
    text = f"@cctrl 1\n@now 1002.5\n@psql 0\n{json.dumps(answer(**changed))}\n@space\n{SPACE}\n@end\n"
    found = probe_parse.read("host2", text, 1000.0)
    assert found is not None
    return found


def down(*parts: str, said: str = "psql: error: connection to server failed", control: str = CONTROL) -> Facts:
    more = "".join(f"{part}\n" for part in ("@binaries postgres (PostgreSQL) 15.9", "@version 15", *parts))
    text = f"@cctrl 1\n@now 1000.0\n@psql 2\n{said}\n@space\n{SPACE}\n{more}@control\n{control}\n@end\n"
    found = probe_parse.read("host2", text, 1000.0)
    assert found is not None
    return found


def test_a_standby_that_is_up() -> None:
    found = up()
    assert (found.server, found.ran, found.writable, found.standby) == (Server.UP, Ran.STANDBY, False, True)
    assert (found.received, found.replayed) == (Position.parse("0/3000200"), Position.parse("0/3000148"))
    assert found.upstream == Upstream("10.0.0.1", 5433, "streaming", 0.2)
    assert found.assigned == ("10.0.0.1", 5433)
    assert found.history == (Fork(1, Position.parse("0/3000100")),)
    assert found.oldest_log == Position.parse("0/2000000")
    assert (found.lag, found.clock_skew, found.free, found.rewindable) == (4.5, 2.5, 400 * 1024, True)


@pytest.mark.parametrize(
    ("files", "receiver", "promoting"),
    [
        ((True, False, False), None, False),
        ((True, False, True), {"state": "streaming"}, True),
        ((False, False, False), None, True),
        ((False, True, False), None, False),  # a recovery to a point in time
        ((False, False, False), {"state": "streaming"}, False),  # the mark was taken away by hand
    ],
)
def test_a_promotion_that_is_under_way_is_seen(
    files: tuple[bool, bool, bool], receiver: dict[str, Any] | None, promoting: bool
) -> None:
    names = ("standby.signal", "recovery.signal", "promote")
    full = receiver and {**receiver, "host": "10.0.0.1", "port": 5433, "flushed": "0/3000200", "age": 0.2}
    assert up(files=dict(zip(names, files, strict=True)), receiver=full).promoting is promoting
    assert down("@promote", "@running 77").promoting
    assert not down("@promote").promoting


def test_a_primary_that_is_up() -> None:
    sender = {
        "name": "host3", "state": "streaming", "flushed": "0/3000300", "replayed": None, "flush_lag": 0.5,
        "sync": "async", "pid": 4711, "address": "10.0.0.3", "logical": False,
    }  # fmt: skip
    found = up(recovery=False, receiver=None, current="0/3000300", received=None, replayed=None, senders=[sender])
    assert (found.writable, found.ran, found.lag) == (True, Ran.PRIMARY, 0.0)
    assert found.received == found.replayed == Position.parse("0/3000300")
    flushed = Position.parse("0/3000300")
    assert found.downstreams == (
        Downstream("host3", "streaming", flushed, Position(0), 0.5, "async", 4711, "10.0.0.3"),
    )


def test_a_standby_that_has_replayed_all_it_received_is_not_behind_in_time() -> None:
    """Else an idle service would seem to fall behind by a second each second."""
    assert up(replayed="0/3000200", replay_age=3600).lag == 0.0
    assert up(replayed="0/3000200", replay_age=3600, receiver=None).lag == 3600
    assert up(replay_age=None).lag is None


@pytest.mark.parametrize(
    ("state", "ran", "clean"),
    [
        ("shut down", Ran.PRIMARY, True),
        ("in production", Ran.PRIMARY, False),
        ("shutting down", Ran.PRIMARY, False),
        ("in crash recovery", Ran.PRIMARY, False),
        ("shut down in recovery", Ran.STANDBY, True),
        ("in archive recovery", Ran.STANDBY, False),
        ("unrecognized status code", Ran.UNKNOWN, False),
    ],
)
def test_what_a_stopped_server_was(state: str, ran: Ran, clean: bool) -> None:
    found = down(control=CONTROL.replace("in production", state))
    assert (found.server, found.ran, found.clean) == (Server.DOWN, ran, clean)
    assert (found.system, found.version, found.rewindable) == ("7300000000000000001", 15, True)


@pytest.mark.parametrize(
    ("said", "server"),
    [
        ("connection to server on socket failed: FATAL:  the database system is starting up", Server.STARTING),
        ("FATAL:  the database system is shutting down", Server.STARTING),
        ("FATAL:  the database system is in recovery mode", Server.STARTING),
        ("psql: error: connection to server on socket failed: timeout expired", Server.FROZEN),
        ("", Server.FROZEN),
        ("FATAL:  sorry, too many clients already", Server.REJECTING),
        ("FATAL:  no pg_hba.conf entry for host", Server.REJECTING),
    ],
)
def test_a_server_that_runs_and_does_not_answer(said: str, server: Server) -> None:
    found = down("@running 4711", said=said)
    assert found.server is server
    assert found.may_run
    assert not found.clean


def test_how_far_a_server_is_that_starts_up() -> None:
    said = "FATAL:  the database system is starting up"
    assert down("@running 4711", "@replaying 000000020000000000000007", said=said).replaying[-1] == "7"
    assert down("@running 4711", said=said).replaying == ""


def test_programs_and_data_that_are_not_there() -> None:
    missing = down("@binaries sh: 1: postgres: not found", control="sh: 1: pg_controldata: not found")
    assert (missing.server, missing.reason) == (Server.NO_BINARIES, "sh: 1: postgres: not found")
    gone = down("@missing", control="pg_controldata: error: could not open file")
    assert (gone.server, gone.reason) == (Server.NO_DATA, "the data directory does not exist")
    words = 'pg_controldata: error: could not open file "/data/global/pg_control" for reading'
    assert words in down(control=words).reason


def test_a_fence_and_a_mark_and_a_broken_rewind_are_seen() -> None:
    found = down("@standby", "@fenced", "17 host1 2026-11-22T10:00:00Z")
    assert (found.standby_mark, found.fence) == (True, Fence("17", "host1", "2026-11-22T10:00:00Z"))
    assert not found.half_rewound
    assert down("@rewinding").half_rewound
    assert down("@rebooted").host_crashed and not down().host_crashed
    shut_down = CONTROL.replace("in production", "shut down")
    assert not down("@rebooted", control=shut_down).host_crashed, "all was there before its host went"
    assert down("@fenced").fence == Fence("", "", ""), "the disk was full when it was fenced"


def test_the_timeline_of_one_that_ended_without_a_checkpoint_is_that_of_its_log() -> None:
    history = ("@history 00000002.history", "1\t0/3000100\tx", "@history 00000003.history", "1\t0/3000100\tx")
    found = down("@timeline 00000002", *history)
    assert (found.timeline, found.history) == (2, (Fork(1, Position.parse("0/3000100")),))
    assert down().timeline == 1
    assert down("@timeline ????????").timeline == 1


@given(st.text(max_size=400))
def test_what_is_no_probe_is_told_from_one(text: str) -> None:
    assert probe_parse.read("host1", text, 0.0) is None


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=40)))
def test_a_host_may_say_anything(lines: list[str]) -> None:
    """Mail notices and warnings of the host's shell stand between the parts."""
    lines = [line for line in lines if not line.startswith("@")]
    found = probe_parse.read("host1", "\n".join(["motd", "@cctrl 1", "@psql 2", *lines]), 0.0)
    assert found is not None
    assert found.server in (Server.NO_BINARIES, Server.DOWN)


# The log's tail.

RECORD = (
    "rmgr: Transaction len (rec/tot):     34/    34, tx:        {xid}, lsn: 0/{at}, prev 0/3000060, "
    "desc: COMMIT {time}.123456 UTC"
)


def commit(xid: int, at: str, time: str) -> str:
    return RECORD.format(xid=xid, at=at, time=time)


def test_nothing_after_the_fork() -> None:
    assert wal.tail("") == Tail(records=False)


def test_records_but_no_commit() -> None:
    text = "@records\n@commits 0\nrmgr: XLOG  len (rec/tot): 114/ 114, tx: 0, lsn: 0/3000100, prev 0/3000060, desc: X\n"
    assert wal.tail(text) == Tail(records=True, end=Position.parse("0/3000100"))


def test_commits_of_two_timelines_are_added_up() -> None:
    lines = [
        "@records", commit(731, "3000100", "2026-11-22 10:00:00"), "@commits 1",
        "@last " + commit(731, "3000100", "2026-11-22 10:00:00"),
        "@records", commit(732, "3000200", "2026-11-22 10:00:01"), commit(733, "3000300", "2026-11-22 10:00:02"),
        "@commits 45", "@last " + commit(776, "3000F00", "2026-11-22 10:00:09"),
        "pg_waldump: error: error in WAL record at 0/3000F00: invalid record length at 0/3000F28: wanted 24, got 0",
    ]  # fmt: skip
    found = wal.tail("\n".join(lines))
    assert (found.records, found.commits, found.end) == (True, 46, Position.parse("0/3000F28"))
    assert [c.xid for c in found.listed] == ["731", "732", "733"]
    assert found.first == "2026-11-22 10:00:00.123456 UTC"
    assert found.last == "2026-11-22 10:00:09.123456 UTC"


def test_a_prepared_transactions_commit_counts() -> None:
    line = commit(731, "3000100", "2026-11-22 10:00:00").replace("COMMIT ", "COMMIT_PREPARED 729: ")
    assert wal.tail(f"@records\n{line}\n@commits 1\n@last {line}").listed[0].time == "2026-11-22 10:00:00.123456 UTC"


def test_what_a_commit_invalidated_is_no_part_of_its_time() -> None:
    line = commit(731, "3000100", "2026-11-22 10:00:00") + "; inval msgs: catcache 55 catcache 54"
    assert wal.tail(f"@records\n{line}\n@commits 1\n@last {line}").listed[0].time == "2026-11-22 10:00:00.123456 UTC"


def test_a_log_that_cannot_be_read_says_why() -> None:
    found = wal.tail("@records\n@commits 3\n@problem pg_waldump: error: could not find file\n")
    assert found == Tail(records=False, problem="pg_waldump: error: could not find file")
