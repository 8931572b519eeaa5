"""A changing command: an operation of the core, and what a dataservice decides by it: states, roles, the policy that
is put back whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import AUTOMATIC, MAINTENANCE, MASTER, RECEIVE, SLAVE, State, policy
from cctrl.outcome import CctrlError, Declined, Incomplete, Interrupted, Outcome, Refused
from cctrl.registry import Talk
from cctrl.replication.engine import OnText
from cctrl.replication.facts import Facts
from cctrl.replication.facts import Server as ServerState
from cctrl.replication.lock import InUse, Lock, lock
from cctrl.replication.operation import LiveOperation, broken_off
from cctrl.replication.position import Position as LogPosition
from cctrl.replication.steps import Result, Step
from cctrl.store import MemberIntent, Operation, ServiceIntent, who
from cctrl.store.errors import StoreError
from cctrl.threads import paused

FENCE, SYNCHRONISE = "fence", "synchronise"
LOOK = "ls"  # the command that shows how things stand
MANAGERS_OWN = (FENCE, SYNCHRONISE)  # verbs of the journal that only a manager gives, and gives again
KILLED = "killed"  # how the message of an operation begins that did not come to an end of its own
MANAGERS_TURN = 60.0  # seconds that a manager at work is waited for: it does what was wanted, and ends by itself
SETTLE = 120.0  # seconds that servers get to end what a killed command began; a shutdown is cut short before


class Change:
    """One changing command while it holds the service's lock."""

    def __init__(self, dataservice: Dataservice, held: Lock, verb: str, text: str) -> None:
        self.dataservice = dataservice
        engine, store = dataservice.engine, dataservice.store
        self.operation = LiveOperation(engine, store, dataservice.name, held, verb, text, LOOK)
        self.broken_off: Operation | None = None  # the same verb, that did not come to its end
        self.unsettled = False  # the last command did not come to its end: it may go on on the hosts
        self.former_policy = ""
        self._spoken = False  # that the policy is another for its time was said
        self._late: list[Callable[[ServiceIntent], ServiceIntent]] = []  # decided, but not written down yet

    @property
    def verb(self) -> str:
        """The verb that it is in the journal."""
        return self.operation.verb

    def perform(self, step: Step, known: Mapping[str, LogPosition], on_text: OnText) -> Result:
        """See LiveOperation.perform."""
        return self.operation.perform(step, known, on_text)

    def look(self) -> Picture:
        """Look at the service, now that nobody else changes it; what could not be locked is not asked again.

        What a killed command of anybody still waits for on a host, a promotion say, must not happen later.
        """
        picture = self._look(self.operation.held.facts)
        if self.unsettled:
            picture = self._settled(picture)
        seen = picture.diagnosis
        if seen.healthy and not self._out_of_sight(picture):
            known, timeline = picture.intent, picture.view[seen.primary].timeline
            if (known.primary, known.timeline) != (seen.primary, timeline):
                self.record(primary(seen.primary, timeline))
        return picture

    def look_again(self, known: Picture | None = None, *names: str) -> Picture:
        """Look at what this command has made of the service so far; with what is known, only at some members."""
        members = known.view.members if known else ()
        return self._look({facts.name: facts for facts in members if facts.name not in names})

    def _look(self, known: Mapping[str, Facts]) -> Picture:
        return self.dataservice.look(fresh=False, end_leftovers=True, known=known)

    @staticmethod
    def _out_of_sight(picture: Picture) -> bool:
        """True where the master on record cannot be seen: another one that accepts writes may be an old one."""
        known = {facts.name: facts for facts in picture.view.members}.get(picture.intent.primary)
        return known is not None and not known.seen

    def _settled(self, picture: Picture) -> Picture:
        """Look, and again while a server starts up or shuts down: a command that was killed goes on on the hosts."""
        until, told = time.monotonic() + SETTLE, False
        while True:
            busy = [m for m in picture.view.members if m.server is ServerState.STARTING]
            if not busy or time.monotonic() > until:
                return picture
            if not told:
                for facts in busy:
                    self.dataservice.talk.note(f"waiting for {facts.name}, whose server {facts.server.value}")
            told = True
            paused(0.1)
            picture = self._look({})

    @property
    def watched(self) -> bool:
        """True where a manager is at work."""
        return self.dataservice.store.leader(self.dataservice.name) is not None

    @property
    def brought_online(self) -> bool:
        """True where the manager puts an OFFLINE datasource ONLINE, once this command has ended."""
        now = policy(self.dataservice.store.intent(self.dataservice.name))
        return self.watched and AUTOMATIC in (now, self.former_policy)

    def begin(self, source: str = "", target: str = "", *, hold_policy: bool = False) -> None:
        """Enter the command into the journal, before its first step.

        `hold_policy` sets MAINTENANCE for its time, where the policy is AUTOMATIC.
        """
        store, name = self.dataservice.store, self.dataservice.name
        current = policy(store.intent(name))
        self.former_policy = current if hold_policy and current == AUTOMATIC else ""

        def for_its_time(intent: ServiceIntent) -> ServiceIntent:
            return replace(intent, policy=MAINTENANCE) if self.former_policy else intent

        self.operation.begin(source, target, self.former_policy, for_its_time)

    def record(self, *changes: Callable[[ServiceIntent], ServiceIntent]) -> None:
        """Write down what was decided, in one write; after a promotion later, where it cannot be written now."""
        try:
            self._write(*changes)
        except StoreError:
            if not self.operation.promoted:
                raise
            self._late += changes

    def _write(self, *changes: Callable[[ServiceIntent], ServiceIntent]) -> None:
        def all_of(intent: ServiceIntent) -> ServiceIntent:
            for change in changes:
                intent = change(intent)
            return intent

        self.dataservice.store.update(self.dataservice.name, all_of)

    def put_policy_back(self) -> bool:
        """Set the policy that was there before; True where it had been changed."""
        if not self.former_policy:
            return False
        last = next(iter(self.dataservice.store.operations(self.dataservice.name, 1)), None)
        if last is None or last.id != self.operation.id:  # a later command has seen to it
            return False
        former = self.former_policy
        self._write(lambda intent: replace(intent, policy=former))
        self.former_policy = ""
        return True

    def speak_policy(self, talk: Talk) -> None:
        """The documented line for the policy that was set for the time of the command."""
        if self.former_policy:
            talk.line(f"SET POLICY: {self.former_policy} => {MAINTENANCE}")
            self._spoken = True

    def speak_policy_back(self, talk: Talk) -> None:
        """Put the policy back, with the documented line."""
        former = self.former_policy
        if self.put_policy_back():
            talk.line(f"REVERT POLICY: {MAINTENANCE} => {former}")

    def finish(self, outcome: Outcome, message: str) -> None:
        """Enter the end into the journal, also for the command this one completed. Raises StoreError."""
        store = self.dataservice.store
        if self._late:
            self._write(*self._late)
            self._late = []
        if self._spoken:
            self.speak_policy_back(self.dataservice.talk)
        self.put_policy_back()
        operation = self.operation
        if operation.id:
            operation.finish(outcome, message)
            ended = outcome.name.lower() + (f": {message}" if message else "")
            store.tell(self.dataservice.name, "", "command", f"{operation.text} by {self.dataservice.actor}: {ended}")
        if self.broken_off and outcome is Outcome.DONE:
            store.finish(self.broken_off.id, outcome, f"completed by {operation.id or 'a later command'}")


