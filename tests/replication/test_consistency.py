"""What follows from checksums that are taken while writers go on."""

from __future__ import annotations

import pytest

from cctrl.replication.consistency import Comparison, Match, Rows, Table, Unread, judge

OLD, NEW, OTHER = Rows(1, "a"), Rows(2, "b"), Rows(2, "c")


def test_a_name_is_one_line_whatever_is_in_it() -> None:
    assert str(Table("postgres", "public", "a\n\x1b[2Jü b")) == "postgres.public.a\\n\\x1b[2Jü b"


@pytest.mark.parametrize(
    ("before", "member", "after", "wanted"),
    [
        (OLD, OLD, OLD, Match.SAME),
        (OLD, OLD, NEW, Match.SAME),
        (OLD, NEW, NEW, Match.SAME),
        (OLD, OTHER, NEW, Match.MOVING),
        (NEW, OTHER, NEW, Match.DIFFERENT),
        (NEW, OLD, NEW, Match.DIFFERENT),
        (NEW, Unread("no"), NEW, Match.UNREAD),
    ],
)
def test_only_what_differs_from_a_master_that_stood_still_is_different(
    before: Rows, member: Rows | Unread, after: Rows, wanted: Match
) -> None:
    assert judge(before, member, after) is wanted


def test_members_are_named_by_what_was_found() -> None:
    found = Comparison(Table("d", "s", "t"), 1, {"host2": Match.SAME, "host3": Match.DIFFERENT}, {})
    assert found.names(Match.DIFFERENT) == ("host3",)
    assert str(found.table) == "d.s.t"
