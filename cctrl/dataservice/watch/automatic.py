"""What a dataservice's manager does by itself, as the policy says (reference tungsten.md, 5.1 to 5.3)."""

from __future__ import annotations

import time
from collections.abc import Callable

from cctrl.config import Config, Service
from cctrl.dataservice.advice import next_for
from cctrl.dataservice.change import FENCE, KILLED, SYNCHRONISE, changing, member
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import (
    AUTOMATIC,
    FAILSAFE_SHUN,
    MAINTENANCE,
    MASTER,
    State,
    failed_over_to,
    policy,
)
from cctrl.dataservice.verbs import decide, move, recover
from cctrl.dataservice.watch import watching
from cctrl.dataservice.watch.answering import Answering
from cctrl.dataservice.watch.contact import FirstContact
from cctrl.manager.keeper import Keeper
from cctrl.manager.leadership import Leadership
from cctrl.manager.suspicion import Suspicion, Suspicions
from cctrl.manager.talk import ManagerTalk
from cctrl.manager.watch import Watch
from cctrl.manager.witnesses import Witnesses
from cctrl.outcome import CctrlError, Refused
from cctrl.registry import Invocation
from cctrl.replication.diagnosis import Health
from cctrl.replication.events import Progress
from cctrl.replication.executor import execute
from cctrl.replication.facts import HEARD_WITHIN, Server
from cctrl.replication.steps import Action, Plan, Step
from cctrl.replication.synchrony import lacking
from cctrl.store import who
from cctrl.store.interface import EVENTS_KEPT

LOOK = 5.0  # seconds from look to look while all is well; a pulse that changes brings the next one at once
LOOK_CLOSELY = 1.0  # while something is suspected, or a host is out of sight
MARGIN = 1.0  # seconds by which a standby must have heard later than we did, to be believed
WITNESS = 0.2  # while others are asked about a master that is overdue
LONGEST_QUESTION = 2.0  # seconds that another host may wait for a master's answer
QUESTION = 0.4  # of `failure_timeout`, that it may: as long as it is answered in time, for that host may be busy
SHORTEST_ANSWER = 1.0  # seconds


