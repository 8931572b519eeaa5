"""gprecoverseg's options, its file, and its lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cctrl.outcome import CctrlError
from cctrl.segments.recover import rebalance, recover_file, recover_options, work
from cctrl.segments.recover.differential import Narrator
from cctrl.segments.recover.dispatch import enough
from cctrl.segments.recover.work import Ended, Job, Kind, Stage
from cctrl.segments.state import gpstate
from cctrl.segments.utilities.options import Parser, Wrong
from cctrl.segments.utilities.running import Failed
from cctrl.segments.utilities.tables import Line
from tests.segments import recorded, worlds

COMBINATIONS = [
    ("-p h -r", "Only one of -p and -r may be specified"),
    ("-i f -r", "Only one of -i, -p and -r may be specified"),
    ("-r --differential", "Only one of -p, -r and --differential may be specified"),
    ("-i f -o g", "Invalid -i provided with -o argument"),
    ("-r -o g", "Invalid -r provided with -o argument"),
    ("-F -r", "-F option is not supported with -r option"),
    ("-F -p h", "-F option is not supported with -p option"),
    ("--disable-replay-lag", "--disable-replay-lag should be used only with -r"),
    ("-F --differential", "Only one of -F and --differential may be specified"),
    ("-o g --differential", "Invalid -o provided with --differential argument"),
    ("-B 65", "Invalid parallelDegree value provided with -B argument: 65"),
    ("-b 0", "Invalid parallelPerHost value provided with -b argument: 0"),
    ("-r --replay-lag nan", "Invalid replay lag (--replay-lag <REPLAY_LAG>) value: nan"),
    ("--max-rate 0", "Transfer rate must be greater than zero"),
    ("--max-rate 5G", "Invalid --max-rate unit: G"),
    ("--max-rate 31", "transfer rate 31 is out of range"),
    ("--max-rate fast", "transfer rate fast is not a valid value"),
]


@pytest.mark.parametrize(("words", "message"), COMBINATIONS)
def test_what_does_not_go_together(words: str, message: str) -> None:
    with pytest.raises(Wrong) as wrong:
        recover_options.check(recover_options.parser().parse(words.split()))
    assert wrong.value.error == f"gprecoverseg: error: {message}"


STATE = [
    ("-e -s", "Too many output options specified"),
    ("-b -Q -x", "Too many output options specified"),
    ("-e --segmentStatusPipeSeparatedForTableUse", "Too many output options specified"),
    ("-B 0", "Invalid parallelDegree value provided with -B argument: 0"),
    ("-B 65", "Invalid parallelDegree value provided with -B argument: 65"),
    ("--timeout -1", "--timeout and --retries take no negative number"),
]


@pytest.mark.parametrize(("words", "message"), STATE)
def test_what_does_not_go_together_in_gpstate(words: str, message: str) -> None:
    with pytest.raises(Wrong) as wrong:
        gpstate.check(gpstate.parser().parse(words.split()))
    assert wrong.value.error == f"gpstate: error: {message}"


@pytest.mark.parametrize("words", ["", "-e", "-x -s", "-Q -v -l /tmp", "-a -q -b", "-d /data --timeout 5 --retries 3"])
def test_what_goes_in_gpstate(words: str) -> None:
    gpstate.check(gpstate.parser().parse(words.split()))


@pytest.mark.parametrize("parser", [gpstate.parser, recover_options.parser])
def test_help_and_version_end_well(parser: Callable[[], Parser]) -> None:
    for word in ("-h", "-?", "--help", "--version"):
        with pytest.raises(Wrong) as shown:
            parser().parse(["-e" if parser is gpstate.parser else "-a", word])
        assert shown.value.status == 0
        assert shown.value.text


@pytest.mark.parametrize(
    "words",
    [
        "-a",
        "-F -a",
        "--differential -a",
        "-i f --differential",
        "-r --replay-lag 0.5",
        "-B 1 -b 128",
        "--max-rate 32M",
        "-ar",
        "-a -s -v",
    ],
)
def test_what_goes(words: str) -> None:
    recover_options.check(recover_options.parser().parse(words.split()))


def test_words_that_are_no_options() -> None:
    with pytest.raises(Wrong, match="no such option: --now"):
        recover_options.parser().parse(["--now"])
    with pytest.raises(Wrong, match="too many arguments: only options may be specified"):
        recover_options.parser().parse(["sdw1"])


FILE = [
    ("sdw2|8000|/data/mirror/gpseg0 a b", "line 1 of file F: expected 1 or 2 groups but found 3"),
    ("sdw2|8000", "line 1 of file F: expected 3 parts on failed segment group, obtained 2"),
    ("sdw2|8000|/d sdw3|9000", "line 1 of file F: expected 3 parts on new segment group, obtained 2"),
    (
        "sdw2|8000|/d\n# note\n\nsdw2|8000|/d",
        "config file lines 1 and 4 conflict: Cannot recover the same failed segment sdw2 and data directory /d twice.",
    ),
    ("sdw2|7777|/data/mirror/gpseg0", "A segment to recover was not found in configuration.  This segment is described "
     "by address|port|directory 'sdw2|7777|/data/mirror/gpseg0'"),
    ("sdw1|7000|/data/primary/gpseg0", "Segment to recover from for content 0 is not a primary"),
    ("sdw2||/data/mirror/gpseg0", "Invalid port on line 1"),
    ("sdw2|x7000|relative/path", "Invalid port on line 1"),
    (f"sdw2|{'9' * 5000}|/x", "Invalid port on line 1"),
    ("sdw1|7000|/x sdw2|0|/y", "Invalid port on line 1"),
    ("sdw1|7000|/x sdw2|70000|/y", "Invalid port on line 1"),
    ("sdw1|7000|/x sdw2|7000|../y", "line 1 of file F: the data directory '../y' is not an absolute path"),
    ("sdw2|8000|/a sdw3|1|/x\nsdw2|8001|/b sdw3|2|/x",
     "config file lines 1 and 2 conflict: Cannot recover to the same segment sdw3 and data directory /x twice."),
    ("sdw2|8000|/a sdw2|9000|/b\nsdw2|8001|/b",
     "config file lines 1 and 2 conflict: Cannot recover segment sdw2 with data directory /b in place if it is used as "
     "a recovery segment."),
    ("sdw2|sdw2|8000|/a sdw3|9000|/b", "line 1 of file F: expected equal parts, either 3 or 4 on both segment group, "
     "obtained 4 on group1 and 3 on group2"),
    ("sdw9|sdw2|8000|/data/mirror/gpseg0", "A segment to recover was not found in configuration.  This segment is "
     "described by hostname|address|port|directory 'sdw9|sdw2|8000|/data/mirror/gpseg0'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), FILE)
def test_a_file_that_is_not_right(text: str, message: str) -> None:
    with pytest.raises((Failed, CctrlError)) as raised:
        for entry in recover_file.parse("F", text):
            recover_file.found(worlds.cluster(), entry)
    assert str(raised.value) == message


def test_a_file_that_is() -> None:
    rows = worlds.cluster().segments[1:4:2]
    entries = recover_file.parse("F", recover_file.written(rows, frozenset(), {}))
    assert [recover_file.found(worlds.cluster(), entry) for entry in entries] == list(rows)
    assert recover_file.parse("F", recover_file.written(rows, frozenset({"sdw2"}), {})) == []
    assert recover_file.parse("F", "F|sdw2|8000|/d")[0].kind == "full"
    moved = worlds.edited(worlds.cluster(), 6, hostname="sdw3", address="sdw3", port=9000).row(6)
    (entry,) = recover_file.parse("F", recover_file.written([worlds.cluster().row(6)], frozenset(), {6: moved}))
    assert entry.target == recover_file.Place("sdw3", 9000, "/data/mirror/gpseg0")
    (entry,) = recover_file.parse("F", "I|sdw2|sdw2|8000|/data/mirror/gpseg0\n")
    assert (entry.kind, entry.failed.host, recover_file.found(worlds.cluster(), entry).dbid) == (
        "incremental",
        "sdw2",
        6,
    )


def test_the_parameters_of_a_recovery() -> None:
    pair = worlds.cluster(c0="mnd pnu").pairs[0]
    made = work.parameters([Job(pair.mirror, pair.primary, Kind.INCREMENTAL)], "Recovery type              = Standard")
    assert made == _part("46-B-gprecoverseg-a", made[0], len(made))


def test_the_parameters_of_a_rebalance() -> None:
    made = [Line(text) for text in rebalance.parameters([worlds.cluster(c0="msu psu").pairs[0]])]
    assert made == _part("51-C-gprecoverseg-r", made[0], len(made))


def _part(name: str, first: Line, count: int) -> list[Line]:
    lines = recorded.lines(name, "gprecoverseg")
    begin = lines.index(first)
    return lines[begin : begin + count]


def test_the_end_of_a_recovery() -> None:
    assert [Line(text) for text in work.SUCCESS] == recorded.lines("46-B-gprecoverseg-a", "gprecoverseg")[-5:]
    for text in (rebalance.START_ANOTHER, rebalance.END_ANOTHER, rebalance.STARS):
        assert Line(text) in recorded.lines("51-C-gprecoverseg-r", "gprecoverseg")


def test_the_lines_of_a_differential_recovery() -> None:
    said = Narrator()
    assert said.line("waiting for a checkpoint", 0.0) == "waiting for a checkpoint"
    assert said.line("0/2025410 kB (0%), data", 1.0) == "0   0%    0.00kB/s    0:00:00"
    assert said.line("1012705/2025410 kB (50%), data", 25.8) == "1,037,009,920  50%   39.88MB/s    0:00:24"
    assert said.line("2025410/2025410 kB (100%), log", 50.6) == "2,074,019,840 100%   39.88MB/s    0:00:00"
    assert said.sum == said.remark("sdw2:7000") == ""
    said.line("took 1000 of 2500 bytes, and 16777216 of log", 51.0)
    assert said.sum == "total size is 2,500  speedup is 2.50"
    remark = "1,000 of 2,500 bytes came from sdw2:7000, and 16,777,216 bytes of its log; the rest was in the old data "
    assert said.remark("sdw2:7000") == f"{remark}directory"


def test_the_lines_of_a_failure() -> None:
    pair = worlds.cluster(c1="mnd pnu").pairs[1]
    logfile = "/home/gpadmin/gpAdminLogs/pg_rewind.20261122_063049.dbid3.out"
    ended = Ended(Job(pair.mirror, pair.primary, Kind.INCREMENTAL), Stage.COPY, "", logfile)
    assert work.failures([ended]) == recorded.lines("81-F-incremental-fails", "gprecoverseg")[-5:-2]
    differential = Ended(Job(pair.mirror, pair.primary, Kind.DIFFERENTIAL), Stage.COPY, "", logfile)
    due = "You must run either gprecoverseg --differential or gprecoverseg -F for all differential failures"
    assert work.failures([differential])[1].text == f"Failed to recover the following segments. {due}"
    assert work.failures([differential])[2].text.endswith("; recoverytype: differential")
    full = Ended(Job(pair.mirror, pair.primary, Kind.FULL), Stage.START)
    assert work.failures([full])[2].text == " hostname: sdw1; port: 7001; datadir: /data/primary/gpseg1"


def test_every_host_and_every_acting_primary_is_looked_at() -> None:
    world = worlds.cluster(c2="mnd pnu", c3="mnd pnu")  # all acting primaries are on sdw1
    assert [row.place for row in enough(world)] == ["sdw1:7000", "sdw1:7001", "sdw1:8002", "sdw1:8003", "sdw2:7003"]
