"""The ADMIN mode: who is a member. `ls` shows what is configured and recorded, `rm` removes a member.

The configuration file is its owner's: it is read, never written. What `rm` decides is recorded in the store,
and what is to be deleted from the file is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from cctrl import config
from cctrl.config import Server
from cctrl.dataservice import listing, newcomers
from cctrl.dataservice.change import changing, member
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import REMOVED, Datasource, State, policy
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Command, Danger, Invocation, Mode, Talk
from cctrl.replication.engine import StepFailed


def ls(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls`: what is configured and what is recorded, member by member."""
    picture = dataservice.look()
    service = dataservice.service
    settings = {
        "configuration": str(dataservice.config.path),
        "store": str(dataservice.config.state_dir),
        "engine": service.engine,
        "policy": policy(picture.intent),
        "master": picture.intent.primary,
        "members": ", ".join(service.names),
    }
    tables: dict[str, Mapping[str, object]] = {service.name: settings}
    tables |= {m.name: _configured(m, picture) for m in service.members}
    for title, values in tables.items():
        for line in listing.table(title, values):
            talk.line(line)
    talk.data("service", settings)
    talk.data("members", {m.name: _configured(m, picture) for m in service.members})
    newcomers.tell(dataservice, picture, talk)
    return Outcome.DONE


def _configured(server: Server, picture: Picture) -> dict[str, object]:
    told = picture.intent.member(server.name)
    return {
        "host": server.host.name,
        "sshAddress": server.host.address,
        "sshPort": server.host.ssh_port,
        "sshUser": server.host.ssh_user,
        "become": server.host.become,
        "address": server.address,
        "port": server.port,
        "dataDirectory": server.data_dir,
        "recordedRole": told.role,
        "recordedState": f"{told.state}({told.reason})" if told.reason else told.state,
        "recordedAt": listing.stamp(told.since) if told.since else "",
    }


def rm(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`rm HOST [--force]`: a member is none any more."""
    name = invocation.arguments["HOST"]
    with changing(dataservice, "rm", invocation.text) as change:
        picture = change.look()
        _removable(picture, picture.source(name), forced=dataservice.forced(invocation.flags))
        change.begin("", name)
        change.record(member(name, State.SHUNNED, REMOVED, picture.source(name).role))
        for line in _drop_slots(dataservice, picture, name):
            talk.note(line)
        talk.line(f"DataSource '{name}' was removed from service '{dataservice.name}'")
        _what_is_left(dataservice, picture.source(name), talk)
    return Outcome.DONE


def explain(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain rm HOST`: what it would do."""
    name, picture = invocation.arguments["HOST"], dataservice.look()
    _removable(picture, picture.source(name), forced=dataservice.forced(invocation.flags))
    talk.line(f"1 record that {name} is removed")
    talk.line(f"2 drop its replication slots on the other members: {', '.join(_slots(picture, name))}")
    return Outcome.DONE


def _removable(picture: Picture, source: Datasource, *, forced: bool) -> None:
    """Raises Refused for the master, and for one that still receives unless `forced`."""
    name = source.name
    if name == picture.diagnosis.primary or source.facts.writable:
        following = "logical; switch   (another one must be the master first)"
        if name in picture.diagnosis.strays:
            following = f"logical; datasource {name} recover   (it accepts writes and must not)"
        raise Refused(f"{name} is the master: it cannot be removed", next=following)
    if len(picture.sources) == 1:
        raise Refused(f"{name} is the only member", next="delete the whole service from the configuration")
    giver = picture.view.follows(name)
    if giver and not forced:
        what = f"{name} still receives from {giver}"
        raise Refused(what, next=f"rm {name}   (once its server is stopped; or as it is: rm {name} --force)")


def _slots(picture: Picture, name: str) -> tuple[str, ...]:
    """The slots that a member uses, or would be given by its name."""
    used = picture.source(name).facts.settings.get("primary_slot_name", "")
    own = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower())
    return tuple(dict.fromkeys(slot for slot in (used, own) if slot))


def _drop_slots(dataservice: Dataservice, picture: Picture, name: str) -> list[str]:
    """Drop them wherever they are: a slot nobody reads from keeps log for ever. What is to be said of it."""
    said: list[str] = []
    names = _slots(picture, name)
    for facts in picture.view.members:
        if facts.name == name:
            continue
        try:
            dropped = dataservice.engine.drop_slots(facts.name, names) if facts.up else ()
        except StepFailed as error:
            said.append(f"its slots on {facts.name} could not be dropped: {error.what}: {error.detail}")
            continue
        said += [f"dropped its replication slot {slot} on {facts.name}" for slot in dropped]
        if not facts.up:
            said.append(f"{facts.name} is not up: a slot of {name} that it may have ({', '.join(names)}) stays there")
    return said


def _what_is_left(dataservice: Dataservice, source: Datasource, talk: Talk) -> None:
    path, name = dataservice.config.path, source.name
    if source.facts.standby:
        talk.note(f"its server is up, and goes on to receive: stop it, then `rm {name}` again drops a slot it used")
    first, last = config.lines_of(path, f"dataservice.{dataservice.name}.members.{name}")
    where = f"lines {first} to {last} of {path}" if first else str(path)
    talk.note(f"it is SHUNNED({REMOVED}) until its table is gone from the configuration; then restart managers")
    talk.note(f"NEXT: delete {where}: [dataservice.{dataservice.name}.members.{name}]")


COMMANDS = (
    Command(
        "ls",
        "show what is configured and recorded of each member",
        ls,
        help="Also a standby that receives from a member and is none, with the table that would make it one.",
        mode=Mode.ADMIN,
    ),
    Command(
        "rm HOST [--force]",
        "remove a member from the service (expert level)",
        rm,
        help="Refused for the master, and for one that still receives unless --force. Drops its replication slots on\n"
        "the others, and says which lines to delete from the configuration. Its server and its data are left alone.\n"
        "Undo: datasource HOST recover.",
        danger=Danger.EXPERT,
        explain=explain,
        mode=Mode.ADMIN,
    ),
)
