"""What the manager answers health checks with, of one look at a service. Pure."""

from __future__ import annotations

from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import BALANCED, MASTER, Datasource
from cctrl.manager.answers import Shown


def shown(picture: Picture, at: float) -> dict[str, Shown]:
    """Member -> how it is shown; `at` is when it was looked at, on the clock of the server that answers."""
    return {s.name: Shown(s.role, s.word, at, _unfit(picture, s)) for s in picture.shown}


def _unfit(picture: Picture, source: Datasource) -> str:
    """Why no client should be sent to it whatever was decided: it is down, or a second master. A slave whose replicator
    has stopped still serves what it has."""
    if not source.facts.up or source.name in picture.diagnosis.strays:
        return source.fault
    if source.role not in BALANCED:
        return f"IS A {source.role.upper()}"
    if source.role == MASTER and not source.facts.writable:
        return "ACCEPTS NO WRITES"
    return ""
