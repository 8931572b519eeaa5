"""What a command can end in: outcomes, exit codes and the error tree.

The tree (each leaf says which outcome it maps to)::

    CctrlError
    ├── UsageError        2  unknown verb, host, service or value
    ├── ConfigError       2  the configuration is missing, broken or says something impossible
    ├── Refused           3  nothing was changed
    │   └── Unreachable   3  a host that is needed cannot be reached; nothing was changed
    ├── Incomplete        4  something was changed; the message says what and how to go on
    ├── OutOfSight        5  still in progress, or nobody can see what happened
    └── Interrupted     130  Ctrl-C

Anything else that escapes is a defect of cctrl: exit 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Outcome(IntEnum):
    """How a command ended; the number is the process's exit status."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    REFUSED = 3
    INCOMPLETE = 4
    UNKNOWN = 5
    INTERRUPTED = 130
    GRID_SYNTAX = 254  # these two are ttGridAdmin's own (reference timesten.md, 2.1)
    GRID_ERROR = 255


class CctrlError(Exception):
    """An error a user or a host can cause; shown as text, never as a traceback.

    `what` failed and where, `detail` holds the measured value beside its limit (may have several
    lines), `next` is the literal next command or step.
    """

    outcome: ClassVar[Outcome] = Outcome.INTERNAL

    def __init__(self, what: str, *, detail: str = "", next: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.detail = detail
        self.next = next

    def lines(self) -> list[str]:
        """The message as it is printed on stderr: ERROR, DETAIL and NEXT, empty parts left out."""
        shown = [f"ERROR: {line}" for line in self.what.splitlines()[:1]]
        shown += self.what.splitlines()[1:]
        shown += [f"DETAIL: {line}" for line in self.detail.splitlines()]
        shown += [f"NEXT: {line}" for line in self.next.splitlines()]
        return shown


class UsageError(CctrlError):
    """The words given mean nothing here: unknown verb, host, service or value."""

    outcome = Outcome.USAGE


class ConfigError(CctrlError):
    """The configuration is missing, broken or impossible; `what` names file, line and key."""

    outcome = Outcome.USAGE


class Refused(CctrlError):
    """Nothing was changed, and the reason is in the message."""

    outcome = Outcome.REFUSED


class Declined(Refused):
    """The answer to a question was no: there is nothing to go on with."""


class Unreachable(Refused):
    """A host that is needed for the command cannot be reached; nothing was changed."""


class Incomplete(CctrlError):
    """Something was changed; the message says what, and how to go on."""

    outcome = Outcome.INCOMPLETE


class OutOfSight(CctrlError):
    """Still in progress, or out of sight: what happened on the host is not known."""

    outcome = Outcome.UNKNOWN


class Interrupted(CctrlError):
    """The user pressed Ctrl-C; the message says what goes on by itself."""

    outcome = Outcome.INTERRUPTED


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest of the known words; "" where none is near."""
    import difflib  # here, for a quick start of the shell

    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else ""


def in_words(error: Exception) -> str:
    """What an error of the system says, for the middle of a sentence: `no such file or directory`."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def visible(text: str) -> str:
    """A text in which what would move the cursor, or turn the direction of writing, is seen: `\\x1b`. What hosts say,
    and names, may have anything in them. Line ends and tabs stay."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
