"""How long a writing client had to wait: what the lab's traffic writer saw while something was done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.place import Lab
from cctrl.lab import tally, traffic
from cctrl.lab.processes import wait_until

AROUND = 10  # acknowledged rows before and after what is measured


@dataclass(frozen=True, slots=True)
class Outage:
    """What a client saw of something that was done to the service."""

    longest: float  # milliseconds between two acknowledged commits
    took: float  # milliseconds of the whole
    lost: int  # acknowledged rows that are not there afterwards


def seen(lab: Lab, work: Callable[[], object]) -> Outage:
    """Do `work` while a client writes."""
    traffic.start(lab.handle)
    try:
        _wait_for_more(lab)
        began = time.monotonic()
        work()
        took = (time.monotonic() - began) * 1000
        _wait_for_more(lab)
    finally:
        traffic.stop(lab.handle)
    found, _ = traffic.report(lab.handle)
    times = [row.at for row in _rows(lab)]
    longest = max(b - a for a, b in zip(times, times[1:], strict=False) if b > began)
    return Outage(longest * 1000, took, len(found.lost))


def _rows(lab: Lab) -> list[tally.Row]:
    """The application's."""
    return [row for row in traffic.record(lab.handle).rows if row.client == 0]


def _wait_for_more(lab: Lab, seconds: float = 60.0) -> None:
    wanted = len(_rows(lab)) + AROUND
    if not wait_until(lambda: len(_rows(lab)) >= wanted, seconds, 0.01):
        raise RuntimeError(f"the writer does not get on: {len(_rows(lab))} rows")
