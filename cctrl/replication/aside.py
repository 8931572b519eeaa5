"""What was moved or kept aside beside a data directory, as a person is shown it before it is removed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cctrl.outcome import CctrlError
from cctrl.registry import Talk
from cctrl.replication.copying import Aside
from cctrl.replication.engine import Engine
from cctrl.replication.position import size

WHAT = {
    "aside": "old data directory",
    "kept": "log that only it had",
    "copy": "copy that was not used",
    "left": "data directory of a place that was left",
}
"""The first word of a name -> what lies there."""


def kept(engine: Engine, member: str) -> int:
    """Bytes that lie beside a member's data directory; 0 where nothing does, or its host cannot be asked."""
    try:
        return sum(one.size for one in engine.copies.aside(member))
    except CctrlError:
        return 0


def offered(found: Sequence[Aside], where: str, talk: Talk) -> bool:
    """List it and ask whether it is to be removed; False where there is nothing. Raises Refused for the answer no."""
    talk.data("aside", [_data(one) for one in found])
    if not found:
        talk.line(f"nothing is kept aside on {where}")
        return False
    for one in found:
        talk.line(_line(one))
        for text in _elsewhere(one):
            talk.note(text)
    talk.confirm(_question(found, where))
    return True


def _data(one: Aside) -> dict[str, object]:
    place = {"place": one.place} if one.place else {}
    return {"name": one.name, "size": one.size, "since": one.since, **place}


def _line(one: Aside) -> str:
    """Its name, its size, since when it is there, what it is."""
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(one.since))
    where = f"{one.place}   " if one.place else ""
    return f"{where}{one.name}   {size(one.size)}   {when}   {WHAT.get(one.name.partition('-')[0], '')}"


def _elsewhere(one: Aside) -> list[str]:
    """Where parts of it lie, and which of these are not removed with it."""
    left = {place: "" if ".cctrl-" in place.rpartition("/")[2] else ", which is left as it is" for place in one.outside}
    return [f"{one.name} has a part in {place}{words}" for place, words in left.items()]


def _total(found: Sequence[Aside]) -> str:
    """The size of all."""
    return size(sum(one.size for one in found))


def _question(found: Sequence[Aside], where: str) -> str:
    """What is asked before they are removed."""
    return f"Remove these {len(found)} from {where}, {_total(found)}? They cannot be brought back. (y/n)> "


def removed(found: Sequence[Aside], where: str) -> str:
    """What is said when they are."""
    return f"removed {len(found)} from {where}, {_total(found)}"
