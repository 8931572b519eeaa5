"""A position in the write-ahead log, counted in bytes from its beginning."""

from __future__ import annotations

import re

_TEXT = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})\Z")


class Position(int):
    """Bytes from the beginning of the log; shown and read as PostgreSQL's LSN, `0/3000148`."""

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read `X/Y`. Raises ValueError for anything else."""
        match = _TEXT.match(text.strip())
        if not match:
            raise ValueError(f"not a log position: {text!r}")
        return cls((int(match[1], 16) << 32) + int(match[2], 16))

    def __str__(self) -> str:
        return f"{self >> 32:X}/{self & 0xFFFFFFFF:X}"

    def __repr__(self) -> str:
        return f"Position({self})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


ZERO = Position(0)


def size(count: int) -> str:
    """A number of bytes for people: `0 B`, `412 MB` (powers of 1024, as PostgreSQL's pg_size_pretty)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 10240 or unit == "GB":
            return f"{value:.0f} {unit}"
        value /= 1024
    raise AssertionError
