"""Where segments go that are recovered onto other hosts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.config import Config, Host, Server, Service
from cctrl.outcome import ConfigError, Refused
from cctrl.replication.copying import Working
from cctrl.replication.postgresql.placing import settings
from cctrl.replication.steps import Action
from cctrl.segments import inventory
from cctrl.segments.recover import choosing, moving, work
from cctrl.segments.recover.work import Job, Kind
from cctrl.segments.service import Cluster
from cctrl.segments.utilities.running import Failed
from cctrl.shell.console import Script
from cctrl.shell.talk import Manner, TextTalk
from tests.segments import recorded, worlds

DOWN = worlds.cluster(c0="pnu mnd", c1="pnu mnd", c2="mnd pnu", c3="mnd pnu")
ROWS = [row for row in DOWN.segments if not row.up]
SPARE = Server("sdw3", Host("sdw3", "10.0.0.3"), "10.0.0.3", 5432, "", shown_address="sdw3")
NOBODY: frozenset[int] = frozenset()


def jobs() -> list[Job]:
    targets = moving.pool(DOWN, ROWS, {"sdw2": (SPARE, NOBODY)})
    sources = {pair.content: pair.primary for pair in DOWN.pairs}
    return [Job(row, sources[row.content], Kind.FULL, targets[row.dbid]) for row in ROWS]


def test_a_failed_host_is_recovered_onto_another_as_recorded() -> None:
    made = work.parameters(jobs(), "Recovery type              = Pool Host", "Pool host for recovery     = sdw3")
    lines = recorded.lines("117-I-gprecoverseg-p-sdw3", "gprecoverseg")
    begin = lines.index(made[0])
    assert made == lines[begin : begin + len(made)]


def test_ports_that_are_taken_are_left_out() -> None:
    targets = moving.pool(DOWN, ROWS, {"sdw2": (SPARE, frozenset({7000, 7002}))})
    assert [row.port for row in targets.values()] == [7001, 7003, 7004, 7005]


def test_a_host_may_have_a_directory_for_segments() -> None:
    home = Server("sdw3", SPARE.host, "10.0.0.3", 5432, "/srv/gp", shown_address="sdw3")
    targets = moving.pool(DOWN, ROWS, {"sdw2": (home, NOBODY)})
    assert targets[6].datadir == "/srv/gp/gpseg0"


def test_on_a_host_with_segments_it_lies_beside_them_never_in_one() -> None:
    configured = Service("segments", "gp", (replace(SPARE, name="m", host=Host("sdw1", "sdw1"), data_dir="/data/x"),))
    there = inventory.host(configured, "sdw1")
    assert moving.directory(DOWN.row(6), there, [DOWN.row(2), DOWN.row(8)]) == "/data/mirror/gpseg0"
    elsewhere = [replace(DOWN.row(2), datadir="/b/primary/g1"), replace(DOWN.row(8), datadir="/b/mirror/g2")]
    assert moving.directory(DOWN.row(6), there, elsewhere) == "/b/mirror/gpseg0"
    inside = Job(DOWN.row(6), DOWN.row(2), Kind.FULL, moving.target(DOWN.row(6), there, 7009, "/data/primary/gpseg0/x"))
    with pytest.raises(Refused, match="6 and 2 on host sdw1 cannot lie in each other: '/data/primary/gpseg0/x' and"):
        moving.conflicts(DOWN, [inside])


def test_which_host_goes_to_which() -> None:
    rows = [*ROWS, *(row for row in worlds.cluster(c0="mnd pnu").segments if not row.up)]
    assert moving.onto(rows, ["b", "a", "c"]) == ({"sdw1": "b", "sdw2": "a"}, ["c"])
    with pytest.raises(Failed, match="Not enough new recovery hosts given for recovery."):
        moving.onto(rows, ["b"])


def test_given_again_it_stays_where_it_was_put() -> None:
    """A run that was killed once the catalog named the new place."""
    rows = [worlds.edited(DOWN, 6, hostname="sdw3", address="sdw3", port=7000).row(6)]
    assert moving.pool(DOWN, rows, {"sdw3": (SPARE, frozenset({7000}))}) == {6: rows[0]}


def test_nothing_is_there_twice() -> None:
    """As recorded."""
    mirror, primary = DOWN.row(6), DOWN.row(2)
    there = Server("sdw1", Host("sdw1", "sdw1"), "sdw1", 5432, "")
    job = Job(mirror, primary, Kind.FULL, moving.target(mirror, there, 7000, "/data/mirror/gpseg0"))
    with pytest.raises(Refused, match="Segment dbid's 6 and 2 on host sdw1 cannot have the same port 7000."):
        moving.conflicts(DOWN, [job])
    job = Job(mirror, primary, Kind.FULL, moving.target(mirror, there, 7009, "/data/primary/gpseg0"))
    with pytest.raises(Refused, match="on host sdw1 cannot have the same data directory '/data/primary/gpseg0'."):
        moving.conflicts(DOWN, [job])
    job = Job(mirror, primary, Kind.FULL, moving.target(mirror, there, 7009, "/data/mirror/gpseg0"))
    moving.conflicts(DOWN, [job])
    (warning,) = moving.same_host([job])
    assert warning.startswith("Segment is being recovered to the same host as its primary: primary sdw1:/data/primary/")


def test_the_catalog_counts() -> None:
    member = Server("m", Host("sdw2", "sdw2"), "sdw2", 8000, "/data/mirror/gpseg0", "/bin", "/etc/pg.conf", dbid=6)
    service = Service("segments", "gp", (member,), spares=(SPARE,))
    row = worlds.cluster().row(6)
    assert inventory.placed(service, [row]) == service
    target = moving.target(row, SPARE, 7000, row.datadir)
    (moved,) = inventory.placed(service, [target]).members
    assert (moved.name, moved.host.name, moved.address, moved.port) == ("m", "sdw3", "10.0.0.3", 7000)
    assert (moved.config_file, moved.dbid) == ("", 6)
    with pytest.raises(ConfigError, match=r"\[segments.gp\] has no host sdw9"):
        inventory.host(service, "sdw9")


def test_what_a_new_place_takes_over_from_its_source() -> None:
    rows = ["data_directory=/a", "listen_addresses=10.0.0.2", "port=7000", "work_mem=4MB", "archive_command=cp 'x' y"]
    assert settings(SPARE, rows) == [
        "listen_addresses = '10.0.0.3'",
        "work_mem = '4MB'",
        "archive_command = 'cp ''x'' y'",
        "port = '5432'",
    ]
    assert "listen_addresses = '*'" in settings(SPARE, ["listen_addresses=*"])


def test_work_that_goes_on_by_itself_is_not_disturbed() -> None:
    """A copy is followed by a full recovery alone, a rewind by an incremental one."""
    sources = {pair.content: pair.primary for pair in DOWN.pairs}
    working = {6: Working(Action.COPY, 0, ""), 7: Working(Action.COPY, 0, ""), 4: Working(Action.REWIND, 0, "")}
    incremental = [Job(row, sources[row.content], Kind.INCREMENTAL) for row in ROWS]
    kept, warnings = choosing.idle(incremental, working)
    assert [job.failed.dbid for job in kept] == [4, 5]
    assert warnings == [
        "Found pg_basebackup running for segments with contentIds [0, 1], skipping recovery of these segments"
    ]
    full = [Job(row, sources[row.content], Kind.FULL) for row in ROWS]
    kept, warnings = choosing.idle(full, working)
    assert [job.failed.dbid for job in kept] == [6, 7, 5]
    assert warnings == ["Found pg_rewind running for segments with contentIds [2], skipping recovery of these segments"]
    differential = [Job(row, sources[row.content], Kind.DIFFERENTIAL) for row in ROWS]
    assert choosing.idle(differential, {6: Working(Action.REUSE, 0, "")}) == (differential, [])
    kept, (warning,) = choosing.idle(full, {6: Working(Action.REUSE, 0, "")})
    assert [job.failed.dbid for job in kept] == [7, 4, 5]
    assert warning.startswith("Found differential recovery running for segments with contentIds [0], skipping recovery")


def test_what_is_told_names_segments_by_their_places() -> None:
    def member(name: str, port: int, content: int, role: str) -> Server:
        return Server(name, Host("sdw1", "sdw1"), "sdw1", port, "/d", dbid=content + port, content=content,
                      preferred_role=role)  # fmt: skip

    members = (member("cdw", 5432, -1, "p"), member("primary0", 6000, 0, "p"), member("mirror", 7000, 0, "m"))
    service = Service("segments", "gp", members)
    cluster = Cluster(Config(Path("c"), (service,), Path("s")), service, TextTalk(Script(print, print), Manner()))
    told = cluster.spoken("cdw: primary0's mirror, /data/primary0/x and primary0:1 of primary0")
    assert told == "cdw: sdw1:6000's mirror, /data/primary0/x and primary0:1 of sdw1:6000"
    with pytest.raises(Refused) as caught, cluster.speaking():
        raise Refused("primary0 has no data directory", detail="on primary0", next="ls")
    assert caught.value.lines() == ["ERROR: sdw1:6000 has no data directory", "DETAIL: on sdw1:6000", "NEXT: ls"]
