"""What FTS makes of what it sees: the documented table, row by row."""

from __future__ import annotations

import pytest

from cctrl.replication.facts import Facts, Server, Upstream
from cctrl.segments.catalog import InvalidCatalog, Pair
from cctrl.segments.catalog_sql import by_fts
from cctrl.segments.fts import Act, Patience, decide, suspicious
from tests.segments import worlds


def pair(state: str = "psu msu") -> Pair:
    return worlds.cluster(c0=state).pairs[0]


LONG, SHORT = Patience(without_mirror=31.0), Patience(without_mirror=5.0)
CASES = [
    ("all is well", "psu msu", worlds.primary(), None, SHORT, Act.NOTHING),
    ("the mirror catches up", "pnu mnd", worlds.primary("catchup", "async"), None, SHORT, Act.MARK),
    (
        "it streams, commits do not wait for it yet",
        "pnu mnu",
        worlds.primary(sync="async"),
        None,
        SHORT,
        Act.ACKNOWLEDGE,
    ),
    ("it streams and counts, the catalog says n", "pnu mnu", worlds.primary(), None, SHORT, Act.ACKNOWLEDGE),
    (
        "the catalog says s, but commits do not wait",
        "psu msu",
        worlds.primary(sync="async"),
        None,
        SHORT,
        Act.ACKNOWLEDGE,
    ),
    ("the mirror went away a moment ago", "psu msu", worlds.primary(""), None, SHORT, Act.WAIT),
    ("the mirror is away for long", "psu msu", worlds.primary(""), None, LONG, Act.RELEASE),
    ("its release was lost", "pnu mnd", worlds.primary(""), None, LONG, Act.RELEASE),
    ("it is down, and that is known", "pnu mnd", worlds.primary("", "async"), None, LONG, Act.NOTHING),
    ("an earlier promotion was lost", "mnd pnu", worlds.mirror(), worlds.gone(), SHORT, Act.PROMOTE),
    ("the primary is dead", "psu msu", worlds.gone(), worlds.mirror(), SHORT, Act.SWAP),
    ("its data is gone", "psu msu", worlds.gone(Server.NO_DATA), worlds.mirror(), SHORT, Act.SWAP),
    ("it hangs", "psu msu", worlds.gone(Server.FROZEN), worlds.mirror(), SHORT, Act.SWAP),
    ("dead, and not in sync", "pnu mnu", worlds.gone(), worlds.mirror(), SHORT, Act.DOUBLE_FAULT),
    ("dead, and the mirror is down", "pnu mnd", worlds.gone(), worlds.gone(), SHORT, Act.DOUBLE_FAULT),
    ("both die at once", "psu msu", worlds.gone(), worlds.gone(), SHORT, Act.DOUBLE_FAULT),
    ("it recovers from a crash", "psu msu", worlds.gone(Server.STARTING), worlds.mirror(), SHORT, Act.WAIT),
    ("it starts for ever", "psu msu", worlds.gone(Server.STARTING), worlds.mirror(), Patience(starting=121), Act.SWAP),
    ("it is full of clients", "psu msu", worlds.gone(Server.REJECTING), worlds.mirror(), SHORT, Act.WAIT),
    ("its host is gone", "psu msu", worlds.gone(Server.UNSEEN), worlds.mirror(upstream=None), SHORT, Act.SWAP),
]


@pytest.mark.parametrize(
    ("state", "primary", "mirror", "patience", "act"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_table(state: str, primary: Facts, mirror: Facts | None, patience: Patience, act: Act) -> None:
    assert decide(pair(state), primary, mirror, patience).act is act


def test_a_mirror_that_heard_later_than_we_did_is_believed() -> None:
    """Only we do not reach the primary: a promotion would make a second one."""
    mirror = worlds.mirror(upstream=Upstream("sdw1", 7000, "streaming", 0.5))
    away = worlds.gone(Server.UNSEEN)
    assert decide(pair(), away, mirror, Patience(unheard=9.0)).act is Act.WAIT
    assert decide(pair(), away, mirror, Patience(unheard=1.0)).act is Act.SWAP


def test_what_needs_a_second_look() -> None:
    assert suspicious(worlds.gone(Server.UNSEEN))
    assert suspicious(worlds.gone(Server.FROZEN))
    assert not suspicious(worlds.gone())  # its own host says that it does not run


def test_roles_are_swapped_in_one_transaction_with_its_history() -> None:
    decision = decide(pair(), worlds.gone(), worlds.mirror(), SHORT)
    statement = by_fts(decision.changes)
    assert statement.count("update public.gp_segment_configuration") == 2
    assert "role = 'm', status = 'd', mode = 'n' where dbid = 2" in statement
    assert "FTS: update role, status, and mode for dbid 2 with contentid 0 to m, d, and n" in statement
    assert "FTS: update role, status, and mode for dbid 6 with contentid 0 to p, u, and n" in statement


def test_nothing_is_written_where_nothing_changes() -> None:
    assert by_fts(decide(pair(), worlds.primary(), None, SHORT).changes) == ""


@pytest.mark.parametrize("state", ["psu mnu", "pnu msd", "pnd mnu", "psu msd", "psu psu", "mnu mnu"])
def test_what_no_pair_can_be(state: str) -> None:
    with pytest.raises(InvalidCatalog, match="Invalid GpArray: content 0"):
        _ = worlds.cluster(c0=state).pairs


def test_a_row_that_was_taken_out() -> None:
    catalog = worlds.edited(worlds.cluster(), 6, content=9)
    with pytest.raises(InvalidCatalog, match="0 acting mirrors"):
        _ = catalog.pairs
