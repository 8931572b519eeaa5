"""What a full copy needs, from whom it comes, what is at stake, and where its parts go: decided without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cctrl.replication.copying import (
    Extent,
    Pace,
    Share,
    Spot,
    Survey,
    Tablespace,
    at_stake,
    choose_source,
    copy_plan,
    estimate,
    fits,
    instead_of_rewind,
    outside,
    reusable,
)
from cctrl.replication.divergence import Commit, Tail
from cctrl.replication.facts import Server
from cctrl.replication.postgresql import copyparse
from cctrl.replication.recovery import Way, remedy
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action
from tests.replication.worlds import SECOND, SYSTEM, at, crashed, facts, primary, standby, unseen, view

GB = 1 << 30
SPOT = Spot("/pg/data", "full", device="7", free=3 * GB)
GOOD = Survey(version=15, extent=Extent(GB), data=SPOT, system=SYSTEM, timeline=1)


def why(call: object, *words: object, **more: object) -> Rejected:
    with pytest.raises(Rejected) as caught:
        call(*words, **more)  # type: ignore[operator]  # any function of the module
    return caught.value


# ---------------------------------------------------------------- from whom


def test_the_closest_standby_is_copied_and_spares_the_primary() -> None:
    seen = view(primary(received=at(900)), standby("host2", received=at(700)), standby("host3", received=at(900)))
    assert choose_source(view(*seen.members, facts("host4", Server.NO_DATA)), "host1", "host4", "", {}) == "host3"
    assert choose_source(seen, "host1", "host3", "", {}) == "host2"
    assert choose_source(seen, "host1", "host3", "", {"host2": "SHUNNED"}) == "host1"
    assert choose_source(seen, "host1", "host3", "host1", {}) == "host1"


@pytest.mark.parametrize(
    "second",
    [
        standby("host2", received=at(0), replayed=at(0)),
        standby("host2", received=at(1 << 25), replay_paused=True),
        standby("host2", of="host3", received=at(1 << 25)),
        unseen("host2"),
    ],
)
def test_one_that_is_far_behind_paused_or_gone_is_not(second: object) -> None:
    seen = view(primary(received=at(1 << 25)), second, standby("host3", received=at(1 << 25)))  # type: ignore[arg-type]
    assert choose_source(seen, "host1", "host3", "", {}) == "host1"


def test_a_standby_of_a_primary_without_full_page_writes_is_no_source() -> None:
    seen = view(primary(settings={"full_page_writes": "off"}), standby("host2"), standby("host3"))
    assert choose_source(seen, "host1", "host3", "", {}) == "host1"


@pytest.mark.parametrize(
    ("asked", "words"), [("host2", "does not receive"), ("host3", "own source"), ("host4", "seen")]
)
def test_a_source_that_was_asked_for_must_be_one(asked: str, words: str) -> None:
    seen = view(primary(), standby("host2", of=""), standby("host3"), unseen("host4"))
    refused = why(choose_source, seen, "host1", "host3", asked, {})
    assert refused.why is Why.SOURCE
    assert words in refused.what


# ---------------------------------------------------------------- what is at stake


def test_the_primary_and_one_that_streams_and_one_out_of_sight_get_no_copy() -> None:
    seen = view(primary(), standby("host2"), unseen("host3"))
    assert why(at_stake, seen, "host1", "host1", None, force=True).why is Why.IS_PRIMARY
    assert why(at_stake, seen, "host1", "host2", None, force=False).why is Why.STREAMS
    assert why(at_stake, seen, "host1", "host3", None, force=True).why is Why.UNREACHABLE
    assert at_stake(seen, "host1", "host2", None, force=True) == ()


def test_another_database_system_is_copied_over_only_where_that_is_insisted_on() -> None:
    seen = view(primary(), crashed("host2", system="1"))
    assert why(at_stake, seen, "host1", "host2", None, force=False).why is Why.FOREIGN
    assert at_stake(seen, "host1", "host2", None, force=True) == ()


def test_commits_nobody_else_has_are_counted_and_kept_when_insisted_on() -> None:
    seen = view(primary("host2", **SECOND, received=at(300)), crashed("host1", received=at(200)))
    tail = Tail(True, 2, at(200), "10:00", "10:01", (Commit("7", at(150), "10:00"),))
    refused = why(at_stake, seen, "host2", "host1", tail, force=False)
    assert refused.why is Why.ORPHANS
    assert "2 committed transactions" in refused.what
    (keep,) = at_stake(seen, "host2", "host1", tail, force=True)
    assert (keep.action, keep.position) == (Action.KEEP, at(100))
    assert at_stake(seen, "host2", "host1", Tail(True, 0, at(200)), force=False) == ()


def test_a_history_that_cannot_be_compared_is_refused_or_kept_whole() -> None:
    seen = view(primary("host2", **SECOND), crashed("host1", timeline=2, received=at(400)))
    assert why(at_stake, seen, "host2", "host1", None, force=False).why is Why.FOREIGN
    assert at_stake(seen, "host2", "host1", None, force=True) == ()


# ---------------------------------------------------------------- whether it fits


@pytest.mark.parametrize(
    ("changed", "reason", "words"),
    [
        ({"version": 0}, Why.NO_BINARIES, ""),
        ({"version": 14}, Why.OTHER_VERSION, "14"),
        ({"refused": "no pg_hba.conf entry"}, Why.SOURCE, "no pg_hba.conf entry"),
        ({"system": "1"}, Why.SOURCE, "another server answers"),
        ({"data": replace(SPOT, mounted=True)}, Why.NO_PLACE, "file system of its own"),
        ({"data": replace(SPOT, writable=False)}, Why.NO_PLACE, "not writable"),
        ({"data": replace(SPOT, content="file")}, Why.NO_PLACE, "no directory"),
        ({"data": replace(SPOT, content="orphan")}, Why.NO_PLACE, "in no directory"),
        ({"log": replace(SPOT, path="/wal", mounted=True)}, Why.NO_PLACE, "/wal"),
        ({"data": replace(SPOT, free=GB)}, Why.NO_ROOM, "needed where /pg/data lies, 1024 MB free"),
        ({"log": replace(SPOT, path="/wal", device="8", free=1 << 20)}, Why.NO_ROOM, "64 MB needed where /wal lies"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(changed: dict[str, Any], reason: Why, words: str) -> None:
    refused = why(fits, standby("host2"), primary(), replace(GOOD, **changed))
    assert refused.why is reason
    assert words in f"{refused.what}\n{refused.detail}"


def test_what_an_earlier_copy_takes_is_not_asked_for_again() -> None:
    short = replace(GOOD, data=replace(SPOT, free=GB))
    for there in (replace(short, half=GB), replace(short, whole="0" * 24), replace(short, running="host2")):
        fits(standby("host2"), primary(), there)


def test_each_file_system_must_have_room_for_what_goes_there() -> None:
    extent = Extent(3 * GB, (Tablespace("/ts/a", 2 * GB),))
    survey = replace(GOOD, extent=extent, tablespaces=(Spot("/ts/a", device="8", free=3 * GB),))
    fits(standby("host2"), primary(), survey)
    tight = replace(survey, tablespaces=(Spot("/ts/a", device="8", free=2 * GB),))
    assert "where /ts/a lies" in why(fits, standby("host2"), primary(), tight).detail
    together = replace(survey, tablespaces=(Spot("/ts/a", device="7", free=3 * GB),))
    assert why(fits, standby("host2"), primary(), together).why is Why.NO_ROOM


def test_a_place_that_is_taken_stays_with_the_old_directory() -> None:
    extent = Extent(3 * GB, (Tablespace("/ts/a", GB), Tablespace("/ts/b", GB)))
    spots = (Spot("/ts/a", "full"), Spot("/ts/b", "empty", mounted=True))
    survey = replace(GOOD, extent=extent, tablespaces=spots, log=Spot("/wal/main", "full"))
    assert outside(survey, "op") == ("/wal/main.cctrl-op", (("/ts/a", "/ts/a.cctrl-op"), ("/ts/b", "/ts/b")))


# ---------------------------------------------------------------- the plan


def test_the_copy_comes_first_and_nothing_is_stopped_before_it_is_whole() -> None:
    seen = view(primary(oldest_log=at(0)), standby("host2"), standby("host3"))
    actions = [s.action for s in copy_plan(seen, "host1", "host2", "host3", ()).steps]
    assert actions == [Action.COPY, Action.STOP, Action.SWAP, Action.START, Action.STREAM]
    seen = view(primary(), standby("host2"), facts("host3", Server.FROZEN))
    assert copy_plan(seen, "host1", "host2", "host3", ()).steps[1].action is Action.FENCE
    seen = view(primary(), standby("host2"), facts("host3", Server.NO_DATA))
    assert copy_plan(seen, "host1", "host2", "host3", ()).steps[1].action is Action.SWAP


# ---------------------------------------------------------------- what is there already


def test_what_stands_against_reusing_what_is_there() -> None:
    reusable(standby("host2"), primary(), GOOD, "")
    refused = why(reusable, standby("host2"), primary(), GOOD, "GRANT EXECUTE ON FUNCTION f() TO r")
    assert refused.why is Why.SOURCE
    assert refused.next == "on it, as superuser: GRANT EXECUTE ON FUNCTION f() TO r"
    outside_ = replace(GOOD, extent=Extent(GB, (Tablespace("/ts/a", 1),)))
    refused = why(reusable, standby("host2"), primary(), outside_, "")
    assert refused.why is Why.NO_PLACE
    assert "1 outside its data directory, in /ts/a" in refused.detail


def test_how_much_came_from_the_source_is_read() -> None:
    assert Share.read("took 12 of 345 bytes, and 67 of log") == Share(12, 345, 67)
    assert Share.read("12/345 kB (3%), data") is None


# ---------------------------------------------------------------- in place of a rewind


def test_a_small_server_is_copied_and_a_large_one_rewound() -> None:
    seen = view(
        primary("host2", **SECOND, received=at(300)), crashed("host1", received=at(200)), standby("host3", "host2")
    )
    rewinding = remedy(seen, "host2", "host1", Tail(True, 1, at(200)), force=True)
    assert rewinding.way is Way.REWIND
    small, large = estimate(GB // 5, crashed=True), estimate(2 * GB, crashed=True)
    chosen = instead_of_rewind(seen, "host2", "host3", "host1", rewinding, small, "")
    assert chosen.way is Way.COPY
    assert "205 MB: a full copy takes about 1.1 s, a rewind about 3.2 s" in chosen.reason
    assert [s.action for s in chosen.plan.steps][:3] == [Action.COPY, Action.KEEP, Action.SWAP]
    kept = instead_of_rewind(seen, "host2", "host3", "host1", rewinding, large, "")
    assert (kept.way, kept.plan) == (Way.REWIND, rewinding.plan)
    crowded = instead_of_rewind(seen, "host2", "host3", "host1", rewinding, small, "host1 has no room")
    assert (crowded.way, crowded.plan) == (Way.REWIND, rewinding.plan)
    assert crowded.reason.endswith("but host1 has no room")


def test_a_crash_makes_a_rewind_dearer() -> None:
    between = int(0.6 * GB)
    for crashed_, quicker in ((True, True), (False, False)):
        cost = estimate(between, crashed=crashed_)
        assert (cost.copy < cost.rewind) is quicker


# ---------------------------------------------------------------- what the programs say


def test_the_survey_is_read() -> None:
    said = [
        "@version pg_basebackup (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
        f"@reach 0 {SYSTEM}|3|0/3000148|",
        "@running host2",
        "@whole 000000030000000000000004",
        "@half 4096",
        "@copied 20261122T104205-7f3a",
        "@spot data full yes no 65024 1048576 /var/lib/a b/data",
        "@spot log full no yes 65025 1 /wal",
        "@spot tablespace orphan no no - 0 /ts",
    ]
    found = copyparse.survey(said, Extent(1))
    assert (found.version, found.system, found.timeline, found.refused) == (15, SYSTEM, 3, "")
    assert (found.running, found.whole, found.half) == ("host2", "000000030000000000000004", 4096)
    assert found.data == Spot("/var/lib/a b/data", "full", True, False, "65024", 1 << 20)
    assert found.log == Spot("/wal", "full", False, True, "65025", 1)
    assert found.tablespaces[0].content == "orphan"
    refused = copyparse.survey(["@version sh: 1: not found", "@reach 2 psql: error: no", said[6]], Extent(1))
    assert (refused.version, refused.refused) == (0, "psql: error: no")


def test_the_extent_is_read() -> None:
    found = copyparse.extent(["100|16777216|0", "7|/a|b"])
    assert found == Extent(100, (Tablespace("/a|b", 7),), 1 << 24, "--no-slot")


def test_how_far_it_is_is_told_with_rate_and_time_left() -> None:
    pace = Pace()
    assert pace.read("waiting for checkpoint", 0.0) == "waiting for checkpoint"
    assert pace.read("  1024/1048576 kB (0%), 0/1 tablespace", 1.0) == "1024 kB of 1024 MB (0%)"
    assert pace.read("525312/1048576 kB (50%), 0/1 tablespace", 9.0) == "513 MB of 1024 MB (50%), 64 MB/s, 0:07 left"
