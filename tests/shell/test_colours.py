"""`cctrl replay` at a terminal: what differs is coloured, unless colours are unwanted."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from cctrl.shell.colours import coloured

PLAY = "# A usage that is not so.\n[LOGICAL] /alpha > use beta\nnot so\n"


def test_each_kind_of_line_has_its_colour() -> None:
    lines = (
        "FAIL a.t:1",
        "    -    2 not so",
        "    +      ERROR: so",
        "         ^ why",
        "    =    3 as before",
        "ok b.t",
    )
    painted = [coloured(line) for line in lines]
    assert all(line in text for line, text in zip(lines, painted, strict=True))
    assert len({text.replace(line, "") for line, text in zip(lines, painted, strict=True)}) == 5  # four, and none


@pytest.mark.parametrize("plain", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["colours", "no-color", "dumb"])
def test_a_difference_at_a_terminal(
    config_path: Path, tmp_path: Path, environ: dict[str, str], plain: dict[str, str]
) -> None:
    play = tmp_path / "play.t"
    play.write_text(PLAY)
    argv = ["-m", "cctrl", "--config", str(config_path), "replay", str(play)]
    child = pexpect.spawn(sys.executable, argv, env=environ | plain, encoding="utf-8", timeout=30)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    assert "not so" in child.before
    assert ("\x1b[" in child.before) == (not plain)
