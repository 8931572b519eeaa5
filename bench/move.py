"""`switch` and `failover`: how long a writing client waits, and how long the whole takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench import byhand
from bench.figures import Figure
from bench.outage import Outage, seen
from bench.place import Lab, Place, Shell
from cctrl.lab import processes

FIRST, SECOND, THIRD = "host1", "host2", "host3"


def measure_switch(place: Place, samples: int) -> Iterator[Figure]:
    """A planned move there and back, by cctrl and by hand in turn, on the same servers."""
    lab, shell = _lab(place)

    def ours(old: str, new: str) -> Outage:
        return seen(lab, lambda: shell(f"switch to {new}"))

    def theirs(old: str, new: str) -> Outage:
        return seen(lab, lambda: byhand.run(lab, "switch", old, new, THIRD))

    def there_and_back(move: Callable[[str, str], Outage]) -> list[Outage]:
        return [move(FIRST, SECOND), move(SECOND, FIRST)]

    mine: list[Outage] = []
    other: list[Outage] = []
    for _ in range((samples + 2) // 2 + 1):  # the first round is thrown away
        mine += there_and_back(ours)
        other += there_and_back(theirs)
    yield from figures("switch", mine[2:], other[2:])


def measure_failover(place: Place, samples: int) -> Iterator[Figure]:
    """The master is killed and its role moved at once; then the old one comes back and all is as before."""
    lab, shell = _lab(place)

    def ours() -> None:
        shell("failover to " + SECOND)

    def theirs() -> None:
        byhand.run(lab, "failover", FIRST, SECOND, THIRD)

    mine: list[Outage] = []
    other: list[Outage] = []
    for _ in range(samples + 1):
        for take_over, outages in ((ours, mine), (theirs, other)):
            outages.append(_failover(lab, take_over))
            as_before(lab, shell)
    yield from figures("failover", mine[1:], other[1:])


def _failover(lab: Lab, take_over: Callable[[], None]) -> Outage:
    def kill_and_take_over() -> None:
        processes.kill_server(lab.service.member(FIRST).data_dir)
        take_over()

    return seen(lab, kill_and_take_over)


def as_before(lab: Lab, shell: Shell) -> None:
    """The first host is the master again and all others follow it."""
    shell(f"datasource {FIRST} recover --force")
    for name in (FIRST, THIRD):
        if f"{name}(slave:ONLINE" not in listing(shell):
            shell(f"datasource {name} online")
    shell("switch to " + FIRST)


def listing(shell: Shell) -> str:
    """What `ls` shows."""
    shell("ls")
    return "\n".join(shell.said)


def _lab(place: Place) -> tuple[Lab, Shell]:
    lab = place.lab("move")
    if not (lab.directory / "real").exists():
        lab.as_real_servers()
        (lab.directory / "real").touch()
    shell = place.shell(lab.config)
    shell("ls")
    return lab, shell


def figures(verb: str, ours: list[Outage], theirs: list[Outage]) -> Iterator[Figure]:
    """The outage and the whole of a move."""
    lost = sum(o.lost for o in ours), sum(o.lost for o in theirs)
    note = f"acknowledged rows lost: {lost[0]}, by hand {lost[1]}"
    gaps = tuple(o.longest for o in ours), tuple(o.longest for o in theirs)
    yield Figure(f"{verb}: writes stand still", *gaps, "by hand, pg_ctl, no SSH", 1.3, note=note)
    whole = tuple(o.took for o in ours), tuple(o.took for o in theirs)
    yield Figure(f"{verb}: until all stream", *whole, "by hand, pg_ctl, no SSH")
