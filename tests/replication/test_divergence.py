"""Where two logs part is found from what the members tell, for every tree of promotions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from cctrl.replication.divergence import Relation, descends, parting
from cctrl.replication.recovery import log_after, timeline_at
from tests.replication.worlds import ROOT, Branch, Placed, at, branches, common, facts, forks, placed


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Placed, Placed]:
    tree = draw(branches())
    return draw(placed(tree, "host1")), draw(placed(tree, "host2"))


def _placed(branch: Branch, offset: int, name: str) -> Placed:
    end = at(offset)
    return Placed(branch, end, facts(name, timeline=branch.number, history=branch.history, received=end))


EARLY, LATE = Branch(2, at(10), ROOT), Branch(2, at(20), ROOT)


@given(pairs())
@example((_placed(EARLY, 30, "host1"), _placed(LATE, 50, "host2"))).via(
    "both promoted to timeline 2, unaware of each other"
)
@example((_placed(LATE, 30, "host1"), _placed(EARLY, 50, "host2"))).via("the same, the other way round")
def test_logs_part_where_they_truly_part(pair: tuple[Placed, Placed]) -> None:
    member, primary = pair
    part = parting(member.facts, primary.facts)
    line = primary.branch.line
    if member.branch is primary.branch:
        assert part.relation is (Relation.SAME if member.end <= primary.end else Relation.AHEAD)
    elif member.branch in line:
        left = line[line.index(member.branch) + 1].begins
        assert part.relation is (Relation.AFTER_FORK if member.end > left else Relation.BEFORE_FORK)
        assert part.at == left
    else:
        assert part.relation is Relation.AFTER_FORK
        assert part.at == common(member, primary)


@given(pairs())
def test_a_later_server_descends_from_an_earlier_one_and_never_the_other_way(pair: tuple[Placed, Placed]) -> None:
    one, other = pair
    assert descends(one.facts, other.facts) == (other.branch in one.branch.line[:-1])


@given(pairs())
def test_all_that_a_member_wrote_after_the_parting_is_read(pair: tuple[Placed, Placed]) -> None:
    """Of each timeline since, from its beginning, or from the parting where that is later."""
    member, primary = pair
    part = parting(member.facts, primary.facts)
    spans = log_after(member.facts, part.timeline, part.at).spans
    if part.relation is Relation.AFTER_FORK:
        common_end = common(member, primary)
        line = member.branch.line
        later = [b for n, b in enumerate(line) if n + 1 == len(line) or line[n + 1].begins > common_end]
        expected = [(b.number, max(b.begins, common_end)) for b in later]
        assert [s for s in spans if s in expected] == expected
    assert all(start >= part.at for _, start in spans)
    assert spans[-1][0] == member.branch.number


@given(pairs())
def test_the_timeline_of_a_position_is_known(pair: tuple[Placed, Placed]) -> None:
    member = pair[0]
    for branch in member.branch.line[1:]:
        assert timeline_at(member.facts, branch.begins) >= branch.number


def test_a_history_file_that_is_lost_does_not_make_a_member_foreign() -> None:
    member = facts("host2", timeline=2, received=at(30))
    primary = facts("host1", timeline=3, received=at(90), history=forks((1, 10), (2, 40)))
    assert parting(member, primary).relation is Relation.BEFORE_FORK
    assert parting(replace(member, received=at(41)), primary).relation is Relation.AFTER_FORK
    assert parting(primary, member).relation is Relation.AFTER_FORK


def test_a_timeline_nobody_knows_is_foreign() -> None:
    assert parting(facts("host2", timeline=7), facts("host1")).relation is Relation.FOREIGN
