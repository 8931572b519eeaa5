"""What a manager sees wrong with a dataservice in one look, and how long it must last to count. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import MANUALLY_FAILED, MASTER, Datasource, State, failed_over_to, lagging
from cctrl.manager.quorum import Quorum, quorum
from cctrl.manager.suspicion import Suspicion
from cctrl.replication.diagnosis import Health
from cctrl.replication.facts import Facts, Server, View
from cctrl.replication.position import size
from cctrl.replication.synchrony import lacking
from cctrl.store import MemberIntent, ServiceIntent

MASTER_FAILED = "master-failed"
SLAVE_FAILED = "slave-failed"
BACK = "back"  # FAILED on record, well again
OFFLINE = "offline"  # OFFLINE on record, well
UNFENCED = "unfenced"  # superseded, and accepts writes or would when it is started
STRAY = "stray"  # accepts writes beside the master
LAGGING = "lagging"
FULL = "full"  # no room on its disk: it works until it needs some
NOT_SYNCHRONOUS = "not-synchronous"  # would acknowledge what no quorum has
UNCLEAR = "unclear"  # who the master is
FAILED_OVER = "failed-over"  # the kind of the event that is written after an automatic failover

ALONE = frozenset({MASTER_FAILED, UNFENCED})  # seen to also where no majority answers: nothing is promoted then

CONFIRM = 0.2  # seconds a server that died must have been seen so
RESTART = 3.0  # seconds one that was shut down in an orderly way gets to come back: somebody restarts it, perhaps
SOON = 1.0  # seconds what can wait for a second look must have been so
FAILED_HEALTHS = frozenset(
    {
        Health.PRIMARY_STOPPED,
        Health.PRIMARY_CRASHED,
        Health.PRIMARY_NOT_ANSWERING,
        Health.PRIMARY_UNREACHABLE,
        Health.PRIMARY_SEEN_BY_OTHERS,
    }
)


def suspicions(
    picture: Picture, silence: Mapping[str, float], failure_timeout: float, maximum_lag: int
) -> tuple[Suspicion, ...]:
    """All that is not as it should be. `silence`: seconds since each member was last heard of."""
    return tuple(
        suspicion
        for source in picture.sources
        for suspicion in _of(picture, source, silence.get(source.name, 0.0), failure_timeout, maximum_lag)
    ) + (*_not_synchronous(picture), *_unclear(picture))


def _of(
    picture: Picture, source: Datasource, silence: float, failure_timeout: float, maximum_lag: int
) -> Iterator[Suspicion]:
    diagnosis, name = picture.diagnosis, source.name
    told = picture.intent.member(name)
    patience = min(failure_timeout, _patience(source, failure_timeout))
    lasted = silence if source.facts.server in (Server.UNSEEN, Server.FROZEN) else 0.0
    if unfenced(told, source.facts):
        yield Suspicion(UNFENCED, name, f"{name} was replaced by a failover, and could accept writes", 0.0)
    elif name in diagnosis.strays and diagnosis.primary:  # where nobody knows which is right nobody is fenced
        yield Suspicion(STRAY, name, f"{name} accepts writes beside {diagnosis.primary}", 0.0)
    elif told.state == State.SHUNNED.value:
        return
    elif name == diagnosis.primary and diagnosis.health in FAILED_HEALTHS:
        text = source.fault or diagnosis.health.text(MASTER)
        yield Suspicion(MASTER_FAILED, name, text, patience, lasted, cause(source.facts))
    elif told.state == State.FAILED.value:
        if told.reason != MANUALLY_FAILED and _works(picture, source):
            yield Suspicion(BACK, name, f"{name} is well again", 0.0)
    elif source.fault and source.role != MASTER and (diagnosis.healthy or not source.facts.standby):
        # (a standby that receives nothing while no master works is not what has failed)
        yield Suspicion(SLAVE_FAILED, name, source.fault, patience, lasted, cause(source.facts))
    elif told.state == State.OFFLINE.value and _works(picture, source):
        yield Suspicion(OFFLINE, name, f"{name} is OFFLINE and well", 0.0)
    elif source.facts.up and source.facts.full:
        yield Suspicion(FULL, name, source.remark, SOON)
    else:
        yield from _lag(picture, source, failure_timeout, maximum_lag)


def cause(facts: Facts) -> str:
    """Why a server does not do its work, as its host shows it; "" where that shows nothing more."""
    if facts.full and facts.free is not None:
        return f"only {size(facts.free)} are free where its data directory lies"
    return facts.reason.partition("FATAL: ")[2].strip() if facts.server is Server.REJECTING else ""


def over(picture: Picture, kind: str, name: str) -> str:
    """What is to be told where something ended by itself; "" for what ends by what is done about it."""
    diagnosis, facts = picture.diagnosis, picture.source(name).facts if name else None
    if kind == UNCLEAR and diagnosis.healthy:
        return f"{diagnosis.primary} is the master, and no other one"
    if facts is None or not facts.up:
        return ""
    if kind == FULL and not facts.full:
        return f"the disk of {name} has room again"
    if kind == MASTER_FAILED and diagnosis.healthy and diagnosis.primary == name:
        return f"{name} is the master and accepts writes again"
    return f"{name} has caught up" if kind == LAGGING and diagnosis.healthy and facts.standby else ""


def _patience(source: Datasource, failure_timeout: float) -> float:
    if source.facts.server is not Server.DOWN:
        return failure_timeout
    return RESTART if source.facts.clean else CONFIRM


def unfenced(told: MemberIntent, facts: Facts) -> bool:
    """True where a failed-over master can be reached and is not yet certain never to start writable."""
    has_data = facts.server not in (Server.UNSEEN, Server.NO_DATA, Server.NO_BINARIES, Server.MISCONFIGURED)
    return bool(_replaced_by(told)) and has_data and facts.fence is None and (facts.writable or not facts.standby_mark)


def _replaced_by(told: MemberIntent) -> str:
    """The successor of a failed-over master; "" for any other."""
    prefix = failed_over_to("")
    replaced = told.state == State.SHUNNED.value and told.reason.startswith(prefix)
    return told.reason.removeprefix(prefix) if replaced else ""


def to_be_fenced(intent: ServiceIntent, view: View) -> dict[str, str]:
    """Failed-over masters that are out of sight, with who has replaced each: they may accept writes."""
    told = {facts.name: _replaced_by(intent.member(facts.name)) for facts in view.members}
    return {facts.name: told[facts.name] for facts in view.members if told[facts.name] and not facts.seen}


def _works(picture: Picture, source: Datasource) -> bool:
    """True where a datasource's server runs as its role demands, as far as it can be brought back without a start."""
    if source.name == picture.diagnosis.primary:
        return picture.diagnosis.healthy
    return picture.diagnosis.healthy and source.facts.standby


