"""The lock of a replica set, held on its hosts: one changing operation at a time, whoever starts it and wherever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Lock as Turn
from typing import Protocol

from cctrl.outcome import Refused
from cctrl.replication.engine import Claim, Taken
from cctrl.replication.facts import Facts
from cctrl.store import who
from cctrl.threads import fan_out


class Claiming(Protocol):
    """Who locks single members: an engine."""

    def claim(self, member: str, owner: str) -> Claim | Taken:
        """See Engine."""


class InUse(Refused):
    """Somebody else holds the lock; `owner` is who, since when, and for what; "" where they have not said it yet."""

    def __init__(self, service: str, owner: str) -> None:
        following = "wait until it has ended, then give the command again"
        super().__init__(
            f"another operation is under way on {service}",
            detail=owner or "by somebody who did not say who",
            next=following,
        )
        self.owner = owner


class Lock:
    """The claims on all members that could be locked. They end with this process, whatever happens to it."""

    def __init__(self, claims: Mapping[str, Claim]) -> None:
        self._claims = claims

    @property
    def held(self) -> bool:
        """True while its holder may act: whoever sees one of the members that are still locked does nothing."""
        return any(claim.held for claim in self._claims.values())

    @property
    def facts(self) -> Mapping[str, Facts]:
        """Each locked member as it was seen once it was locked."""
        return {name: claim.facts for name, claim in self._claims.items()}

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Within this hosts do what they are told only while they hold the lock: see Claim."""
        with ExitStack() as stack:
            for claim in self._claims.values():
                stack.enter_context(claim.acting())
            yield

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give all of it back, side by side; idempotent."""
        fan_out(list(self._claims.values()), lambda claim: claim.release())


def owner(text: str) -> str:
    """What others are told of whoever holds a lock for the command `text`."""
    return f"{who()} since {time.strftime('%F %T')}: {text}"


def lock(engine: Claiming, service: str, members: Sequence[str], text: str) -> Lock:
    """Lock every member whose host answers, for the command `text`: others are told of it, and whose it is.

    Raises InUse where somebody else holds one of them, Refused where no host can be locked. A host that is out of
    reach or whose disk is full is left out: that may be why the command is given.
    """
    told = owner(text)

    def take(member: str) -> Claim | Taken | Refused:
        try:
            return engine.claim(member, told)
        except Refused as error:
            return error

    answers = dict(zip(members, fan_out(members, take), strict=True))
    refusals = [answer for answer in answers.values() if isinstance(answer, Refused)]
    taken = [answer for answer in answers.values() if isinstance(answer, Taken)]
    claims = {name: answer for name, answer in answers.items() if not isinstance(answer, Taken | Refused)}
    if taken:
        Lock(claims).release()
        raise InUse(service, taken[0].owner)
    if not claims:
        what = f"no host of {service} can be locked, so nothing is changed"
        raise Refused(what, detail="\n".join(error.what for error in refusals), next=refusals[0].next)
    return Lock(claims)


@dataclass(slots=True)
class _Kept:
    """One member's lock, and how many use it now."""

    turn: Turn = field(default_factory=Turn)
    claim: Claim | None = None
    users: int = 0
    leaving: bool = False  # it is given back when nobody uses it any more

    def give_back(self) -> None:
        if self.leaving and not self.users and self.claim is not None:
            self.claim.release()
            self.claim = None


class Kept:
    """Locks on single members that are kept once they were taken: for a process that acts on them again and again, and
    at once. Nobody else changes a member meanwhile; several threads of this process may."""

    def __init__(self, engine: Claiming, text: str, allowed: Callable[[], None], place: Callable[[str], str]) -> None:
        """`text`: what others are told that they are held for; `allowed` raises where this process may not act any
        more: then `release` is to be called; `place`: the member whose lock stands for one, which all processes agree
        on: one for all members of a host spares it sessions."""
        self._engine = engine
        self._owner = owner(text)
        self._allowed = allowed
        self._place = place
        self._members: dict[str, _Kept] = {}

    @contextmanager
    def on(self, member: str) -> Iterator[None]:
        """Within this the member is ours to change. Raises InUse where somebody else has its lock, Unreachable, Refused
        where it cannot be locked, and what `allowed` raises."""
        place = self._place(member)
        kept = self._members.setdefault(place, _Kept())
        with kept.turn:
            self._allowed()
            kept.claim, kept.leaving = self._taken(place, kept.claim), False
            self._allowed()  # it may have taken a while
            kept.users += 1
            acting = kept.claim.acting() if kept.claim else nullcontext()
        try:
            with acting:
                yield
        finally:
            with kept.turn:
                kept.users -= 1
                kept.give_back()

    def _taken(self, member: str, present: Claim | None) -> Claim | None:
        if present is not None and present.held:
            return present
        answer = self._engine.claim(member, self._owner)
        if not isinstance(answer, Taken):
            return answer
        if answer.owner != self._owner:
            raise InUse(member, answer.owner)
        return None  # a session of ours that the host has lost, and has not given up yet

    def held(self, member: str) -> bool:
        """Whether a member's lock is ours now."""
        kept = self._members.get(self._place(member))
        return kept is not None and kept.claim is not None and kept.claim.held

    def release(self) -> None:
        """Give all of them back, each as soon as nobody uses it any more."""
        for kept in list(self._members.values()):
            with kept.turn:
                kept.leaving = True
                kept.give_back()
