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

    def is_whole(self, seconds: float = 60.0, *, recovering: bool = False) -> None:
        """Wait until every datasource is ONLINE and the policy is AUTOMATIC; `recovering` what is SHUNNED meanwhile."""

        def whole() -> bool:
            states = self.states()
            for host in [name for name, state in states.items() if recovering and "SHUNNED" in state]:
                self("--yes", "-expert", f"datasource {host} recover --force")
            wanted = ["master:ONLINE OK", "slave:ONLINE OK", "slave:ONLINE OK"]
            return sorted(states.values()) == wanted and self.policy() == "AUTOMATIC"

        found = processes.wait_until(whole, seconds, 0.3)  # a look is a command, and a dear one
        assert found, f"not whole within {seconds:g} s\n{self('ls').stdout}\n{self.log()}"


@pytest.fixture
def watched(lab: Labs) -> Watched:
    """Healthy, host1 the master."""
    return Watched(lab("--failure-timeout", "2", "--failover-block", "0", manager=True))
