"""Expected lines against actual lines, and how a difference is shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl.transcript.diff import Verdict, compare, shown
from cctrl.transcript.match import match_line, matcher
from cctrl.transcript.values import KINDS, redact


@pytest.mark.parametrize(
    ("expected", "actual", "matches"),
    [
        ("a line", "a line", True),
        ("a line", "a line ", False),
        ("a line", "a line\r", True),
        ("ends in (re)", "ends in (re)", True),
        (r"\d+ rows (re)", "12 rows", True),
        (r"\d+ rows (re)", "12 rows more", False),
        ("( (re)", "(", False),
        ("( (re)", "( (re)", True),
        ("host* is [up] ? (glob)", "host12 is [up] !", True),
        ("host* is [up] ? (glob)", "host12 is u !", False),
        (r"a\*b (glob)", "a*b", True),
        (r"a\*b (glob)", "axb", False),
        ("* at [LSN] (glob)", "host1 at 0/3000148", True),
        ("* at [LSN] (glob)", "host1 at nowhere", False),
        ("at [TIME]", "at 2013/05/03 09:11:10 PM BST", True),
        ("at [TIME]", "at 2026-11-22 10:41:00.123+00", True),
        ("at [TIME]", "at 2026-11-22T10:41:00Z", True),
        ("[TIME] gpstate", "20261122:10:41:00 gpstate", True),
        ("created=[TIME])", "created=2025/01/27 13:54:48 UTC)", True),
        ("[TIME] UTC", "2026-11-22 10:41:00 UTC", True),
        ("at [TIME]", "at noon", False),
        ("[LSN]", "0/3000148", True),
        ("[LSN]", "0/300014g", False),
        ("[AGE] ago", "3 s ago", True),
        ("[AGE] ago", "2m 5s ago", True),
        ("[AGE] ago", "1.5 min ago", True),
        ("[PID]", "12345", True),
        ("[PID]", "0", False),
        ("port [PORT]", "port 5432", True),
        ("port [PORT]", "port 543210", False),
        ("latency=[N])", "latency=0.561)", True),
        ("latency=[N])", "latency=-1)", True),
        ("latency=[N])", "latency=)", False),
        ("[NAME]", "x", False),
        ("|host1(progress=[LSN], THL latency=[N])      |", "|host1(progress=0/3000148, THL latency=0.561)  |", True),
        ("|host1(progress=[LSN])      |", "|host1(progress=0/3000148)|", True),
        ("|host1(progress=[LSN])      |", "|host1(progress=0/3000148)  x|", False),
        ("|host1(online)      |", "|host1(online)  |", False),
        ("|host*(progress=[LSN])   | (glob)", "|host1(progress=0/3000148)|", True),
        ("[LSN:a] [LSN:a]", "0/1 0/1", True),
        ("[LSN:a] [LSN:a]", "0/1 0/2", False),
    ],
)
def test_one_line(expected: str, actual: str, matches: bool) -> None:
    assert (match_line(expected, actual, {}) is not None) is matches


def test_a_bound_placeholder_stands_for_the_same_text_from_then_on() -> None:
    first = compare(["at [LSN:a]"], ["at 0/30"], {})
    assert first.same and first.bindings == {"LSN:a": "0/30"}
    assert compare(["now [LSN:a]"], ["now 0/30"], first.bindings).same
    later = compare(["now [LSN:a]"], ["now 0/31"], first.bindings)
    assert not later.same
    assert "[LSN:a] stands for 0/30" in "\n".join(shown(later, [7]))
    assert compare(["now [LSN:b]"], ["now 0/31"], first.bindings).same
    assert compare(["now [N:a]"], ["now 5"], first.bindings).bindings == {"LSN:a": "0/30", "N:a": "5"}


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("", "", True),
        ("...", "", True),
        ("...", "a b c", True),
        ("a ... c", "a c", True),
        ("a ... c", "a b b c", True),
        ("a ... c", "a b", False),
        ("a ... a", "a", False),
        ("... b ... d", "a b c d", True),
        ("... b ... d", "b d b", False),
        ("a ...", "b a", False),
        ("... a b", "a a b", True),
        ("... x y ... z", "x x y z", True),
        ("a b", "a", False),
        ("a", "a b", False),
        ("... ... a", "a", True),
    ],
)
def test_any_lines(expected: str, actual: str, same: bool) -> None:
    assert compare(expected.split(), actual.split(), {}).same is same


def test_blank_lines_at_the_end_of_the_output_do_not_count() -> None:
    assert compare(["a"], ["a", "", " "], {}).same
    assert not compare(["a"], ["", "a"], {}).same


def test_blanks_behind_a_question_do_not_count() -> None:
    assert compare(["(y/n)>", "< y"], ["(y/n)> ", "< y"], {}).same
    assert not compare(["(y/n)>"], ["(y/n)> "], {}).same


def test_only_the_differing_lines_are_shown_with_the_matcher_that_failed() -> None:
    expected = ["one", "two", "at [LSN], late [N]", "four", "five", r"\d+ (re)", "(", "eight"]
    actual = ["one", "two", "at 0/30, late much", "four", "five", "six", "(", "more", "eight"]
    text = shown(compare(expected, actual, {}), range(11, 19))
    assert text == [
        "  =   12 two",
        "  -   13 at [LSN], late [N]",
        "  +      at 0/30, late much",
        "         ^ placeholders: no value for [N] there",
        "  =   14 four",
        "  =   15 five",
        r"  -   16 \d+ (re)",
        "  +      six",
        "         ^ (re) does not match the line",
        "  =   17 (",
        "  +      more",
        "         ^ nothing expected here",
        "  =   18 eight",
    ]


def test_blanks_at_the_end_are_told() -> None:
    assert "(blanks at the end)" in "\n".join(shown(compare(["a"], ["a "], {}), [1]))


@pytest.mark.timeout(60)
def test_no_blow_up() -> None:
    many = ["x"] * 300
    assert not compare(["...", "x"] * 60 + ["y"], many, {}).same
    assert match_line("*a" * 40 + "b (glob)", "a" * 3000, {}) is None
    assert match_line("[N]" * 20 + "x", "1" * 200, {}) is None
    assert match_line("[LSN]" * 20 + "x", "1/1" * 100, {}) is None


def naive(expected: list[str], actual: list[str]) -> bool:
    """What `...` means, as plainly as it can be said."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(naive(expected[1:], actual[n:]) for n in range(len(actual) + 1))
    return bool(actual) and expected[0] == actual[0] and naive(expected[1:], actual[1:])


