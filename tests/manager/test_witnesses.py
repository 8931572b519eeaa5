"""Others are asked in the background whether they reach a member."""

from __future__ import annotations

from threading import Event

import pytest

from cctrl.manager import witnesses as said
from cctrl.manager.witnesses import Witnesses
from tests.stage import wait_for


class Asked:
    """Members that answer what the test says, when it lets them."""

    def __init__(self, **answers: bool | None) -> None:
        self.answers = answers
        self.may = Event()
        self.asked = 0

    def reaches(self, member: str, source: str, patience: float) -> bool | None:
        assert self.may.wait(10)
        self.asked += 1
        return self.answers[member]


def test_who_could_not_be_asked_is_no_witness() -> None:
    asked = Asked(host2=True, host3=False, host4=None)
    witnesses = Witnesses(asked, 1.0)
    witnesses.ask("host1", ["host2", "host3", "host4"])
    assert witnesses.answer("host1") is None
    asked.may.set()
    wait_for(lambda: witnesses.answer("host1") is not None)
    assert witnesses.answer("host1") == said.Testimony(("host2",), ("host3",))
    assert witnesses.answer("host2") is None


def test_what_was_said_before_it_was_in_sight_again_is_forgotten() -> None:
    asked = Asked(host2=False)
    witnesses = Witnesses(asked, 1.0)
    witnesses.ask("host1", ["host2"])
    witnesses.forget()
    asked.may.set()
    wait_for(lambda: asked.asked == 1)
    assert witnesses.answer("host1") is None
    witnesses.ask("host1", ["host2"])
    wait_for(lambda: witnesses.answer("host1") == said.Testimony((), ("host2",)))
    witnesses.forget()


def test_they_are_asked_again_until_it_is_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was true two seconds ago need not be true any more."""
    monkeypatch.setattr(said, "PERIOD", 0.01)
    asked = Asked(host2=False)
    asked.may.set()
    witnesses = Witnesses(asked, 1.0)
    witnesses.ask("host1", ["host2"])
    wait_for(lambda: witnesses.answer("host1") == said.Testimony((), ("host2",)))
    asked.answers["host2"] = True
    wait_for(lambda: witnesses.answer("host1") == said.Testimony(("host2",), ()))
    witnesses.forget()
    wait_for(lambda: witnesses.answer("host1") is None)
