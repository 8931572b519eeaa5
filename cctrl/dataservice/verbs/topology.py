"""`cluster topology validate`, `show topology`, `show alarms`."""

from __future__ import annotations

from collections.abc import Iterator

from cctrl.dataservice.advice import for_datasource
from cctrl.dataservice.listing import stamp
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import MASTER, Datasource, adrift, policy
from cctrl.dataservice.verbs.appoint import Ranking, rank
from cctrl.dataservice.verbs.status import tell_of_the_manager, using
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Command, Invocation, Talk


def validate(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`cluster topology validate`: whether every datasource is where its role says."""
    picture = dataservice.look()
    talk.line(f"VALIDATING THE TOPOLOGY OF DATA SERVICE '{dataservice.name}'")
    wrong: dict[str, str] = {}
    for source in picture.sources:
        problem = _problem(picture, source)
        talk.line(f"'{source.name}@{dataservice.name}': {problem or _standing(source)}")
        wrong |= {source.name: problem} if problem else {}
    talk.data("problems", wrong)
    if wrong:
        name = next(iter(wrong))
        following = for_datasource(picture.source(name), picture.diagnosis) or "ls"
        numbers = f"{len(wrong)} of {len(picture.sources)} datasources: {', '.join(wrong)}"
        raise Refused(f"the topology of {dataservice.name} is not valid", detail=numbers, next=following)
    talk.line(f"THE TOPOLOGY OF DATA SERVICE '{dataservice.name}' IS VALID")
    return Outcome.DONE


def _standing(source: Datasource) -> str:
    return f"{source.role} of {source.master}" if source.master else source.role


def _problem(picture: Picture, source: Datasource) -> str:
    """What is wrong with a datasource's place; "" where nothing is."""
    facts, primary = source.facts, picture.diagnosis.primary
    if source.fault:
        return source.fault
    if not facts.up:
        return f"its server {facts.server.value}"
    if not picture.diagnosis.healthy:
        return f"no master: {picture.diagnosis.health.text(MASTER)}"
    if source.role == MASTER:
        on_record = picture.intent.primary
        return f"accepts writes, but {on_record} is the master on record" if on_record not in ("", source.name) else ""
    master = picture.view[primary]
    if facts.system != master.system:
        return f"system identifier {facts.system}, the master has {master.system}"
    if facts.version != master.version:
        return f"major version {facts.version}, the master has {master.version}"
    if facts.timeline != master.timeline:
        return f"timeline {facts.timeline}, the master is on {master.timeline}"
    return ""


def show_topology(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`show topology`: who receives from whom."""
    picture = dataservice.look()
    talk.line(f"{dataservice.name}({policy(picture.intent)})")
    rows = list(_tree(picture, "", 1, frozenset()))
    shown = {name for name, _ in rows}
    rows += [(source.name, 1) for source in picture.sources if source.name not in shown]
    for name, depth in rows:
        source, server = picture.source(name), dataservice.service.member(name)
        talk.line(f"{'  ' * depth}{name}({source.role}:{source.word}) {server.address}:{server.port}")
    talk.data("topology", [_json(picture, source) for source in picture.sources])
    return Outcome.DONE


def _tree(picture: Picture, master: str, depth: int, above: frozenset[str]) -> Iterator[tuple[str, int]]:
    """The datasources that receive from `master`, each followed by those that receive from it."""
    for source in picture.sources:
        if source.master == master and source.name not in above:
            yield source.name, depth
            yield from _tree(picture, source.name, depth + 1, above | {source.name})


def _json(picture: Picture, source: Datasource) -> dict[str, object]:
    receivers = [other.name for other in picture.sources if other.master == source.name]
    return {"name": source.name, "role": source.role, "state": source.word, "master": source.master, "feeds": receivers}


def show_alarms(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`show alarms`: every datasource that is not OK, why, since when, and what to type."""
    picture = dataservice.look()
    ranking = rank(dataservice, picture) if adrift(picture.view, picture.diagnosis) else None
    alarms = [source for source in picture.shown if source.status != "OK"]
    for source in alarms:
        talk.line(f"{source.name}({source.role}:{source.word}) STATUS [{source.status}] [{stamp(source.since)}]")
        if source.remark and source.remark != source.reason:
            talk.line(f"  REASON[{source.remark}]")
        talk.line(f"  NEXT: {_following(picture, source, ranking)}")
    if not alarms:
        talk.note(f"every datasource of {dataservice.name} is OK")
    tell_of_the_manager(picture, talk)
    talk.data("alarms", [_alarm(source, _following(picture, source, ranking)) for source in alarms])
    return Outcome.DONE


def _following(picture: Picture, source: Datasource, ranking: Ranking | None) -> str:
    """What to type: for one that only lacks a master, what brings the service one."""
    if ranking is not None:
        return using(ranking) or "ping"
    master = picture.diagnosis.primary
    own = for_datasource(source, picture.diagnosis)
    return own or (for_datasource(picture.source(master), picture.diagnosis) if master else "") or "ls"


def _alarm(source: Datasource, following: str) -> dict[str, object]:
    return {
        "name": source.name,
        "role": source.role,
        "state": source.state.value,
        "status": source.status,
        "reason": source.reason or source.remark,
        "since": source.since,
        "next": following,
    }


COMMANDS = (
    Command("show topology", "who receives from whom", show_topology),
    Command(
        "show alarms",
        "every datasource that is not OK: why, since when, and the command to type",
        show_alarms,
    ),
    Command(
        "cluster topology validate",
        "whether every datasource is where its role says",
        validate,
        help="One master; every other one receives from it, on its timeline, with its system identifier and version.\n"
        "Exits with 3 where something is wrong.",
    ),
)
"""The commands about who is where."""
