"""The documented utilities as programs: the words of their command line, as cctrl takes them."""

from __future__ import annotations

from collections.abc import Sequence

from cctrl.config import Config
from cctrl.outcome import UsageError

WORKS_ON = {
    "gpstate": ("segments", "a segment cluster"),
    "gprecoverseg": ("segments", "a segment cluster"),
    "ttGridAdmin": ("grid", "a grid"),
}
"""Each utility, the kind of service it works on, and what that is called."""


def translated(config: Config, program: str, argv: Sequence[str]) -> list[str]:
    """The command line of cctrl that does the same. Raises UsageError where not one such service is configured."""
    kind, called = WORKS_ON[program]
    fitting = [service.name for service in config.services if service.kind == kind]
    if len(fitting) != 1:
        what = f"{program} works on {called}, and {config.path} configures {len(fitting)}"
        first = fitting[0] if fitting else "NAME"
        raise UsageError(what, next=f"cctrl -service {first} -c '{program} …', or CCTRL_CONFIG=FILE {program} …")
    line = " ".join([program, *(_quoted(word) for word in argv)])
    return ["-service", fitting[0], "-c", line]


def _quoted(word: str) -> str:
    """A word as the shell of cctrl reads it back."""
    return "".join(c if c.isalnum() or c in _PLAIN else "\\" + c for c in word) or '""'


_PLAIN = "-_./,=+:@%"
