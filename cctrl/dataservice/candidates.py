"""The documented lines about candidates: EVALUATING SLAVE, SELECTED SLAVE, and why the others were not taken."""

from __future__ import annotations

from collections.abc import Mapping

from cctrl.dataservice.states import ARCHIVE, BY_HAND, ELECTABLE, MANUALLY_FAILED, MASTER, Datasource, State
from cctrl.registry import Talk
from cctrl.replication.candidates import Verdict
from cctrl.replication.plan import Move
from cctrl.replication.position import size


def excluded(sources: tuple[Datasource, ...]) -> Mapping[str, str]:
    """Datasources that may not become the master, with the reason and the way back (tungsten.md 3.1, 3.2, 5.6)."""
    return {
        s.name: f"it is {'an archive' if s.role == ARCHIVE else s.word}; first: {way_back(s)}"
        for s in sources
        if way_back(s) and (s.facts.up or s.state is State.SHUNNED)
    }


def excluded_from_takeover(sources: tuple[Datasource, ...], asked: str) -> Mapping[str, str]:
    """The same where the master failed.

    One that only was found FAILED and answers again may: without a master nothing else brings it back. So may one
    that is OFFLINE where it is asked for, or where nobody in service is left: it cannot be put ONLINE either.
    """
    again = {s.name for s in sources if _again(s)}
    out = {name: why for name, why in excluded(sources).items() if name not in again}
    in_service = any(_could(s) and s.name not in out for s in sources)
    for source in sources:
        if source.state is not State.OFFLINE or not _could(source):
            continue
        if source.name == asked or not in_service:
            del out[source.name]
        else:
            out[source.name] = f"it is OFFLINE; to take it all the same: failover to {source.name}"
    return out


def _could(source: Datasource) -> bool:
    return source.facts.standby and source.role in ELECTABLE


def _again(source: Datasource) -> bool:
    """True for one that was found FAILED and answers again."""
    return source.state is State.FAILED and source.reason != MANUALLY_FAILED and _could(source)


def way_back(source: Datasource) -> str:
    """The command that makes a candidate of a datasource that is kept out of service; "" for one that is in it."""
    back = {State.SHUNNED: "welcome", State.OFFLINE: "online", State.FAILED: "recover"}
    if source.state not in back:
        chain = ("offline", "slave", "online")
        return "; ".join(f"datasource {source.name} {verb}" for verb in chain) if source.role == ARCHIVE else ""
    shunned_otherwise = source.state is State.SHUNNED and source.reason not in BY_HAND
    way = "recover" if source.role == MASTER or shunned_otherwise else back[source.state]
    return f"datasource {source.name} {way}"


def first_way_back(sources: tuple[Datasource, ...]) -> str:
    """What makes a candidate of one that answers, where nobody is one; "" where nothing does."""
    return next((way for source in sources if _could(source) and (way := way_back(source))), "")


def speak(move: Move, service: str, talk: Talk) -> None:
    """Who was looked at and who was taken, as documented (tungsten.md 6.6); the reasons on stderr."""
    for verdict in move.verdicts:
        if verdict.eligible:
            talk.line(_evaluating(verdict))
    talk.line(f"SELECTED SLAVE: {move.target}@{service}")
    for verdict in move.verdicts:
        if verdict.name != move.target:
            talk.note(f"{verdict.name}@{service} was not taken: {_why_not(verdict, move)}")
    talk.data("candidates", list(move.verdicts))


def _evaluating(verdict: Verdict) -> str:
    latency = -1.0 if verdict.lag is None else verdict.lag
    numbers = f"stored={verdict.received}, applied={verdict.replayed}, latency={latency:.3f}"
    return f"EVALUATING SLAVE: {verdict.name}({numbers}, datasource-group-id=0)"


def _why_not(verdict: Verdict, move: Move) -> str:
    if not verdict.eligible:
        return verdict.reason
    taken = next(v for v in move.verdicts if v.name == move.target)
    if verdict.received < taken.received:
        return f"{size(taken.received - verdict.received)} behind {move.target}"
    order = [v.name for v in move.verdicts]  # the best first: whoever stands before the one taken was passed over
    if order.index(verdict.name) < order.index(move.target):
        return f"{move.target} was asked for"
    return f"as far as {move.target}, which comes first"
