"""What `recover` does for elements that need something, and what only a person may decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cctrl.grid.model import Database, Element, Status
from cctrl.grid.states import FAILED, GONE, MEANINGS


@dataclass(frozen=True, slots=True)
class Advice:
    """For one element: the utility's command that helps it, or why there is none to be given by itself."""

    element: Element
    command: tuple[str, ...] = ()
    reason: str = ""  # why only a person may decide, with what to type


def advice(database: Database, instance: str = "") -> tuple[Advice, ...]:
    """What each element needs; those that need nothing, or only time, are left out."""
    chosen = [e for e in database.elements if instance in ("", e.instance)]
    found: dict[tuple[str, ...], Advice] = {}
    left: list[Advice] = []
    for element in chosen:
        one = _for(database, element)
        if one is not None and one.command:
            found.setdefault(one.command, one)
        elif one is not None:
            left.append(one)
    return (*found.values(), *left)


def _for(database: Database, element: Element) -> Advice | None:
    meaning = MEANINGS[element.status]
    if element.status is Status.DOWN or element.status in FAILED:
        return Advice(element, tuple(meaning.typed(database.name, element.instance).split()))
    if element.status is Status.EVICTED:
        following = f"ttGridAdmin dbDestroy {database.name} -instance {element.instance}"
        return Advice(element, reason=f"its files are still there, and are removed only by: {following}")
    if element.status is Status.WAITING_FOR_SEED:
        return Advice(element, reason=_seed(database, element))
    return None


def _seed(database: Database, element: Element) -> str:
    others = [e for e in database.elements if e.replica_set == element.replica_set and e.number != element.number]
    seeds = [e for e in others if e.status is not Status.WAITING_FOR_SEED and e.status not in GONE]
    if seeds:
        return "its seed is " + ", ".join(f"{e.instance}, {e.status.value}" for e in seeds)
    return (
        f"all elements of replica set {element.replica_set} wait: only unloading and loading the database helps "
        f"(ttGridAdmin dbClose {database.name}, dbUnload {database.name} -force, dbLoad {database.name}); "
        "with -force transactions that are not on disk are lost"
    )
