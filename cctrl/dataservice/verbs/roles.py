"""`datasource HOST slave | standby | archive`: what a datasource that receives is for (tungsten.md 1.4 and 3.1)."""

from __future__ import annotations

from cctrl.dataservice.advice import for_datasource
from cctrl.dataservice.change import changing, member
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import ARCHIVE, MASTER, SLAVE, STANDBY, Datasource, State
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Command, Danger, Invocation, Talk

OUT = (State.OFFLINE, State.FAILED, State.SHUNNED)


def an(role: str) -> str:
    """The role with its article."""
    return f"an {role}" if role == ARCHIVE else f"a {role}"


def set_role(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST slave | standby | archive`."""
    name, role = invocation.arguments["HOST"], invocation.words[-1]
    with changing(dataservice, "role", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        _allowed(picture, source, role)
        change.begin("", name)
        told = picture.intent.member(name)
        state = State(told.state) if told.state else State.ONLINE
        change.record(member(name, state, told.reason, role))
        line = f"SETTING THE ROLE OF DATASOURCE '{name}@{dataservice.name}' FROM '{source.role}' TO '{role}'"
        talk.line(line)
        if source.state is State.OFFLINE:
            talk.note(f"NEXT: datasource {name} online")
    return Outcome.DONE


def _allowed(picture: Picture, source: Datasource, role: str) -> None:
    """Raises Refused for the master, for one that has the role, and for a slave-to-be that is in service."""
    name, primary = source.name, picture.diagnosis.primary
    if source.role == MASTER and (source.facts.writable or name == primary):
        what = f"{name} is the master: it cannot be {an(role)}"
        following = "switch" if picture.diagnosis.healthy else for_datasource(source, picture.diagnosis) or "ls"
        raise Refused(what, next=following)
    if source.role == MASTER:
        raise Refused(f"{name} was the master and does not receive yet", next=f"datasource {name} recover")
    if source.role == role:
        raise Refused(f"{name} already is {an(role)}", next=f"ls {name}")
    if role == SLAVE and source.state not in OUT:
        what = f"{name} is {source.word}: it must be OFFLINE, FAILED or SHUNNED to be set to be a slave"
        raise Refused(what, next=f"datasource {name} offline")


_HELP = {
    SLAVE: "Must be OFFLINE, FAILED or SHUNNED. A slave takes read clients and may become the master.\n"
    "Replication is not touched: what does not receive from the master is recovered with datasource HOST recover.",
    STANDBY: "A standby takes no clients from routers and health checks, and may become the master.\n"
    "Undo: datasource HOST offline, slave, online.",
    ARCHIVE: "An archive takes read clients and never becomes the master, by switch, failover or the manager.\n"
    "Undo: datasource HOST offline, slave, online.",
}

COMMANDS = tuple(
    Command(
        f"datasource HOST {role}",
        f"make a datasource that receives from the master {an(role)}",
        set_role,
        help=text,
        danger=Danger.CHANGE,
    )
    for role, text in _HELP.items()
)
"""The commands that set roles."""
