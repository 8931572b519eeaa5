"""Where segments go that are recovered onto other hosts, and what may not be there twice (reference greenplum.md, 7.5
and 7, step 5). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from cctrl.config import Server
from cctrl.outcome import Refused
from cctrl.segments.catalog import Catalog, Row
from cctrl.segments.recover.work import Job
from cctrl.segments.utilities.running import Failed


def onto(rows: Iterable[Row], hosts: list[str]) -> tuple[dict[str, str], list[str]]:
    """Failed host -> the host that its segments go to, in the order of their names; the hosts that are not needed.
    Raises Failed where there are too few."""
    failed = sorted({row.hostname for row in rows})
    if len(hosts) < len(failed):
        raise Failed("Not enough new recovery hosts given for recovery.")
    return dict(zip(failed, hosts, strict=False)), hosts[len(failed) :]


def target(row: Row, there: Server, port: int, directory: str) -> Row:
    """A segment's row once it is on that host."""
    address = there.shown_address or there.address
    return replace(row, hostname=there.host.name, address=address, port=port, datadir=directory)


def directory(row: Row, there: Server, near: Iterable[Row]) -> str:
    """The same path as before; its last name where the host has a directory for segments, or beside those that are
    there (`near`, of the same role if there are) where none of them lies where it did."""
    old = PurePosixPath(row.datadir)
    if there.data_dir:
        return str(PurePosixPath(there.data_dir) / old.name)
    ordered = sorted(near, key=lambda other: other.preferred_role != row.preferred_role)
    parents = [PurePosixPath(other.datadir).parent for other in ordered]
    return row.datadir if not parents or old.parent in parents else str(parents[0] / old.name)


def free_ports(catalog: Catalog, host: str, taken: frozenset[int]) -> Iterator[int]:
    """The free ports of a host: from the smallest of all segments upward."""
    used = taken | {row.port for row in catalog.rows if row.hostname == host}
    first = min(row.port for row in catalog.segments)
    yield from (port for port in range(first, 65536) if port not in used)


def pool(catalog: Catalog, rows: Iterable[Row], places: Mapping[str, tuple[Server, frozenset[int]]]) -> dict[int, Row]:
    """dbid -> the row at its new place. `places`: failed host -> where its segments go, and the ports taken there.
    A segment of a host that is recovered onto itself stays where it is."""
    ports = {there.host.name: free_ports(catalog, there.host.name, taken) for there, taken in places.values()}
    found: dict[int, Row] = {}
    for row in rows:
        there = places[row.hostname][0]
        if there.host.name == row.hostname:
            found[row.dbid] = row
        else:
            near = [other for other in catalog.segments if other.hostname == there.host.name]
            found[row.dbid] = target(row, there, next(ports[there.host.name]), directory(row, there, near))
    return found


def conflicts(catalog: Catalog, jobs: Iterable[Job]) -> None:
    """Refuse two instances on one port or in one directory, or one in another's. Raises Refused."""
    after = {row.dbid: row for row in catalog.rows} | {job.failed.dbid: job.at for job in jobs}
    for job in jobs:
        for row in after.values():
            if row.dbid == job.at.dbid or row.hostname != job.at.hostname:
                continue
            both = f"Segment dbid's {job.at.dbid} and {row.dbid} on host {row.hostname} cannot have the same"
            if row.port == job.at.port:
                raise Refused(f"{both} port {row.port}.")
            if row.datadir == job.at.datadir:
                raise Refused(f"{both} data directory '{row.datadir}'.")
            here, there = PurePosixPath(job.at.datadir), PurePosixPath(row.datadir)
            if here in there.parents or there in here.parents:
                what = f"Segment dbid's {job.at.dbid} and {row.dbid} on host {row.hostname} cannot lie in each other:"
                raise Refused(f"{what} '{here}' and '{there}'.", next="another directory in the file of -i")


def same_host(jobs: Iterable[Job]) -> Iterator[str]:
    """The warnings about segments that end up on the host of their primary."""
    for job in jobs:
        if job.at.hostname == job.source.hostname:
            yield (
                "Segment is being recovered to the same host as its primary: "
                f"primary {_written(job.source)}    failover target: {_written(job.at)}"
            )


def _written(row: Row) -> str:
    place = f"{row.hostname}:{row.datadir}:content={row.content}:dbid={row.dbid}"
    return f"{place}:role={row.role}:preferred_role={row.preferred_role}:mode={row.mode}:status={row.status}"
