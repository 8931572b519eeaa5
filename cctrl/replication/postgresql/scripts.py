"""The shell scripts that run on the hosts: POSIX sh in `sh/`, data only as positional parameters."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def script(name: str) -> str:
    """The text of `sh/NAME.sh` with the prelude before it, for `sh -c`."""
    folder = files("cctrl.replication.postgresql") / "sh"
    return "\n".join((folder / f"{part}.sh").read_text(encoding="utf-8") for part in ("prelude", name))
