"""What happens in a round on a segment cluster of three hosts, each with a primary and a mirror. Pure.

The parts: `{p0}` is the acting primary of content 0 as the round begins, `{m0}` its mirror, `{h0}` the host of `{p0}`.
"""

from __future__ import annotations

from random import Random

from tests.campaign.rounds import ENDS, MANAGER, MANAGER2, MOMENT, Act, Round, manager_fault

CONTENTS = range(3)
COORDINATOR = "cdw"
NOTICED = (2.0, 5.0)  # seconds in which FTS has acted on a server that died
MISSED = (7.0, 10.0)  # and on one that hangs, or a host that is out of sight
LATEST_KILL = 3.5  # seconds after its start a command is killed at the latest
RECOVER, REBALANCE = "gprecoverseg -a", "gprecoverseg -r -a"
COMMANDS = (RECOVER, RECOVER, "gprecoverseg -a -F", "recover", "gpstate -e", "ls", REBALANCE)


def planned(seed: int, number: int, *, disks: bool) -> Round:
    """A round. `disks`: the hosts have file systems that can be filled."""
    dice = Random(f"segments/{seed}/{number}")
    scene = dice.choice((_faults, _faults, _while_it_recovers, _while_it_recovers, _while_it_rebalances, _lost_data))
    acts = scene(dice, disks)
    lasts = dice.choice((0.0, dice.uniform(0, MOMENT), dice.uniform(*NOTICED), dice.uniform(*MISSED)))
    return Round(seed, number, "", tuple(acts), lasts, kind="segments")


def _faults(dice: Random, disks: bool) -> list[Act]:
    """Faults, and commands among them."""
    found = [_fault(dice, disks) for _ in range(dice.choice((1, 2, 2, 3)))]
    found += [[_command(dice, dice.choice(COMMANDS))] for _ in range(dice.choice((0, 1, 2)))]
    dice.shuffle(found)
    return [act for one in found for act in one]


def _while_it_recovers(dice: Random, disks: bool) -> list[Act]:
    """A host's servers die; while they are recovered something else happens, or the command is killed."""
    recover = dice.choice((RECOVER, RECOVER, "gprecoverseg -a -F"))
    acts = [Act(0.0, ("kill", f"{{h{dice.choice(CONTENTS)}}}")), _command(dice, recover, NOTICED)]
    return [*acts, *(_fault(dice, disks) if dice.random() < 0.8 else [])]


def _while_it_rebalances(dice: Random, disks: bool) -> list[Act]:
    """A primary was failed over and is recovered; something else happens while all go back to their preferred roles."""
    acts = [Act(0.0, ("kill", f"{{p{dice.choice(CONTENTS)}}}"))]
    acts += [Act(dice.uniform(*NOTICED), command=RECOVER, awaited=True), _command(dice, REBALANCE)]
    return [*acts, *(_fault(dice, disks) if dice.random() < 0.8 else [])]


def _lost_data(dice: Random, disks: bool) -> list[Act]:
    """One instance loses its data directory, of which its peer has a copy; commands are killed on the way."""
    acts = [Act(0.0, ("wipe", f"{{{dice.choice('pm')}{dice.choice(CONTENTS)}}}"))]
    acts.append(Act(dice.uniform(*NOTICED), command=RECOVER))
    return [*acts, _command(dice, "gprecoverseg -a -F"), *(manager_fault(dice) if dice.random() < 0.5 else [])]


def _command(dice: Random, command: str, after: tuple[float, float] = (0, MOMENT)) -> Act:
    killed = dice.uniform(0.05, LATEST_KILL) if dice.random() < 0.6 else None
    return Act(dice.uniform(*after), command=command, killed=killed)


def _fault(dice: Random, disks: bool) -> list[Act]:
    """One fault, and for some of them their end."""
    kinds = ["kill"] * 4 + ["stop", "freeze", "freeze", "cut", "cut", "from", "exhaust"] + ["manager"] * 3
    kind = dice.choice([*kinds, "manager2", "coordinator", *(["fill"] if disks else [])])
    content = dice.choice(CONTENTS)
    host, one = f"{{h{content}}}", f"{{{dice.choice('ppm')}{content}}}"

    def act(*words: str) -> Act:
        return Act(dice.uniform(0, MOMENT), words)

    match kind:
        case "manager":
            return manager_fault(dice)
        case "manager2":
            return [act("start", MANAGER2), act("kill", MANAGER)]
        case "coordinator":
            verb = dice.choice(("kill", "freeze", "cut"))
            return [act(verb, COORDINATOR)] + ([act(ENDS[verb], COORDINATOR)] if dice.random() < 0.5 else [])
        case "from":
            return [act("cut", host, "--from", dice.choice((MANAGER, COORDINATOR)))]
        case "freeze" | "cut":
            where = host if kind == "cut" else dice.choice((host, one))
            return [act(kind, where)] + ([act(ENDS[kind], where)] if dice.random() < 0.4 else [])
        case "kill" | "stop":
            return [act(kind, dice.choice((host, one, one)))]
    return [act(kind, one if kind == "exhaust" else host)]
