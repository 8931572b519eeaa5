"""`set master HOST`, `recover using HOST`: a datasource is made the master where none is (tungsten.md 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cctrl.dataservice.advice import advised, when_it_answers
from cctrl.dataservice.change import Change, changing, member, primary
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import ARCHIVE, MASTER, State, failed_over_to
from cctrl.dataservice.together import bring_all_back
from cctrl.dataservice.verbs.move import QUESTION, nothing_pending
from cctrl.outcome import Outcome
from cctrl.registry import Invocation, Talk
from cctrl.replication import appointment
from cctrl.replication.appointment import Appointment, Standing
from cctrl.replication.events import Done, Event, Progress
from cctrl.replication.executor import execute
from cctrl.replication.facts import View
from cctrl.replication.plan import nobody_promotes
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action
from cctrl.store import ServiceIntent


@dataclass(frozen=True, slots=True)
class Ranking:
    """All datasources by how far their logs go, best first; `view` has the true ends of the logs."""

    view: View
    standings: tuple[Standing, ...]

    @property
    def best(self) -> str:
        """The one to choose; "" where none can be."""
        return appointment.best(self.standings)

    def lines(self) -> list[str]:
        """The ranking for people."""
        return [f"{number}. {standing.text()}" for number, standing in enumerate(self.standings, 1)]


def rank(dataservice: Dataservice, picture: Picture) -> Ranking:
    """Read where each log really ends, and what lies in what one has more than another."""
    engine, fan_out = dataservice.engine, dataservice.hosts.fan_out
    ends = {m.name: part for m in picture.view.members if (part := appointment.unread_end(m)) is not None}
    read = fan_out(list(ends), lambda name: engine.tail(name, ends[name]))
    view = appointment.with_ends(picture.view, dict(zip(ends, read, strict=True)))
    found = appointment.standings(view)
    parts = appointment.to_read(view, found)
    tails = fan_out(list(parts), lambda loss: engine.tail(loss[0], parts[loss]))
    return Ranking(view, appointment.with_tails(found, dict(zip(parts, tails, strict=True))))


def set_master(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`set master HOST [--force]`."""
    with changing(dataservice, "set master", invocation.text) as change:
        _appoint(change, change.look(), invocation, talk)
        change.speak_policy_back(talk)
        talk.note("NEXT: recover   (brings the other datasources under it)")
    return Outcome.DONE


