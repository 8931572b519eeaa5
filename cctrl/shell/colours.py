"""Colours of the lines that `cctrl replay` prints, on a terminal: what differs is seen at a glance."""

from __future__ import annotations

import re

from pygments.console import ansiformat

KINDS = (
    (re.compile(r"FAIL "), "*red*"),
    (re.compile(r" +- "), "red"),  # expected
    (re.compile(r" +\+ "), "green"),  # what came
    (re.compile(r" +\^ "), "yellow"),  # why it is not the same
)
"""How a line begins -> its colour, as pygments names it; `*`: bold."""


def coloured(line: str) -> str:
    """The line with the control sequences of its colour; as it is where it has none."""
    colour = next((colour for begins, colour in KINDS if begins.match(line)), "")
    return str(ansiformat(colour, line)) if colour else line
