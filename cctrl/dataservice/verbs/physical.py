"""The PHYSICAL mode: `ls`, `cd` and `diag` in the tree of what was found on the hosts. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from cctrl.config import Server
from cctrl.dataservice import listing, tree
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import Datasource, dataserver_state, replicator_state
from cctrl.dataservice.tree import Element
from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Command, Invocation, Mode, Talk
from cctrl.router.state import Seen

LONG, DEEP = {"-l", "-lR", "-Rl"}, {"-R", "-lR", "-Rl"}


def _plain(dataservice: Dataservice) -> Element:
    """The tree with nothing known of anything: for names alone no host is asked."""
    hosts = tuple(Element(m.name, COMPONENTS) for m in dataservice.service.members)
    return Element("", (Element(dataservice.name, _with_routers(dataservice, hosts, ())),))


def _seen(dataservice: Dataservice) -> Element:
    """The tree with all that one look shows."""
    picture, routers = dataservice.look_at_all()
    hosts = tuple(_host(dataservice.service.member(s.name), s, picture) for s in picture.shown)
    return Element("", (Element(dataservice.name, _with_routers(dataservice, hosts, routers)),))


def _with_routers(dataservice: Dataservice, hosts: tuple[Element, ...], seen: Sequence[Seen]) -> tuple[Element, ...]:
    """The hosts with the routers that are on them, and the hosts that have nothing but a router."""
    members = {m.host.name: m.name for m in dataservice.service.members}
    on: dict[str, list[str]] = {}
    for router in dataservice.service.routers:
        on.setdefault(members.get(router.host.name, router.host.name), []).append(router.name)
    known = {one.name: one for one in seen}
    parts = {host: _router([known[name] for name in names if name in known]) for host, names in on.items()}
    both = tuple(replace(h, below=(*h.below, parts.pop(h.name))) if h.name in parts else h for h in hosts)
    return (*both, *(Element(name, (part,), remark=part.remark) for name, part in parts.items()))


def _router(seen: Sequence[Seen]) -> Element:
    facts = {f"{one.name}.{key}": value for one in seen for key, value in asdict(one).items() if key != "name"}
    remark = ", ".join(f"{one.name}:{one.state}" for one in seen)
    return Element("router", (Element("RouterManager", (), facts, remark),), remark=remark)


COMPONENTS = (
    Element("host", (Element("Host"),)),
    Element("dataserver", (Element("DataServer"),)),
    Element("replicator", (Element("Replicator"),)),
    Element("manager", (Element("ServiceManager"),)),
)


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


def paths(dataservice: Dataservice) -> dict[str, str]:
    """The paths of the tree, for completion, each with what it is."""
    found: dict[str, str] = {}
    for host in _plain(dataservice).below[0].below:
        found[host.name] = "host"
        for component in host.below:
            found[f"{host.name}/{component.name}"] = "component"
            found[f"{host.name}/{component.name}/{component.below[0].name}/{tree.DIAG}"] = "what is known of it"
    return found


def _place(dataservice: Dataservice) -> tuple[str, ...]:
    return (dataservice.name, *(word for word in dataservice.place.split("/") if word))


def ls(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls [PATH] [-l] [-R] [-lR]`."""
    remarks, deep = bool(LONG & invocation.flags), bool(DEEP & invocation.flags)
    path, place = invocation.arguments.get("PATH", "."), _place(dataservice)
    found = tree.find(_plain(dataservice), path, place)
    if remarks:
        found = tree.find(_seen(dataservice), path, place)
    for line in tree.listed(found, remarks=remarks, deep=deep):
        talk.line(line)
    talk.data("paths", [tree.shown(at) for at, _ in found])
    return Outcome.DONE


def cd(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cd PATH`: below the service; `use` goes to another one."""
    at, _ = tree.one(_plain(dataservice), invocation.arguments["PATH"], _place(dataservice))
    if not at:
        raise UsageError(f"above /{dataservice.name} there are only services", next="use SERVICE   (goes to another)")
    dataservice.place = "".join(f"/{word}" for word in at[1:])
    return Outcome.DONE


def diag(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`*/*/manager/ServiceManager/diag`: all that is known of a resource."""
    path, place = invocation.arguments["PATH"], _place(dataservice)
    tree.resources(_plain(dataservice), path, place)  # a wrong path asks no host
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
