"""`switch` and `failover`: the master moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from cctrl.dataservice import candidates
from cctrl.dataservice.advice import DOCTOR, advised, for_datasource, for_one_left_behind, two_masters
from cctrl.dataservice.change import Change, changing, member, primary
from cctrl.dataservice.promotion import pending
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import BY_HAND, MASTER, REMOVED, SLAVE, State, failed_over_to
from cctrl.dataservice.ways import bring_back
from cctrl.outcome import CctrlError, Incomplete, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.diagnosis import Health
from cctrl.replication.divergence import Tail
from cctrl.replication.events import Done, Event, Progress, Started
from cctrl.replication.executor import execute
from cctrl.replication.facts import Server
from cctrl.replication.plan import Move, plan_move, plan_takeover
from cctrl.replication.recovery import LogRange
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action
from cctrl.store import Operation, ServiceIntent

RECENT = 20  # operations that are looked through for a promotion that may still happen
QUESTION = "Do you want to continue? (y/n)> "


class MoveNarrator:
    """Turns the steps of a move into the documented lines, and writes down what they decided."""

    def __init__(self, change: Change, move: Move, talk: Talk) -> None:
        self.change = change
        self.move = move
        self.talk = talk
        self.service = change.dataservice.name

    def __call__(self, event: Event) -> None:
        """See what happened."""
        if isinstance(event, Started) and event.step.action is Action.STOP:
            self.talk.line(f"PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER '{event.step.member}@{self.service}'")
        elif isinstance(event, Done):
            self.done(event)
        elif isinstance(event, Progress):
            self.talk.note(f"{event.step.member}: {event.text}")

    def done(self, event: Done) -> None:
        """A step is done: its documented line, where it has one."""
        step, action = event.step, event.step.action
        name = f"'{step.member}@{self.service}'"
        if action is Action.STOP:
            self.talk.line(f"PURGED A TOTAL OF {event.result.count} ACTIVE SESSIONS ON MASTER {name}")
            self.talk.line(f"FLUSH TRANSACTIONS ON CURRENT MASTER {name}")
        elif action is Action.FENCE:  # the mark it left says SHUNNED; on record it is with the promotion
            self.talk.line(f"PURGE REMAINING ACTIVE SESSIONS ON CURRENT MASTER {name}")
            self.talk.line(f"SHUNNING PREVIOUS MASTER {name}")
        elif action in (Action.PROMOTE, Action.PROMOTE_NOW):
            self.promoted(action)
            self.talk.line(f"PUT THE NEW MASTER {name} ONLINE")
        elif action is Action.STREAM:
            self.follows(step.member, name)

    def shunned(self) -> Callable[[ServiceIntent], ServiceIntent]:
        """What is decided about the old master of a failover."""
        return member(self.move.source, State.SHUNNED, failed_over_to(self.move.target), MASTER)

    def promoted(self, action: Action) -> None:
        """The new master is on record from the moment it accepts writes."""
        changes = [primary(self.move.target, self.move.timeline), member(self.move.target, State.ONLINE, role=MASTER)]
        if action is Action.PROMOTE_NOW:
            changes.append(self.shunned())
        self.change.record(*changes)

    def follows(self, follower: str, name: str) -> None:
        """A slave streams from the new master."""
        if follower == self.move.source:
            _prior_master(self.change, follower, self.move.target, self.talk)
        elif self.change.verb == "failover":
            new = f"'{self.move.target}@{self.service}'"
            self.talk.line(f"RECONFIGURING SLAVE {name} TO USE {new} AS THE MASTER")


def _prior_master(change: Change, name: str, target: str, talk: Talk) -> None:
    """The old master of a switch is a slave; where it was shunned by hand it stays so."""
    told = change.dataservice.store.intent(change.dataservice.name).member(name)
    if told.state == State.SHUNNED.value and told.reason in BY_HAND:
        change.record(lambda intent: intent.with_member(name, replace(intent.member(name), role=SLAVE)))
        talk.note(f"{name} is a slave of {target} and stays {told.state}({told.reason})")
        talk.note(f"NEXT: datasource {name} welcome")
        return
    change.record(member(name, State.ONLINE, role=SLAVE))
    talk.line(f"PUT THE PRIOR MASTER '{name}@{change.dataservice.name}' ONLINE AS A SLAVE")


def _tell_left_out(picture: Picture, source: str, target: str, talk: Talk) -> None:
    """Who was no standby that could be told to follow the new master, and what to do when it is back."""
    for facts in picture.view.members:
        removed = picture.source(facts.name).reason == REMOVED
        if facts.name in (source, target) or facts.standby or removed:
            continue
        way = "datasource {} recover" if facts.seen else "ping {0}   (then, when it answers: datasource {0} recover)"
        why = "it cannot be reached" if not facts.seen else f"its server {facts.server.value}"
        talk.note(f"{facts.name} does not follow {target} yet: {why}")
        talk.note(f"NEXT: {DOCTOR if facts.server is Server.MISCONFIGURED else way.format(facts.name)}")


def switch(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`switch [to HOST]`."""
    with changing(dataservice, "switch", invocation.text) as change:
        source, target, picture = _move(change, invocation, talk, _planned)
        change.speak_policy_back(talk)
        talk.line(f"SWITCH TO '{target}@{dataservice.name}' WAS SUCCESSFUL")
        _tell_left_out(picture, source, target, talk)
    return Outcome.DONE


