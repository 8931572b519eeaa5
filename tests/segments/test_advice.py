"""What is to be typed next, of what a look at a segment cluster shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cctrl.replication.facts import Facts, Server
from cctrl.segments import VOCABULARY
from cctrl.segments.catalog import MODES, ROLES, STATUSES
from cctrl.segments.cleanup import needed
from cctrl.segments.state.advice import MANAGER, UNWATCHED, Ways, advised
from cctrl.segments.state.status import Recovery
from tests.segments import worlds

WAYS = Ways(lambda row: f"start dbid {row.dbid}", lambda row, then: f"room for dbid {row.dbid}   ({then})", "sdw9")
REBALANCE = "NEXT: gprecoverseg -r   (to bring all into their preferred roles)"


@pytest.mark.parametrize(
    ("pairs", "states", "told"),
    [
        ({}, {}, []),
        ({"c0": "pnu mnd"}, {6: Server.DOWN}, ["NEXT: gprecoverseg   (1 down)"]),
        (
            {"c0": "pnu mnd"},
            {6: Server.UNSEEN},
            [
                "sdw2 cannot be reached; what is down there can be recovered onto another host",
                "NEXT: gprecoverseg -p sdw9   (when sdw2 can be reached: gprecoverseg)",
            ],
        ),
        ({"c0": "msu psu"}, {}, [REBALANCE]),
        (
            {"c0": "msu psu"},
            {2: Server.FROZEN},
            ["NEXT: gpstate -e   (FTS marks sdw1:7000 down where it is not well within its grace period)"],
        ),
        ({"c0": "msu psu", "c1": "pnu mnu"}, {}, ["NEXT: gpstate -e   (when all are in sync: gprecoverseg -r)"]),
        ({"c1": "msu psu"}, {2: Server.FROZEN}, ["NEXT: gpstate -e   (FTS promotes the mirror of content 0)"]),
        (
            {"c0": "pnu mnd"},
            {2: Server.DOWN, 6: Server.DOWN},
            ["NEXT: start dbid 2   (no other one has all of content 0; then gprecoverseg)"],
        ),
        (
            {"c0": "pnu mnd"},
            {2: Server.UNSEEN, 6: Server.DOWN},
            ["NEXT: gpstate -e   (when sdw1:7000 answers again: no other one has all of content 0)"],
        ),
    ],
)
def test_each_situation(pairs: dict[str, str], states: dict[int, Server], told: list[str]) -> None:
    seen = worlds.seen(worlds.cluster(**pairs), {dbid: worlds.gone(state) for dbid, state in states.items()})
    found = advised(seen, WAYS, watched=True)
    assert list(found) == told


def test_nobody_watches() -> None:
    frozen = worlds.seen(worlds.cluster(), {2: worlds.gone(Server.FROZEN)})
    assert list(advised(frozen, WAYS, watched=False)) == [UNWATCHED, MANAGER]


def test_one_is_being_recovered() -> None:
    seen = replace(worlds.seen(worlds.cluster(c0="pnu mnd")), recovering={6: Recovery("full", 0.0)})
    assert list(advised(seen, WAYS, watched=True)) == ["NEXT: gpstate -e   (1 being recovered)"]


FULL: dict[str, Any] = {"free": 4096, "disk": 700 << 20}


@pytest.mark.parametrize(
    ("pairs", "primary", "mirror", "told"),
    [
        ("psu msu", worlds.gone(), worlds.mirror(**FULL), "room for dbid 6   (then FTS promotes it by itself)"),
        ("mnd pnu", worlds.gone(), worlds.mirror(**FULL), "room for dbid 6   (then FTS promotes it by itself)"),
        (
            "pnu mnd",
            worlds.gone(**FULL),
            worlds.gone(),
            "room for dbid 2   (then start dbid 2; the rest FTS does by itself)",
        ),
        (
            "psu msu",
            worlds.gone(**FULL),
            worlds.gone(),
            "room for dbid 2   (then start dbid 2; the rest FTS does by itself)",
        ),
    ],
)
def test_who_would_take_the_writes_has_no_room(pairs: str, primary: Facts, mirror: Facts, told: str) -> None:
    seen = worlds.seen(worlds.cluster(c0=pairs), {2: primary, 6: mirror})
    why, following = advised(seen, WAYS, watched=True)
    assert why.endswith(" is full: 4096 B of 700 MB free, 16 MB needed")
    assert following == f"NEXT: {told}"


@pytest.mark.parametrize(
    ("state", "primary", "mirror", "why"),
    [
        ("mnd pnu", worlds.gone(), worlds.mirror(**FULL), ""),  # the full one, which is to be promoted
        ("pnu mnd", worlds.primary(""), worlds.gone(), ""),
        ("pnu mnd", worlds.gone(), worlds.gone(), "its primary sdw1:7000 takes no writes"),
        ("pnu mnd", worlds.primary(""), worlds.gone(Server.NO_DATA), "its server has no data directory"),
        ("pnu mnd", worlds.primary(""), worlds.gone(Server.UNSEEN), "its server cannot be seen"),
        ("pnu mnd", worlds.primary(""), worlds.gone(half_rewound=True), "its data is half rewound"),
    ],
)
def test_whether_what_is_kept_aside_is_needed(state: str, primary: Facts, mirror: Facts, why: str) -> None:
    """It is asked for the one that was built as the mirror."""
    pair = worlds.cluster(c0=state).pairs[0]
    row = next(row for row in pair.rows if row.dbid == 6)
    seen = {2: primary, 6: mirror}
    assert needed(pair, row, seen[pair.primary.dbid], seen[pair.mirror.dbid]) == why


def test_each_word_has_a_help_page_with_a_command() -> None:
    pages = VOCABULARY.topics
    for state in (*MODES.values(), *STATUSES.values(), *ROLES.values(), "status", "mode", "role", "double fault"):
        assert pages[state.lower()][0].startswith(f"{state.lower()}: ")
    assert pages["down"][1] == "NEXT: gprecoverseg"
    assert "not in sync" in pages["status"][1]


def test_a_catalog_that_is_older_than_the_servers_is_put_right_first() -> None:
    seen = worlds.seen(worlds.cluster(c0="pnu mnd"), {2: worlds.mirror(), 6: worlds.primary("", "async")})
    told = list(advised(seen, WAYS, watched=True))
    assert told[0].startswith("content 0: the catalog is older than the servers")
    assert "update gp_segment_configuration set role = case role when 'p' then 'm' else 'p' end" in told[1]
    assert len(told) == 2
