"""What only looks: `ls`, `members`, `ping`."""

from __future__ import annotations

import time
from collections.abc import Mapping

from cctrl.dataservice import listing, newcomers
from cctrl.dataservice.advice import DOCTOR, ROOM_ON_DISK, for_datasource
from cctrl.dataservice.change import MANAGERS_OWN
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import (
    AUTOMATIC,
    MAINTENANCE,
    Datasource,
    adrift,
    dataserver_state,
    policy,
    replicator_state,
)
from cctrl.dataservice.verbs import routing
from cctrl.dataservice.verbs.appoint import Ranking, rank
from cctrl.dataservice.watch.watching import FAILED_OVER, MASTER_FAILED
from cctrl.outcome import Outcome
from cctrl.registry import Invocation, Talk
from cctrl.replication.checkup import FREE_LIMIT
from cctrl.replication.facts import Server
from cctrl.replication.position import size
from cctrl.ssh.by_hand import login
from cctrl.store import Operation

LONG = "-l"
LAST = 30  # events that are looked through for what the manager said


def ls(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`ls`, `ls -l`, `ls HOST`."""
    name = invocation.arguments.get("HOST", "")
    picture, routers = (dataservice.look(), []) if name else dataservice.look_at_all()
    sources = tuple(s for s in picture.shown if name in ("", s.name))
    mode, leader, watched = policy(picture.intent), picture.leader, picture.leader is not None
    first = listing.coordinator(leader.host if leader else "none", mode, "ONLINE" if leader else "OFFLINE")
    if LONG in invocation.flags:
        lines = [first, "", *(["ROUTERS:", *listing.routers(routers), ""] if routers else [])] if not name else []
        lines += [line for source in sources for line in listing.long_box(source)]
    else:
        lines = listing.box(sources[0], watched) if name else listing.listing(first, sources, watched, routers)
    for line in lines:
        talk.line(line)
    talk.data("policy", mode)
    talk.data("manager", leader)
    talk.data("health", picture.diagnosis.health.name)
    ranking = rank(dataservice, picture) if adrift(picture.view, picture.diagnosis) else None
    unfinished = dataservice.store.unfinished(dataservice.name)
    following = {source.name: _following(picture, source, ranking, unfinished) for source in sources}
    talk.data("datasources", [_json(picture, source, following[source.name]) for source in sources])
    _advise(dataservice, picture, sources, ranking, following, talk)
    newcomers.tell(dataservice, picture, talk)
    if not name:
        routing.tell(routers, talk)
    _tell_unfinished(dataservice, unfinished, talk)
    return Outcome.DONE if any(facts.seen for facts in picture.view.members) else Outcome.UNKNOWN


def _following(picture: Picture, source: Datasource, ranking: Ranking | None, unfinished: Operation | None) -> str:
    """What to type for a datasource; "" where nothing helps. No master works, and the manager is at it already: no more
    than to look again."""
    if ranking is not None:
        return using(ranking)
    advice = for_datasource(source, picture.diagnosis)
    manager = picture.leader.holder if picture.leader else ""
    if advice and not picture.diagnosis.healthy and unfinished and unfinished.who == manager:
        return f"ls {source.name}   (again: the manager is at work: {unfinished.text})"
    return advice


def _json(picture: Picture, source: Datasource, following: str) -> dict[str, object]:
    components = {
        "MANAGER": listing.manager_state(picture.leader is not None),
        "REPLICATOR": replicator_state(source),
        "DATASERVER": dataserver_state(source.facts),
    }
    return {
        **listing.properties(source),
        "master": source.master,
        "components": components,
        "next": following,
    }


def using(ranking: Ranking) -> str:
    """The command that helps where there is no master; "" where none does."""
    return f"recover using {ranking.best}" if ranking.best else ""


def _advise(
    dataservice: Dataservice,
    picture: Picture,
    sources: tuple[Datasource, ...],
    ranking: Ranking | None,
    following: Mapping[str, str],
    talk: Talk,
) -> None:
    """The next command for every datasource that is not well, on stderr; without a master the one for them all."""
    tell_of_the_manager(picture, talk)
    for source in sources:
        if ranking is None and following[source.name]:
            talk.note(f"{source.name} is {source.word}{_because(source)}")
            talk.note(f"NEXT: {following[source.name]}")
        free = source.facts.free
        if free is not None and free < FREE_LIMIT:
            talk.note(f"{source.name}: only {size(free)} are free where its data directory lies")
            if source.facts.full and not source.warning:
                talk.note(f"NEXT: {ROOM_ON_DISK.format(member=source.name)}")
    if ranking is not None:
        _tell(picture, ranking, talk)
    _why_it_waits(dataservice, picture, talk)


def _why_it_waits(dataservice: Dataservice, picture: Picture, talk: Talk) -> None:
    """What keeps the manager from replacing a master that failed, as far as it said so."""
    master = picture.diagnosis.primary
    if policy(picture.intent) != AUTOMATIC or picture.leader is None or picture.diagnosis.healthy or not master:
        return
    events = dataservice.store.events(dataservice.name, LAST)
    said = next((e for e in reversed(events) if e.kind in (MASTER_FAILED, FAILED_OVER)), None)
    of_it = said is not None and (said.kind, said.member) == (MASTER_FAILED, master)
    if said is not None and of_it and said.text != picture.source(master).fault:
        text = said.text.partition("; DETAIL: ")[0].partition("; NEXT: ")[0]
        talk.note(f"the manager, {listing.age(time.time() - said.at)} ago: {text}")


def _tell(picture: Picture, ranking: Ranking, talk: Talk) -> None:
    """Where there is no master: who is how far, what choosing each would lose, and whom to choose."""
    talk.note(f"no datasource of {picture.service} accepts writes, and there is none that failover could promote")
    for line in ranking.lines():
        talk.note(line)
    talk.data("candidates", list(ranking.standings))
    misconfigured = any(facts.server is Server.MISCONFIGURED for facts in picture.view.members)
    talk.note(f"NEXT: {DOCTOR if misconfigured else using(ranking) or 'ping'}")


def tell_of_the_manager(picture: Picture, talk: Talk) -> None:
    """That none runs which carries out the policy, or that it can do nothing."""
    mode = policy(picture.intent)
    if mode == MAINTENANCE:
        return
    if picture.leader is None:
        talk.note(f"no manager runs: policy {mode} is not being carried out")
        talk.note("NEXT: cctrl manager   (in a terminal of its own, or as a service)")
    elif picture.leader.state:
        talk.note(f"the manager on {picture.leader.host} reaches no majority of the hosts, and does nothing")
        talk.note("NEXT: cluster validate")


def _because(source: Datasource) -> str:
    """What its state does not say yet. That a server is down is said; how its socket refuses us says no more."""
    why = "" if source.facts.server is Server.DOWN else source.facts.reason
    if not why and source.remark not in source.word:
        why = source.remark
    return f" ({why})" if why else ""


def _tell_unfinished(dataservice: Dataservice, operation: Operation | None, talk: Talk) -> None:
    """A command that did not come to its end can be given again."""
    talk.data("unfinished", operation)
    last = next(iter(dataservice.store.operations(dataservice.name, 1)), None)
    if operation is None and last is not None and last.outcome is Outcome.INTERRUPTED:
        talk.note(f"`{last.text}` by {last.who} was broken off by Ctrl-C")
        talk.note(f"NEXT, if it is still wanted: {last.text}")
    if operation is not None:
        at = f" at: {operation.step}" if operation.step else ""
        talk.note(f"`{operation.text}` by {operation.who} still runs, or was broken off{at}")
        if operation.verb not in MANAGERS_OWN:
            talk.note(f"NEXT, where it was broken off: {operation.text}")


def members(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`members`: one line a host, `SERVICE/HOST(STATE)/ADDRESS`."""
    shown = []
    for source in dataservice.look().sources:
        server = dataservice.service.member(source.name)
        state = "ONLINE" if source.facts.seen else "UNREACHABLE"
        talk.line(f"{dataservice.name}/{source.name}({state})/{server.address}:{server.port}")
        shown.append({"name": source.name, "state": state, "address": server.address, "port": server.port})
    talk.data("members", shown)
    return Outcome.DONE


def ping(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`ping [HOST]`: which hosts answer over SSH."""
    name = invocation.arguments.get("HOST", "")
    servers = [m for m in dataservice.service.members if name in ("", m.name)]
    dataservice.hosts.fresh()
    results = dataservice.hosts.fan_out(servers, lambda m: dataservice.engine.answers(m.name))
    for server, result in zip(servers, results, strict=True):
        shown = f"HOST {server.name}/{server.host.address}"
        if result.ok:
            talk.line(f"{shown}: ALIVE")
            continue
        talk.line(f"{shown}: NOT REACHABLE")
        talk.note(f"{server.name}: {result.reason or result.stderr.strip()}")
        talk.note(f"NEXT: {result.next or login(server.host)}")
    hosts = [
        {"name": s.name, "address": s.host.address, "alive": r.ok, "reason": "" if r.ok else r.reason}
        for s, r in zip(servers, results, strict=True)
    ]
    talk.data("hosts", hosts)
    return Outcome.DONE if any(r.ok for r in results) else Outcome.UNKNOWN