class Automatic(Keeper):
    """Keeps one dataservice."""

    def __init__(self, config: Config, service: Service, say: Callable[[str], None]) -> None:
        self._say = say
        self._talk = ManagerTalk(self._said)
        # A host that is gone must be found so well before `failure_timeout` is over.
        self._answer = max(SHORTEST_ANSWER, min(config.timeout, service.failure_timeout / 8))
        self._dataservice = Dataservice(config, service, self._talk, answer=self._answer)
        super().__init__(self._dataservice, self._dataservice.engine)
        self._dataservice.actor = f"the manager {who()}"
        self._service = service
        self._answering = Answering(config, service, self._talk, say, self._answer) if service.check_port else None
        self._suspicions = Suspicions()
        self._witnesses = Witnesses(self._dataservice.engine, min(LONGEST_QUESTION, QUESTION * service.failure_timeout))
        self._contact = FirstContact(config, service, self._talk, self._answer, self._said)
        self._primary = ""  # as the last look showed it
        self._waits = False  # for the witnesses' answer
        self._looked = 0.0  # when the last look began, on the monotonic clock
        self._held = True  # a majority was reached
        self._alone_until = 0.0  # when no majority was last reached, on the monotonic clock
        self._told: dict[tuple[str, str], set[str]] = {}  # what was said of each suspicion that is still there

    def begin(self) -> None:
        """See Keeper."""
        if self._answering is not None:
            self._answering.start()

    def close(self) -> None:
        """See Keeper."""
        if self._answering is not None:
            self._answering.stop()
        self._contact.close()
        super().close()

    def tend(self, watch: Watch, leadership: Leadership) -> float:
        """See Keeper."""
        began = time.monotonic()
        if policy(self.store.intent(self.name)) == MAINTENANCE and began - self._looked < LOOK:
            self._put_policy_back()
            return LOOK_CLOSELY  # nothing is to be done, but the policy may change
        self._ask_witnesses(watch)
        picture = self._look(watch)
        held = self._majority(picture, leadership)
        if not held:
            self._alone_until = time.monotonic()  # whom we do not hear while we hear nobody may be well
        if policy(picture.intent) == MAINTENANCE:
            self._contact.expect({}, lambda: False)
            self._suspicions, self._told = Suspicions(), {}
            self._put_policy_back()
            return LOOK_CLOSELY
        silence = {name: self._silence(watch, name) for name in self.members}
        seen = watching.suspicions(picture, silence, self._service.failure_timeout, self._service.maximum_lag)
        self._suspicions = self._suspicions.after(seen, time.monotonic())
        self._tell_what_is_over(picture)
        for suspicion in self._suspicions.due:
            if leadership.leads and not watch.stopped and (held or suspicion.kind in watching.ALONE):
                self._act(suspicion, picture)
        gone = watching.to_be_fenced(self.store.intent(self.name), picture.view)  # also by what was just done
        self._contact.expect(gone, lambda: leadership.leads)
        unseen = any(not facts.seen for facts in picture.view.members)
        waits = WITNESS if self._waits else LOOK_CLOSELY if seen or unseen else LOOK
        return self._suspicions.pause(waits, self._answer if unseen else 0.0)

    def _silence(self, watch: Watch, name: str) -> float:
        """Seconds that a member has been silent while others were heard."""
        return min(watch.silence(name), time.monotonic() - self._alone_until)

    def _look(self, watch: Watch) -> Picture:
        """Look at all members; whoever listened knows since when a silent one was not heard."""
        silent = bool(self._primary) and watch.fell_silent(self._primary)
        later = max(0.0, watch.silence(self._primary) - MARGIN) if silent else HEARD_WITHIN
        self._dataservice.heard_within = min(HEARD_WITHIN, later)
        self._dataservice.last_heard = watch.positions()
        self._looked = time.monotonic()
        # Who is silent was waited for while that ripened; once it is due he is not waited for once more.
        left = self._service.failure_timeout - self._silence(watch, self._primary) if silent else self._answer
        picture = self._dataservice.look(fresh=abs(left) >= self._answer / 2)
        self._primary = picture.diagnosis.primary
        for facts in picture.view.members:
            if facts.seen:
                watch.seen(facts.name, answers=facts.server is not Server.FROZEN, up=facts.up)
        return picture

    def _act(self, suspicion: Suspicion, picture: Picture) -> None:
        """Do what the policy allows for something that has lasted; what it was refused with is told once."""
        action = _ACTIONS[suspicion.kind]
        try:
            action(self, suspicion, picture)
        except CctrlError as error:
            self._once(suspicion, f"{suspicion.told}: {'; '.join(error.lines())}")

    # What is done for each kind of suspicion.

    def _master_failed(self, suspicion: Suspicion, picture: Picture) -> None:
        reached = watching.reach(picture)
        if not reached.held:
            self._once(suspicion, f"{suspicion.told}; nothing is done: {reached.numbers}", next="cluster validate")
        elif policy(picture.intent) == AUTOMATIC and self._refuses_us_alone(suspicion, picture):
            following = next_for(picture.source(suspicion.member), picture.diagnosis)
            self._once(suspicion, f"{suspicion.told}; its slaves still receive from it: nothing is done", following)
        elif self._gone_for_all(suspicion, picture):
            if policy(picture.intent) != AUTOMATIC:
                self._mark_failed(suspicion, picture)
            elif not self._blocked(suspicion):
                self._fail_over(suspicion, picture)

    @staticmethod
    def _refuses_us_alone(suspicion: Suspicion, picture: Picture) -> bool:
        """True where the server lives and lets no more clients in, say: it would be a failover away from a good one."""
        by_others = picture.diagnosis.health is Health.PRIMARY_SEEN_BY_OTHERS
        return by_others and picture.view[suspicion.member].seen

    def _gone_for_all(self, suspicion: Suspicion, picture: Picture) -> bool:
        """True where the master's host answers us, or nobody of a majority reaches it: it is gone not only for us."""
        if picture.view[suspicion.member].seen:
            return True
        testimony = self._witnesses.answer(suspicion.member)
        if testimony is None or len(testimony.do_not) + len(testimony.reach) < watching.reach(picture).majority:
            self._waits = True  # not enough have answered yet: the next look comes soon
            return False
        if testimony.reach:
            text = f"{suspicion.member} cannot be reached from here, but from {', '.join(testimony.reach)} it can"
            self._once(suspicion, f"{text}: nothing is done")
        return not testimony.reach

    def _blocked(self, suspicion: Suspicion) -> bool:
        """True for some time after an automatic failover: a service that cannot live does not flap."""
        block, now = self._service.failover_block, time.time()
        last = max(
            (e.at for e in self.store.events(self.name, EVENTS_KEPT) if e.kind == watching.FAILED_OVER), default=0.0
        )
        if not watching.too_soon(last, now, block):
            return False
        text = f"{suspicion.told}; no failover within {block:g} s of the last automatic one"
        self._once(suspicion, text, next="failover   (by hand, at once)")
        return True

    def _fail_over(self, suspicion: Suspicion, picture: Picture) -> None:
        self._once(suspicion, suspicion.told)
        gone = "" if picture.view[suspicion.member].seen else suspicion.member
        with self._dataservice.taking_for_gone(gone):
            move.failover(self._dataservice, Invocation("failover"), self._talk, certain=True)
        master = self.store.intent(self.name).primary
        self.store.tell(
            self.name, suspicion.member, watching.FAILED_OVER, f"{master} became the master in its place, by itself"
        )

    def _mark_failed(self, suspicion: Suspicion, picture: Picture) -> None:
        """Put a datasource out of service on record, where it still is as it was seen, and nobody works on it."""
        source = picture.source(suspicion.member)
        if picture.intent.member(suspicion.member).state == State.FAILED.value:
            return
        with changing(self._dataservice, "watch", "watch", fresh=False) as change:
            if not self._still(suspicion, change.look()):
                return
            change.record(member(suspicion.member, State.FAILED, suspicion.text, source.role))
        why = f"; {suspicion.cause}" if suspicion.cause else ""
        self._once(suspicion, f"{suspicion.member} is {source.role}:FAILED({suspicion.text}){why}")

    def _back(self, suspicion: Suspicion, picture: Picture) -> None:
        if policy(picture.intent) == AUTOMATIC:
            self._once(suspicion, suspicion.told)
            recover.recover_one(self._dataservice, _command(suspicion.member, "recover"), self._talk)

    def _online(self, suspicion: Suspicion, picture: Picture) -> None:
        if policy(picture.intent) == AUTOMATIC:
            decide.online(self._dataservice, _command(suspicion.member, "online"), self._talk)

    def _fence(self, suspicion: Suspicion, picture: Picture) -> None:
        name, master = suspicion.member, picture.diagnosis.primary
        if suspicion.kind == watching.STRAY and master != picture.intent.primary:
            self._once(suspicion, f"{suspicion.told}, and {picture.intent.primary or 'no master'} is on record")
            return
        self._once(suspicion, suspicion.told)
        with changing(self._dataservice, FENCE, f"fence {name}") as change:
            now = change.look()
            if not self._still(suspicion, now):
                return
            told = now.intent.member(name)
            change.begin(master, name)
            execute(Plan(((Step(Action.FENCE, name, master),),)), change, self._progress)
            if told.state != State.SHUNNED.value:
                change.record(member(name, State.SHUNNED, failed_over_to(master), MASTER))
        self._said(f"{name} is fenced: its server has ended and cannot start writable")

    def _synchronise(self, suspicion: Suspicion, picture: Picture) -> None:
        """All that lack the setting get it at once, whichever of them is looked at first."""
        names = lacking(picture.view)
        if names[0] != suspicion.member:
            return
        with changing(self._dataservice, SYNCHRONISE, SYNCHRONISE, fresh=False) as change:
            change.begin(picture.diagnosis.primary)
            execute(Plan((tuple(Step(Action.SYNCHRONISE, name) for name in names),)), change, self._progress)
        self._said(f"{', '.join(names)}: a commit is acknowledged once a quorum of the members has it")

    def _still(self, suspicion: Suspicion, picture: Picture) -> bool:
        """Whether it is so under the lock too: a command may have mended it after the look that showed it."""
        seen = watching.suspicions(picture, {}, self._service.failure_timeout, self._service.maximum_lag)
        return policy(picture.intent) != MAINTENANCE and suspicion.key in {s.key for s in seen}

    def _tell(self, suspicion: Suspicion, picture: Picture) -> None:
        self._once(suspicion, suspicion.told)

    # The rest.

    def _majority(self, picture: Picture, leadership: Leadership) -> bool:
        """Whether enough hosts answer for anything to be done; what that becomes is told."""
        reached = watching.reach(picture)
        if reached.held is not self._held:
            self._held = reached.held
            self._said(f"{reached.numbers}{'' if reached.held else f': {FAILSAFE_SHUN}, and nothing is done'}")
        leadership.say("" if reached.held else FAILSAFE_SHUN)
        return reached.held

    def _tell_what_is_over(self, picture: Picture) -> None:
        """What was told and is not seen any more is forgotten; where nobody did anything about it that is told."""
        for kind, name in self._told.keys() - self._suspicions.since.keys():
            del self._told[kind, name]
            if text := watching.over(picture, kind, name):
                self._say(text)
                self.store.tell(self.name, name, kind, text)

    def _ask_witnesses(self, watch: Watch) -> None:
        """A master that is silent here may not be for others: they are asked while it is waited for."""
        self._waits = False
        if self._primary and watch.fell_silent(self._primary):
            self._witnesses.ask(self._primary, [name for name in self.members if name != self._primary])
        else:
            self._witnesses.forget()

    def _put_policy_back(self) -> None:
        """Where a command that set MAINTENANCE for its time was killed, the policy from before comes back."""
        operation = self.store.unfinished(self.name)
        if operation is None or not operation.policy:
            return
        try:
            with changing(self._dataservice, "watch", "watch", fresh=False):
                pass  # that nobody else holds the lock, and putting the policy back, is what was wanted
        except Refused:
            return  # it still runs
        ended = next(o for o in self.store.operations(self.name) if o.id == operation.id)
        if ended.message.startswith(KILLED):  # else it came to its own end while the lock was waited for
            self._said(f"`{operation.text}` by {operation.who} was broken off: the policy is {operation.policy} again")

    def _progress(self, event: object) -> None:
        if isinstance(event, Progress):
            self._said(f"{event.step.member}: {event.text}")

    def _once(self, suspicion: Suspicion, text: str, next: str = "") -> None:
        what = text.replace(suspicion.cause, "")  # its numbers may be others in each look
        if what not in (told := self._told.setdefault(suspicion.key, set())):
            told.add(what)
            self._say(text)
            self.store.tell(self.name, suspicion.member, suspicion.kind, text)
            if next:
                self._say(f"NEXT: {next}")

    def _said(self, text: str) -> None:
        self._say(text)
        if not text.startswith("NEXT: "):  # advice is no event
            self.store.tell(self.name, "", "manager", text)


_ACTIONS: dict[str, Callable[[Automatic, Suspicion, Picture], None]] = {
    watching.MASTER_FAILED: Automatic._master_failed,
    watching.SLAVE_FAILED: Automatic._mark_failed,
    watching.BACK: Automatic._back,
    watching.OFFLINE: Automatic._online,
    watching.UNFENCED: Automatic._fence,
    watching.STRAY: Automatic._fence,
    watching.NOT_SYNCHRONOUS: Automatic._synchronise,
    watching.LAGGING: Automatic._tell,
    watching.FULL: Automatic._tell,
    watching.UNCLEAR: Automatic._tell,
}


def _command(name: str, verb: str) -> Invocation:
    words = ("datasource", verb)
    return Invocation(f"datasource {name} {verb}", {"HOST": name}, words=words)
