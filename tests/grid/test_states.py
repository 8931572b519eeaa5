"""Table 13-2: every status is there, explained, and its next command is one that can be typed."""

from __future__ import annotations

import re

import pytest

from cctrl.grid import states
from cctrl.grid.model import Status
from cctrl.grid.verbs import syntax
from tests.grid.made import database, with_status

DOCUMENTED = """close failed, closing, create failed, creating, destroy failed, destroyed, destroying, down, evicted,
evicted (loaded), evicted (unloading), load failed, loaded, loading, opened, open failed, opening, uncreated, unloaded,
unloading, waiting for seed"""


def test_the_statuses_are_those_of_the_table() -> None:
    assert {s.value for s in Status} == set(re.split(r",\s+", DOCUMENTED))


@pytest.mark.parametrize("status", Status)
def test_each_status_is_explained(status: Status) -> None:
    meaning = states.MEANINGS[status]
    assert meaning.what.endswith(".") and meaning.next.endswith(".")
    assert bool(meaning.command) is (status not in (Status.OPENED, Status.DESTROYED))
    if meaning.command:
        syntax.read(meaning.typed("database1", "host3.instance1").split())


def test_a_failure_has_its_reason_beside_it_and_a_command() -> None:
    for status in states.FAILED:
        assert "Message column" in states.MEANINGS[status].what and states.MEANINGS[status].command


def test_footnotes_tell_what_is_not_as_it_should_be() -> None:
    assert states.footnotes("database1", database().elements) == []
    found = states.footnotes("database1", with_status(database(), host4=Status.DOWN).elements)
    assert found[0].startswith("down (host4.instance1): ")
    assert found[1] == "NEXT: ttGridAdmin instanceExec -only host4.instance1 ttDaemonAdmin -start"
