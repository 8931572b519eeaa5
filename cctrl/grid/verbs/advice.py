"""What `recover` does for elements that need something, and what only a person may decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cctrl.grid.model import Database, Element, Status
from cctrl.grid.states import FAILED, GONE, MEANINGS


@dataclass(frozen=True, slots=True)
class Advice:
    """For elements of one status: the utility's command that helps them, or why there is none to be given by itself."""

    elements: tuple[Element, ...]
    command: tuple[str, ...] = ()
    reason: str = ""  # why only a person may decide, with what to type

    @property
    def names(self) -> str:
        """Whom it is for."""
        return ", ".join(e.instance for e in self.elements)

    @property
    def status(self) -> str:
        """How these are."""
        return self.elements[0].status.value


def advice(database: Database, instance: str = "") -> tuple[Advice, ...]:
    """What each element needs; those that need nothing, or only time, are left out. What a command can do for several
    is one command: daemons are started side by side."""
    chosen = [e for e in database.elements if instance in ("", e.instance)]
    down = tuple(e for e in chosen if e.status is Status.DOWN)
    helped = dict.fromkeys(_typed(database, e) for e in chosen if e.status in FAILED)
    found = [Advice(down, _started(down))] if down else []
    for command in helped:
        found.append(Advice(tuple(e for e in chosen if e.status in FAILED and _typed(database, e) == command), command))
    return (*found, *(Advice((e,), reason=reason) for e in chosen if (reason := _left(database, e, chosen))))


def _started(down: tuple[Element, ...]) -> tuple[str, ...]:
    """The command of Table 13-2 for all of them."""
    targets = [word for element in down for word in ("-only", element.instance)]
    return ("instanceExec", *targets, "ttDaemonAdmin", "-start")


def _typed(database: Database, element: Element) -> tuple[str, ...]:
    return tuple(MEANINGS[element.status].typed(database.name, element.instance).split())


def _left(database: Database, element: Element, helped: list[Element]) -> str:
    """Why only a person may decide; "" where that is not so, as where the seed is among those that are `helped`."""
    if element.status is Status.EVICTED:
        following = f"ttGridAdmin dbDestroy {database.name} -instance {element.instance}"
        return f"its files are still there, and are removed only by: {following}"
    return _seed(database, element, helped) if element.status is Status.WAITING_FOR_SEED else ""


def _seed(database: Database, element: Element, helped: list[Element]) -> str:
    others = [e for e in database.elements if e.replica_set == element.replica_set and e.number != element.number]
    seeds = [e for e in others if e.status is not Status.WAITING_FOR_SEED and e.status not in GONE]
    mendable = [e for e in seeds if e.status is Status.DOWN or e.status in FAILED]
    if any(e in helped for e in mendable):
        return ""
    if mendable:
        return "; ".join(
            f"its seed {e.instance} is {e.status.value}: datasource {e.instance} recover" for e in mendable
        )
    if seeds:
        return "its seed is " + ", ".join(f"{e.instance}, {e.status.value}" for e in seeds)
    return (
        f"all elements of replica set {element.replica_set} wait: only unloading and loading the database helps "
        f"(ttGridAdmin dbClose {database.name}, dbUnload {database.name} -force, dbLoad {database.name}); "
        "with -force transactions that are not on disk are lost"
    )
