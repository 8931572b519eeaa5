"""What FTS makes of what it sees: the documented table, row by row."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from cctrl.replication.facts import Facts, Server
from cctrl.replication.position import Position
from cctrl.segments.catalog import Catalog, InvalidCatalog, Pair, complete, read
from cctrl.segments.catalog_sql import by_fts
from cctrl.segments.watch.fts import Act, Patience, Silence, Startup, decide, outrun
from tests.segments import worlds


def pair(state: str = "psu msu") -> Pair:
    return worlds.cluster(c0=state).pairs[0]


LONG, SHORT = Patience(without_mirror=31.0), Patience(without_mirror=5.0)
IN_VAIN = Patience(silence=Silence(attempts=6.0))
STOPPED = Patience(silence=Silence(since=100.0, attempts=0.9, at=121.0))
UNASKED = Patience(silence=Silence(attempts=6.0), reached_by=None)
REACHED = Patience(silence=Silence(attempts=6.0), reached_by="cdw")
BEHIND = Patience(acknowledged=Position(worlds.AT + 1))
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
    ("it hangs", "psu msu", worlds.gone(Server.FROZEN), worlds.mirror(), SHORT, Act.RETRY),
    ("it hangs for long", "psu msu", worlds.gone(Server.FROZEN), worlds.mirror(), IN_VAIN, Act.SWAP),
    ("it was stopped", "psu msu", worlds.gone(Server.FROZEN, suspended=True), worlds.mirror(), STOPPED, Act.SWAP),
    ("it may not be stopped", "psu msu", worlds.gone(Server.FROZEN), worlds.mirror(), STOPPED, Act.RETRY),
    ("its mirror lacks what it had", "psu msu", worlds.gone(), worlds.mirror(), BEHIND, Act.WAIT),
    ("dead, and not in sync", "pnu mnu", worlds.gone(), worlds.mirror(), SHORT, Act.DOUBLE_FAULT),
    ("dead, and the mirror is down", "pnu mnd", worlds.gone(), worlds.gone(), SHORT, Act.DOUBLE_FAULT),
    ("both die at once", "psu msu", worlds.gone(), worlds.gone(), SHORT, Act.DOUBLE_FAULT),
    ("it recovers from a crash", "psu msu", worlds.gone(Server.STARTING), worlds.mirror(), SHORT, Act.WAIT),
    ("it starts for ever", "psu msu", worlds.gone(Server.STARTING), worlds.mirror(), Patience(starting=121), Act.SWAP),
    ("it is full of clients", "psu msu", worlds.gone(Server.REJECTING), worlds.mirror(), SHORT, Act.WAIT),
    ("its host was gone once", "psu msu", worlds.gone(Server.UNSEEN), worlds.mirror(), SHORT, Act.RETRY),
    ("its host is gone", "psu msu", worlds.gone(Server.UNSEEN), worlds.mirror(upstream=None), IN_VAIN, Act.SWAP),
    ("nobody else was asked yet", "psu msu", worlds.gone(Server.UNSEEN), worlds.mirror(), UNASKED, Act.RETRY),
    ("only we do not reach it", "psu msu", worlds.gone(Server.UNSEEN), worlds.mirror(), REACHED, Act.WAIT),
    ("it is dead, its mirror has no room", "psu msu", worlds.gone(), worlds.mirror(free=0), SHORT, Act.WAIT),
    ("what is to be promoted has no room", "mnd pnu", worlds.mirror(free=0), worlds.gone(), SHORT, Act.WAIT),
    ("the other way round", "psu msu", worlds.mirror(), worlds.primary(), SHORT, Act.WAIT),
    ("its successor is a standby still, it writes", "mnd pnu", worlds.mirror(), worlds.primary(), SHORT, Act.PROMOTE),
]


@pytest.mark.parametrize(
    ("state", "primary", "mirror", "patience", "act"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_table(state: str, primary: Facts, mirror: Facts | None, patience: Patience, act: Act) -> None:
    assert decide(pair(state), primary, mirror, patience).act is act


def test_attempts_are_counted_as_they_are_documented() -> None:
    """One that is refused at once is an attempt; one that hangs takes the timeout, however many looks that are."""
    refused, hung = Silence(), Silence()
    for second in range(6):
        refused = refused.after(100.0 + second, 100.1 + second, 20.0)
    assert refused.attempts == 6.0
    for look in range(42):  # of 2 s each, 1 s apart: 126 s
        hung = hung.after(100.0 + 3 * look, 102.0 + 3 * look, 20.0)
    assert round(hung.attempts) == 6
    assert Silence().after(100.0, 102.0, 20.0).after(900.0, 902.0, 20.0).attempts < 2.0  # the manager stood still


def test_a_primary_that_gets_on_with_its_recovery_is_waited_for() -> None:
    begun = Startup(10.0, "A")
    assert begun.after("A", 120.0).since == 10.0
    assert begun.after("B", 120.0).since == 120.0


def test_roles_are_swapped_in_one_transaction_with_its_history() -> None:
    decision = decide(pair(), worlds.gone(), worlds.mirror(), SHORT)
    statement = by_fts(decision.changes)
    assert "(role, status, mode) = ('p', 'u', 's') for update" in statement  # or nothing is written
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


LATER: dict[str, Any] = {"system": "7", "timeline": 2}
EARLIER: dict[str, Any] = {"system": "7", "timeline": 1}


@pytest.mark.parametrize(
    ("state", "primary", "mirror", "act"),
    [
        ("psu msu", worlds.gone(**EARLIER), worlds.primary("", "async", **LATER), Act.DOUBLE_FAULT),
        ("pnu mnd", worlds.mirror(**EARLIER), worlds.primary("", "async", **LATER), Act.WAIT),
        ("pnu mnd", worlds.mirror(**LATER), worlds.primary("", "async", **LATER), Act.WAIT),
    ],
)
def test_a_catalog_that_is_older_than_the_servers_costs_no_row(
    state: str, primary: Facts, mirror: Facts, act: Act
) -> None:
    """It was restored from a copy: the mirror that it speaks of alone has what was acknowledged since."""
    decision = decide(pair(state), primary, mirror, SHORT)
    assert decision.act is act
    assert "the catalog is older than the servers" in decision.why
    assert outrun(pair(state), worlds.primary("", **EARLIER), worlds.primary("", "async", **LATER))
    assert not outrun(pair(state), worlds.primary("", **LATER), worlds.primary("", **EARLIER))
    other = worlds.primary("", "async", system="8", timeline=9)
    assert not outrun(pair(state), worlds.primary("", **EARLIER), other)


def test_a_catalog_with_holes_is_told_of() -> None:
    catalog = worlds.cluster()
    rows = [asdict(row) for row in catalog.rows]

    def kept(rows: list[dict[str, Any]]) -> str:
        return json.dumps({"rows": rows, "version": "", "era": ""})

    assert read(kept([{**row, "comment": "mine"} for row in rows])).rows == catalog.rows
    with pytest.raises(InvalidCatalog, match="dbid 2 has no address"):
        read(kept([{**row, "address": None} if row["dbid"] == 2 else row for row in rows]))
    with pytest.raises(InvalidCatalog, match="there is no column datadir"):
        read(kept([{name: value for name, value in row.items() if name != "datadir"} for row in rows]))
    places = {row.dbid: row.place for row in catalog.rows}
    complete(catalog, places)
    with pytest.raises(InvalidCatalog, match=r"there is no row of dbid 2 \(sdw1:7000\)"):
        complete(Catalog(tuple(row for row in catalog.rows if row.dbid != 2)), places)
