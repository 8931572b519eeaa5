"""An automatic failover: how soon the manager knows, and how long a writing client waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import byhand
from bench.figures import Figure
from bench.move import FIRST, SECOND, THIRD, as_before
from bench.outage import seen
from bench.place import Lab, Place, Shell
from cctrl.dataservice.watch.watching import MASTER_FAILED
from cctrl.lab import act, processes
from cctrl.lab.netns import namespace
from cctrl.lab.processes import wait_until

FAILURE_TIMEOUT = 4.0  # seconds
KILLED_AIM, GONE_AIM = 1500.0, FAILURE_TIMEOUT * 1000 + 1000  # milliseconds
FENCED_AIM = 500.0


@dataclass(frozen=True, slots=True)
class Failover:
    """One automatic failover; milliseconds from the fault on."""

    known: float  # until the manager said so
    outage: float  # between two acknowledged commits
    lost: int
    fenced: float  # from its healing on, until the old master could not take a write any more


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """The master is killed by SIGKILL, and its host is cut off; beside them pg_ctl promote right after the kill."""
    options = ("--failure-timeout", f"{FAILURE_TIMEOUT:g}", "--failover-block", "0")
    lab = place.lab("automatic", *options, manager=True)
    lab.as_real_servers()
    shell = place.shell(lab.config)
    killed: list[Failover] = []
    gone: list[Failover] = []
    by_hand: list[float] = []
    for _ in range(samples + 1):  # the first round is thrown away
        killed.append(_failover(lab, shell, lambda: processes.kill_server(lab.service.member(FIRST).data_dir)))
        gone.append(_failover(lab, shell, lambda: act(lab.handle, ("cut", FIRST))))
        by_hand.append(_by_hand(lab, shell))
    yield from _figures("server killed", killed[1:], KILLED_AIM, tuple(by_hand[1:]))
    yield from _figures(f"host gone, failure_timeout {FAILURE_TIMEOUT:g} s", gone[1:], GONE_AIM, ())
    healed = tuple(f.fenced for f in gone[1:])
    yield Figure("host back: its old master is fenced", healed, (FENCED_AIM,), "at most", 1.0)


def _failover(lab: Lab, shell: Shell, fault: Callable[[], object]) -> Failover:
    """A fault, what the manager makes of it, and all as it was before."""
    began = 0.0

    def happens() -> None:
        nonlocal began
        began = time.time()
        fault()
        if not wait_until(lambda: _accepts_writes(lab), 60, 0.01):
            raise RuntimeError(f"no failover within 60 s\n{(lab.directory / 'manager.log').read_text()[-2000:]}")

    outage = seen(lab, happens)
    store = shell.dataservice.store
    told = [e.at for e in store.events(lab.service.name) if e.kind == MASTER_FAILED and e.at >= began]
    fenced = _fenced(lab)
    _as_before(lab, shell)
    return Failover((told[0] - began) * 1000, outage.longest, outage.lost, fenced)


def _fenced(lab: Lab) -> float:
    """The old master's host answers again; how long until it is fenced, by the mark that is left last."""
    mark = Path(lab.service.member(FIRST).data_dir) / "cctrl.fenced"
    began = time.monotonic()
    act(lab.handle, ("heal", FIRST))
    _ask_for_neighbours(lab)
    if not wait_until(mark.exists, 60, 0.005):
        raise RuntimeError(f"{FIRST} is not fenced within 60 s of its healing")
    return (time.monotonic() - began) * 1000


def _ask_for_neighbours(lab: Lab) -> None:
    """A kernel asks only once a second for the hardware address of a neighbour that was silent; a router would know."""
    if lab.plan.bridge:
        lab.place.run(["ip", "-n", namespace(lab.plan.bridge, "manager"), "neigh", "flush", "dev", "eth0"])


def _by_hand(lab: Lab, shell: Shell) -> float:
    """Promoted by hand in the moment of the kill: nothing has to be found out."""
    _settle(lab, lambda: shell("set policy maintenance"))

    def happens() -> None:
        processes.kill_server(lab.service.member(FIRST).data_dir)
        byhand.run(lab, "failover", FIRST, SECOND, THIRD)

    outage = seen(lab, happens).longest
    _as_before(lab, shell)
    return outage


def _accepts_writes(lab: Lab) -> bool:
    try:
        return any(lab.sql(host, "select pg_is_in_recovery()") == "f" for host in (SECOND, THIRD))
    except RuntimeError:
        return False


def _as_before(lab: Lab, shell: Shell) -> None:
    """The first host is the master again; the manager must not do half of it."""
    _settle(lab, lambda: shell("set policy maintenance"))
    as_before(lab, shell)
    shell("set policy automatic")
    _settle(lab, lambda: shell("ls"))


def _settle(lab: Lab, work: Callable[[], object]) -> None:
    """Do it as soon as the manager lets go of the lock."""

    def done() -> bool:
        try:
            work()
        except RuntimeError as error:
            if "another operation" not in str(error):
                raise
            return False
        return True

    if not wait_until(done, 60, 0.1):
        raise RuntimeError(f"the manager of {lab.name} holds the lock for 60 s")


def _figures(what: str, found: list[Failover], aim: float, beside: tuple[float, ...]) -> Iterator[Figure]:
    lost = f"acknowledged rows lost: {sum(f.lost for f in found)}"
    known, outage = tuple(f.known for f in found), tuple(f.outage for f in found)
    yield Figure(f"{what}: the manager knows", known, (aim,), "at most", 1.0)
    yield Figure(f"{what}: writes stand still", outage, (aim,), "at most", 1.0, note=lost)
    if beside:
        yield Figure(f"{what}: writes stand still", outage, beside, "promoted by hand at once")
