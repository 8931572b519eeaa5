"""Lines on a terminal are broken at blanks; in pipes and transcripts they stay as they are."""

from __future__ import annotations

import os

import pytest

from cctrl.shell.console import Terminal, folded


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("short", "short"),
        (
            " 6  start host1 and wait until it accepts connections",
            " 6  start host1 and wait until it\n    accepts connections",
        ),
        (
            "switch [to HOST]  move the master while it is well",
            "switch [to HOST]  move the master while\n                  it is well",
        ),
        ("DETAIL: one two three four five six seven eight", "DETAIL: one two three four five six\n        seven eight"),
        ("NEXT: datasource host1 recover --force   (its log is kept)", None),
        ("|host3(slave:FAILED(DATASERVER STOPPED), progress=3)       |", None),
        ("x" * 60, None),
        ("20261125:21:29:26:013374 gpstate:cdw:postgres-[INFO]:-   Coordinator instance   = Active", None),
        ('    "answer": "TimesTen status report as of Wed Nov 25 21:51:18 UTC 2026"', None),
        (
            "  indented\n" + " 6  start host1 and wait until it accepts",
            "  indented\n 6  start host1 and wait until it\n    accepts",
        ),
    ],
)
def test_a_line_is_broken_at_blanks_under_its_last_column(line: str, shown: str | None) -> None:
    assert folded(line, 40) == (line if shown is None else shown)


def test_nothing_that_a_host_says_moves_the_cursor_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is seen, and in a pipe it is as it was."""
    said = "a\x1b[2J\x07b\r\tc\u202e\x9b"
    Terminal().out(said)
    assert capsys.readouterr().out == said + "\n"
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", 0) as shown, os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        Terminal().out(said)
        assert shown.read(100) == b"a\\x1b[2J\\x07b\\r\tc\\u202e\\x9b\r\n"