def member(name: str, state: State, reason: str = "", role: str = "") -> Callable[[ServiceIntent], ServiceIntent]:
    """A change for `Change.record`: what is decided about one member. An empty `role` leaves the role."""

    def change(intent: ServiceIntent) -> ServiceIntent:
        kept = role or intent.member(name).role
        return intent.with_member(name, MemberIntent(state.value, reason, kept, time.time()))

    return change


def receiver(name: str, state: State) -> Callable[[ServiceIntent], ServiceIntent]:
    """The same for one that receives from the master: a standby or an archive stays one, any other is a slave."""

    def change(intent: ServiceIntent) -> ServiceIntent:
        told = intent.member(name).role
        return member(name, state, role=told if told in RECEIVE else SLAVE)(intent)

    return change


def primary(name: str, timeline: int) -> Callable[[ServiceIntent], ServiceIntent]:
    """A change for `Change.record`: who is the master now, and on which timeline at least; one that was it before is
    a slave unless told otherwise."""

    def change(intent: ServiceIntent) -> ServiceIntent:
        for other, told in intent.members.items():
            if other != name and told.role == MASTER and told.state == State.ONLINE.value:
                intent = intent.with_member(other, replace(told, role=SLAVE))
        return replace(intent, primary=name, timeline=timeline)

    return change


