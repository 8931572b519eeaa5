"""The core's sentences call the member that takes writes as the vocabulary does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hypothesis import given

from cctrl.replication.appointment import plan_appointment, standings
from cctrl.replication.diagnosis import Health, diagnose
from cctrl.replication.facts import View
from cctrl.replication.plan import plan_move, plan_takeover
from cctrl.replication.recovery import Way, remedy
from cctrl.replication.rejection import Rejected
from tests.replication.worlds import excluded, views

LIMIT = 1 << 20


def sentences(view: View, out: Mapping[str, str]) -> Iterator[str]:
    """All that the core says of a look, whatever is asked of it."""
    yield diagnose(view).health.text(view.called)
    yield from moves(view, "", out)
    for member in view.members:
        yield from moves(view, member.name, out)
        yield from said(lambda name: plan_appointment(view, name, standings(view)).plan.warnings, member.name)
        if diagnose(view).healthy and member.name != diagnose(view).primary:
            yield from said(lambda name: (remedy(view, diagnose(view).primary, name, None).reason,), member.name)


def moves(view: View, target: str, out: Mapping[str, str]) -> Iterator[str]:
    yield from said(lambda name: plan_move(view, name, out, LIMIT).plan.warnings, target)
    yield from said(lambda name: plan_takeover(view, name, out).plan.warnings, target)


def said(ask: Callable[[str], tuple[str, ...]], name: str) -> tuple[str, ...]:
    try:
        return ask(name)
    except Rejected as rejected:
        return rejected.what, rejected.detail


@given(views(), excluded())
def test_no_sentence_has_another_word(view: View, out: Mapping[str, str]) -> None:
    found = list(sentences(replace(view, called="captain"), out))
    assert not [text for text in found if "primar" in text]


def test_every_diagnosis_and_every_way_can_be_said() -> None:
    found = [one.text("captain") for one in (*Health, *Way)]
    assert len(set(found)) == len(found)
    assert not [text for text in found if "primar" in text or "{" in text]