def failover(dataservice: Dataservice, invocation: Invocation, talk: Talk, *, certain: bool = False) -> Outcome:
    """`failover [to HOST]`. `certain`: only where nothing that a quorum was to have can be lost; nobody is asked."""
    plan = partial(_takeover, certain=certain)
    with changing(dataservice, "failover", invocation.text) as change:
        source, target, picture = _move(change, invocation, talk, plan)
        change.speak_policy_back(talk)
        talk.line(f"FAILOVER TO '{target}' WAS COMPLETED")
        for name, told in dataservice.store.intent(dataservice.name).members.items():
            if told.reason == failed_over_to(target):
                talk.note(f"{name} is {told.state}({told.reason})")
                talk.note(f"NEXT: datasource {name} recover")
        _tell_left_out(picture, source, target, talk)
    return Outcome.DONE


def _move(
    change: Change, invocation: Invocation, talk: Talk, plan: Callable[[Dataservice, Picture, str], Move]
) -> tuple[str, str, Picture]:
    """Move the master, or do what a killed command had left to do; who was it, who is, and what was seen before."""
    dataservice = change.dataservice
    picture = change.look()
    target = _target(change, picture, invocation)
    if change.broken_off is not None and _already_there(change.broken_off, picture, target):
        change.begin(change.broken_off.source, target, hold_policy=True)
        _finish(change, change.broken_off.source, picture, target, talk)
        return change.broken_off.source, target, picture
    move = plan(dataservice, picture, target)
    if move.plan.warnings:
        for line in move.plan.warnings:
            talk.note(line)
        talk.confirm(QUESTION)
    change.begin(move.source, move.target, hold_policy=True)
    change.speak_policy(talk)
    candidates.speak(move, dataservice.name, talk)
    if change.verb == "switch":
        _savepoint(change, move, talk)
    execute(move.plan, change, MoveNarrator(change, move, talk))
    return move.source, move.target, picture


