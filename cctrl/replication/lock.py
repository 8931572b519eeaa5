"""The lock of a replica set, held on its hosts: one changing operation at a time, whoever starts it and wherever."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from cctrl.outcome import Refused
from cctrl.replication.engine import Claim, Engine, Taken
from cctrl.replication.facts import Facts
from cctrl.store import who
from cctrl.threads import fan_out


class InUse(Refused):
    """Somebody else holds the lock; `owner` is who, since when, and for what."""

    def __init__(self, service: str, owner: str) -> None:
        following = "wait until it has ended, then give the command again"
        super().__init__(f"another operation is under way on {service}", detail=owner, next=following)
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


def lock(engine: Engine, service: str, members: Sequence[str], text: str) -> Lock:
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
