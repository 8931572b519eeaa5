"""Locks that one process keeps: taken once, given back when nobody uses them any more, and not taken by who may not."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Event, Thread

import pytest

from cctrl.outcome import Refused
from cctrl.replication.engine import Claim, Taken
from cctrl.replication.facts import Facts, Server
from cctrl.replication.lock import InUse, Kept


class Hosts:
    """An engine that knows nothing but locks, and how many are held by whom: what a host's shell does otherwise."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.holders: dict[str, str] = {}
        self.claims: list[OneClaim] = []

    def claim(self, member: str, owner: str) -> Claim | Taken:
        """See Engine."""
        if member in self.holders:
            return Taken(self.holders[member])
        self.taken.append(member)
        self.holders[member] = owner
        self.claims.append(OneClaim(self.holders, member))
        return self.claims[-1]


class OneClaim:
    """See replication.engine.Claim."""

    def __init__(self, holders: dict[str, str], member: str) -> None:
        self.facts = Facts(member, 0.0, Server.UP)
        self.held = True
        self._holders, self._member = holders, member

    def acting(self) -> AbstractContextManager[None]:
        """See Claim."""
        return nullcontext()

    def release(self) -> None:
        """See Claim."""
        self.held = False
        self._holders.pop(self._member, None)


def kept(hosts: Hosts, may: Event, text: str = "tending") -> Kept:
    def allowed() -> None:
        if not may.is_set():
            raise Refused("another manager leads by now")

    return Kept(hosts, text, allowed, lambda member: member.partition(".")[0])


def test_a_lock_is_kept_and_given_back_when_the_last_one_on_it_is_done() -> None:
    hosts, may, inside, end = Hosts(), Event(), Event(), Event()
    may.set()
    own = kept(hosts, may)

    def act() -> None:
        with own.on("host1.two"):
            inside.set()
            end.wait(10)

    with own.on("host1.one"):
        pass
    thread = Thread(target=act)
    thread.start()
    assert inside.wait(10)
    assert hosts.taken == ["host1"] and own.held("host1.one") and not own.held("host2.one")
    may.clear()
    own.release()
    assert hosts.holders  # somebody is still at work there
    end.set()
    thread.join()
    assert not hosts.holders
    with pytest.raises(Refused, match="another manager leads by now"), own.on("host1.one"):
        pass
    assert hosts.taken == ["host1"]


def test_what_somebody_else_has_is_not_touched_and_a_lost_lock_is_taken_anew() -> None:
    hosts, may = Hosts(), Event()
    may.set()
    first, second = kept(hosts, may), kept(hosts, may, "something else")
    with first.on("host1"), pytest.raises(InUse) as error, second.on("host1"):
        pass
    assert "tending" in error.value.owner
    hosts.holders.clear()  # the host heard nothing for too long
    hosts.claims[-1].held = False
    with first.on("host1"):
        assert hosts.taken == ["host1", "host1"]
    hosts.claims[-1].held = False
    hosts.holders["host1"] = first._owner  # the host was cut off, and holds what was ours for some seconds still
    with first.on("host1"):
        assert not first.held("host1")
