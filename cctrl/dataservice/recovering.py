"""One member is brought back under the master, in the documented words; for the commands that do it."""

from __future__ import annotations

from collections.abc import Callable

from cctrl.dataservice.change import Change, member, receiver
from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import State
from cctrl.dataservice.ways import choose
from cctrl.outcome import CctrlError, Incomplete, Refused
from cctrl.registry import Talk
from cctrl.replication.events import Done, Event, Progress, Started
from cctrl.replication.executor import execute
from cctrl.replication.facts import Facts
from cctrl.replication.recovery import Remedy, Way
from cctrl.replication.steps import Action, Plan, Step

REWIND = "--rewind"


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
        narrator.note(f"{name}: {chosen.reason}")
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


def then_online(change: Change, name: str, talk: Talk) -> None:
    """Say what a datasource that is OFFLINE now still needs (tungsten.md 5.3)."""
    if change.brought_online:
        talk.note(f"{name} is OFFLINE until the manager puts it ONLINE, as the policy says")
        return
    why = "" if change.watched else "; no manager runs that would do it"
    talk.note(f"{name} is OFFLINE until it is put ONLINE{why}")
    talk.note(f"NEXT: datasource {name} online")
