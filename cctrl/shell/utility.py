"""`gpstate` and `gprecoverseg` as programs: the words of their command line, as cctrl takes them."""

from __future__ import annotations

from collections.abc import Sequence

from cctrl.config import Config
from cctrl.outcome import UsageError


def translated(config: Config, program: str, argv: Sequence[str]) -> list[str]:
    """The command line of cctrl that does the same. Raises UsageError where not one segment cluster is configured."""
    clusters = [service.name for service in config.services if service.kind == "segments"]
    if len(clusters) != 1:
        what = f"{program} works on a segment cluster, and {config.path} configures {len(clusters)}"
        first = clusters[0] if clusters else "NAME"
        raise UsageError(what, next=f"cctrl -service {first} -c '{program} …', or CCTRL_CONFIG=FILE {program} …")
    line = " ".join([program, *(_quoted(word) for word in argv)])
    return ["-service", clusters[0], "-c", line]


def _quoted(word: str) -> str:
    """A word as the shell of cctrl reads it back."""
    return "".join(c if c.isalnum() or c in _PLAIN else "\\" + c for c in word) or '""'


_PLAIN = "-_./,=+:@%"
