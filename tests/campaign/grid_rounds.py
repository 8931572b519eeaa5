"""What happens in a round on a grid of three replica sets. Pure.

The parts: `{a0}` is the host of the active element of set 0 as the round begins, `{b0}` that of the other one.
"""

from __future__ import annotations

from random import Random

from tests.campaign.rounds import ENDS, MANAGER, MANAGER2, MOMENT, Act, Round, manager_fault

SETS = range(3)
NOTICED = (2.0, 5.0)  # seconds in which the manager has acted on a server that died
MISSED = (4.0, 8.0)  # and on one that hangs, or a host that is out of sight
LATEST_KILL = 2.0  # seconds after its start a command is killed at the latest
COMMANDS = (
    *("dbStatus database1 -all", "dbClose database1", "dbOpen database1", "dbLoad database1"),
    *("instanceExec -only {b0} ttDaemonAdmin -restart", "instanceExec -only {a1} ttDaemonAdmin -restart"),
)


def planned(seed: int, number: int, *, disks: bool) -> Round:
    """A round. `disks`: the hosts have file systems that can be filled."""
    dice = Random(f"grid/{seed}/{number}")
    scene = dice.choice((_faults, _faults, _faults, _down, _set_down, _lost_data))
    acts = scene(dice, disks)
    lasts = dice.choice((0.0, dice.uniform(0, MOMENT), dice.uniform(*NOTICED), dice.uniform(*MISSED)))
    return Round(seed, number, "", tuple(acts), lasts, kind="grid")


def _faults(dice: Random, disks: bool) -> list[Act]:
    """Faults, and commands among them."""
    found = [_fault(dice, disks) for _ in range(dice.choice((1, 2, 2, 3)))]
    found += [[_command(dice)] for _ in range(dice.choice((0, 1, 2)))]
    dice.shuffle(found)
    return [act for one in found for act in one]


def _down(dice: Random, disks: bool) -> list[Act]:
    """Data instances go down, and something else happens while their elements come back."""
    number = dice.choice(SETS)
    one = f"{{{dice.choice('ab')}{number}}}"
    acts = [Act(0.0, command=f"ttGridAdmin instanceExec -only {one} ttDaemonAdmin -stop", awaited=True)]
    acts.append(Act(dice.uniform(*NOTICED), command=f"ttGridAdmin instanceExec -only {one} ttDaemonAdmin -start"))
    return [*acts, *(_fault(dice, disks) if dice.random() < 0.8 else [])]


def _set_down(dice: Random, disks: bool) -> list[Act]:
    """Both elements of a set die, one after the other or nearly at once."""
    number = dice.choice(SETS)
    hosts = dice.sample("ab", 2)
    acts = [Act(dice.choice((0.0, dice.uniform(0, MOMENT))), ("kill", f"{{{host}{number}}}")) for host in hosts]
    return [*acts, *(manager_fault(dice) if dice.random() < 0.5 else [])]


def _lost_data(dice: Random, disks: bool) -> list[Act]:
    """One element loses its data directory, of which the other has a copy."""
    number = dice.choice(SETS)
    acts = [Act(0.0, ("wipe", f"{{{dice.choice('ab')}{number}}}"))]
    return [*acts, *(manager_fault(dice) if dice.random() < 0.6 else [])]


def _command(dice: Random) -> Act:
    killed = dice.uniform(0.05, LATEST_KILL) if dice.random() < 0.6 else None
    return Act(dice.uniform(0, MOMENT), command=f"ttGridAdmin {dice.choice(COMMANDS)}", killed=killed)


def _fault(dice: Random, disks: bool) -> list[Act]:
    """One fault, and for some of them their end."""
    kinds = ["kill"] * 4 + ["stop", "freeze", "freeze", "cut", "cut", "from", "exhaust"] + ["manager"] * 3
    kind = dice.choice([*kinds, "manager2", *(["fill"] if disks else [])])
    host = f"{{{dice.choice('aab')}{dice.choice(SETS)}}}"

    def act(*words: str) -> Act:
        return Act(dice.uniform(0, MOMENT), words)

    match kind:
        case "manager":
            return manager_fault(dice)
        case "manager2":
            return [act("start", MANAGER2), act("kill", MANAGER)]
        case "from":
            return [act("cut", host, "--from", MANAGER)]
        case "freeze" | "cut":
            return [act(kind, host)] + ([act(ENDS[kind], host)] if dice.random() < 0.4 else [])
    return [act(kind, host)]
