"""`tprovision` (`tungsten_provision_slave`): a datasource becomes a slave again by a full copy (tungsten.md 6.14).

The copy is made first, and takes long: it holds neither the lock nor the policy, so that a failover need not wait.
Then, under the lock, all is looked at anew and the copy is put into its place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from time import monotonic

from cctrl.dataservice.advice import advised
from cctrl.dataservice.change import Change, changing, member, receiver
from cctrl.dataservice.recovering import then_online
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import State
from cctrl.dataservice.ways import choose, nothing_changed, present_master, unfit
from cctrl.outcome import CctrlError, Interrupted, Outcome, UsageError
from cctrl.registry import Invocation, Talk
from cctrl.replication.copying import Pace, at_stake, choose_source, copy_plan, fits
from cctrl.replication.events import Done, Event, Progress, Started
from cctrl.replication.executor import execute
from cctrl.replication.position import size
from cctrl.replication.recovery import unread
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Group, Plan, Step

VERB = "provision"
FOLLOWING = {
    Why.IS_PRIMARY: "switch   (another one must be the master first)",
    Why.STREAMS: "{again} --force   (its data is replaced all the same)",
    Why.FOREIGN: "{again} --force   (its data directory is moved aside, not deleted)",
    Why.ORPHANS: "{again} --force   (their log is kept aside first)",
    Why.TAIL_UNREADABLE: "{again} --force   (its data directory is moved aside, not deleted)",
}
"""What helps, where it is not what helps `recover`."""

Planner = Callable[[Picture, str, Group], Plan]
"""(what is seen, the master, what is kept aside first) -> how the datasource's data is replaced. Raises Rejected."""


