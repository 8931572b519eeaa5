"""The shell scripts that run on the hosts: POSIX sh in `sh/`, data only as positional parameters."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def script(name: str) -> str:
    """The text of `sh/NAME.sh` with what stands before every script, for `sh -c`."""
    return "\n".join(map(part, ("living", "prelude", name)))


@cache
def part(name: str) -> str:
    """The text of `sh/NAME.sh` alone."""
    return (files("cctrl.replication.postgresql") / "sh" / f"{name}.sh").read_text(encoding="utf-8")
