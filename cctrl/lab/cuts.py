"""Which ways through a lab's network are cut. Pure.

A node is a host, a manager, or everybody else on this machine: shells and clients. A way leads from one to another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

MACHINE = ""  # the node of everybody who is neither a host nor a manager
MANAGERS = ("manager", "manager2")  # the programs that can be cut off like a host
Way = tuple[str, str]  # from, to


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut, as it was asked for; wholly where it has neither a direction nor another node."""

    node: str
    direction: str = ""  # in: nothing reaches the node; out: nothing it sends arrives
    other: str = ""  # only between the two

    @property
    def whole(self) -> bool:
        """True where the node is reached by nobody and reaches nobody."""
        return not self.direction and not self.other

    @property
    def words(self) -> str:
        """What is so, for the end of a sentence that begins with the node."""
        if self.other:
            return f"cut off from {self.other}"
        return {"": "cut off", "in": "reached by nothing", "out": "silent: nothing it sends arrives"}[self.direction]

    def ways(self, nodes: Iterable[str]) -> set[Way]:
        """The ways it closes, among `nodes` and this machine."""
        others = {self.other} if self.other else {*nodes, MACHINE} - {self.node}
        inward, outward = {(o, self.node) for o in others}, {(self.node, o) for o in others}
        return {"in": inward, "out": outward}.get(self.direction, inward | outward)


def closed(cuts: Iterable[Cut], nodes: Collection[str]) -> frozenset[Way]:
    """The ways that any of the cuts closes."""
    return frozenset(way for cut in cuts for way in cut.ways(nodes))


def healed(cuts: Iterable[Cut], node: str) -> frozenset[Cut]:
    """What is left of the cuts when `node` is healed: those that others have without it."""
    return frozenset(cut for cut in cuts if node not in (cut.node, cut.other))
