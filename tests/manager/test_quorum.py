"""The arithmetic of a majority."""

from __future__ import annotations

import pytest

from cctrl.manager.quorum import quorum


def test_the_documented_lines() -> None:
    assert quorum(("db1", "db3", "db2"), ("db1",)).lines() == [
        "CHECKING FOR QUORUM: MUST BE AT LEAST 2 DB MEMBERS",
        "POTENTIAL QUORUM SET MEMBERS ARE: db1, db3, db2",
        "SIMPLE MAJORITY SIZE: 2",
        "GC VIEW OF CURRENT DB MEMBERS IS: db1",
        "VALIDATED DB MEMBERS ARE: db1",
        "REACHABLE DB MEMBERS ARE: db1",
        "========================================================================",
        "CONCLUSION: I AM IN A NON-PRIMARY PARTITION OF 1 MEMBERS OUT OF A REQUIRED MAJORITY SIZE OF 2",
        "AND THERE ARE 0 REACHABLE WITNESSES OUT OF 0",
    ]


def test_a_majority_says_so() -> None:
    line = quorum(("db1", "db2", "db3"), ("db1", "db2"), ("db1",)).lines()
    assert "VALIDATED DB MEMBERS ARE: db1" in line
    assert line[-2] == "CONCLUSION: I AM IN A PRIMARY PARTITION OF 2 MEMBERS OUT OF A REQUIRED MAJORITY SIZE OF 2"


@pytest.mark.parametrize(
    ("members", "reached", "held"),
    [(1, 1, True), (2, 1, False), (2, 2, True), (4, 2, False), (5, 3, True), (3, 0, False)],
)
def test_two_parts_never_both_hold_it(members: int, reached: int, held: bool) -> None:
    names = [f"db{n}" for n in range(members)]
    found = quorum(names, names[:reached])
    assert found.held is held
    if held:
        assert not quorum(names, names[reached:]).held
