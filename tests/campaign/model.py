"""How the documented verbs make a service whole again: the next command for what `ls` shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MASTER = "master"
LADDER = ("recover", "datasource {} recover", "datasource {} recover --force", "tprovision {} --force")
"""What is tried for a slave that is not well, each where the one before was refused or did not help."""
USING = "recover using "
PATIENCE = 20.0  # seconds that are left to the manager for what AUTOMATIC says it does by itself


@dataclass(frozen=True, slots=True)
class Member:
    """One datasource as `ls` shows it."""

    name: str
    role: str
    state: str
    reason: str
    status: str
    server: str = "UP"  # replication.facts.Server, by its name

    @property
    def well(self) -> bool:
        """ONLINE, and nothing is wrong with it."""
        return self.state == "ONLINE" and self.status == "OK"


@dataclass(frozen=True, slots=True)
class Sight:
    """One look."""

    policy: str
    manager: bool  # one is alive
    master: str  # who accepts writes; "" where nobody does
    best: str  # whom `ls` says to make the master where there is none
    members: tuple[Member, ...]

    @property
    def whole(self) -> bool:
        """True where one master and its slaves are ONLINE and the manager carries out AUTOMATIC."""
        roles = sorted(m.role for m in self.members)
        one = roles == sorted([MASTER, *["slave"] * (len(self.members) - 1)])
        return one and all(m.well for m in self.members) and self.manager and self.policy == "AUTOMATIC"


@dataclass(slots=True)
class Tried:
    """What was given in this round already."""

    times: dict[str, int] = field(default_factory=dict)

    def fewest(self, commands: Sequence[str]) -> str:
        """The first of those that were given least often."""
        return min(commands, key=lambda command: self.times.get(command, 0))

    def note(self, command: str) -> None:
        """It was given."""
        self.times[command] = self.times.get(command, 0) + 1


def following(sight: Sight, tried: Tried, waited: float) -> str:
    """The command to give; "" where the manager is to be waited for, or nothing is to do.

    `waited`: seconds since the last fault was mended."""
    automatic = sight.policy == "AUTOMATIC" and waited < PATIENCE
    if not sight.master:
        return "" if automatic else tried.fewest(_without_master(sight))
    for member in sight.members:
        if member.well:
            continue
        if member.name == sight.master:
            return _for_master(member)
        if member.state == "OFFLINE" and automatic:
            continue
        found_so = member.state in ("ONLINE", "FAILED") and member.reason != "MANUALLY-FAILED"
        if automatic and found_so and member.server not in ("DOWN", "NO_DATA"):
            continue  # back by itself; nobody but a command starts a server
        return tried.fewest(_for_slave(member))
    if all(m.well for m in sight.members) and sight.policy != "AUTOMATIC":
        return "set policy automatic"
    return ""


def _without_master(sight: Sight) -> list[str]:
    if any(m.reason == "SHUNNED" for m in sight.members) and sight.best:
        return [USING + sight.best]
    return ["failover", *([USING + sight.best] if sight.best else []), "start"]


def _for_master(member: Member) -> str:
    words = {"SHUNNED": "welcome", "OFFLINE": "online", "FAILED": "recover"}
    return f"datasource {member.name} {words[member.state]}" if member.state in words else ""


def _for_slave(member: Member) -> list[str]:
    if member.server == "NO_DATA":
        return [f"tprovision {member.name}", f"tprovision {member.name} --force"]
    if member.state == "OFFLINE" and member.status == "WARN":
        return [f"datasource {member.name} online", f"datasource {member.name} recover"]
    if member.reason == "MANUALLY-SHUNNED":
        return [f"datasource {member.name} welcome", *(step.format(member.name) for step in LADDER[1:])]
    return [step.format(member.name) for step in LADDER]


def sight(data: Mapping[str, object]) -> Sight:
    """What the data of `ls` in JSON says."""
    sources = data["datasources"]
    assert isinstance(sources, list)
    members = tuple(
        Member(s["name"], s["role"], s["state"], s["reason"], s["alertStatus"], s["server"]) for s in sources
    )
    writable = [s for s in sources if s["role"] == MASTER and s["components"]["REPLICATOR"] == "ONLINE"]
    writable.sort(key=lambda s: "FAILED-OVER" in s["reason"])  # an old master that is not fenced yet comes last
    best = next((s["next"].removeprefix(USING) for s in sources if s["next"].startswith(USING)), "")
    return Sight(str(data["policy"]), bool(data["manager"]), writable[0]["name"] if writable else "", best, members)
