"""gpstate's pages, byte for byte as recorded."""

from __future__ import annotations

import re

import pytest

from cctrl.replication.facts import Server
from cctrl.replication.postgresql import copyparse
from cctrl.replication.postgresql.asking import Process
from cctrl.replication.steps import Action
from cctrl.segments.state import detail, pages
from cctrl.segments.state.detail import Processes
from cctrl.segments.state.pages import Page
from cctrl.segments.state.status import Recovery, Seen, recovery
from cctrl.segments.utilities.tables import Line
from tests.segments import recorded, worlds

AFTER = {"c0": "mnd pnu"}  # content 0 has failed over
DEAD_MIRROR = {"c2": "pnu mnd"}
RUNNING = Process(True, 1, True, True)


def shown(page: Page) -> list[Line]:
    return page[0]


def test_all_is_well() -> None:
    page = pages.problems(worlds.seen(worlds.cluster()))
    assert page == (recorded.lines("02-healthy-gpstate-e"), 0)


def test_a_primary_was_just_killed() -> None:
    seen = worlds.seen(worlds.cluster(), {2: worlds.gone()})
    assert pages.problems(seen) == (recorded.lines("21-A-gpstate-e-just-killed-not-yet-detected"), 1)


def test_after_a_failover() -> None:
    assert pages.problems(worlds.seen(worlds.cluster(**AFTER))) == (recorded.lines("23-A-gpstate-e"), 1)


def test_a_mirror_in_its_grace_period() -> None:
    seen = worlds.seen(worlds.cluster(), {4: worlds.primary(""), 8: worlds.gone()})
    assert pages.problems(seen) == (recorded.lines("61-D-gpstate-e-in-grace"), 1)


def test_a_mirror_that_is_down() -> None:
    assert pages.problems(worlds.seen(worlds.cluster(**DEAD_MIRROR))) == (recorded.lines("62-D-gpstate-e"), 1)


def test_a_double_fault() -> None:
    seen = worlds.seen(worlds.cluster(c2="mnd pnu"), {8: worlds.gone()})
    assert pages.problems(seen) == (recorded.lines("100-H-double-fault-both-at-once"), 1)


def test_a_host_is_out_of_sight() -> None:
    away = dict.fromkeys((6, 7, 4, 5), worlds.gone(Server.UNSEEN))
    promoted = dict.fromkeys((8, 9), worlds.mirror())
    alone = dict.fromkeys((2, 3), worlds.primary(""))
    seen = worlds.seen(worlds.cluster(c2="mnd pnu", c3="mnd pnu"), {**away, **promoted, **alone})
    assert pages.problems(seen) == (recorded.lines("110-I-host-sdw2-power-off"), 1)


def test_bytes_that_are_not_on_the_mirror_yet() -> None:
    seen = worlds.seen(
        worlds.cluster(c0="pnu mnu"), {2: worlds.primary("catchup", "potential", behind=188393600 % 2**24)}
    )
    line = shown(pages.problems(seen))[-1].text
    assert line.split() == ["sdw1", "7000", str(188393600 % 2**24), "sdw2", "8000"]


def test_a_recovery_that_runs() -> None:
    lines = ["@work copy-x 1795328940  75538/660036 kB (11%), 0/1 tablespace (x)"]
    working = copyparse.working(lines, {"copy-x": Action.COPY})
    assert working is not None
    found = {2: recovery(working)}
    seen = Seen(worlds.cluster(**AFTER), worlds.seen(worlds.cluster(**AFTER)).facts, found)
    head, row = (line.text for line in shown(pages.problems(seen))[-2:])
    assert found == {2: Recovery("full", 1795328940, "75538", "660036", "11%")}
    assert re.split(r" {3,}", head.strip()) == [
        "Segment", "Port", "Recovery type", "Completed bytes (kB)", "Total bytes (kB)", "Percentage completed",
    ]  # fmt: skip
    assert row.split() == ["sdw1", "7000", "full", "75538", "660036", "11%"]
    primary = [line.text.split() for line in detail.full(seen, Processes({}))[0]]
    assert ["Mirror", "status", "=", "Copying", "files", "from", "primary"] in primary
    assert ["Mirror", "recovery", "start", "=", "2026-11-22", "06:29:00+00"] in primary


def test_a_differential_recovery_that_runs() -> None:
    lines = ["@work reuse-x 1795328940 75538/660036 kB (11%), control file"]
    working = copyparse.working(lines, {"reuse-x": Action.REUSE})
    assert working is not None
    found = {2: recovery(working), 3: Recovery("full", 0, "1", "2", "50%")}
    seen = Seen(worlds.cluster(**AFTER), worlds.seen(worlds.cluster(**AFTER)).facts, found)
    head, row, other = (re.split(r" {3,}", line.text.strip()) for line in shown(pages.problems(seen))[-3:])
    assert head == ["Segment", "Port", "Recovery type", "Stage", "Completed bytes (kB)", "Percentage completed"]
    assert row == ["sdw1", "7000", "differential", "Syncing pg_control file of dbid 2", "75538", "11%"]
    assert other == ["sdw1", "7001", "full", "1", "50%"]  # the first one's kind decides the columns
    assert ["Mirror", "status", "=", "Copying", "files", "from", "primary"] in [
        line.text.split() for line in detail.full(seen, Processes({}))[0]
    ]


