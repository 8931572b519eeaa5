"""What a real Greenplum 6.24.3 printed (`recordings/`, without time and pid), in the words of version 7."""

from __future__ import annotations

from pathlib import Path

from cctrl.segments.utilities.tables import Line

FOLDER = Path(__file__).parent / "recordings"
_BEFORE = ("Starting gp", "Obtaining Segment details", "Gathering data from segments")
_WORDS = (
    ("-Master ", "-Coordinator "),
    ("Master ", "Coordinator "),
    ("(at master)", "(at coordinator)"),
    ("between master", "between coordinator"),
)


def lines(name: str, program: str = "gpstate", run: int = 1) -> list[Line]:
    """The lines of the `run`th run in a recording, after those that every run begins with."""
    found: list[Line] = []
    number = 0
    for raw in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        head, _, text = raw.partition("]:-")
        number += text.startswith(f"Starting {program} with args")
        if number == run and head.startswith(program) and not text.startswith(_BEFORE):
            found.append(Line(_in_words_of_7(text), head.partition("[")[2]))
    return found


def _in_words_of_7(text: str) -> str:
    for old, new in _WORDS:
        text = text.replace(old, new)
    return text