def recover_using(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`recover using HOST [--force]`, `recover master using HOST [--force]`."""
    with changing(dataservice, "recover using", invocation.text) as change:
        name = invocation.arguments["HOST"]
        _appoint(change, change.look(), invocation, talk)
        picture = change.look_again()
        bring_all_back(change, picture, name, talk, force=dataservice.forced(invocation.flags))
        change.speak_policy_back(talk)
    return Outcome.DONE


def explain(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain set master HOST`, `explain recover using HOST`: the ranking and the plan; nothing is done."""
    picture, name = dataservice.look(), invocation.arguments["HOST"]
    if _is_master(picture, name):
        talk.line(f"{name} accepts writes and is the master: nothing is to be done for that")
        return Outcome.DONE
    appointed = _plan(dataservice, picture, invocation, talk.line)
    for line in (*appointed.plan.warnings, *appointed.plan.lines()):
        talk.line(line)
    talk.data("candidates", list(appointed.standings))
    talk.data("plan", list(appointed.plan.lines()))
    return Outcome.DONE


def _is_master(picture: Picture, name: str) -> bool:
    return picture.diagnosis.healthy and picture.diagnosis.primary == name and not picture.diagnosis.strays


def _appoint(change: Change, picture: Picture, invocation: Invocation, talk: Talk) -> None:
    """Make the datasource the master, in the documented manner; one that is it already is only recorded."""
    name = invocation.arguments["HOST"]
    if _is_master(picture, name):
        change.begin("", name, hold_policy=True)
        change.speak_policy(talk)
        change.record(primary(name, picture.view[name].timeline), member(name, State.ONLINE, role=MASTER))
        talk.note(f"{name} accepts writes and is the master")
        return
    nothing_pending(change, picture, name, force=change.dataservice.forced(invocation.flags))
    appointed = _plan(change.dataservice, picture, invocation, talk.note)
    talk.data("candidates", list(appointed.standings))
    if appointed.plan.warnings:
        for line in appointed.plan.warnings:
            talk.note(line)
        talk.confirm(QUESTION)
    change.begin("", name, hold_policy=True)
    change.speak_policy(talk)
    execute(appointed.plan, change, Narrator(change, name, talk))
    change.record(primary(name, appointed.timeline), member(name, State.ONLINE, role=MASTER))
    talk.line(f"PUT THE NEW MASTER '{name}@{change.dataservice.name}' ONLINE")
    talk.line(f"DATASOURCE '{name}@{change.dataservice.name}' IS NOW A MASTER")


def _plan(
    dataservice: Dataservice, picture: Picture, invocation: Invocation, say: Callable[[str], None]
) -> Appointment:
    """Rank all, say it, and plan for the one that was asked for. Raises Rejected."""
    name, force = invocation.arguments["HOST"], dataservice.forced(invocation.flags)
    again = f"{invocation.text} --force"
    try:
        appointment.nobody_writes(picture.view, picture.diagnosis, name)
        nobody_promotes(picture.view, picture.diagnosis, name)
        _not_alive(dataservice, picture)
        ranking = rank(dataservice, picture)
        for line in ranking.lines():
            say(line)
        if picture.source(name).role == ARCHIVE and not force:
            what = f"{name} is an archive, which does not become the master"
            raise Rejected(Why.NOT_ELIGIBLE, name, what, next=again)
        return appointment.plan_appointment(ranking.view, name, ranking.standings, force=force, again=again)
    except Rejected as rejected:
        if rejected.why is Why.PRIMARY_HEALTHY:
            rejected.next = "recover" if rejected.member == name else f"switch to {name}"
        elif rejected.why is Why.NOT_FOLLOWED:
            rejected.next = when_it_answers(picture.intent.primary, again)
        raise advised(rejected) from None


def _not_alive(dataservice: Dataservice, picture: Picture) -> None:
    """One that we cannot see may live and accept writes: the others' hosts are asked. Raises Rejected."""
    view = picture.view
    hidden = [m.name for m in view.members if not m.seen]
    witnesses = [m.name for m in view.members if m.seen]
    pairs = [(witness, name) for name in hidden for witness in witnesses]
    said = dataservice.hosts.fan_out(pairs, lambda pair: dataservice.engine.source_refuses(*pair))
    for (witness, name), refused in zip(pairs, said, strict=True):
        if not refused or "FATAL" in refused:
            what = f"{name} is alive: it cannot be reached from here, but from {witness} it can"
            raise Rejected(Why.PRIMARY_SEEN_BY_OTHERS, name, what, detail=view[name].reason)


class Narrator:
    """Says what is done to the others on the way, and writes down what that decides about them."""

    def __init__(self, change: Change, name: str, talk: Talk) -> None:
        self.change = change
        self.name = name
        self.talk = talk

    def __call__(self, event: Event) -> None:
        """See what happened."""
        if isinstance(event, Progress):
            self.talk.note(f"{event.step.member}: {event.text}")
        elif isinstance(event, Done) and event.step.action is Action.KEEP:
            self.talk.note(f"{event.step.member}: the log that only it has is kept in {event.result.text}")
        elif isinstance(event, Done) and event.step.action is Action.FENCE:
            self.change.record(self.shunned(event.step.member))
            self.talk.line(f"SHUNNING PREVIOUS MASTER '{event.step.member}@{self.change.dataservice.name}'")

    def shunned(self, name: str) -> Callable[[ServiceIntent], ServiceIntent]:
        """What is decided about one that could have come up as a master beside the new one."""
        return member(name, State.SHUNNED, failed_over_to(self.name), MASTER)
