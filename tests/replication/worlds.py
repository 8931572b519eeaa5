"""Replica sets to plan for: facts made by hand, and whole histories of them made by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from cctrl.replication.facts import Facts, Fence, Fork, Ran, Server, Upstream, View
from cctrl.replication.position import Position

NAMES = ("host1", "host2", "host3", "host4")
SYSTEM = "7300000000000000001"


def at(offset: int) -> Position:
    """A position some bytes after a common beginning."""
    return Position(0x3000000 + offset)


def addresses(names: tuple[str, ...] = NAMES) -> dict[str, tuple[str, int]]:
    return {name: (f"10.0.0.{number}", 5432) for number, name in enumerate(names, 1)}


def facts(name: str, server: Server = Server.UP, **known: Any) -> Facts:
    """One member as a look would show it, with what a test does not care for filled in."""
    base: dict[str, Any] = {
        "at": 1000.0,
        "version": 15,
        "system": SYSTEM,
        "timeline": 1,
        "received": at(100),
        "rewindable": True,
        "ran": Ran.STANDBY,
        **known,
    }
    base.setdefault("replayed", base["received"])
    if base.get("writable"):
        base["ran"] = Ran.PRIMARY
    if server is Server.UNSEEN:
        return Facts(name, base["at"], server, reason="no answer")
    return Facts(name, server=server, **base)


def primary(name: str = "host1", **known: Any) -> Facts:
    return facts(name, writable=True, **known)


def standby(name: str, of: str = "host1", **known: Any) -> Facts:
    """A standby that streams from a member of the first four; `of` "" where it receives from nobody."""
    upstream = Upstream(*addresses()[of], "streaming", 0.5) if of else None
    return facts(name, **{"upstream": upstream, "standby_mark": True, **known})


def crashed(name: str = "host1", **known: Any) -> Facts:
    return facts(name, Server.DOWN, **{"ran": Ran.PRIMARY, **known})


def stopped(name: str = "host1", **known: Any) -> Facts:
    return crashed(name, **{"clean": True, **known})


def unseen(name: str = "host1") -> Facts:
    return facts(name, Server.UNSEEN)


def view(*members: Facts, intended: str = "") -> View:
    return View(members, intended, addresses(tuple(m.name for m in members)))


def forks(*pairs: tuple[int, int]) -> tuple[Fork, ...]:
    """`(timeline, offset)`: where each timeline was left for the next."""
    return tuple(Fork(timeline, at(offset)) for timeline, offset in pairs)


SECOND: dict[str, Any] = {"timeline": 2, "history": forks((1, 100))}
"""Known of one that was promoted, or follows one that was."""


# Whole histories: a tree of timelines, as promotions make it, and members somewhere on it.


@dataclass(frozen=True)
class Branch:
    """One timeline: its number need not be its own, where two promotions did not know of each other."""

    number: int
    begins: Position
    parent: Branch | None = None

    @property
    def history(self) -> tuple[Fork, ...]:
        if self.parent is None:
            return ()
        return (*self.parent.history, Fork(self.parent.number, self.begins))

    @property
    def line(self) -> tuple[Branch, ...]:
        return (*(self.parent.line if self.parent else ()), self)


ROOT = Branch(1, Position(0))


@st.composite
def branches(draw: st.DrawFn) -> tuple[Branch, ...]:
    """A tree of timelines. Two of the same number never begin at the same point of the same parent: that
    nobody could tell apart."""
    made = [ROOT]
    for _ in range(draw(st.integers(0, 4))):
        parent = draw(st.sampled_from(made))
        begins = Position(max(parent.begins, at(0)) + draw(st.integers(1, 60)))
        number = draw(st.integers(parent.number + 1, parent.number + 2))
        if all((b.number, b.begins, b.parent) != (number, begins, parent) for b in made):
            made.append(Branch(number, begins, parent))
    return tuple(made)


@dataclass(frozen=True)
class Placed:
    """A member's true place, and what is seen of it."""

    branch: Branch
    end: Position
    facts: Facts


def common(one: Placed, other: Placed) -> Position:
    """Up to where two members' logs are the same, from how they came to be."""
    mine, theirs = one.branch.line, other.branch.line
    shared = Position(0)
    for depth, (a, b) in enumerate(zip(mine, theirs, strict=False)):
        if a is not b:
            break
        ends = [mine[depth + 1].begins if depth + 1 < len(mine) else one.end]
        ends.append(theirs[depth + 1].begins if depth + 1 < len(theirs) else other.end)
        shared = min(ends)
    return shared


