"""`recover` and `datasource HOST recover`: members are brought back under the master."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass

from cctrl.dataservice.advice import DOCTOR, NO_MASTER_HELP, WAIT, for_datasource, next_command, two_masters
from cctrl.dataservice.change import Change, changing, member, receiver
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import BY_HAND, MASTER, REMOVED, Datasource, State, adrift, worded
from cctrl.dataservice.ways import choose
from cctrl.outcome import CctrlError, Incomplete, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.diagnosis import Health
from cctrl.replication.events import Done, Event, Progress, Started
from cctrl.replication.executor import execute
from cctrl.replication.facts import Facts
from cctrl.replication.recovery import Remedy, Way
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Plan, Step

REWIND = "--rewind"

ORPHANS = """\
Recovery failed because the failed master has unextracted events in
the binlog. Please run the tungsten_find_orphaned script to inspect
this events. Provided you have a recent backup available, you can
try to restore the data source by issuing the following command:
datasource {} restore"""
"""The documented refusal (tungsten.md 6.2 e); the numbers follow it."""


def recovered(
    change: Change,
    picture: Picture,
    name: str,
    primary: str,
    narrator: Narrator,
    *,
    force: bool = False,
    rewind: bool = False,
) -> Remedy:
    """Bring one member back under the primary. The datasource is out of service on record until that has come to its
    end, and is OFFLINE then. Raises CctrlError."""

    def choice(seen: Picture) -> Remedy:
        return choose(change.dataservice, seen, name, primary, force=force, rewind=rewind)

    chosen = choice(picture)
    source = picture.source(name)
    if picture.intent.member(name).state not in (State.SHUNNED.value, State.FAILED.value):
        state = State.SHUNNED if source.state is State.SHUNNED else State.FAILED
        change.record(member(name, state, source.reason or source.fault, source.role))
    if chosen.way is Way.END:
        execute(chosen.plan, change, narrator)
        try:
            chosen = choice(change.look_again(picture, name, primary))
            _carry_out(change, chosen, picture.view[name], narrator)
        except Refused as refused:
            ended = _ended(change, picture, name, primary, narrator)
            detail = f"{refused.detail}\n{ended}".lstrip()
            raise Incomplete(refused.what, detail=detail, next=refused.next) from refused
    else:
        _carry_out(change, chosen, picture.view[name], narrator)
    narrator.connected()
    change.record(receiver(name, State.OFFLINE))
    return chosen


def _ended(change: Change, picture: Picture, name: str, primary: str, narrator: Narrator) -> str:
    """A server that was ended stays so; what accepted writes until then never does again without being recovered."""
    if not picture.view[name].writable:
        return "its server was ended before"
    try:
        execute(Plan(((Step(Action.FENCE, name, primary),),)), change, narrator)
    except CctrlError as error:
        return f"its server was ended before, but could not be marked, and may start writable: {error.what}"
    return "its server was ended before, and is marked so that it cannot start writable"


def _carry_out(change: Change, chosen: Remedy, before: Facts, narrator: Narrator) -> None:
    name = before.name
    if chosen.reason:
        narrator.note(f"{name}: {worded(chosen.reason)}")
    try:
        execute(chosen.plan, change, narrator)
    except CctrlError as error:
        if chosen.way is Way.COPY and isinstance(error, Refused):
            error.next = error.next or f"datasource {name} recover {REWIND}   (the other way)"
        if chosen.way is Way.REWIND and before.half_rewound:
            error.next = error.next or f"tprovision {name}   (a full copy; its data directory is moved aside)"
        raise


class Narrator:
    """Says the documented lines for one member, each when it has become true."""

    def __init__(self, service: str, name: str, primary: str, line: Callable[[str], None], note: Callable[[str], None]):
        self.service = service
        self.name = name
        self.primary = primary
        self.line = line
        self.note = note
        self.available = False
        self.unneeded = False  # a rewind that turned out not to be needed

    def begin(self) -> None:
        """The work on the member begins."""
        self.line(f"VERIFYING THAT WE CAN CONNECT TO DATA SERVER '{self.name}'")

    def connected(self) -> None:
        """The member's server accepts connections, and it is being brought under the master."""
        if not self.available:
            self.available = True
            self.line(f"DATA SERVER '{self.name}' IS NOW AVAILABLE FOR CONNECTIONS")
            master = f"'{self.primary}@{self.service}'"
            self.line(f"RECOVERING '{self.name}@{self.service}' TO A SLAVE USING {master} AS THE MASTER")

    def __call__(self, event: Event) -> None:
        """See what happened."""
        if isinstance(event, Started) and event.step.action is Action.END:
            self.note(f"{self.name}: its server is ended at once")
        elif isinstance(event, Progress) and event.step.action is not Action.COPY:
            self.note(f"{self.name}: {event.text}")
        elif isinstance(event, Done) and event.step.action is Action.REWIND:
            self.unneeded = event.result.count == 0
        elif isinstance(event, Done) and event.step.action in (Action.START, Action.FOLLOW):
            self.connected()
        elif isinstance(event, Done) and event.step.action is Action.KEEP:
            self.note(f"{self.name}: the log that only it has is kept in {event.result.text}")
        elif isinstance(event, Done) and event.step.action is Action.SWAP and event.result.text:
            self.note(f"{self.name}: its old data directory is kept in {event.result.text}")


