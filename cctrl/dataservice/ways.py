"""The ways back under the master: whether there is one to come back under, which way is taken for one datasource, and
what has to be looked at to choose it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from cctrl.dataservice.advice import DOCTOR, NO_MASTER_HELP, WAIT, advised, for_datasource, two_masters
from cctrl.dataservice.change import Change
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import MASTER, State, adrift
from cctrl.outcome import CctrlError, Refused
from cctrl.replication.copying import choose_source, estimate, fits, instead_of_rewind, picked_up
from cctrl.replication.diagnosis import Health
from cctrl.replication.divergence import Tail
from cctrl.replication.engine import StepFailed
from cctrl.replication.executor import Sink, execute
from cctrl.replication.recovery import Remedy, Way, only_statistics, remedy, unread
from cctrl.replication.rejection import Rejected, Why


def choose(
    dataservice: Dataservice, picture: Picture, name: str, primary: str, *, force: bool = False, rewind: bool = False
) -> Remedy:
    """Choose the way back for one member, reading its log where that decides. Raises Rejected.

    `force`: see `recovery.remedy`. With `rewind` no copy is taken in place of a rewind.
    """
    part = unread(picture.view[name], picture.view[primary])
    tail: Tail | None = dataservice.engine.tail(name, part) if part else None
    try:
        chosen = remedy(picture.view, primary, name, tail, force=force)
    except Rejected as rejected:
        left = _left_over(dataservice, picture, name, primary) if rejected.why is Why.NO_DATA else None
        if left is None:
            raise advised(rejected) from None
        return left
    if chosen.way is Way.REWIND and not rewind and not picture.view[name].half_rewound:
        chosen = _cheaper(dataservice, picture, name, primary, chosen)
    if tail is not None and tail.statistics:
        chosen = replace(chosen, reason="; ".join(filter(None, (chosen.reason, only_statistics(tail)))))
    return chosen


def present_master(picture: Picture, name: str) -> str:
    """The master to recover under. Raises Rejected where there is none, or `name` is it."""
    diagnosis = picture.diagnosis
    if diagnosis.health is Health.TWO_PRIMARIES:
        what = f"two masters accept writes: {diagnosis.evidence}; neither descends from the other"
        raise Refused(what, next=two_masters(diagnosis))
    if diagnosis.promoting and not diagnosis.healthy:
        what = f"no master to recover under: {diagnosis.promoting} is being promoted"
        raise Refused(what, next=WAIT.format(member=diagnosis.promoting))
    if diagnosis.health is Health.PRIMARY_MISCONFIGURED:
        raise Refused(diagnosis.evidence, detail="the master's server runs, but not so", next=DOCTOR)
    if not diagnosis.healthy:
        who = f"{diagnosis.primary}, " if diagnosis.primary else ""
        what = f"no master to recover under ({who}{diagnosis.health.text(MASTER)})"
        following = NO_MASTER_HELP if adrift(picture.view, diagnosis) else _for_the_master(picture)
        raise Refused(what, detail=diagnosis.evidence, next=following)
    if name == diagnosis.primary:
        what = f"{name} is the master and accepts writes: there is nothing to recover"
        following = for_datasource(picture.source(name), diagnosis)
        raise Refused(what, next=following or "switch   (moves the master while it is well)")
    return diagnosis.primary


def _for_the_master(picture: Picture) -> str:
    name = picture.diagnosis.primary
    return (for_datasource(picture.source(name), picture.diagnosis) if name else "") or "failover"


def bring_back(change: Change, picture: Picture, name: str, primary: str, sink: Sink) -> Remedy:
    """Bring one member back under the primary, without a copy. Raises CctrlError."""
    chosen = choose(change.dataservice, picture, name, primary, rewind=True)
    execute(chosen.plan, change, sink)
    if chosen.way is Way.END:
        chosen = choose(change.dataservice, change.look_again(picture, name, primary), name, primary, rewind=True)
        execute(chosen.plan, change, sink)
    return chosen


@contextmanager
def nothing_changed() -> Iterator[None]:
    """While only looked at: what fails then is a refusal. Raises Refused."""
    try:
        yield
    except StepFailed as error:
        raise Refused(error.what, detail=error.detail, next=error.next) from error


def unfit(picture: Picture) -> Mapping[str, str]:
    """Datasources that nobody is copied from unless asked."""
    return {s.name: s.word for s in picture.sources if s.state in (State.SHUNNED, State.FAILED)}


def _cheaper(dataservice: Dataservice, picture: Picture, name: str, primary: str, rewinding: Remedy) -> Remedy:
    """A full copy in place of a rewind, where that is quicker and there is room to keep the old directory."""
    view = picture.view
    source = choose_source(view, primary, name, "", unfit(picture))
    try:
        survey = dataservice.engine.copies.survey(name, source)
    except CctrlError:
        return rewinding  # what stands against a copy is no obstacle to a rewind
    cost = estimate(survey.extent.size, crashed=not view[name].clean and not view[name].up)
    obstacle = ""
    try:
        fits(view[name], view[source], survey)
    except Rejected as rejected:
        obstacle = f"{rejected.what}: {rejected.detail}" if rejected.detail else rejected.what
    return instead_of_rewind(view, primary, source, name, rewinding, cost, obstacle)


def _left_over(dataservice: Dataservice, picture: Picture, name: str, primary: str) -> Remedy | None:
    """What is left of a recovery by a copy that was cut off while its data directory was being replaced."""
    view = picture.view
    source = choose_source(view, primary, name, "", unfit(picture))
    try:
        survey = dataservice.engine.copies.survey(name, source)
        fits(view[name], view[source], survey)
    except CctrlError:
        return None
    return picked_up(view, primary, source, name, survey)
