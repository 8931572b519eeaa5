"""`tprovision` (`tungsten_provision_slave`): a datasource becomes a slave again by a full copy (tungsten.md 6.14)."""

from __future__ import annotations

import re
from collections.abc import Callable

from cctrl.dataservice.advice import advised
from cctrl.dataservice.change import Change, changing, member, receiver
from cctrl.dataservice.recover import FORCE, present_master, then_online
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import State
from cctrl.dataservice.ways import choose, unfit
from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Invocation, Talk
from cctrl.replication.copying import at_stake, choose_source, copy_plan, fits
from cctrl.replication.events import Done, Event, Progress, Started
from cctrl.replication.executor import execute
from cctrl.replication.position import size
from cctrl.replication.recovery import unread
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Plan, Step

VERB = "provision"
SOURCE, RATE = "--source", "--max-rate"
FOLLOWING = {
    Why.IS_PRIMARY: "switch   (another one must be the master first)",
    Why.STREAMS: "{again} --force   (it is copied all the same)",
    Why.FOREIGN: "{again} --force   (its data directory is moved aside, not deleted)",
    Why.ORPHANS: "{again} --force   (their log is kept aside first)",
    Why.TAIL_UNREADABLE: "{again} --force   (its data directory is moved aside, not deleted)",
}
"""What helps, where it is not what helps `recover`."""


def provision(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`tprovision HOST [--source HOST] [--max-rate RATE] [--force]`."""
    name = invocation.arguments["HOST"]
    rate = _rate(invocation)
    with changing(dataservice, VERB, invocation.text) as change:
        picture = change.look()
        primary = present_master(picture, "")
        plan = _left_over(change, picture, name, primary)
        source = ""
        if plan is None:
            source, plan = _plan(dataservice, picture, primary, invocation, rate)
        change.begin(source or primary, name, hold_policy=True)
        execute(plan, change, Narrator(dataservice.name, name, talk, lambda: _out_of_service(change, picture, name)))
        change.record(receiver(name, State.OFFLINE))
        talk.line(f"  NOTE  >> {name} >> Streams from {primary} and has caught up")
        then_online(change, name, talk)
    return Outcome.DONE


def explain(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain tprovision HOST …`: from whom, how much, and the steps; nothing is done."""
    name, picture = invocation.arguments["HOST"], dataservice.look()
    primary = present_master(picture, "")
    source, plan = _plan(dataservice, picture, primary, invocation, _rate(invocation))
    talk.line(f"{name}: a full copy of {source}, {size(dataservice.engine.extent(source).size)}")
    for line in plan.lines():
        talk.line(line)
    return Outcome.DONE


def _plan(
    dataservice: Dataservice, picture: Picture, primary: str, invocation: Invocation, rate: str
) -> tuple[str, Plan]:
    """From whom, and the steps. Raises Rejected, with nothing changed."""
    name, force = invocation.arguments["HOST"], FORCE in invocation.flags
    view, engine = picture.view, dataservice.engine
    asked = invocation.arguments.get("HOST2", "")
    try:
        part = unread(view[name], view[primary]) if name != primary else None
        keep = at_stake(view, primary, name, engine.tail(name, part) if part else None, force=force)
        source = choose_source(view, primary, name, asked, unfit(picture))
        fits(view[name], view[source], engine.survey(name, source))
    except Rejected as rejected:
        rejected.next = rejected.next or FOLLOWING.get(rejected.why, "").format(again=invocation.text)
        raise advised(rejected, dataservice.service, primary) from None
    return source, copy_plan(view, primary, source, name, keep, rate)


def _left_over(change: Change, picture: Picture, name: str, primary: str) -> Plan | None:
    """What is left to do where the same command was broken off after the copy had taken its place; else None."""
    before = change.broken_off
    if before is None or before.target != name or not picture.view[name].seen:
        return None
    copied = change.dataservice.engine.survey(name, primary).copied
    for operation in change.dataservice.store.operations(change.dataservice.name):
        if operation.verb != VERB or operation.target != name:
            continue
        if operation.outcome is Outcome.DONE:
            return None
        if operation.id == copied:
            try:
                return choose(change.dataservice, picture, name, primary).plan
            except Rejected:
                return None
    return None


def _out_of_service(change: Change, picture: Picture, name: str) -> None:
    """From here on the datasource is out of service on record, until the work has come to its end."""
    source = picture.source(name)
    if picture.intent.member(name).state not in (State.SHUNNED.value, State.FAILED.value):
        state = State.SHUNNED if source.state is State.SHUNNED else State.FAILED
        change.record(member(name, state, source.reason or source.fault or "PROVISIONING", source.role))


class Narrator:
    """Says the NOTE lines, each when it has become true; how far the copy is goes to stderr."""

    def __init__(self, service: str, name: str, talk: Talk, touched: Callable[[], None]) -> None:
        """`touched` is called before anything of the datasource is changed."""
        self.service = service
        self.name = name
        self.talk = talk
        self.touched: Callable[[], None] | None = touched

    def __call__(self, event: Event) -> None:
        """See what happened."""
        if isinstance(event, Progress):
            show = self.talk.progress if event.step.action is Action.COPY else self.talk.note
            show(f"{self.name}: {event.text}")
        elif isinstance(event, Started):
            self._started(event.step)
        elif isinstance(event, Done):
            self._done(event)

    def _started(self, step: Step) -> None:
        if step.action is Action.COPY:
            self._say(f"Create a pg_basebackup backup of {step.other} on {self.name}")
        elif self.touched is not None:
            self.touched()
            self.touched = None

    def _done(self, event: Done) -> None:
        action, text = event.step.action, event.result.text
        if action in (Action.STOP, Action.FENCE):
            self._say(f"Put {self.service} replication service offline")
        elif action is Action.COPY and text:
            self.talk.note(f"{self.name}: {text}")
        elif action is Action.KEEP:
            self._say(f"{self.name} >> Kept the log that only it has in {text}")
        elif action is Action.SWAP:
            if text:
                self._say(f"{self.name} >> Moved the old data directory to {text}")
            self._say(f"{self.name} >> Put the backup into its place")
        elif action is Action.START:
            self._say(f"Put the {self.service} replication service online")

    def _say(self, text: str) -> None:
        self.talk.line(f"  NOTE  >> {text}")


def _rate(invocation: Invocation) -> str:
    """`--max-rate` as pg_basebackup takes it. Raises UsageError."""
    text = invocation.arguments.get("RATE", "")
    match = re.fullmatch(r"(\d{1,10})([kM]?)", text)
    kilobytes = int(match[1]) << (10 if match[2] == "M" else 0) if match else 0
    if text and not 32 <= kilobytes <= 1 << 20:
        what = f"{text!r} is no rate: it must be from 32k to 1024M, in kB (k) or MB (M) a second"
        raise UsageError(what, next=invocation.text.replace(text, "50M"))
    return text
