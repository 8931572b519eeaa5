"""What only decides: `datasource HOST online | offline | shun | welcome | fail` and `set policy`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cctrl.dataservice.advice import for_datasource, next_for
from cctrl.dataservice.change import Change, changing, member
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import (
    AUTOMATIC,
    BY_HAND,
    MANUALLY_FAILED,
    MANUALLY_SHUNNED,
    MASTER,
    PAUSED,
    POLICIES,
    Datasource,
    State,
    policy,
)
from cctrl.outcome import Outcome, Refused, UsageError
from cctrl.registry import Invocation, Talk

NOBODY_WRITES = "{} is the master: routers that ask the manager let nobody write while it is not ONLINE"
Decision = Callable[[Picture, Datasource], tuple[State, str, str]]
"""(what is seen, the datasource) -> new state, its reason, the line that says so. Raises Refused."""


def _decide(dataservice: Dataservice, invocation: Invocation, talk: Talk, decision: Decision) -> Outcome:
    name = invocation.arguments["HOST"]
    with changing(dataservice, invocation.words[-1] if invocation.words else "decide", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        state, reason, line = decision(picture, source)
        change.begin("", name)
        change.record(member(name, state, reason, source.role))
        talk.line(line)
        _sessions_stay(change, source, state, talk)
        _comes_back(change, picture, source, state, talk)
        if source.name == picture.diagnosis.primary and source.facts.writable and state is not State.ONLINE:
            talk.note(NOBODY_WRITES.format(source.name))
    return Outcome.DONE


def _sessions_stay(change: Change, source: Datasource, state: State, talk: Talk) -> None:
    """Without routers a state disconnects nobody: that has to be said. Those that ask for health checks see to it."""
    if change.dataservice.service.routers:
        return
    if state is not State.ONLINE and source.facts.sessions:
        number = source.facts.sessions
        number_of = f"{number} client session{'' if number == 1 else 's'}"
        talk.note(f"{source.name} still serves {number_of}: no router is configured that would end them")


def _comes_back(change: Change, picture: Picture, source: Datasource, state: State, talk: Talk) -> None:
    if state is State.OFFLINE and change.watched and policy(picture.intent) == AUTOMATIC:
        talk.note(f"policy AUTOMATIC may put {source.name} ONLINE again by itself")
        talk.note(f"NEXT, to prevent that: datasource {source.name} shun   (or: set policy maintenance)")


def online(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST online`."""

    def decision(picture: Picture, source: Datasource) -> tuple[State, str, str]:
        if source.state in (State.SHUNNED, State.FAILED):
            way = (
                f"datasource {source.name} welcome" if source.reason in BY_HAND else next_for(source, picture.diagnosis)
            )
            raise Refused(f"{source.name} is {source.word}", next=way)
        healthy(picture, source)
        return State.ONLINE, "", f"DataSource '{source.name}' is now ONLINE"

    return _decide(dataservice, invocation, talk, decision)


def offline(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST offline`."""

    def decision(picture: Picture, source: Datasource) -> tuple[State, str, str]:
        if source.state in (State.SHUNNED, State.FAILED):
            raise Refused(
                f"{source.name} is {source.word}, which is more than OFFLINE", next=next_for(source, picture.diagnosis)
            )
        return State.OFFLINE, "", f"DataSource '{source.name}' is now OFFLINE"

    return _decide(dataservice, invocation, talk, decision)


def shun(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST shun` (tungsten.md 6.5)."""

    def decision(picture: Picture, source: Datasource) -> tuple[State, str, str]:
        if source.state is State.SHUNNED:
            raise _already(picture, source)
        return State.SHUNNED, MANUALLY_SHUNNED, f"DataSource '{source.name}' set to SHUNNED"

    return _decide(dataservice, invocation, talk, decision)


def welcome(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST welcome`: lifts a shun, where all its parts are well."""

    def decision(picture: Picture, source: Datasource) -> tuple[State, str, str]:
        if source.state is not State.SHUNNED:
            raise Refused(
                f"{source.name} is not SHUNNED, it is {source.word}", next=next_for(source, picture.diagnosis)
            )
        if source.reason not in BY_HAND:
            raise Refused(f"{source.name} is {source.word}", next=next_for(source, picture.diagnosis))
        healthy(picture, source)
        return State.ONLINE, "", f"DataSource '{source.name}' is now ONLINE"

    return _decide(dataservice, invocation, talk, decision)


def _already(picture: Picture, source: Datasource) -> Refused:
    return Refused(f"{source.name} already is {source.word}", next=next_for(source, picture.diagnosis))


def fail(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST fail`: expert level."""

    def decision(picture: Picture, source: Datasource) -> tuple[State, str, str]:
        if source.state in (State.SHUNNED, State.FAILED):
            raise _already(picture, source)
        return State.FAILED, MANUALLY_FAILED, f"DataSource '{source.name}' set to FAILED"

    return _decide(dataservice, invocation, talk, decision)


def healthy(picture: Picture, source: Datasource) -> None:
    """Raises Refused unless the datasource's server does what its role demands."""
    if source.role == MASTER and source.facts.writable and source.name not in picture.diagnosis.strays:
        return
    primary = picture.diagnosis.primary
    if primary and source.facts.standby and picture.view.streams(source.name, primary):
        if not source.facts.replay_paused:
            return
        raise Refused(f"{source.name} is not well: {PAUSED}", next=f"replicator {source.name} online")
    if source.facts.standby and not picture.view.writable:
        return  # without a master nobody receives: it is needed in service to become one
    following = f"datasource {source.name} recover"
    if primary and not picture.diagnosis.healthy:  # what brings the service a master comes first
        following = for_datasource(picture.source(primary), picture.diagnosis) or "failover"
    fault = source.fault or f"it does not receive from {primary or 'any master'}"
    raise Refused(f"{source.name} is not well: {fault}", detail=source.facts.reason, next=following)


def set_policy(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`set policy automatic|manual|maintenance` (tungsten.md 5.4)."""
    mode = invocation.words[-1].upper()
    if mode not in POLICIES:
        raise UsageError(f"unknown policy {mode.lower()}", next="set policy automatic|manual|maintenance")
    with changing(dataservice, "set policy", invocation.text) as change:
        change.begin()
        change.record(lambda intent: replace(intent, policy=mode))
    talk.line(f"policy mode is now {mode}")
    return Outcome.DONE


def set_force(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`set force true|false`: for this session, as if every command that knows --force was given with it."""
    dataservice.force = invocation.words[-1] == "true"
    talk.line(f"force is now {'true' if dataservice.force else 'false'}")
    return Outcome.DONE
