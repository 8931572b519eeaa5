"""Rounds of the fault campaign on a few labs: see `tests.campaign`; `bench/campaign` plays longer ones."""

from __future__ import annotations

import os

import pytest

from tests.campaign import cluster, grid_rounds, grid_stand, segment_rounds
from tests.campaign.model import Member, Sight, Tried, following
from tests.campaign.rounds import planned
from tests.campaign.stand import raised
from tests.stage import Labs

SEED = 7
ON_A_LAB = 8
GRID_SEED, GRID_ROUNDS = 1, (3, 7)  # managers die and a command; a host out of its sight alone, and a daemon
SEGMENT_SEED = 2
SEGMENT_ROUNDS = (
    2,
    6,
    7,
)  # data lost, -F killed and the manager; -r killed and the manager; a mirror dies in a recovery


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("first", "synchronous"), [(0, True), (8, True), (16, True), (24, False)], ids=lambda value: str(value)
)
def test_whole_after_every_round(lab: Labs, first: int, synchronous: bool) -> None:
    disks = os.geteuid() == 0
    stand = raised(lab, synchronous=synchronous, disks=disks, say=print)
    for number in range(first, first + ON_A_LAB):
        stand.play(planned(SEED, number, disks=disks))


@pytest.mark.timeout(600)
def test_a_segment_cluster_is_whole_after_every_round(lab: Labs) -> None:
    disks = os.geteuid() == 0
    playing = cluster.raised(lab, disks=disks, say=print)
    for number in SEGMENT_ROUNDS:
        playing.play(segment_rounds.planned(SEGMENT_SEED, number, disks=disks))


@pytest.mark.timeout(600)
def test_a_grid_is_whole_after_every_round(lab: Labs) -> None:
    disks = os.geteuid() == 0
    playing = grid_stand.raised(lab, disks=disks, say=print)
    for number in GRID_ROUNDS:
        playing.play(grid_rounds.planned(GRID_SEED, number, disks=disks))


def test_a_round_can_be_played_again() -> None:
    assert planned(3, 5, disks=True) == planned(3, 5, disks=True)
    assert planned(3, 5, disks=True) != planned(3, 6, disks=True)
    assert planned(3, 5, disks=True).replay == "bench/campaign --seed 3 --first 5 --rounds 1"
    replay = segment_rounds.planned(3, 5, disks=True).replay
    assert replay == "bench/campaign --kind segments --seed 3 --first 5 --rounds 1"


def test_a_slave_is_mended_by_the_next_way_where_one_does_not_help() -> None:
    members = tuple(Member(f"host{n}", "master" if n == 1 else "slave", "ONLINE", "", "OK") for n in (1, 2))
    lost = Member("host3", "slave", "SHUNNED", "FAILED-OVER-TO-host1", "SHUNNED")
    seen, tried = Sight("MANUAL", True, "host1", "", (*members, lost)), Tried()
    given = []
    for _ in range(4):
        given.append(following(seen, tried, 0.0))
        tried.note(given[-1])
    assert given == [
        "recover",
        "datasource host3 recover",
        "datasource host3 recover --force",
        "tprovision host3 --force",
    ]
