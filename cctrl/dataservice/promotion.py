"""A promotion that stands in the journal and may still happen, whichever command began it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cctrl.replication.facts import Facts, Server, View
from cctrl.replication.operation import NO_END
from cctrl.store import Operation


def pending(operations: Iterable[Operation], view: View) -> tuple[Operation, str] | None:
    """The last operation that came as far as a promotion, and the member, where that member may still become the
    primary. `operations`: the newest first."""
    for operation in operations:
        promoted = [step.split()[1].rstrip(",") for step in operation.steps if step.startswith("promote ")]
        if promoted:
            facts = next((m for m in view.members if m.name == promoted[-1]), None)
            possible = operation.outcome in NO_END and facts is not None and _possible(facts, operation)
            return (operation, promoted[-1]) if possible else None
    return None


def _possible(facts: Facts, operation: Operation) -> bool:
    if facts.server in (Server.DOWN, Server.NO_DATA, Server.NO_BINARIES) or facts.writable:
        return False
    # A server that was started since has forgotten what it was asked for before.
    return facts.started is None or facts.started - facts.clock_skew <= operation.started
