"""The PHYSICAL mode: `ls`, `cd` and `diag` in the tree of what was found on the hosts. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from cctrl.config import Server
from cctrl.dataservice import listing, tree
from cctrl.dataservice.parts import COMPONENTS, plain, with_routers
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import Datasource, dataserver_state, replicator_state
from cctrl.dataservice.tree import Element
from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Command, Invocation, Mode, Talk

LONG, DEEP = {"-l", "-lR", "-Rl"}, {"-R", "-lR", "-Rl"}


def _seen(dataservice: Dataservice) -> Element:
    """The tree with all that one look shows."""
    picture, routers = dataservice.look_at_all()
    hosts = tuple(_host(dataservice.service.member(s.name), s, picture) for s in picture.shown)
    return Element("", (Element(dataservice.name, with_routers(dataservice.service, hosts, routers)),))


def _host(server: Server, source: Datasource, picture: Picture) -> Element:
    facts = source.facts
    parts = {
        "host": ("ONLINE" if facts.seen else "UNREACHABLE", _reached(server, source)),
        "dataserver": (dataserver_state(facts), {**_where(server), **listing.properties(source), **facts.settings}),
        "replicator": (replicator_state(source), listing.replicator_properties(source)),
        "manager": (listing.manager_state(picture.leader is not None), _leader(picture)),
    }
    below = tuple(
        Element(c.name, (Element(c.below[0].name, (), parts[c.name][1], parts[c.name][0]),), remark=parts[c.name][0])
        for c in COMPONENTS
    )
    return Element(source.name, below, remark=f"{source.role}:{source.word}")


def _reached(server: Server, source: Datasource) -> Mapping[str, object]:
    host, facts = server.host, source.facts
    return {
        "name": host.name,
        "sshAddress": host.address,
        "sshPort": host.ssh_port,
        "sshUser": host.ssh_user,
        "become": host.become,
        "answers": facts.seen,
        "message": "" if facts.seen else facts.reason,
        "clockSkew": f"{facts.clock_skew:.3f}" if facts.seen else None,
        "freeBytes": facts.free,
        "observedAt": facts.at,
    }


def _where(server: Server) -> Mapping[str, object]:
    return {
        "address": server.address,
        "port": server.port,
        "dataDirectory": server.data_dir,
        "programs": server.bin_dir,
        "socketDirectory": server.socket_dir,
    }


def _leader(picture: Picture) -> Mapping[str, object]:
    leader = picture.leader
    return {"state": listing.manager_state(leader is not None), "coordinator": leader.host if leader else "none"}


def _place(dataservice: Dataservice) -> tuple[str, ...]:
    return (dataservice.name, *(word for word in dataservice.place.split("/") if word))


def ls(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls [PATH] [-l] [-R] [-lR]`."""
    remarks, deep = bool(LONG & invocation.flags), bool(DEEP & invocation.flags)
    path, place = invocation.arguments.get("PATH", "."), _place(dataservice)
    found = tree.find(plain(dataservice.service), path, place)
    if remarks:
        found = tree.find(_seen(dataservice), path, place)
    for line in tree.listed(found, remarks=remarks, deep=deep):
        talk.line(line)
    talk.data("paths", [tree.shown(at) for at, _ in found])
    return Outcome.DONE


def cd(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cd PATH`: below the service; `use` goes to another one."""
    at, _ = tree.one(plain(dataservice.service), invocation.arguments["PATH"], _place(dataservice))
    if not at:
        raise UsageError(f"above /{dataservice.name} there are only services", next="use SERVICE   (goes to another)")
    dataservice.place = "".join(f"/{word}" for word in at[1:])
    return Outcome.DONE


def diag(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`*/*/manager/ServiceManager/diag`: all that is known of a resource."""
    path, place = invocation.arguments["PATH"], _place(dataservice)
    tree.resources(plain(dataservice.service), path, place)  # a wrong path asks no host
    found = tree.resources(_seen(dataservice), path, place)
    for at, resource in found:
        for line in listing.table(tree.shown(at), resource.facts):
            talk.line(line)
    talk.data("resources", {tree.shown(at): dict(resource.facts) for at, resource in found})
    return Outcome.DONE


COMMANDS = (
    Command(
        "ls [PATH] [-l] [-R] [-lR]",
        "show what is below a path",
        ls,
        help="-l with states, -R with all that is below. `*` stands for any element.",
        mode=Mode.PHYSICAL,
    ),
    Command(
        "cd PATH",
        "go about in the tree",
        cd,
        help="`cd ..` goes up, `cd /alpha` to the service; `use SERVICE` goes to another one.",
        mode=Mode.PHYSICAL,
    ),
    Command(
        "PATH",
        "a path that ends in `diag`: all that is known of a resource",
        diag,
        help="host1/replicator/Replicator/diag, */*/manager/ServiceManager/diag",
        mode=Mode.PHYSICAL,
    ),
)