@st.composite
def placed(draw: st.DrawFn, /, tree: tuple[Branch, ...], name: str, **known: Any) -> Placed:
    branch = draw(st.sampled_from(tree))
    end = Position(max(branch.begins, at(0)) + draw(st.integers(0, 80)))
    base = {"timeline": branch.number, "history": branch.history, "received": end, **known}
    return Placed(branch, end, facts(name, **base))


SERVERS = st.sampled_from(
    [Server.UP] * 6
    + [Server.DOWN, Server.DOWN, Server.UNSEEN, Server.FROZEN, Server.STARTING, Server.NO_DATA, Server.REJECTING]
)


@st.composite
def member(draw: st.DrawFn, /, tree: tuple[Branch, ...], name: str, server: Server, **known: Any) -> Facts:
    """Any member, in a given state."""
    if server is Server.UNSEEN:
        return unseen(name)
    seen = draw(placed(tree, name)).facts
    writable = known.get("writable", False)
    upstream = draw(st.sampled_from([None, *addresses().values()])) if server is Server.UP and not writable else None
    ran = draw(st.sampled_from([Ran.PRIMARY, Ran.STANDBY]))
    fence = Fence("7", "host2", "") if server is Server.DOWN and draw(st.integers(0, 3)) == 0 else None
    drawn: dict[str, Any] = {
        "server": server,
        "ran": Ran.PRIMARY if writable else Ran.STANDBY if server is Server.UP else ran,
        "system": draw(st.sampled_from([SYSTEM] * 7 + ["7300000000000000002"])),
        "replayed": Position(seen.received - draw(st.integers(0, 20))),
        "replay_paused": server is Server.UP and not writable and draw(st.integers(0, 5)) == 0,
        "clean": server is Server.DOWN and draw(st.booleans()),
        "upstream": Upstream(*upstream, "streaming", draw(st.sampled_from([0.1, 60.0]))) if upstream else None,
        "fence": fence,
        "standby_mark": fence is not None or ran is Ran.STANDBY,
        "oldest_log": draw(st.sampled_from([Position(0), at(0), at(40)])),
        "rewindable": draw(st.integers(0, 4)) > 0,
    }
    return replace(seen, **{**drawn, **known})


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any look at any replica set of one to four members."""
    tree = draw(branches())
    names = NAMES[: draw(st.integers(1, 4))]
    members = []
    for name in names:
        server = draw(SERVERS)
        members.append(draw(member(tree, name, server, writable=server is Server.UP and draw(st.booleans()))))
    return View(tuple(members), draw(st.sampled_from(["", "removed", *names])), addresses(names))


NOT_UP = tuple(server for server in Server if server is not Server.UP)


@st.composite
def failed(draw: st.DrawFn) -> View:
    """The primary on record, host1, is not up; nobody accepts writes; the others are anything."""
    tree = draw(branches())
    server = draw(st.sampled_from(NOT_UP))
    first = draw(member(tree, "host1", server, **({} if server is Server.UNSEEN else {"ran": Ran.PRIMARY})))
    others = [draw(member(tree, name, draw(SERVERS))) for name in NAMES[1 : draw(st.integers(2, 4))]]
    return View((first, *others), "host1", addresses(NAMES[: 1 + len(others)]))


@st.composite
def movable(draw: st.DrawFn) -> View:
    """host1 is the only primary, or was shut down in an orderly way; the others are mostly on its timeline."""
    line = draw(st.sampled_from(draw(branches()))).line
    ends = Position(max(line[-1].begins, at(0)) + draw(st.integers(60, 90)))
    known = {"timeline": line[-1].number, "history": line[-1].history, "system": SYSTEM}
    running = draw(st.booleans())
    state = {"writable": True} if running else {"clean": True, "fence": None, "ran": Ran.PRIMARY}
    server = Server.UP if running else Server.DOWN
    first = draw(member(line[-1:], "host1", server, received=ends, replayed=ends, **known, **state))
    tree = draw(st.sampled_from([line[-1:], line[-1:], line]))
    others = [draw(member(tree, name, draw(SERVERS))) for name in NAMES[1 : draw(st.integers(2, 4))]]
    return View((first, *others), "host1", addresses(NAMES[: 1 + len(others)]))


@st.composite
def excluded(draw: st.DrawFn) -> Mapping[str, str]:
    """Members that are out of service on purpose."""
    return {name: "it is SHUNNED" for name in NAMES if draw(st.integers(0, 6)) == 0}
