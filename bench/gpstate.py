"""`gpstate -e` on 16 and 128 instances: pairs of a lab, for 128 each of them under several names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bench.figures import Figure, in_turn
from bench.place import Place, Shell, milliseconds
from bench.segments import PAIRS, QUARTER, Gp
from bench.warm import fan_out, recorded
from cctrl.config import Config, Server, Service
from cctrl.segments import catalog_sql, inventory
from cctrl.segments.catalog import DOWN, SYNC, Row, read
from cctrl.segments.service import AT_ONCE


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """In an open session, beside the remote commands that it runs, alone on the same connections."""
    gp = Gp(place, "pairs", PAIRS)
    for instances in (16, 128):
        yield from _figures(place.shell(_cluster(gp, instances // 2)), instances, samples)


def _figures(shell: Shell, instances: int, samples: int) -> Iterator[Figure]:
    calls, hosts = recorded(shell, "gpstate -e"), shell.hosts
    ours, alone = in_turn(
        samples, lambda: shell("gpstate -e"), lambda: milliseconds(lambda: fan_out(hosts, calls, AT_ONCE))
    )
    yield Figure(f"gpstate -e, {instances} instances", ours, alone, "its remote commands alone", 1.5)
    if instances == 16:
        yield Figure(f"gpstate -e, {instances} instances", ours, (300.0,), f"{QUARTER} on 8", 1.0)


def _cluster(gp: Gp, pairs: int) -> Config:
    """A cluster of so many pairs: a catalog in a database of its own on the coordinator, and instances of the lab."""
    name = f"pairs{pairs}"
    coordinator = replace(inventory.coordinator(gp.lab.service), database=name)
    members = (coordinator, *(m for content in range(pairs) for m in _pair(gp, content)))
    service = replace(gp.lab.service, members=members)
    gp.sql(f"create database {name}")
    gp.lab.sql("coordinator", catalog_sql.TABLES, catalog_sql.fill(_rows(gp, service)), database=name)
    return replace(gp.lab.config, services=(service,))


def _pair(gp: Gp, content: int) -> list[Server]:
    real = [m for m in gp.lab.service.members if m.content == content % PAIRS]
    return [replace(m, name=f"{m.name}-{content}", content=content, dbid=m.dbid + 100 * content) for m in real]


def _rows(gp: Gp, service: Service) -> list[Row]:
    """Each as its real one is now."""
    real = {row.dbid: row for row in read(gp.sql(catalog_sql.READ)).rows}
    assert all(row.status != DOWN for row in real.values())
    rows = []
    for row in inventory.rows(service):
        role = real[row.dbid - 100 * max(0, row.content)].role
        rows.append(replace(row, role=role, mode=SYNC if row.content >= 0 else row.mode))
    return rows
