"""Commits that a quorum must have: any majority that a failover sees has one of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl.replication.facts import Downstream
from cctrl.replication.synchrony import SETTING, demanded, every, needed, setting, waits
from tests.replication import worlds


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ((), ""),
        (("host1",), ""),
        (("host1", "host2"), 'ANY 1 ("host1", "host2")'),
        (("host1", "host2", "host3"), 'ANY 1 ("host1", "host2", "host3")'),
        (("a", "b", "c", "d", "e"), 'ANY 2 ("a", "b", "c", "d", "e")'),
        (('qu"ote', "b"), 'ANY 1 ("qu""ote", "b")'),
    ],
)
def test_the_setting(names: tuple[str, ...], wanted: str) -> None:
    assert setting(names) == wanted


def test_the_setting_that_waits_for_each() -> None:
    assert every(()) == ""
    assert every(("a", 'b"c')) == 'FIRST 2 ("a", "b""c")'


@given(st.integers(2, 7))
def test_every_majority_has_every_acknowledged_commit(members: int) -> None:
    """Whoever is the primary, and whichever standbys acknowledged: a majority that is seen later has one of them."""
    everyone = set(range(members))
    for primary in everyone:
        for acknowledged in combinations(everyone - {primary}, needed(members)):
            holders = {primary, *acknowledged}
            for seen in combinations(everyone, members // 2 + 1):
                assert holders & set(seen)


@pytest.mark.parametrize(
    ("value", "number", "names", "met"),
    [
        ("FIRST 1 (host1)", 1, ("host1",), 0),
        ("any 2 (host2, HOST3)", 2, ("host2", "HOST3"), 2),
        ("2 (*)", 2, ("*",), 2),
        ("*", 1, ("*",), 2),
        ('host2, "ho""st"', 1, ("host2", 'ho"st'), 1),
    ],
)
def test_what_a_setting_of_somebody_else_demands(value: str, number: int, names: tuple[str, ...], met: int) -> None:
    found = demanded(value)
    assert found is not None
    assert (found.number, found.names, found.met_by(["host2", "host3"])) == (number, names, met)


def test_nobody_is_waited_for() -> None:
    assert demanded("") is demanded("  ") is None


def test_a_master_whose_writes_hang() -> None:
    at_work = Downstream("host2", "streaming")
    first = replace(worlds.primary(), settings={SETTING: "FIRST 1 (host3)"}, downstreams=(at_work,))
    assert waits(first) == (1, 0)
    assert waits(replace(first, downstreams=(at_work, Downstream("host3", "catchup")))) == (1, 0)
    assert waits(replace(first, downstreams=(Downstream("host3", "streaming"),))) is None
    assert waits(replace(first, writable=False)) is None
