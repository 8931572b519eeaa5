"""What the store keeps, as frozen data. Words such as states and roles are opaque here:
the vocabulary that wrote them gives them their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cctrl.outcome import Outcome


@dataclass(frozen=True, slots=True)
class MemberIntent:
    """What was last decided about one member."""

    state: str = ""
    reason: str = ""
    role: str = ""
    since: float = 0.0  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class ServiceIntent:
    """What was last decided about one service. An unknown service has an empty one."""

    policy: str = ""
    primary: str = ""
    members: Mapping[str, MemberIntent] = field(default_factory=lambda: MappingProxyType({}))
    timeline: int = 0  # that the primary is on, at least; 0 where not known

    def member(self, name: str) -> MemberIntent:
        """What was decided about `name`; an empty intent where nothing was."""
        return self.members.get(name, MemberIntent())

    def with_member(self, name: str, intent: MemberIntent) -> ServiceIntent:
        """The same with `intent` for the member `name`."""
        return replace(self, members=MappingProxyType({**self.members, name: intent}))


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads among the managers of a service."""

    holder: str  # user@host pid N: who it is
    host: str  # the machine it runs on
    since: float  # seconds since the epoch
    until: float  # it must renew its lease before then, in seconds of threads.steady
    state: str = ""  # what it says of itself, in the vocabulary's words; "" where all is well


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a manager or a command saw or did."""

    number: int  # grows with time
    at: float  # seconds since the epoch
    source: str  # who says so: user@host pid N
    member: str  # the member it is about; "" for the whole service
    kind: str  # one word for scripts: `primary-failed`, `failover` …
    text: str  # for people


@dataclass(frozen=True, slots=True)
class Operation:
    """One changing command in the journal; `outcome` is None while it runs, or where it was killed."""

    id: str  # 20261122T104205-7f3a: when (UTC) it began and a random part
    service: str
    verb: str
    text: str  # as it was typed
    source: str
    target: str
    policy: str
    who: str  # user@host pid N
    started: float  # seconds since the epoch
    steps: tuple[str, ...] = ()  # those begun, in order
    finished: float | None = None
    outcome: Outcome | None = None
    message: str = ""

    @property
    def step(self) -> str:
        """The last step that was begun; "" where none was."""
        return self.steps[-1] if self.steps else ""
