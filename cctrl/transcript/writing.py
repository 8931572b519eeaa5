"""How a line that was shown is written down as an expected one. Pure."""

from __future__ import annotations

from cctrl.transcript.format import literally
from cctrl.transcript.match import match_line
from cctrl.transcript.values import redact


def written(line: str) -> str:
    """A line that was shown, as the expected line that matches it, with placeholders for what varies."""
    short = redact(line)
    sound = literally(short) == short and match_line(short, line, {}) is not None
    return short if sound else literally(line)