@contextmanager
def changing(dataservice: Dataservice, verb: str, text: str, *, fresh: bool = True) -> Iterator[Change]:
    """Hold the service's lock on every host that answers, for one command.

    A manager that holds it is waited for. Raises Refused where somebody else does, naming the owner. A command of the
    same verb whose process was killed is found in the journal (`Change.broken_off`), and its policy is put back.
    Without `fresh` a host that was just found out of reach is not waited for again.
    """
    if fresh:
        dataservice.fresh()
    with _locked(dataservice, text) as held:
        change = Change(dataservice, held, verb, text)
        with _closing(change):
            before = broken_off(dataservice.store, dataservice.name)
            change.unsettled = before is not None
            change.broken_off = _same(dataservice, verb, before)
            yield change


def _locked(dataservice: Dataservice, text: str) -> Lock:
    until, told = time.monotonic() + MANAGERS_TURN, False
    while True:
        try:
            return lock(dataservice.engine, dataservice.name, dataservice.service.names, text)
        except InUse as taken:
            if not _is_managers(dataservice, taken):
                raise
            if time.monotonic() >= until:
                taken.detail += f"; it was waited for {MANAGERS_TURN:g} s"
                raise
            if not told:
                dataservice.talk.hint(f"waiting for the manager, which is at work: {taken.detail}")
            told = True
        except Refused as refused:
            refused.next = refused.next or "ping"
            raise


def _is_managers(dataservice: Dataservice, taken: InUse) -> bool:
    """True where the manager has the lock, or may have; for itself another turn comes with its next look."""
    leader = dataservice.store.leader(dataservice.name)
    if leader is None or leader.holder == who():
        return False
    return not taken.owner or taken.owner.startswith(f"{leader.holder} ")


@contextmanager
def _closing(change: Change) -> Iterator[None]:
    """Enter how it ended into the journal."""
    text = change.operation.text
    try:
        yield
    except CctrlError as error:
        raise _closed(change, error) from error.__cause__
    except KeyboardInterrupt:
        raise _closed(change, Interrupted(f"{text}: interrupted")) from None
    except BaseException:  # a defect of cctrl itself: it is raised on, but never leaves MAINTENANCE behind
        with suppress(StoreError):
            change.put_policy_back()
        raise
    try:
        change.finish(Outcome.DONE, "")
    except StoreError as failed:
        what = f"{text}: all is done, but its end could not be written down: {failed.what}"
        raise Incomplete(what, detail=_on_record(change), next=failed.next) from failed


def _closed(change: Change, error: CctrlError) -> CctrlError:
    """Enter a failure into the journal; the error to be raised, which says what could not be written down."""
    if not isinstance(error, Declined):
        error.next = error.next or _go_on(change.operation.text, isinstance(error, Interrupted))
    unwritten = error if isinstance(error, StoreError) else None
    try:
        change.finish(error.outcome, error.what)
    except StoreError as failed:
        unwritten = failed
    if unwritten is None or not (change.operation.changed or change.former_policy):
        return error
    kind = Incomplete if isinstance(error, Refused) else type(error)
    detail = "\n".join(t for t in (error.detail, f"not written down: {unwritten.what}", _on_record(change)) if t)
    following = error.next if unwritten is error else f"{unwritten.next}\n{error.next}"
    return kind(error.what, detail=detail, next=following)


def _on_record(change: Change) -> str:
    """What stands, and what the record says of it."""
    promoted = change.operation.promoted
    lines = [f"{promoted} is the master and accepts writes"] if promoted else []
    if change.former_policy:
        lines.append(f"the policy on record is {MAINTENANCE} until the next command puts {change.former_policy} back")
    return "\n".join(lines)


def _go_on(text: str, interrupted: bool) -> str:
    when = "if it is still wanted" if interrupted else "when the cause is mended"
    return f"{LOOK}   (to see where it stands; {when}, the same again: {text})"


def _same(dataservice: Dataservice, verb: str, operation: Operation | None) -> Operation | None:
    """The command that was broken off, where it is of the verb that is given now; its policy is put back."""
    if operation is None:
        return None
    store = dataservice.store
    if operation.policy and operation.outcome is None:
        former = operation.policy
        store.update(dataservice.name, lambda intent: replace(intent, policy=former))
    if operation.verb == verb:
        return operation
    if operation.outcome is None:
        store.finish(operation.id, Outcome.INCOMPLETE, f"{KILLED}; followed by {verb}")
    return None