def recover_one(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST recover [--force]`."""
    name = invocation.arguments["HOST"]
    with changing(dataservice, "recover", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        if picture.diagnosis.healthy and name == picture.diagnosis.primary and source.state is State.FAILED:
            return _unmark(change, name, talk)
        primary = present_master(picture, name)
        if _well(source) and not (change.broken_off and change.broken_off.target == name):
            raise _nothing_to_do(source, primary)
        change.begin(primary, name, hold_policy=True)
        if source.state is State.SHUNNED and picture.view.streams(name, primary):
            if source.facts.replay_paused:
                execute(choose(dataservice, picture, name, primary).plan, change, lambda event: None)
            change.record(receiver(name, State.OFFLINE))
            talk.line(f"DataSource '{name}' is now OFFLINE")
        else:
            _one(change, picture, name, primary, talk, invocation.flags)
            talk.line(f"RECOVERY OF '{name}@{dataservice.name}' WAS SUCCESSFUL")
        then_online(change, name, talk)
    return Outcome.DONE


def _unmark(change: Change, name: str, talk: Talk) -> Outcome:
    """A master that was set to FAILED by hand and accepts writes: nothing but that is to be undone."""
    change.begin(name, name)
    change.record(member(name, State.ONLINE, role=MASTER))
    talk.line(f"DataSource '{name}' is now ONLINE")
    return Outcome.DONE


def explain_one(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain datasource HOST recover`: the way back and its steps, and nothing done."""
    name, picture = invocation.arguments["HOST"], dataservice.look()
    _explain(
        choose(dataservice, picture, name, present_master(picture, name), force=dataservice.forced(invocation.flags)),
        name,
        talk,
    )
    return Outcome.DONE


def explain_all(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain recover`: the same for every member that needs it."""
    picture = dataservice.look()
    primary = present_master(picture, "")
    names = _to_recover(picture, primary, talk.note)
    if not names:
        talk.line("nothing to recover")
    for name in names:
        try:
            _explain(choose(dataservice, picture, name, primary), name, talk)
        except Rejected as rejected:
            talk.line(f"{name}: {rejected.what}; next: {next_command(rejected)}")
    return Outcome.DONE


def _explain(chosen: Remedy, name: str, talk: Talk) -> None:
    reason = [f"{name}: {chosen.reason}"] if chosen.reason else []
    for line in (f"{name}: {worded(chosen.way.value)}", *map(worded, reason), *chosen.plan.lines()):
        talk.line(line)


def _one(change: Change, picture: Picture, name: str, primary: str, talk: Talk, flags: frozenset[str]) -> None:
    narrator = Narrator(change.dataservice.name, name, primary, talk.line, talk.note)
    narrator.begin()
    try:
        force, rewind = change.dataservice.forced(flags), REWIND in flags
        chosen = recovered(change, picture, name, primary, narrator, force=force, rewind=rewind)
    except (Rejected, Incomplete) as error:
        reason = error.__cause__ if isinstance(error, Incomplete) else error
        if isinstance(reason, Rejected) and reason.why is Why.ORPHANS:
            for line in ORPHANS.format(name).splitlines():
                talk.line(line)
        raise
    if narrator.unneeded:
        talk.note(f"{name}: nothing had to be rewound: it was marked as a slave, and catches up")
    elif chosen.way in (Way.REWIND, Way.COPY):
        talk.note(f"{name}: {worded(chosen.way.value)}")


def present_master(picture: Picture, name: str) -> str:
    """The master to recover under. Raises Rejected where there is none, or `name` is it."""
    diagnosis = picture.diagnosis
    if diagnosis.health is Health.TWO_PRIMARIES:
        what = f"two masters accept writes: {diagnosis.evidence}; neither descends from the other"
        raise Refused(what, next=two_masters(diagnosis))
    if diagnosis.promoting and not diagnosis.healthy:
        what = f"no master to recover under: {diagnosis.promoting} is being promoted"
        raise Refused(what, next=WAIT.format(member=diagnosis.promoting))
    if diagnosis.health is Health.PRIMARY_MISCONFIGURED:
        raise Refused(diagnosis.evidence, detail="the master's server runs, but not so", next=DOCTOR)
    if not diagnosis.healthy:
        who = f"{diagnosis.primary}, " if diagnosis.primary else ""
        what = f"no master to recover under ({who}{worded(diagnosis.health.value)})"
        following = NO_MASTER_HELP if adrift(picture.view, diagnosis) else _for_the_master(picture)
        raise Refused(what, detail=diagnosis.evidence, next=following)
    if name == diagnosis.primary:
        what = f"{name} is the master and accepts writes: there is nothing to recover"
        following = for_datasource(picture.source(name), diagnosis)
        raise Refused(what, next=following or "switch   (moves the master while it is well)")
    return diagnosis.primary


def _for_the_master(picture: Picture) -> str:
    name = picture.diagnosis.primary
    return (for_datasource(picture.source(name), picture.diagnosis) if name else "") or "failover"


def _well(source: Datasource) -> bool:
    return source.state in (State.ONLINE, State.OFFLINE) and not source.fault


def _nothing_to_do(source: Datasource, primary: str) -> Refused:
    what = f"{source.name} is {source.state.value} and receives from {primary}: there is nothing to recover"
    online = f"datasource {source.name} online" if source.state is State.OFFLINE else f"ls {source.name}"
    return Refused(what, next=online)


def then_online(change: Change, name: str, talk: Talk) -> None:
    """Say what a datasource that is OFFLINE now still needs (tungsten.md 5.3)."""
    if change.brought_online:
        talk.note(f"{name} is OFFLINE until the manager puts it ONLINE, as the policy says")
        return
    why = "" if change.watched else "; no manager runs that would do it"
    talk.note(f"{name} is OFFLINE until it is put ONLINE{why}")
    talk.note(f"NEXT: datasource {name} online")


# All members at once: worked on side by side, told one after the other.


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    data: bool  # a line of data, or talk


@dataclass(frozen=True, slots=True)
class _Ended:
    error: CctrlError | None


class _Member:
    """One member's recovery in the background; its lines wait until it is their turn."""

    def __init__(self, change: Change, picture: Picture, name: str, primary: str, force: bool) -> None:
        self.change = change
        self.picture = picture
        self.name = name
        self.primary = primary
        self.force = force
        self.said: queue.SimpleQueue[_Said | _Ended] = queue.SimpleQueue()

    def work(self) -> None:
        """Bring the member back; never raises."""
        service = self.change.dataservice.name
        narrator = Narrator(service, self.name, self.primary, self.line, self.note)
        try:
            self.line(f"FOUND PHYSICAL DATASOURCE TO RECOVER: '{self.name}@{service}'")
            narrator.begin()
            recovered(self.change, self.picture, self.name, self.primary, narrator, force=self.force)
            self.line(f"DataSource '{self.name}' is now OFFLINE")
            self.line(f"RECOVERY OF DATA SERVICE '{service}' SUCCEEDED")
            self.said.put(_Ended(None))
        except CctrlError as error:
            self.said.put(_Ended(error))
        except BaseException as error:
            self.said.put(_Ended(Incomplete(f"{self.name}: internal error: {error!r}")))
            raise

    def line(self, text: str) -> None:
        """A line of data, when it is this member's turn."""
        self.said.put(_Said(text, data=True))

    def note(self, text: str) -> None:
        """A line of talk, when it is this member's turn."""
        self.said.put(_Said(text, data=False))

    def tell(self, talk: Talk) -> CctrlError | None:
        """Say this member's lines as they come, up to its end; returns what it failed with."""
        while isinstance(said := self.said.get(), _Said):
            (talk.line if said.data else talk.note)(said.text)
        return said.error


def recover_all(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`recover`: every datasource that needs it and can be recovered."""
    with changing(dataservice, "recover", invocation.text) as change:
        picture = change.look()
        primary = present_master(picture, "")
        change.begin(primary, "", hold_policy=True)
        bring_all_back(change, picture, primary, talk)
    return Outcome.DONE


def bring_all_back(change: Change, picture: Picture, primary: str, talk: Talk, *, force: bool = False) -> None:
    """Bring every member that needs it back under the master, side by side. Raises CctrlError where one was not."""
    names = _to_recover(picture, primary, talk.note)
    members = [_Member(change, picture, name, primary, force) for name in names]
    errors = _side_by_side(members, talk)
    recovered = len(members) - len(errors)
    if recovered or not errors:
        talk.line(f"RECOVERED {recovered} DATA SOURCES IN SERVICE '{change.dataservice.name}'")
    for name in names:
        if name not in errors:
            then_online(change, name, talk)
    if errors:
        raise _not_all(errors, recovered)


def _side_by_side(members: list[_Member], talk: Talk) -> dict[str, CctrlError]:
    from threading import Thread

    threads = [Thread(target=m.work, name=f"recover {m.name}", daemon=True) for m in members]
    for thread in threads:
        thread.start()
    errors: dict[str, CctrlError] = {}
    for m in members:
        error = m.tell(talk)
        if error is not None:
            errors[m.name] = error
            for line in error.lines():
                talk.note(line)
    return errors


def _not_all(errors: dict[str, CctrlError], recovered: int) -> CctrlError:
    what = f"not recovered: {', '.join(errors)}"
    changed = recovered or any(not isinstance(e, Refused) for e in errors.values())
    kind = Incomplete if changed else Refused
    first = next(iter(errors.values()))
    return kind(what, detail=f"{recovered} recovered, {len(errors)} not; the reasons stand above", next=first.next)


def _to_recover(picture: Picture, primary: str, note: Callable[[str], None]) -> list[str]:
    """The members that need it: the most advanced one first, ties by name."""
    wanted: list[Datasource] = []
    for source in picture.sources:
        if _well(source):
            continue
        if source.name == primary:
            note(f"{source.name} is the master, accepts writes and is {source.word}")
            note(f"NEXT: {for_datasource(source, picture.diagnosis)}")
            continue
        if source.state is State.SHUNNED and (source.reason in BY_HAND or source.reason == REMOVED):
            how = "removed" if source.reason == REMOVED else "shunned"
            note(f"{source.name} was {how} by hand and is left as it is")
            back = f"datasource {source.name} recover"
            note(f"NEXT: {back if source.reason == REMOVED else for_datasource(source, picture.diagnosis)}")
            continue
        wanted.append(source)
    return [s.name for s in sorted(wanted, key=lambda s: (-s.facts.timeline, -s.facts.received, s.name))]
