"""The one line on a terminal that is written over and over: how far long work is."""

from __future__ import annotations

import os
import re
import shutil
import sys

WIDTH = 24  # of the bar
_PART = re.compile(r"\((\d{1,3})%\)")


def drawn(text: str, columns: int) -> str:
    """The line for a terminal of so many columns: a bar before a text that names a part, `… (42%) …`."""
    found = _PART.search(text)
    if found:
        full = WIDTH * min(100, int(found[1])) // 100
        text = f"[{'#' * full}{'.' * (WIDTH - full)}] {text}"
    return text[: max(1, columns - 1)]


class Gauge:
    """That line on standard error; nothing where that is no terminal, or one without control sequences."""

    def __init__(self) -> None:
        self._there = False

    @property
    def live(self) -> bool:
        """True where it is seen."""
        return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def show(self, text: str) -> None:
        """Write over what stands there."""
        if self.live:
            sys.stderr.write(f"\r{drawn(text, shutil.get_terminal_size().columns)}\x1b[K")
            sys.stderr.flush()
            self._there = True

    def wipe(self) -> None:
        """Make room for a line that stays."""
        if self._there:
            self._there = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
