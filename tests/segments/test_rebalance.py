"""What a rebalance that was broken off leaves to the next one."""

from __future__ import annotations

from cctrl.outcome import Outcome
from cctrl.segments.recover.rebalance import EXCHANGE, RECOVERY, left
from cctrl.store import Operation
from tests.segments import worlds

DOWN = worlds.cluster(c0="pnu mnd", c1="pnu mnd")
FIRST, SECOND = [row.place for row in DOWN.segments if not row.up]


def operation(verb: str, target: str, outcome: Outcome | None) -> Operation:
    return Operation("1", "gp", verb, "gprecoverseg -r -a", "", target, "", "postgres@cdw pid 1", 0.0, outcome=outcome)


def test_what_it_stopped_is_left_until_its_recovery_has_ended() -> None:
    assert left(None, DOWN) == []
    for outcome in (None, Outcome.DONE, Outcome.UNKNOWN):
        assert left(operation(EXCHANGE, FIRST, outcome), DOWN) == [FIRST]
    assert left(operation(RECOVERY, f"{FIRST},{SECOND}", None), DOWN) == [FIRST, SECOND]
    assert left(operation(RECOVERY, FIRST, Outcome.DONE), DOWN) == []  # down since then
    assert left(operation("gprecoverseg", FIRST, None), DOWN) == []
    assert left(operation(EXCHANGE, FIRST, None), worlds.cluster()) == []
