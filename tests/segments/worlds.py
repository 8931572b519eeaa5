"""Clusters made by hand: the one that the recordings were made on, in any state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cctrl.replication.facts import Downstream, Facts, Server, Upstream
from cctrl.replication.position import Position
from cctrl.replication.synchrony import SETTING
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.catalog_sql import WALRECEIVER
from cctrl.segments.state.status import Seen

VERSION = "PostgreSQL 9.4.26 (Greenplum Database 6.24.3)"
AT = Position(0x3000000)


def cluster(**states: str) -> Catalog:
    """Four pairs on sdw1 and sdw2. `c0="mnd pnu"`: role, mode and status of content 0's built primary, built mirror."""
    rows = [Row(1, -1, "p", "p", "n", "u", 6000, "cdw", "cdw", "/data/coordinator/gpseg-1")]
    for content in range(4):
        hosts = ("sdw1", "sdw2") if content < 2 else ("sdw2", "sdw1")
        first, second = states.get(f"c{content}", "psu msu").split()
        for built, state, host in (("p", first, hosts[0]), ("m", second, hosts[1])):
            dbid, port = (2 + content, 7000 + content) if built == "p" else (6 + content, 8000 + content)
            directory = f"/data/{'primary' if built == 'p' else 'mirror'}/gpseg{content}"
            rows.append(Row(dbid, content, state[0], built, state[1], state[2], port, host, host, directory))
    return Catalog(tuple(rows), VERSION)


def facts(name: str = "x", server: Server = Server.UP, **known: Any) -> Facts:
    """One instance as a look shows it."""
    return Facts(name, 1000.0, server, **{"received": AT, "replayed": AT, **known})


def primary(mirror: str = "streaming", sync: str = "sync", *, behind: int = 0, **known: Any) -> Facts:
    """An acting primary and what it says of its mirror; none for ""."""
    receiver = Downstream(WALRECEIVER, mirror, Position(AT - behind), Position(AT - behind), sync=sync)
    settings = {SETTING: WALRECEIVER if sync != "async" else ""}
    return facts(**{"writable": True, "downstreams": (receiver,) if mirror else (), "settings": settings, **known})


def mirror(**known: Any) -> Facts:
    """A mirror that streams."""
    return facts(**{"upstream": Upstream("sdw1", 7000, "streaming", 0.1), **known})


def gone(server: Server = Server.DOWN, **known: Any) -> Facts:
    """One that does not answer."""
    return facts(server=server, reason="Connection refused", **known)


def seen(catalog: Catalog, others: Mapping[int, Facts] | None = None) -> Seen:
    """All as the catalog says, but for those that are named by dbid."""
    found = {row.dbid: _as_said(catalog, row) for row in catalog.segments}
    return Seen(catalog, {**found, **(others or {})}, {})


def _as_said(catalog: Catalog, row: Row) -> Facts:
    if not row.up:
        return gone()
    if not row.primary:
        return mirror()
    return primary() if catalog.pair(row.content).mirror.up else primary("")


def edited(catalog: Catalog, dbid: int, **changes: Any) -> Catalog:
    """A catalog with one row changed by hand."""
    rows = tuple(replace(row, **changes) if row.dbid == dbid else row for row in catalog.rows)
    return Catalog(rows, catalog.version)