def provision(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`tprovision HOST [--source HOST] [--max-rate RATE] [--force]`."""
    return replace_data(dataservice, invocation, talk, VERB, _planner(dataservice, invocation))


def replace_data(dataservice: Dataservice, invocation: Invocation, talk: Talk, verb: str, planner: Planner) -> Outcome:
    """Make new data beside a datasource's own, then put it into its place and let it follow the master."""
    name = invocation.arguments["HOST"]
    picture = dataservice.look()
    narrator = Narrator(dataservice.name, name, talk)
    if _left_over(dataservice, picture, name) is None:
        plan = _plan(dataservice, picture, invocation, planner)
        try:
            _make(dataservice, plan, narrator)
        except CctrlError as error:
            when = "goes on with what is copied" if isinstance(error, Interrupted) else "when the cause is mended"
            error.next = error.next or f"{invocation.text}   ({when}; nothing of {name} was touched)"
            raise
    with changing(dataservice, verb, invocation.text) as change:
        picture = change.look()
        primary = present_master(picture, "")
        plan = _left_over(dataservice, picture, name) or _plan(dataservice, picture, invocation, planner)
        change.begin(primary, name, hold_policy=True)
        narrator.touched = lambda: _out_of_service(change, picture, name)
        execute(plan, change, narrator)
        change.record(receiver(name, State.OFFLINE))
        talk.line(f"  NOTE  >> {name} >> Streams from {primary} and has caught up")
        then_online(change, name, talk)
    return Outcome.DONE


def explain(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain tprovision HOST …`: from whom, how much, and the steps; nothing is done."""
    return explain_replacing(dataservice, invocation, talk, _planner(dataservice, invocation))


def explain_replacing(dataservice: Dataservice, invocation: Invocation, talk: Talk, planner: Planner) -> Outcome:
    """How the data of a datasource would be replaced."""
    plan = _plan(dataservice, dataservice.look(), invocation, planner)
    first = plan.steps[0]
    if first.action is Action.COPY:
        amount = size(dataservice.engine.copies.extent(first.other).size)
        talk.line(f"{first.member}: a full copy of {first.other}, {amount}")
    for line in plan.lines():
        talk.line(line)
    return Outcome.DONE


def _planner(dataservice: Dataservice, invocation: Invocation) -> Planner:
    """By a copy of another member. Raises UsageError."""
    name, asked, rate = invocation.arguments["HOST"], invocation.arguments.get("HOST2", ""), _rate(invocation)

    def plan(picture: Picture, primary: str, keep: Group) -> Plan:
        view = picture.view
        source = choose_source(view, primary, name, asked, unfit(picture))
        fits(view[name], view[source], dataservice.engine.copies.survey(name, source))
        return copy_plan(view, primary, source, name, keep, rate)

    return plan


def _plan(dataservice: Dataservice, picture: Picture, invocation: Invocation, planner: Planner) -> Plan:
    """The steps. Raises Rejected, with nothing changed."""
    name, force = invocation.arguments["HOST"], dataservice.forced(invocation.flags)
    primary, view = present_master(picture, ""), picture.view
    try:
        part = unread(view[name], view[primary]) if name != primary else None
        tail = dataservice.engine.tail(name, part) if part else None
        keep = at_stake(view, primary, name, tail, force=force)
        with nothing_changed():
            return planner(picture, primary, keep)
    except Rejected as rejected:
        rejected.next = rejected.next or FOLLOWING.get(rejected.why, "").format(again=invocation.text)
        raise advised(rejected) from None


def _make(dataservice: Dataservice, plan: Plan, narrator: Narrator) -> None:
    """Carry out the first step alone: nothing of the datasource is touched by it, so it needs no lock."""
    dataservice.engine.operation = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    execute(Plan(plan.groups[:1]), dataservice.engine, narrator)
    narrator.made = True


def _left_over(dataservice: Dataservice, picture: Picture, name: str) -> Plan | None:
    """What is left to do where a command was broken off after the new data had taken its place; else None."""
    primary = present_master(picture, "")
    last = next(iter(dataservice.store.operations(dataservice.name, 1)), None)
    if name == primary or last is None or last.outcome is Outcome.DONE or not picture.view[name].seen:
        return None
    with nothing_changed():
        copied = dataservice.engine.copies.survey(name, primary).copied
    for operation in dataservice.store.operations(dataservice.name):
        if operation.outcome is Outcome.DONE:
            return None
        if operation.id == copied:
            try:
                return choose(dataservice, picture, name, primary, rewind=True).plan
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
    """Says the NOTE lines, each when it has become true; how far the copy is goes to a terminal alone."""

    def __init__(self, service: str, name: str, talk: Talk) -> None:
        self.service = service
        self.name = name
        self.talk = talk
        self.pace = Pace()
        self.made = False  # the new data is there already: it is not made again
        self.touched: Callable[[], None] | None = None  # called before anything of the datasource is changed

    def __call__(self, event: Event) -> None:
        """See what happened."""
        if isinstance(event, Progress):
            show = self.talk.progress if event.step.action in MAKING else self.talk.note
            show(f"{self.name}: {self.pace.read(event.text, monotonic())}")
        elif isinstance(event, Started):
            self._started(event.step)
        elif isinstance(event, Done):
            self._done(event)

    def _started(self, step: Step) -> None:
        if step.action in MAKING and not self.made:
            self._say(MAKING[step.action].format(source=step.other, name=self.name))
        elif step.action not in MAKING and self.touched is not None:
            self.touched()
            self.touched = None

    def _done(self, event: Done) -> None:
        action, text = event.step.action, event.result.text
        if action in (Action.STOP, Action.FENCE):
            self._say(f"Put {self.service} replication service offline")
        elif action in MAKING and text and not self.made:
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


MAKING = {
    Action.COPY: "Create a pg_basebackup backup of {source} on {name}",
    Action.RESTORE: "Restore {name} from the backup in {source}",
}
"""The steps that make new data beside a datasource's own -> what is said when they begin."""


def _rate(invocation: Invocation) -> str:
    """`--max-rate` as pg_basebackup takes it. Raises UsageError."""
    text = invocation.arguments.get("RATE", "")
    match = re.fullmatch(r"(\d{1,10})([kM]?)", text)
    kilobytes = int(match[1]) << (10 if match[2] == "M" else 0) if match else 0
    if text and not 32 <= kilobytes <= 1 << 20:
        what = f"{text!r} is no rate: it must be from 32k to 1024M, in kB (k) or MB (M) a second"
        raise UsageError(what, next=invocation.text.replace(text, "50M"))
    return text