def _lag(picture: Picture, source: Datasource, patience: float, limit: int) -> Iterator[Suspicion]:
    if behind := lagging(picture.view, picture.diagnosis, source.facts, limit):
        yield Suspicion(LAGGING, source.name, f"{source.name} is {size(behind)} behind, limit {size(limit)}", patience)


def _not_synchronous(picture: Picture) -> Iterator[Suspicion]:
    for name in lacking(picture.view):
        yield Suspicion(NOT_SYNCHRONOUS, name, f"{name} would acknowledge a commit that no quorum has", 0.0)


def _unclear(picture: Picture) -> Iterator[Suspicion]:
    health = picture.diagnosis.health
    if health in (Health.TWO_PRIMARIES, Health.STALE_PRIMARY, Health.NO_PRIMARY):
        evidence = f": {picture.diagnosis.evidence}" if picture.diagnosis.evidence else ""
        yield Suspicion(UNCLEAR, picture.diagnosis.primary, f"{health.text(MASTER)}{evidence}", SOON)


def too_soon(last: float, now: float, block: float) -> bool:
    """True for `block` seconds after an automatic failover; of one that is yet to come the clock was set back since."""
    return 0 <= now - last < block


def reach(picture: Picture) -> Quorum:
    """Which of the members' hosts answer, beside the majority of them."""
    return quorum([m.name for m in picture.view.members], [m.name for m in picture.view.members if m.seen])
