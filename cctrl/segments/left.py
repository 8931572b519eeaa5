"""The places that segments have left for others (`gprecoverseg -p`, `-i`): what lies there is nobody's any more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cctrl.config import Server, Service
from cctrl.outcome import ConfigError, Unreachable
from cctrl.replication.copying import Aside
from cctrl.segments import catalog_sql, inventory

if TYPE_CHECKING:
    from cctrl.replication.postgresql.asking import Asking
    from cctrl.replication.postgresql.engine import PostgreSQL

NO_RECORD = 'relation "cctrl.left_place" does not exist'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment was, as the coordinator's table has it."""

    dbid: int
    hostname: str
    port: int
    datadir: str


def recorded(asking: Asking, coordinator: str) -> tuple[Place, ...]:
    """The places that segments were moved away from since there is a record. Raises Unreachable."""
    result = asking.try_sql(coordinator, catalog_sql.LEFT)
    if not result.ok:
        if NO_RECORD in result.stderr:
            return ()
        raise Unreachable("it cannot be told which places segments have left", detail=result.stderr.strip())
    return tuple(Place(**found) for found in json.loads(result.stdout))


def behind(configured: Service, current: Service, places: Iterable[Place]) -> tuple[Server, ...]:
    """The places that were left, also those of the configuration, but for whatever a segment uses now. Pure."""
    known = {(m.host.name, m.data_dir): m for m in configured.members}
    for place in places:
        try:
            there = inventory.host(configured, place.hostname)
            member = inventory.by_dbid(configured, place.dbid)
        except ConfigError:  # nobody knows any more how it is reached
            continue
        server = replace(
            member, host=there.host, address=there.address, port=place.port, data_dir=place.datadir, config_file="",
            start=(), stop=(), bin_dir=there.bin_dir, socket_dir=there.socket_dir,
        )  # fmt: skip
        known.setdefault((place.hostname, place.datadir), server)
    return tuple(s for s in known.values() if not any(_touches(s.data_dir, other) for other in used(current, s)))


def used(current: Service, place: Server) -> tuple[str, ...]:
    """The directories that servers have now on the host of a place."""
    host = place.host
    there = (m for m in current.members if m.host.name == host.name or m.host.address == host.address)
    return tuple(member.data_dir for member in there)


def _touches(one: str, other: str) -> bool:
    """Whether two directories are the same, or one is in the other."""
    here, there = PurePosixPath(one), PurePosixPath(other)
    return here == there or here in there.parents or there in here.parents


def where(place: Server) -> str:
    """How a place is told: `sdw1:/data/gpseg0`."""
    return f"{place.host.name}:{place.data_dir}"


def looked_at(engine: PostgreSQL, place: Server, system: str) -> tuple[Aside, ...]:
    """What lies at a place, by its name. Raises StepFailed."""
    return tuple(replace(one, place=where(place)) for one in engine.copies.aside(place.name, system))
