"""Tables as ttGridAdmin prints them (reference timesten.md, 4.10). Pure."""

from __future__ import annotations

from collections.abc import Sequence

BLANK = " "  # a line between two parts holds a single space


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table: each cell followed by one space; numbers to the right, text to the left."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *texts, strict=True)]
    right = [any(isinstance(row[n], int) for row in rows) for n in range(len(header))]
    lines = [header, ["-" * width for width in widths], *texts]
    shown = []
    for number, line in enumerate(lines):
        cells = zip(line, widths, right, strict=True)
        shown.append("".join((c.rjust(w) if r and number > 1 else c.ljust(w)) + " " for c, w, r in cells))
    return shown
