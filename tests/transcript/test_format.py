"""The transcript file: what parses to what, what does not parse and what is said then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctrl.transcript.format import TranscriptError, literally, parse, read, render
from cctrl.transcript.model import Expected, Fault, Program, Sql, Typed, WaitSql, WaitState

WHOLE = """\
# One of each.
#@ lab: dataservice
#@ service: alpha
#@ hosts: 3
#@ policy: manual
#@ timeout: 1.5s
#@ manager: no

[LOGICAL:EXPERT] /alpha > ls

COORDINATOR[host1:MANUAL:ONLINE]

DATASOURCES:
...

%% kill host1
%% wait until host1 state is FAILED(NODE 'host1' IS UNREACHABLE) timeout 10s
%% sql host2 select 1 as "is it" is true
t
%% wait until sql host3 select count(*) is 3 from t is 3 timeout 500ms

[LOGICAL] /alpha > expert

Do you want to continue? (y/n)>
< y
? 3
% cctrl -c 'ls'
shell> cctrl
$ cctrl -c ls
[LOGICAL] / >
"""


def test_one_of_each() -> None:
    transcript = parse(WHOLE, "x.t")
    head = transcript.head
    assert transcript.path == "x.t"
    assert (head.lab, head.service, head.hosts, head.policy) == ("dataservice", "alpha", 3, "manual")
    assert (head.timeout, head.manager) == (1.5, False)
    actions = [step.action for step in transcript.steps]
    assert actions == [
        Typed("LOGICAL:EXPERT", "alpha", "ls"),
        Fault("kill", "host1"),
        WaitState("host1", "FAILED(NODE 'host1' IS UNREACHABLE)", 10.0),
        Sql("host2", 'select 1 as "is it" is true'),
        WaitSql("host3", "select count(*) is 3 from t", "3", 0.5),
        Typed("LOGICAL", "alpha", "expert"),
        Program("cctrl -c 'ls'"),
        Program("cctrl"),
        Program("cctrl -c ls"),
        Typed("LOGICAL", "", ""),
    ]
    assert [e.text for e in transcript.steps[0].expected] == [
        "", "COORDINATOR[host1:MANUAL:ONLINE]", "", "DATASOURCES:", "...",
    ]  # fmt: skip
    assert transcript.steps[3].expected == (Expected(18, "t"),)
    assert transcript.steps[5].answers == ("y",)
    assert transcript.steps[5].status == 3
    assert transcript.steps[0].line == 9


def test_an_answer_on_the_questions_own_line_is_read_as_both() -> None:
    step = parse("[LOGICAL] /alpha > expert\nDo you want to continue? (y/n)> y\n").steps[0]
    assert step.expected == (
        Expected(1, "Do you want to continue? (y/n)> "),
        Expected(1, "y", answer=True),
    )


def test_comments_are_no_part_of_what_is_expected() -> None:
    step = parse("[LOGICAL] /alpha > ls\none\n\n# why\n#\ntwo\n\n# end\n").steps[0]
    assert [e.text for e in step.expected] == ["one", "", "two"]


def test_placeholders_at_the_beginning_of_a_line_are_no_prompt() -> None:
    step = parse("[LOGICAL] /alpha > ls\n[TIME] /x > y\n").steps[0]
    assert [e.text for e in step.expected] == ["[TIME] /x > y"]


@pytest.mark.parametrize(
    ("text", "line", "what", "right"),
    [
        ("#@ hsots: 3\n", 1, "unknown key hsots", "did you mean hosts?"),
        ("#@ hosts: many\n", 1, "'many' is not a number of hosts", "1 to 99"),
        ("#@ hosts\n", 1, "without its key or value", "#@ key: value"),
        ("#@ hosts: 3\n#@ hosts: 4\n", 2, "hosts is given twice", "leave one"),
        ("#@ lab: dataservce\n", 1, "'dataservce' is not known", "did you mean dataservice?"),
        ("#@ timeout: 10\n", 1, "'10' is not a duration", "10s"),
        ("#@ timeout: 2000min\n", 1, "out of range", "at most 3600s"),
        ("%% kill host1\n#@ hosts: 3\n", 2, "below the first step", "at the head"),
        ("hello\n", 1, "output without a command", "begin a comment with '# '"),
        ("%% kill host1\nhello\n", 2, "prints nothing", "'# '"),
        ("%% kil host1\n", 1, "unknown stage direction kil", "did you mean kill?"),
        ("%% kill\n", 1, "no host is named", "%% kill HOST"),
        ("%% kill host1 host2\n", 1, "'host1 host2' is not one host", "%% kill HOST"),
        ("%% kill $(reboot)\n", 1, "is not one host", "%% kill HOST"),
        ("%% sleep 5\n", 1, "a bare sleep", "wait until HOST state is STATE timeout 10s"),
        ("%% wait 5s\n", 1, "a bare sleep", "wait until"),
        ("%% wait until later\n", 1, "wait for what?", "wait until HOST state is"),
        ("%% wait until host1 is gone timeout 3s\n", 1, "not a condition", "state is STATE"),
        ("%% wait until host1 state is ONLINE timeout ten\n", 1, "'ten' is not a duration", "10s"),
        ("%% wait until host1 state is ONLINE timeout\n", 1, "without a duration", "timeout 10s"),
        ("%% cut host1 --sideways\n", 1, "'host1 --sideways' is not one host", "%% cut HOST --from HOST"),
        ("%% cut host1 --from\n", 1, "is not one host", "%% cut HOST --in"),
        ("%% wait until manager is AWAY\n", 1, "not a condition", "manager is ONLINE"),
        ("%% traffic\n", 1, "traffic can do no ''", "%% traffic start|stop|report"),
        ("%% traffic start\nstarted\n", 2, "a stage direction prints nothing", "a comment"),
        ("%% sql host1\n", 1, "sql without a statement", "sql HOST STATEMENT"),
        ("%%\n", 1, "not a stage direction", "kill, stop"),
        ("%%kill host1\n", 1, "not a stage direction", "%% and a verb"),
        ("[LOGCAL] /alpha > ls\n", 1, "unknown mode LOGCAL", "LOGICAL"),
        ("[logical] /alpha > ls\n", 1, "unknown mode logical", "[LOGICAL]"),
        ("[LOGICAL] /alpha> ls\n", 1, "almost a prompt", "[MODE] /service > command"),
        ("[LOGICAL:EXPERT]/alpha > ls\n", 1, "almost a prompt", "[MODE] /service > command"),
        ("[LOGICAL] /../x > ls\n", 1, "is not a service's name", "letters"),
        ("< y\n", 1, "an answer without a command", "a line with a prompt"),
        ("? 3\n", 1, "an exit status without a command", "a line with a prompt"),
        ("[LOGICAL] /a > ls\n? 256\n", 2, "'256' is not an exit status", "0 to 255"),
        ("[LOGICAL] /a > ls\n? 3\n? 3\n", 3, "after the exit status", "as the last line"),
        ("[LOGICAL] /a > ls\n? 3\nmore\n", 3, "after the exit status", "as the last line"),
        ("%% sql host1 select 1\n? 0\n", 2, "an exit status without a command", "a line with a prompt"),
    ],
)
def test_errors_name_file_line_text_and_what_would_be_right(text: str, line: int, what: str, right: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        parse(text, "dir/x.t")
    shown = "\n".join(caught.value.lines())
    assert caught.value.what.startswith(f"dir/x.t:{line}: ")
    assert what in shown
    assert right in caught.value.next
    assert repr(text.split("\n")[line - 1]) in shown


def test_files_that_are_none(tmp_path: Path) -> None:
    binary = tmp_path / "b.t"
    binary.write_bytes(b"# a\n\xff\n")
    for path, what in (
        (binary, "byte 4 is not UTF-8"),
        (tmp_path / "none.t", "no such file"),
        (tmp_path, "is not a file"),
        (Path("/dev/zero"), "is not a file"),
        (tmp_path / "a\0b", "cannot read"),
        (tmp_path / ("x" * 300), "too long"),
    ):
        with pytest.raises(TranscriptError, match=re.escape(what)):
            read(path)


LINES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(WHOLE.split("\n")),
    st.sampled_from(
        ["%%", "#@", "# ", "< ", "? ", "$ ", "% ", "[LOGICAL] /", "%% wait until ", "%% sql host1 "]
    ).flatmap(lambda start: st.text(max_size=20).map(lambda rest: start + rest)),
)
TEXTS = st.lists(LINES, max_size=12).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n"]).flatmap(
        lambda ending: st.sampled_from(["", ending]).map(lambda last: ending.join(lines) + last)
    )
)


@settings(deadline=None)
@given(TEXTS)
def test_any_text_parses_losslessly_or_is_refused_with_its_line(text: str) -> None:
    try:
        transcript = parse(text, "x.t")
    except TranscriptError as error:
        assert re.match(r"x\.t:\d+: ", error.what)
        assert error.next
        return
    assert render(transcript) == text
    assert parse(render(transcript), "x.t") == transcript
    ats = [at for step in transcript.steps for at in (step.at, *(e.at for e in step.expected))]
    assert ats == sorted(ats)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\n\r"), max_size=40))
def test_any_line_can_be_written_so_that_it_is_expected(line: str) -> None:
    from cctrl.transcript.match import match_line

    step = parse(f"[LOGICAL] /alpha > ls\n{literally(line)}\nend\n").steps[0]
    assert len(step.expected) == 2
    assert match_line(step.expected[0].text, line, {}) is not None


@pytest.mark.parametrize(
    "line", ["# no comment", "%% kill host1", "< y", "? 3", "[LOGICAL] /alpha > ls", "$ reboot * ? \\", "#@ x: y", "#"]
)
def test_lines_that_look_like_instructions_are_escaped(line: str) -> None:
    assert literally(line) != line
    step = parse(f"[LOGICAL] /alpha > ls\n{literally(line)}\nend\n").steps[0]
    assert [e.answer for e in step.expected] == [False, False]
