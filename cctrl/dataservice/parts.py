"""What the tree of the PHYSICAL mode consists of for a service: its hosts, their components, the routers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from cctrl.config import Service
from cctrl.dataservice.tree import DIAG, Element
from cctrl.router.state import Seen

COMPONENTS = (
    Element("host", (Element("Host"),)),
    Element("dataserver", (Element("DataServer"),)),
    Element("replicator", (Element("Replicator"),)),
    Element("manager", (Element("ServiceManager"),)),
)


def plain(service: Service) -> Element:
    """The tree with nothing known of anything: for names alone no host is asked."""
    hosts = tuple(Element(m.name, COMPONENTS) for m in service.members)
    return Element("", (Element(service.name, with_routers(service, hosts, ())),))


def with_routers(service: Service, hosts: tuple[Element, ...], seen: Sequence[Seen]) -> tuple[Element, ...]:
    """The hosts with the routers that are on them, and the hosts that have nothing but a router."""
    members = {m.host.name: m.name for m in service.members}
    on: dict[str, list[str]] = {}
    for router in service.routers:
        on.setdefault(members.get(router.host.name, router.host.name), []).append(router.name)
    known = {one.name: one for one in seen}
    parts = {host: _router([known[name] for name in names if name in known]) for host, names in on.items()}
    both = tuple(replace(h, below=(*h.below, parts.pop(h.name))) if h.name in parts else h for h in hosts)
    return (*both, *(Element(name, (part,), remark=part.remark) for name, part in parts.items()))


def _router(seen: Sequence[Seen]) -> Element:
    facts = {f"{one.name}.{key}": value for one in seen for key, value in asdict(one).items() if key != "name"}
    remark = ", ".join(f"{one.name}:{one.state}" for one in seen)
    return Element("router", (Element("RouterManager", (), facts, remark),), remark=remark)


def paths(service: Service) -> dict[str, str]:
    """The paths of the tree, for completion, each with what it is."""
    found: dict[str, str] = {}
    for host in plain(service).below[0].below:
        found[host.name] = "host"
        for component in host.below:
            found[f"{host.name}/{component.name}"] = "component"
            found[f"{host.name}/{component.name}/{component.below[0].name}/{DIAG}"] = "what is known of it"
    return found
