"""Commits that a quorum must have: any majority that a failover sees has one of them."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrl.replication.synchrony import needed, setting


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


@given(st.integers(2, 7))
def test_every_majority_has_every_acknowledged_commit(members: int) -> None:
    """Whoever is the primary, and whichever standbys acknowledged: a majority that is seen later has one of them."""
    everyone = set(range(members))
    for primary in everyone:
        for acknowledged in combinations(everyone - {primary}, needed(members)):
            holders = {primary, *acknowledged}
            for seen in combinations(everyone, members // 2 + 1):
                assert holders & set(seen)
