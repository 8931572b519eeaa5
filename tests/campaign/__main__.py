"""`bench/campaign [--kind KIND] --rounds N --seed S [--first K] [--on-a-lab N] [--asynchronous] [-v]`."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys

from cctrl.lab import netns
from tests.campaign import cluster, grid_rounds, grid_stand, rounds, segment_rounds, stand
from tests.campaign.playing import Broken, Playing
from tests.stage import Labs

PLANNED = {"dataservice": rounds.planned, "segments": segment_rounds.planned, "grid": grid_rounds.planned}


def main() -> int:
    """Play; 1 at the first round that fails, with its log and how to play it again."""
    given = _parse()
    labs = Labs(_likeness(given.postgresql))
    playing: Playing | None = None
    disks = os.geteuid() == 0
    planned = PLANNED[given.kind]
    try:
        for number in range(given.first, given.first + given.rounds):
            if playing is None or (number - given.first) % given.on_a_lab == 0:
                labs.down()
                playing = _raised(labs, given, disks)
            playing.play(planned(given.seed, number, disks=disks))
            if given.verbose:
                print("\n".join([*playing.log, ""]), flush=True)
    except Broken as broken:
        print(broken)
        return 1
    finally:
        labs.down()
    print(f"{given.rounds} rounds of seed {given.seed}: nothing lost that may not be, whole after each")
    return 0


def _raised(labs: Labs, given: argparse.Namespace, disks: bool) -> Playing:
    if given.kind == "segments":
        return cluster.raised(labs, disks=disks, say=_say)
    if given.kind == "grid":
        return grid_stand.raised(labs, disks=disks, say=_say)
    return stand.raised(labs, synchronous=not given.asynchronous, disks=disks, say=_say)


def _say(line: str) -> None:
    print(line, flush=True)


def _likeness(postgresql: str) -> tuple[str, ...]:
    options = ["--postgresql", postgresql] if postgresql else []
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    options += ["--sshd"] if shutil.which("sshd", path=path) else []
    return (*options, *([] if netns.why_not() else ["--netns"]))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/campaign", description="Faults and commands at random moments.")
    parser.add_argument("--kind", choices=tuple(PLANNED), default="dataservice", help="of lab (dataservice)")
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="how many (30)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="what they follow from (any)")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="the number of the first one (0)")
    parser.add_argument("--on-a-lab", type=int, default=10, metavar="N", help="so many on a lab, then a new one (10)")
    parser.add_argument("--asynchronous", action="store_true", help="without synchronous = true")
    parser.add_argument("-v", "--verbose", action="store_true", help="the log of every round")
    parser.add_argument("--postgresql", default="", metavar="BINDIR", help="PostgreSQL's programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