def test_a_recovery_that_has_said_nothing_yet() -> None:
    working = copyparse.working(["@work rewind-x 1795328940 "], {"rewind-x": Action.REWIND})
    assert working is not None
    assert recovery(working) == Recovery("incremental", 1795328940)
    assert copyparse.working(["rubbish"], {}) is None


@pytest.mark.parametrize(
    ("recording", "run", "states", "status"),
    [
        ("03-healthy-gpstate-m", 1, {}, 0),
        ("24-A-gpstate-m", 1, AFTER, 0),
        ("62-D-gpstate-e", 2, DEAD_MIRROR, 1),
    ],
)
def test_the_mirrors(recording: str, run: int, states: dict[str, str], status: int) -> None:
    lines, found = pages.mirrors(worlds.cluster(**states))
    assert (lines, found) == (recorded.lines(recording, run=run)[: len(lines)], status)


@pytest.mark.parametrize(("recording", "states"), [("06-healthy-gpstate-c", {}), ("26-A-gpstate-c", AFTER)])
def test_the_mapping(recording: str, states: dict[str, str]) -> None:
    assert pages.mapping(worlds.cluster(**states)) == (recorded.lines(recording), 0)


@pytest.mark.parametrize(
    ("recording", "states", "status"), [("07-healthy-gpstate-Q", {}, 0), ("27-A-gpstate-Q", AFTER, 1)]
)
def test_the_quick_look(recording: str, states: dict[str, str], status: int) -> None:
    assert pages.quick(worlds.cluster(**states)) == (recorded.lines(recording), status)


def test_the_ports() -> None:
    assert pages.ports(worlds.cluster()) == (recorded.lines("09-healthy-gpstate-p"), 0)


@pytest.mark.parametrize(("recording", "states"), [("10-healthy-gpstate-i", {}), ("29-A-gpstate-i", AFTER)])
def test_the_versions(recording: str, states: dict[str, str]) -> None:
    """The recorded cluster has a standby coordinator besides."""
    wanted = [line for line in recorded.lines(recording) if " scdw " not in line.text]
    version = next(line.text for line in wanted if "PostgreSQL" in line.text).partition("PostgreSQL")
    seen = worlds.seen(worlds.cluster(**states))
    known = {row.dbid: "".join(version[1:]) for row in seen.catalog.rows if row.content < 0 or row.up}
    assert pages.versions(seen, known) == (wanted, 0)


def test_the_counts() -> None:
    """Columns differ where version 7 has a longer word, and there is no standby coordinator here."""
    states = worlds.cluster(**AFTER)
    processes = Processes({row.dbid: Process(True, 1, True, lives=row.up) for row in states.rows})
    made = shown(detail.brief(worlds.seen(states), processes))
    assert [spaceless(line) for line in made if "standby" not in line.text] == [
        spaceless(line) for line in recorded.lines("25-A-gpstate-b") if "andby" not in line.text
    ]
    untouched = [line for line in made if "oordinator" not in line.text and "<<<" not in line.text]
    assert set(untouched) <= set(recorded.lines("25-A-gpstate-b"))


def spaceless(line: Line) -> tuple[str, str]:
    return " ".join(line.text.split()), line.level


def test_everything() -> None:
    """Of a host out of sight; positions and pids are the recorded ones' own."""
    away = dict.fromkeys((6, 7, 4, 5), worlds.gone(Server.UNSEEN))
    alone = dict.fromkeys((2, 3, 8, 9), worlds.primary(""))
    seen = worlds.seen(worlds.cluster(c2="mnd pnu", c3="mnd pnu"), {**away, **alone})
    pids = {2: 8074, 3: 8060, 8: 8505, 9: 8087}
    processes = Processes({dbid: Process(True, pid, True, True) for dbid, pid in pids.items()})
    made, status = detail.full(seen, processes)
    wanted = recorded.lines("112-I-gpstate-s")
    assert status == 1
    assert [varies(line) for line in _instances(made)] == [varies(line) for line in _instances(wanted)]


def _instances(lines: list[Line]) -> list[Line]:
    return lines[[line.text for line in lines].index("Segment Instance Status Report") :]


def varies(line: Line) -> tuple[str, str]:
    return re.sub(r"= 0/[0-9A-F]+$", "= LSN", line.text), line.level


def test_lines_for_machines() -> None:
    """The first of the recorded ones, and one of a host out of sight while its mirror is copied."""
    seen = worlds.seen(worlds.cluster(), {4: worlds.gone(Server.UNSEEN)})
    processes = Processes({2: Process(True, 15354, True, True)})
    version = "PostgreSQL 9.4.26 (Greenplum Database 6.24.3 build commit:25d3498a400ca5230e81abb94861f23389315213)"
    lines = detail.piped(seen, processes, {2: version})
    recorded_line = "2|0|sdw1|sdw1|/data/primary/gpseg0|7000|Primary|Primary|Synchronized||Up|Up|f||t|15354|t|15354|"
    assert lines[0] == recorded_line + version
    assert lines[1].startswith("6|0|sdw2|sdw2|/data/mirror/gpseg0|8000|Mirror|Mirror|Streaming||Up|Up|f||f||f||")
    assert lines[4] == (
        "4|2|sdw2|sdw2|/data/primary/gpseg2|7002|Primary|Primary|Synchronized||Up|"
        "Unknown -- unable to load segment status|t|Error getting status from host sdw2|f||f||"
    )
