"""What happens in a round: a function of the seed and its number alone, so that it can be played again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

MASTER, SLAVE, OTHER = "master", "slave", "other"  # who a host was when the round began
MANAGER, MANAGER2 = "manager", "manager2"
POLICIES = ("automatic",) * 6 + ("manual",) * 2 + ("maintenance",)
MOMENT = 1.5  # seconds from one thing to the next, at most
NOTICED = (3.0, 6.0)  # seconds in which a manager with a failure_timeout of 2 s acts
LATEST_KILL = 2.5  # seconds after its start a command is killed at the latest

ENDS = {"kill": "start", "stop": "start", "freeze": "thaw", "cut": "heal"}
"""A fault -> the verb that ends it."""

COMMANDS = (
    *("switch", "switch", "switch to {slave}", "failover", "failover to {other}", "recover"),
    *("datasource {slave} recover", "datasource {master} recover", "datasource {slave} shun"),
    *("datasource {slave} offline", "datasource {slave} online", "datasource {slave} welcome"),
    *("datasource {master} fail", "datasource {slave} fail", "datasource {master} shun"),
    *("tprovision {slave} --force", "recover using {slave}", "set master {slave}"),
    *("set policy manual", "set policy maintenance", "set policy automatic", "ls"),
)
"""Given without --yes: what would ask a question is refused, so none of them may lose anything."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens: `words` as `cctrl lab` takes them, or a `command` to cctrl that is killed after a while.

    The braces in both stand for hosts by their part: {master}, {slave}, {other}."""

    after: float  # seconds since what came before it
    words: tuple[str, ...] = ()
    command: str = ""
    killed: float | None = None  # seconds from its start to its SIGKILL; None: it comes to its end
    awaited: bool = False  # nothing else happens before the command has ended

    def text(self) -> str:
        """For the log."""
        what = f"lab {' '.join(self.words)}" if self.words else self.command
        return f"+{self.after:.2f} s  {what}" + (f"   (SIGKILL after {self.killed:.2f} s)" if self.killed else "")


@dataclass(frozen=True, slots=True)
class Round:
    """A round: under which policy, and what happens in it."""

    seed: int
    number: int
    policy: str
    acts: tuple[Act, ...]
    lasts: float  # seconds that the faults last after the last of them
    kind: str = "dataservice"  # of lab

    @property
    def replay(self) -> str:
        """The command that plays it again."""
        kind = "" if self.kind == "dataservice" else f" --kind {self.kind}"
        return f"bench/campaign{kind} --seed {self.seed} --first {self.number} --rounds 1"

    def lines(self) -> list[str]:
        """What happens in it."""
        first = f"round {self.number} of seed {self.seed}" + (f", policy {self.policy}" if self.policy else "")
        return [first, *(act.text() for act in self.acts), f"+{self.lasts:.2f} s  all is mended"]


def planned(seed: int, number: int, *, disks: bool) -> Round:
    """A round. `disks`: the hosts have file systems that can be filled."""
    dice = Random(f"{seed}/{number}")
    acts: list[Act] = []
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        acts += _fault(dice, disks, destroyed=any("wipe" in act.words for act in acts))
    for _ in range(dice.choice((0, 1, 1, 2))):
        killed = dice.uniform(0.05, LATEST_KILL) if dice.random() < 0.6 else None
        acts.append(Act(dice.uniform(0, MOMENT), command=dice.choice(COMMANDS), killed=killed))
    dice.shuffle(acts)
    lasts = dice.choice((0.0, dice.uniform(0, MOMENT), dice.uniform(*NOTICED)))
    return Round(seed, number, dice.choice(POLICIES), tuple(acts), lasts)


def _fault(dice: Random, disks: bool, *, destroyed: bool) -> list[Act]:
    """One fault, and for some of them their end. At most one host of a round loses its data."""
    kinds = ["kill"] * 4 + ["stop", "freeze", "freeze", "cut", "cut", "way", "from", "alone", "exhaust"]
    kinds += ["manager"] * 4 + ["manager2"] + ["fill"] * (2 if disks else 0) + ["wipe"] * (0 if destroyed else 2)
    kind = dice.choice(kinds)
    host = f"{{{dice.choice((MASTER, MASTER, MASTER, SLAVE, OTHER))}}}"
    others = [h for h in ("{master}", "{slave}", "{other}", MANAGER) if h != host]

    def act(*words: str) -> Act:
        return Act(dice.uniform(0, MOMENT), words)

    match kind:
        case "freeze":
            return [act("freeze", host)] + ([act("thaw", host)] if dice.random() < 0.4 else [])
        case "cut":
            return [act("cut", host)] + ([act("heal", host)] if dice.random() < 0.4 else [])
        case "way":
            return [act("cut", host, dice.choice(("--in", "--out")))]
        case "from":
            return [act("cut", host, "--from", dice.choice(others))]
        case "alone":  # clients still reach it, and nobody else does
            return [Act(0.0, ("cut", host, "--from", other)) for other in others]
        case "manager":
            verb = dice.choice(("kill", "kill", "stop", "freeze", "cut"))
            return [act(verb, MANAGER)] + ([act(ENDS[verb], MANAGER)] if dice.random() < 0.5 else [])
        case "manager2":
            return [act("start", MANAGER2), act("kill", MANAGER)]
    return [act(kind, host)]


def manager_fault(dice: Random) -> list[Act]:
    """Something happens to the manager, and half of the times it is ended after a moment."""
    verb = dice.choice(("kill", "kill", "stop", "freeze", "cut"))
    after = [Act(dice.uniform(0, MOMENT), (ENDS[verb], MANAGER))] if dice.random() < 0.5 else []
    return [Act(dice.uniform(0, MOMENT), (verb, MANAGER)), *after]
