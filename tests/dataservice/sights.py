"""Datasources made by hand: what is decided about a service beside what a look at it shows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cctrl.dataservice import states
from cctrl.dataservice.states import Datasource
from cctrl.replication.diagnosis import diagnose
from cctrl.replication.facts import Facts
from cctrl.store import MemberIntent, ServiceIntent
from tests.replication.worlds import view

NOTHING: Mapping[str, MemberIntent] = MappingProxyType({})


def seen(
    *members: Facts,
    told: Mapping[str, MemberIntent] = NOTHING,
    policy: str = "",
    primary: str = "host1",
    maximum_lag: int | None = None,
) -> tuple[Datasource, ...]:
    """The datasources of service alpha; `told` is what was decided about members, `primary` the master on record."""
    sight = view(*members, intended=primary)
    intent = ServiceIntent(policy, primary, MappingProxyType(dict(told)))
    return states.datasources(sight, diagnose(sight), intent, "alpha", maximum_lag)
