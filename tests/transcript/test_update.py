"""`--update` rewrites what differs and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl.transcript.command import ReplayOptions, replay
from cctrl.transcript.diff import compare
from cctrl.transcript.format import parse
from cctrl.transcript.match import match_line
from cctrl.transcript.replay import Played
from cctrl.transcript.update import carried, rewritten
from tests.transcript.toys import Printed, Toys


def update(text: str, *outputs: list[str], statuses: tuple[int, ...] = ()) -> str:
    """The text after its steps gave `outputs`."""
    transcript = parse(text)
    played = []
    bindings: dict[str, str] = {}
    for number, (step, output) in enumerate(zip(transcript.steps, outputs, strict=True)):
        expected = [f"< {e.text}" if e.answer else e.text for e in step.expected]
        comparison = compare(expected, output, bindings)
        bindings = dict(comparison.bindings)
        played.append(Played(step, comparison, statuses[number] if statuses else 0))
    return rewritten(transcript, played)


def test_matchers_that_still_match_stay_in_a_partly_differing_block() -> None:
    before = (
        "# why\n[LOGICAL] /alpha > ls\nat [TIME]\n# inside\nhost* (glob)\nold\n\\d+ rows (re)\n...\nend\n\n# after\n"
    )
    after = update(before, ["at 2026-11-22 10:41:00", "host1", "new", "12 rows", "x", "y", "end"])
    assert after == before.replace("old", "new")


def test_nothing_is_touched_where_all_holds() -> None:
    text = "[LOGICAL] /alpha > ls\r\n[N] rows\r\n\r\n\r\n# x"
    assert update(text, ["7 rows", ""]) == text


def test_lines_come_and_go() -> None:
    before = "[LOGICAL] /alpha > a\none\ntwo\nthree\n\n[LOGICAL] /alpha > b\n[LOGICAL] /alpha > c\nx\n? 3\n"
    after = update(before, ["one", "three", "four"], ["new"], ["x"], statuses=(0, 2, 0))
    assert after == (
        "[LOGICAL] /alpha > a\none\nthree\nfour\n\n[LOGICAL] /alpha > b\nnew\n? 2\n[LOGICAL] /alpha > c\nx\n"
    )


def test_a_line_that_differs_keeps_its_placeholders_and_the_box_its_width() -> None:
    before = "|host1(master:ONLINE, progress=[LSN], THL latency=[N])                       |"
    actual = "|host1(slave:ONLINE, progress=0/3000148, latency=1.5)                        |"
    assert (
        carried(before, actual, {}) == "|host1(slave:ONLINE, progress=[LSN], latency=[N])                            |"
    )
    assert carried("at [LSN:a] now", "at 0/30 then", {"LSN:a": "0/30"}) == "at [LSN:a] then"
    assert carried("at [LSN:a] now", "at 0/31 then", {"LSN:a": "0/30"}) == "at 0/31 then"
    assert carried(r"at \d+ (re)", "at noon", {}) == "at noon"


def test_new_lines_get_placeholders_so_that_the_file_replays() -> None:
    after = update("[LOGICAL] /alpha > a\n", ["at 0/3000148 (stored=7, latency=0.5)"])
    assert after == "[LOGICAL] /alpha > a\nat [LSN] (stored=7, latency=[N])\n"


def test_output_that_looks_like_an_instruction_is_escaped() -> None:
    after = update("[LOGICAL] /alpha > a\n", ["# one", "%% kill host1"])
    assert after == "[LOGICAL] /alpha > a\n\\# one (glob)\n\\%% kill host1 (glob)\n"
    assert update(after, ["# one", "%% kill host1"]) == after


def test_a_file_without_a_last_newline_gets_its_line_below() -> None:
    assert update("[LOGICAL] /alpha > a", ["one"]) == "[LOGICAL] /alpha > a\none\n"


def test_answers_stay_where_they_were_asked_for() -> None:
    before = "[LOGICAL] /alpha > a\nold\nSure? (y/n)> y\nend\n"
    assert update(before, ["new", "Sure? (y/n)>", "< y", "end"]) == before.replace("old", "new")
    assert update(before, ["old", "Really? (y/n)>", "< y", "end"]) == (
        "[LOGICAL] /alpha > a\nold\nReally? (y/n)>\n< y\nend\n"
    )
    assert update(before, ["old", "end"]) == "[LOGICAL] /alpha > a\nold\nend\n"


LINES = st.sampled_from(["a", "b", "", "at 0/30", "7 rows", "# c", "x (re)", "|p=0/30   |"])
EXPECTED = st.sampled_from(["a", "b", "", "at [LSN]", "[N] rows", "...", ".* (re)", "b* (glob)", "|p=[LSN]      |"])


@settings(deadline=None)
@given(st.lists(EXPECTED, max_size=8), st.lists(LINES, max_size=8), st.sampled_from([0, 3]), st.sampled_from([0, 3]))
def test_after_an_update_everything_holds_and_matchers_are_kept(
    expected: list[str], actual: list[str], wanted: int, status: int
) -> None:
    text = "\n".join(["[LOGICAL] /alpha > x", *expected, f"? {wanted}", "", "# end", ""])
    after = update(text, actual, statuses=(status,))
    step = parse(after).steps[0]
    comparison = compare([e.text for e in step.expected], actual, {})
    assert comparison.same
    assert step.status == status
    assert update(after, actual, statuses=(status,)) == after
    before = compare([e.text for e in parse(text).steps[0].expected], actual, {})
    kept = [before.expected[line.expected] for line in before.lines if line.holds and line.expected is not None]
    lines = iter(after.split("\n"))
    assert all(line in lines for line in kept)


def test_the_file_is_rewritten_and_the_diff_printed(tmp_path: Path) -> None:
    file = tmp_path / "x.t"
    file.write_text("[LOGICAL] /alpha > say one|2026-11-22 10:41:00\nold\n[TIME]\n\n[LOGICAL] /alpha > fail 3\n? 3\n")
    file.chmod(0o640)
    toys, out = Toys(tmp_path), Printed()
    options = ReplayOptions(update=True, environ={})
    assert replay([file], options, toys.stage, toys.session, out) == 0
    assert file.read_text() == (
        "[LOGICAL] /alpha > say one|2026-11-22 10:41:00\none\n[TIME]\n\n[LOGICAL] /alpha > fail 3\n"
        "ERROR: failed with 3\n? 3\n"
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert "  -old" in out.lines and "  +one" in out.lines
    assert replay([file], ReplayOptions(), toys.stage, toys.session, Printed()) == 0
    assert list(tmp_path.glob("*x.t*")) == [file]


def test_it_is_refused_where_ci_is_set(tmp_path: Path) -> None:
    file = tmp_path / "x.t"
    file.write_text("[LOGICAL] /alpha > say one\n")
    toys, out = Toys(tmp_path), Printed()
    assert replay([file], ReplayOptions(update=True, environ={"CI": "true"}), toys.stage, toys.session, out) == 3
    assert "$CI is set" in out.notes[0]
    assert not toys.stages
    assert file.read_text() == "[LOGICAL] /alpha > say one\n"


def test_what_an_update_cannot_mend_fails(tmp_path: Path) -> None:
    file = tmp_path / "x.t"
    file.write_text("[LOGICAL] /alpha > say one\n[LOGICAL:EXPERT] /alpha > say two\n")
    toys, out = Toys(tmp_path), Printed()
    assert replay([file], ReplayOptions(update=True, environ={}), toys.stage, toys.session, out) == 1
    assert f"FAIL {file}:2" in out.lines
    assert file.read_text().split("\n")[1] == "one"


@pytest.mark.parametrize("line", ["[N] rows", "at [TIME]"])
def test_carried_lines_match(line: str) -> None:
    assert (
        match_line(carried(line, "5 rows at 2026-11-22 10:41:00", {}), "5 rows at 2026-11-22 10:41:00", {}) is not None
    )
