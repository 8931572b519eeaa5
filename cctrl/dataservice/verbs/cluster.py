"""`cluster validate | heartbeat | flush | offline | online` (reference tungsten.md, 1.3 and 6.4)."""

from __future__ import annotations

import time
from collections.abc import Callable

from cctrl.dataservice.advice import for_datasource, next_for
from cctrl.dataservice.change import changing, member
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import AUTOMATIC, Datasource, State, policy
from cctrl.dataservice.verbs.decide import healthy
from cctrl.dataservice.ways import present_master
from cctrl.manager.quorum import Quorum, quorum
from cctrl.outcome import CctrlError, Outcome, OutOfSight, Refused
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.replication.position import Position


def validate(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster validate`: the arithmetic of the majority, as this administrator sees the hosts."""
    found = reached(dataservice.look())
    for line in found.lines():
        talk.line(line)
    talk.data("quorum", found)
    talk.data("majority", found.majority)
    talk.data("held", found.held)
    if not found.held:
        hidden = ", ".join(name for name in found.members if name not in found.reachable)
        what = f"no majority of {dataservice.name}'s hosts can be reached from here"
        raise Refused(what, detail=f"{found.numbers}; out of reach: {hidden}", next="ping")
    return Outcome.DONE


def reached(picture: Picture) -> Quorum:
    """Which hosts answer, and which of them hold this service's data."""
    seen = [m for m in picture.view.members if m.seen]
    systems = [m.system for m in seen if m.system]
    system = max(systems, key=systems.count, default="")
    members = [m.name for m in picture.view.members]
    return quorum(members, [m.name for m in seen], [m.name for m in seen if m.system and m.system == system])


def heartbeat(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster heartbeat`: a message written on the master, and the time until each slave has applied it."""
    _through(dataservice, talk, applied=True)
    return Outcome.DONE


def flush(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster flush`: the same, until each slave has it on disk; prints the position that all have then."""
    position = _through(dataservice, talk, applied=False)
    talk.line(str(position))
    talk.data("position", str(position))
    return Outcome.DONE


def _through(dataservice: Dataservice, talk: Talk, *, applied: bool) -> Position:
    """Send a heartbeat through the service. Raises OutOfSight where a slave that is up was not seen to have it."""
    picture = dataservice.look()
    master = present_master(picture, "")
    engine, word = dataservice.engine.inquiries, "APPLIED BY" if applied else "STORED ON"
    began = time.monotonic()
    position = engine.heartbeat(master)
    say = talk.line if applied else talk.note
    say(f"HEARTBEAT {position} WRITTEN ON MASTER '{master}@{dataservice.name}'")

    def reach(name: str) -> float | CctrlError:
        try:
            engine.reached(name, position, applied=applied)
        except CctrlError as error:
            return error
        return time.monotonic() - began

    others = [source for source in picture.sources if source.name != master]
    up = [source.name for source in others if source.facts.standby]
    answers = dict(zip(up, dataservice.hosts.fan_out(up, reach), strict=True))
    for name, answer in answers.items():
        if isinstance(answer, float):
            say(f"HEARTBEAT {position} {word} '{name}@{dataservice.name}' WITHIN {answer:.3f} s")
    talk.data("heartbeat", {name: a for name, a in answers.items() if isinstance(a, float)})
    _missing(picture, others, {n: a for n, a in answers.items() if not isinstance(a, float)}, talk)
    return position


def _missing(picture: Picture, others: list[Datasource], failed: dict[str, CctrlError], talk: Talk) -> None:
    for source in others:
        if not source.facts.standby:
            talk.note(f"{source.name} was left out: {source.fault or source.word}")
            talk.note(f"NEXT: {next_for(source, picture.diagnosis)}")
    if failed:
        name, error = next(iter(failed.items()))
        what = f"the heartbeat was not seen on {', '.join(failed)}"
        following = for_datasource(picture.source(name), picture.diagnosis) or f"replicator {name} status"
        raise OutOfSight(what, detail=error.detail or error.what, next=following)


def offline(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster offline`: every datasource that is ONLINE goes OFFLINE."""

    def wanted(picture: Picture, source: Datasource) -> bool:
        return source.state is State.ONLINE

    return _all(dataservice, invocation, talk, wanted, State.OFFLINE)


def online(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster online`: every datasource that is OFFLINE and well goes ONLINE."""

    def wanted(picture: Picture, source: Datasource) -> bool:
        if source.state is not State.OFFLINE:
            return False
        try:
            healthy(picture, source)
        except Refused as refused:
            for line in refused.lines():
                talk.note(line)
            return False
        return True

    return _all(dataservice, invocation, talk, wanted, State.ONLINE)


def _all(
    dataservice: Dataservice,
    invocation: Invocation,
    talk: Talk,
    wanted: Callable[[Picture, Datasource], bool],
    state: State,
) -> Outcome:
    with changing(dataservice, invocation.words[-1], invocation.text) as change:
        picture = change.look()
        sources = [source for source in picture.sources if wanted(picture, source)]
        change.begin()
        change.record(*(member(source.name, state, "", source.role) for source in sources))
        for source in sources:
            talk.line(f"DataSource '{source.name}' is now {state.value}")
        if not sources:
            talk.note(f"no datasource of {dataservice.name} could be put {state.value}: nothing to do")
        _left(picture, talk)
        if state is State.OFFLINE and policy(picture.intent) == AUTOMATIC:
            talk.note("policy AUTOMATIC may put them ONLINE again by itself")
            talk.note("NEXT, to prevent that: set policy maintenance")
    return Outcome.DONE


def _left(picture: Picture, talk: Talk) -> None:
    """What is shunned or failed is left as it is; that and the way back are said."""
    for source in picture.shown:
        if source.state in (State.SHUNNED, State.FAILED):
            talk.note(f"{source.name} is {source.word} and is left as it is")
            talk.note(f"NEXT: {next_for(source, picture.diagnosis)}")


COMMANDS = (
    Command(
        "cluster validate",
        "whether a majority of the hosts can be reached, with the arithmetic",
        validate,
        help="A manager that reaches no majority does nothing: this shows the numbers, as they are from here.",
    ),
    Command(
        "cluster heartbeat",
        "send a heartbeat through the service and say how long each slave took to apply it",
        heartbeat,
        help="A message that means nothing is written into the master's log. The times are upper limits: they hold\n"
        "the way to the hosts and back.",
    ),
    Command(
        "cluster flush",
        "send a heartbeat and print the log position that every slave has on disk then",
        flush,
    ),
    Command(
        "cluster offline",
        "put every datasource that is ONLINE OFFLINE",
        offline,
        help="What is SHUNNED or FAILED is left as it is. Undo: cluster online.",
        danger=Danger.CHANGE,
    ),
    Command(
        "cluster online",
        "put every datasource that is OFFLINE and well ONLINE",
        online,
        help="One that is not well is named with what helps. What is SHUNNED or FAILED is left as it is.",
        danger=Danger.CHANGE,
    ),
)
"""The commands on the whole service."""