def explain_switch(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain switch …`: the candidates and the plan, and nothing done."""
    move = _planned(dataservice, dataservice.look(), invocation.arguments.get("HOST", ""))
    return _explain(move, dataservice, talk)


def explain_failover(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain failover …`: the candidates, what is at risk and the plan, and nothing done."""
    move = _takeover(dataservice, dataservice.look(), invocation.arguments.get("HOST", ""))
    return _explain(move, dataservice, talk)


def _explain(move: Move, dataservice: Dataservice, talk: Talk) -> Outcome:
    candidates.speak(move, dataservice.name, talk)
    for line in (*move.plan.warnings, *move.plan.lines()):
        talk.line(line)
    if any(len(group) > 1 for group in move.plan.groups):
        talk.line("Steps with the same number are done side by side.")
    talk.data("plan", list(move.plan.lines()))
    return Outcome.DONE


def _target(change: Change, picture: Picture, invocation: Invocation) -> str:
    """The host that was asked for; where none was, the one that a command which was broken off had chosen."""
    asked, broken_off, dataservice = invocation.arguments.get("HOST", ""), change.broken_off, change.dataservice
    if asked:
        nothing_pending(change, picture, asked, force=dataservice.forced(invocation.flags))
        return asked
    begun = pending(dataservice.store.operations(dataservice.name, RECENT), picture.view)
    return begun[1] if begun else broken_off.target if broken_off else ""


def nothing_pending(change: Change, picture: Picture, target: str, *, force: bool) -> None:
    """Another target is out of the question while one that was chosen before may still become the master, or has: with
    `force` one that is out of sight is given up.

    Raises Refused.
    """
    dataservice = change.dataservice
    begun = pending(dataservice.store.operations(dataservice.name, RECENT), picture.view)
    if begun is None or begun[1] == target:
        return
    operation, first = begun
    what = f"`{operation.text}` was broken off while {first} was being promoted: it may become the master"
    facts = picture.view[first]
    if facts.seen:
        move = change.verb if change.verb in ("switch", "failover") else "failover"
        raise Refused(what, next=f"{move} to {first}")
    if not force:
        detail = f"it cannot be reached to see whether it has: {facts.reason}"
        following = f"ping {first}   (when it answers: ls; to give it up: set master {target} --force)"
        raise Refused(what, detail=detail, next=following)


def _already_there(broken_off: Operation, picture: Picture, target: str) -> bool:
    """True where a killed command had got as far as the new master."""
    there = picture.diagnosis.healthy and picture.diagnosis.primary == target
    return there and target == broken_off.target


def _planned(dataservice: Dataservice, picture: Picture, target: str) -> Move:
    try:
        return plan_move(picture.view, target, candidates.excluded(picture.sources), dataservice.service.maximum_lag)
    except Rejected as rejected:
        raise _advised(rejected, picture) from None


def _takeover(dataservice: Dataservice, picture: Picture, target: str, *, certain: bool = False) -> Move:
    try:
        excluded = candidates.excluded_from_takeover(picture.sources, target)
        move = plan_takeover(picture.view, target, excluded)
        _gone_for_others_too(dataservice, picture, move.source)
        tail = _only_there(dataservice, picture, move)
        move = plan_takeover(picture.view, target, excluded, tail) if tail else move
        if move.uncertain:
            move = plan_takeover(picture.view, target, excluded, tail, _lying(dataservice, picture, move))
        if certain and move.uncertain:
            raise Rejected(Why.NOT_CERTAIN, move.target, move.uncertain)
        return move
    except Rejected as rejected:
        raise _advised(rejected, picture) from None


def _advised(rejected: Rejected, picture: Picture) -> Rejected:
    if rejected.why is Why.NOT_ELIGIBLE:
        rejected.next = rejected.next or candidates.way_back(picture.source(rejected.member))
    elif rejected.why is Why.NO_CANDIDATE:
        rejected.next = rejected.next or candidates.first_way_back(picture.sources)
    elif rejected.why is Why.TWO_PRIMARIES and picture.diagnosis.health is Health.TWO_PRIMARIES:
        rejected.next = two_masters(picture.diagnosis)
    elif rejected.why is Why.NOT_CERTAIN and picture.view[picture.diagnosis.primary].server is Server.DOWN:
        following = "starts it again; when another datasource answers a failover is done by itself"
        rejected.next = f"recover using {picture.diagnosis.primary}   ({following})"
    elif rejected.why is Why.NOT_FOLLOWED:
        rejected.next = for_one_left_behind(picture.source(picture.diagnosis.primary), rejected.member)
    elif rejected.why in (Why.PRIMARY_SEEN_BY_OTHERS, Why.PRIMARY_FAILED):
        rejected.next = rejected.next or for_datasource(picture.source(rejected.member), picture.diagnosis)
    return advised(rejected)


def _gone_for_others_too(dataservice: Dataservice, picture: Picture, source: str) -> None:
    """A master out of our reach may live: the slaves' hosts are asked whether they reach it. Raises Rejected."""
    if picture.view[source].seen or dataservice.is_gone(source):
        return
    standbys = [m.name for m in picture.view.members if m.standby]
    refusals = dataservice.hosts.fan_out(standbys, lambda name: dataservice.engine.source_refuses(name, source))
    reaching = [name for name, refused in zip(standbys, refusals, strict=True) if not refused or "FATAL" in refused]
    if reaching:
        what = f"{source} is alive: it cannot be reached from here, but from {', '.join(reaching)} it can"
        raise Rejected(Why.PRIMARY_SEEN_BY_OTHERS, source, what, detail=picture.view[source].reason)


def _only_there(dataservice: Dataservice, picture: Picture, move: Move) -> Tail | None:
    """What a dead master's log holds that its successor has not, where its host answers."""
    source, target = picture.view[move.source], picture.view[move.target]
    if source.server is not Server.DOWN or source.timeline != target.timeline:
        return None
    fed = [step.position for step in move.plan.steps if step.action is Action.CATCH_UP and step.position]
    return dataservice.engine.tail(move.source, LogRange(source.timeline, max(fed, default=target.received)))


def _lying(dataservice: Dataservice, picture: Picture, move: Move) -> Mapping[str, Tail]:
    """What the logs of slaves that are down hold from where they are known on."""
    down = [m for m in picture.view.members if m.server is Server.DOWN and m.timeline and m.name != move.source]
    tails = dataservice.hosts.fan_out(down, lambda m: dataservice.engine.tail(m.name, LogRange(m.timeline, m.received)))
    return {m.name: tail for m, tail in zip(down, tails, strict=True)}


def _savepoint(change: Change, move: Move, talk: Talk) -> None:
    dataservice = change.dataservice
    number = dataservice.store.count(dataservice.name)
    at = time.strftime("%Y/%m/%d %H:%M:%S %Z", time.localtime())
    talk.line(f"Savepoint switch_{number}(cluster={dataservice.name}, source={move.source}, created={at}) created")


def _finish(change: Change, source: str, picture: Picture, target: str, talk: Talk) -> None:
    """Do what a killed command had left to do: everybody who should follows the new master."""
    talk.note(f"{change.verb} to {target} was broken off; what was left of it is done now")
    changes = [primary(target, picture.view[target].timeline), member(target, State.ONLINE, role=MASTER)]
    if change.verb == "failover" and source and not picture.view[source].standby:
        changes.append(member(source, State.SHUNNED, failed_over_to(target), MASTER))
    change.record(*changes)
    errors: dict[str, CctrlError] = {}
    for facts in picture.view.members:
        comes_back = facts.standby or (change.verb == "switch" and facts.name == source)
        if facts.name == target or not comes_back:
            continue
        try:
            bring_back(change, picture, facts.name, target, lambda event: None)
        except CctrlError as error:
            errors[facts.name] = error
        else:
            if facts.name == source:
                _prior_master(change, source, target, talk)
    if errors:
        detail = "\n".join(f"{name}: {error.what}" for name, error in errors.items())
        what = f"{target} is the master, but does not feed {', '.join(errors)} yet"
        raise Incomplete(what, detail=detail, next=f"datasource {next(iter(errors))} recover")
