"""Tables as the utilities print them (reference greenplum.md, 4.2). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cctrl.segments.utilities.gplog import INFO, WARNING

ARROW = "<<<<<<<<"
GAP = 3  # blanks between columns
RULE = "-" * 52


@dataclass(frozen=True, slots=True)
class Line:
    """One message and its level."""

    text: str
    level: str = INFO


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a table; `warn` makes a warning of it, with an arrow."""

    cells: tuple[str, ...]
    warn: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """The cells with the arrow."""
        return (*self.cells, ARROW) if self.warn else self.cells


Rows = Iterable["Cells | str"]


def table(rows: Rows) -> list[Line]:
    """The lines of a table. A string among the rows is a rule or a line of its own, outside the columns."""
    known = list(rows)
    widths: list[int] = []
    for row in known:
        for number, cell in enumerate(row.all if isinstance(row, Cells) else ()):
            widths[number : number + 1] = [max(len(cell), widths[number] if number < len(widths) else 0)]
    return [Line(row) if isinstance(row, str) else _line(row, widths) for row in known]


def _line(row: Cells, widths: list[int]) -> Line:
    *firsts, last = row.all
    text = "".join(cell.ljust(widths[number] + GAP) for number, cell in enumerate(firsts)) + last
    # [WARNING] is three characters longer than [INFO]: without the blanks the columns still line up
    return Line(text, WARNING) if row.warn else Line(" " * GAP + text)


def pair(key: str, value: object, warn: bool = False) -> Cells:
    """A row of a key/value table."""
    return Cells((key, f"= {value}"), warn)
