"""The line on a terminal that is written over: how far long work is."""

from __future__ import annotations

import pytest

from cctrl.shell.progress import Gauge, drawn


def test_a_bar_stands_before_what_names_a_part() -> None:
    line = drawn("host3: 512 MB of 1024 MB (50%), 64 MB/s, 0:08 left", 120)
    assert line == "[############............] host3: 512 MB of 1024 MB (50%), 64 MB/s, 0:08 left"
    assert drawn("host3: waiting for checkpoint", 120) == "host3: waiting for checkpoint"
    assert len(drawn(line, 40)) == 39


def test_nothing_is_drawn_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    gauge = Gauge()
    gauge.show("host3: 1 MB of 2 MB (50%)")
    gauge.wipe()
    assert capsys.readouterr() == ("", "")
