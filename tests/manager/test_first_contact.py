"""A master that was replaced while its host was cut off: it accepts writes until the first thing that is done there."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cctrl.config import load
from cctrl.dataservice.service import Dataservice
from cctrl.dataservice.watch import watching
from cctrl.dataservice.watch.contact import FirstContact
from cctrl.manager.talk import ManagerTalk
from tests.dataservice.alpha import Alpha
from tests.stage import Labs, wait_for

pytestmark = pytest.mark.timeout(300)


class Meeting:
    """Masters that are waited for, and what was done to them."""

    def __init__(self, alpha: Alpha) -> None:
        self.alpha = alpha
        self.done: list[str] = []
        self.config = load(alpha.config)
        self.service, talk = self.config.services[0], ManagerTalk(lambda line: None)
        self.dataservice = Dataservice(self.config, self.service, talk, answer=1.0)
        self.contact = FirstContact(self.config, self.service, talk, 1.0, self.done.append)

    def gone(self) -> dict[str, str]:
        """Who is to be fenced, and out of sight."""
        picture = self.dataservice.look()
        return watching.to_be_fenced(picture.intent, picture.view)

    def heals(self, host: str) -> None:
        """The host is out of sight and expected; then it answers, and has been met."""
        wait_for(lambda: host in self.gone(), 30, f"{host} is out of sight")
        self.contact.expect(self.gone(), lambda: True)
        self.alpha.fault("heal", host)
        wait_for(lambda: not self.contact._expected, 30, f"{host} was met")

    def locked(self, *hosts: str) -> ExitStack:
        """A command that works on these hosts, and only reaches these."""
        held = ExitStack()
        for name in hosts:
            path = Path(self.service.member(name).data_dir).parent / f".cctrl-alpha.{name}.lock"
            fcntl.flock(held.enter_context(path.open("ab")), fcntl.LOCK_EX)
        return held

    def close(self) -> None:
        self.contact.close()
        self.dataservice.close()


@pytest.fixture
def meeting(lab: Labs) -> Iterator[Meeting]:
    """host1 is cut off, and host2 is the master in its place; no manager watches."""
    alpha = Alpha(lab())
    alpha.fault("cut", "host1")
    wait_for(lambda: alpha("--yes", "failover to host2").returncode == 0, 60, "the slaves know that host1 is gone")
    meeting = Meeting(alpha)
    yield meeting
    meeting.close()


def test_a_replaced_master_is_fenced_when_it_answers(meeting: Meeting) -> None:
    """Not where nothing is to be done by itself; but also while a command works on all the others."""
    alpha = meeting.alpha
    alpha.does("set policy maintenance")
    meeting.heals("host1")
    assert (alpha.standing("host1"), meeting.done) == ({"host1": "writable"}, [])
    alpha.fault("cut", "host1")
    alpha.does("set policy automatic")
    with meeting.locked("host2", "host3"):
        meeting.heals("host1")
    assert meeting.done == ["host1 answers again and is fenced: its server has ended and cannot start writable"]
    assert alpha.sql("host1", "select 1") == ""
    alpha.does("datasource host1 recover", "datasource host1 online")
    alpha.stands("host2", ["host1", "host3"])


def test_nobody_is_waited_for_any_more(meeting: Meeting) -> None:
    meeting.contact.expect({"host1": "host2"}, lambda: True)
    meeting.contact.expect({}, lambda: True)
    meeting.contact.expect({"host1": "host2"}, lambda: False)
    wait_for(lambda: not meeting.contact._expected, 10, "it is not tried any more")
