"""What the manager answers health checks with, of one look at a service. Pure."""

from __future__ import annotations

from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import BALANCED, MASTER, Datasource, State
from cctrl.manager.answers import READERS, WRITERS, Shown


def shown(picture: Picture, at: float) -> dict[str, Shown]:
    """Member -> how it is shown; `at` is when it was looked at, on the clock of the server that answers."""
    return {s.name: Shown(s.role, s.word, at, _takes(s), _unfit(picture, s)) for s in picture.shown}


def _takes(source: Datasource) -> str:
    """Which clients it is there for; none are sent to a standby (tungsten.md 3.1)."""
    if source.role == MASTER:
        return WRITERS
    return READERS if source.role in BALANCED else ""


def _unfit(picture: Picture, source: Datasource) -> str:
    """Why no client should be sent to it: it is out of service, down, or a second master. A slave whose replicator has
    stopped still serves what it has."""
    if source.state is not State.ONLINE:
        return "not ONLINE"
    if not source.facts.up or source.name in picture.diagnosis.strays:
        return source.fault
    if source.role == MASTER and not source.facts.writable:
        return "ACCEPTS NO WRITES"
    return ""