WORDS = st.lists(st.sampled_from(["a", "b", "c", "..."]), max_size=7)


@settings(deadline=None)
@given(WORDS, st.lists(st.sampled_from(["a", "b", "c"]), max_size=7))
def test_any_lines_agree_with_the_plain_definition(expected: list[str], actual: list[str]) -> None:
    comparison = compare(expected, actual, {})
    assert comparison.same is naive(expected, actual)
    accounted = [line.expected for line in comparison.lines if line.expected is not None]
    assert accounted == list(range(len(expected)))
    if not comparison.same:
        assert shown(comparison, range(1, len(expected) + 1))


TEXT = st.text(alphabet=st.characters(exclude_characters="\n\r"), max_size=30)


@settings(deadline=None)
@given(st.lists(TEXT, max_size=6))
def test_every_output_matches_itself(lines: list[str]) -> None:
    assert compare(lines, lines, {}).same


@settings(deadline=None)
@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=6))
def test_no_pair_of_outputs_is_too_odd_to_compare(expected: list[str], actual: list[str]) -> None:
    comparison = compare(expected, actual, {})
    seen = {line.actual for line in comparison.lines if line.verdict in (Verdict.DIFFERENT, Verdict.UNEXPECTED)}
    assert seen <= set(range(len(actual)))
    shown(comparison, range(len(expected)))


@pytest.mark.parametrize("suffix", [" (re)", " (glob)", ""])
@settings(deadline=None)
@given(pattern=TEXT, actual=TEXT)
def test_no_pattern_is_too_odd(suffix: str, pattern: str, actual: str) -> None:
    match_line(pattern + suffix, actual, {})
    assert matcher(pattern + " (glob)") == "glob"


def test_redaction_uses_the_same_table() -> None:
    line = "|host1(master:ONLINE, progress=0/3000148, THL latency=0.561)                 |"
    shown_as = redact(line)
    assert shown_as == "|host1(master:ONLINE, progress=[LSN], THL latency=[N])                       |"
    assert len(shown_as) == len(line)
    assert redact("STATUS [OK] [2013/05/03 09:11:10 PM BST]") == "STATUS [OK] [[TIME]]"
    assert redact("daemon (PID: 15491, port: 14000), 3 s ago") == "daemon (PID: [PID], port: [PORT]), [AGE] ago"
    for same in (
        "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'",
        "/var/lib/0/300000",
        "24/7",
        "0/36000 kB copied",
        "host1",
        "",
    ):
        assert redact(same) == same


def test_a_sessions_count_is_none_of_the_next_session() -> None:
    line = "|  CONNECTIONS(created=25, active=0)                                         |"
    assert redact(line) == "|  CONNECTIONS(created=[N], active=[N])                                      |"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_placeholder_that_matches_what_redaction_finds(kind: str) -> None:
    line = {
        "TIME": "at 2026-11-22 10:41:00+00",
        "LSN": "at 0/3000148",
        "AGE": "seen 3 s ago",
        "PID": "pid 77",
        "PORT": "port 5432",
        "N": "latency=0.5",
    }[kind]
    assert f"[{kind}]" in redact(line)
    assert match_line(redact(line), line, {}) is not None
