"""Services that a manager watches."""

from __future__ import annotations

import pytest

from cctrl.lab import act, processes
from tests.dataservice.alpha import Alpha
from tests.stage import Labs, wait_for


class Watched(Alpha):
    """A service of three hosts with a manager that fails over as often as it must."""

    def act(self, *words: str) -> None:
        """What `cctrl lab WORDS…` does."""
        act(self.place, words)

    def leader(self) -> int:
        """The process that leads; 0 where none does."""
        with self.store() as store:
            leader = store.leader("alpha")
            return int(leader.holder.rpartition(" pid ")[2]) if leader else 0

    def log(self, name: str = "manager") -> str:
        """What a manager has said."""
        return (self.lab.directory / "lab" / f"{name}.log").read_text()

    def says(self, what: str, name: str = "manager", seconds: float = 60.0) -> None:
        """Wait until it has said that."""
        wait_for(lambda: what in self.log(name), seconds, f"{name} says {what!r}")

    def has_a_master(self, *but: str) -> str:
        """Wait until exactly one server accepts writes, and it is none of these; its name."""

        def writable() -> list[str]:
            return [host for host, text in self.standing().items() if text == "writable"]

        found = processes.wait_until(lambda: len(seen := writable()) == 1 and seen[0] not in but, 90)
        assert found, f"no master that is not {but} within 90 s\n{self.log()}\n{self('ls').stdout}"
        return self.master()

    def is_whole(self, seconds: float = 60.0) -> None:
        """Wait until every datasource is ONLINE and the policy is AUTOMATIC."""

        def whole() -> bool:
            states = sorted(self.states().values())
            return states == ["master:ONLINE OK", "slave:ONLINE OK", "slave:ONLINE OK"] and self.policy() == "AUTOMATIC"

        wait_for(whole, seconds, "the service is whole")


@pytest.fixture
def watched(lab: Labs) -> Watched:
    """Healthy, host1 the master."""
    return Watched(lab("--failure-timeout", "2", "--failover-block", "0", manager=True))
