"""How a line that was shown is written down as an expected one. Pure."""

from __future__ import annotations

from cctrl.transcript.format import literally
from cctrl.transcript.match import match_line
from cctrl.transcript.values import redact as redacted


def written(line: str, *, redact: bool = True) -> str:
    """A line that was shown, as the expected line that matches it; with placeholders where `redact`."""
    short = redacted(line) if redact else line
    sound = literally(short) == short and match_line(short, line, {}) is not None
    return short if sound else literally(line)
