"""Whether enough members are in sight to act on what is seen: the arithmetic, and the lines that show it. Pure.

The lines are those of the documented quorum check (reference tungsten.md, 6.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

RULE = "=" * 72


@dataclass(frozen=True, slots=True)
class Quorum:
    """What one look says about the majority."""

    members: tuple[str, ...]  # all that are configured
    reachable: tuple[str, ...]  # whose host answered
    validated: tuple[str, ...]  # of those, whose data belongs to the service
    witnesses: int = 0
    witnesses_reachable: int = 0

    @property
    def majority(self) -> int:
        """The smallest number of members that no other part of a divided service can also have."""
        return len(self.members) // 2 + 1

    @property
    def held(self) -> bool:
        """True where this side may act: it reaches a majority of the members."""
        return len(self.reachable) >= self.majority

    @property
    def numbers(self) -> str:
        """The arithmetic in a few words: `1 of 3 hosts answer, 2 must`."""
        return f"{len(self.reachable)} of {len(self.members)} hosts answer, {self.majority} must"

    def lines(self) -> list[str]:
        """The arithmetic, line by line."""
        return [
            f"CHECKING FOR QUORUM: MUST BE AT LEAST {self.majority} DB MEMBERS",
            f"POTENTIAL QUORUM SET MEMBERS ARE: {_names(self.members)}",
            f"SIMPLE MAJORITY SIZE: {self.majority}",
            f"GC VIEW OF CURRENT DB MEMBERS IS: {_names(self.reachable)}",
            f"VALIDATED DB MEMBERS ARE: {_names(self.validated)}",
            f"REACHABLE DB MEMBERS ARE: {_names(self.reachable)}",
            RULE,
            f"CONCLUSION: I AM IN A {'' if self.held else 'NON-'}PRIMARY PARTITION OF {len(self.reachable)} MEMBERS "
            f"OUT OF A REQUIRED MAJORITY SIZE OF {self.majority}",
            f"AND THERE ARE {self.witnesses_reachable} REACHABLE WITNESSES OUT OF {self.witnesses}",
        ]


def quorum(members: Sequence[str], reachable: Sequence[str], validated: Sequence[str] | None = None) -> Quorum:
    """The arithmetic of one look; what is not told to be validated is taken to be what was reached."""
    found = tuple(reachable)
    return Quorum(tuple(members), found, found if validated is None else tuple(validated))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
