"""`replicator HOST status | offline | online | restart` (reference tungsten.md, 1.5, 3.5 and 5.3).

OFFLINE means that nothing is applied: the replay is paused. Receiving goes on, so that what the master sent is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from cctrl.dataservice.advice import for_datasource, next_for
from cctrl.dataservice.change import changing
from cctrl.dataservice.listing import replicator_box, replicator_properties
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import AUTOMATIC, MASTER, Datasource, State, policy, replicator_state
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.replication.executor import execute
from cctrl.replication.steps import Action, Plan, Step

Planner = Callable[[Picture, Datasource], Plan]


def status(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`replicator HOST status`."""
    picture = dataservice.look()
    source = picture.source(invocation.arguments["HOST"])
    for line in replicator_box(source):
        talk.line(line)
    talk.data("role", source.role)
    talk.data("state", replicator_state(source))
    talk.data("replicator", dict(replicator_properties(source)))
    if source.remark:
        talk.note(f"{source.name}: {source.remark}")
        talk.note(f"NEXT: {next_for(source, picture.diagnosis)}")
    return Outcome.DONE


def offline(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`replicator HOST offline`."""
    source = _do(dataservice, invocation, talk, _paused)
    talk.line(f"Replicator '{source.name}' is now OFFLINE")
    talk.note(f"{source.name} goes on receiving; nothing is applied until `replicator {source.name} online`,")
    talk.note("a recover, or a restart of its server")
    return Outcome.DONE


def online(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`replicator HOST online`."""
    source = _do(dataservice, invocation, talk, _resumed)
    talk.line(f"Replicator '{source.name}' is now ONLINE")
    return Outcome.DONE


def restart(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`replicator HOST restart`."""
    source = _do(dataservice, invocation, talk, _reconnected)
    talk.line(f"Replicator '{source.name}' is now {'OFFLINE' if source.facts.replay_paused else 'ONLINE'}")
    return Outcome.DONE


def _do(dataservice: Dataservice, invocation: Invocation, talk: Talk, planner: Planner) -> Datasource:
    name = invocation.arguments["HOST"]
    with changing(dataservice, "replicator", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        plan = planner(picture, source)
        if planner is _paused and policy(picture.intent) == AUTOMATIC and source.state is not State.SHUNNED:
            talk.note(f"policy AUTOMATIC may bring {name}'s replicator back by itself")
            talk.note(f"NEXT, to prevent that: datasource {name} shun   (or: set policy maintenance)")
        change.begin(picture.diagnosis.primary, name)
        execute(plan, change, lambda event: None)
    return source


def explain(planner: Planner) -> Callable[[Dataservice, Invocation, Talk], Outcome]:
    """What a command would do, for `explain`."""

    def explained(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
        picture = dataservice.look()
        plan = planner(picture, picture.source(invocation.arguments["HOST"]))
        for line in plan.lines():
            talk.line(line)
        talk.data("plan", plan.lines())
        return Outcome.DONE

    return explained


def _paused(picture: Picture, source: Datasource) -> Plan:
    _receives(picture, source)
    if source.facts.replay_paused:
        raise Refused(f"{source.name}'s replicator already is OFFLINE", next=f"replicator {source.name} online")
    return Plan(((Step(Action.PAUSE, source.name),),))


def _resumed(picture: Picture, source: Datasource) -> Plan:
    _receives(picture, source)
    if not source.facts.replay_paused:
        raise Refused(f"{source.name}'s replicator already is {replicator_state(source)}", next=f"ls {source.name}")
    return Plan(((Step(Action.RESUME, source.name),), _caught_up(picture, source)))


def _reconnected(picture: Picture, source: Datasource) -> Plan:
    _receives(picture, source)
    return Plan(((Step(Action.RECONNECT, source.name),), _caught_up(picture, source)))


def _caught_up(picture: Picture, source: Datasource) -> tuple[Step, ...]:
    return (Step(Action.STREAM, source.name, picture.view.follows(source.name)),)


def _receives(picture: Picture, source: Datasource) -> None:
    """Raises Refused unless the datasource receives from another one of the service."""
    name = source.name
    if source.role == MASTER and source.facts.writable:
        what = f"{name} is the master: it receives from nobody, so its replicator cannot be changed"
        raise Refused(what, next=f"datasource {name} offline   (takes it out of service)")
    if not source.facts.standby or not picture.view.follows(name):
        why = source.fault or f"REPLICATOR {replicator_state(source)}"
        following = for_datasource(source, picture.diagnosis) or f"datasource {name} recover"
        raise Refused(f"{name} receives from nobody: {why}", detail=source.facts.reason, next=following)


COMMANDS = (
    Command(
        "replicator HOST status",
        "from whom a datasource receives, how far it is, in which state",
        status,
    ),
    Command(
        "replicator HOST offline",
        "stop applying what the master sends",
        offline,
        help="The replay is paused; receiving goes on, so that nothing the master sent is lost with it. A restart of\n"
        "the server, or `datasource HOST recover`, lets it go on. Under AUTOMATIC the manager may do that by itself:\n"
        "shun the datasource first, or set policy maintenance. Undo: replicator HOST online.",
        danger=Danger.CHANGE,
        explain=explain(_paused),
    ),
    Command(
        "replicator HOST online",
        "apply again what the master sends, and catch up",
        online,
        help="Refused where it receives from nobody: then datasource HOST recover.",
        danger=Danger.CHANGE,
        explain=explain(_resumed),
    ),
    Command(
        "replicator HOST restart",
        "let a datasource connect to its master anew",
        restart,
        help="Ends the receiver; the server starts another one. Applying and clients go on. Returns when it streams.",
        danger=Danger.CHANGE,
        explain=explain(_reconnected),
    ),
)
"""The commands on replicators."""
