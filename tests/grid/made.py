"""Databases as records, made for the tests of pure functions."""

from __future__ import annotations

from dataclasses import replace

from cctrl.grid.model import Database, Element, Instance, Status, Wanted

UNMADE = {Status.UNCREATED, Status.CREATING, Status.CREATE_FAILED, Status.DESTROYED}

HOSTS = ("host3", "host4", "host5", "host6", "host7", "host8")


def instance(host: str, data_space: int) -> Instance:
    """A data instance."""
    return Instance(f"{host}.instance1", host, data_space, f"/grid/{host}/instance1", host, 6624, 6625)


INSTANCES = tuple(instance(host, n % 2 + 1) for n, host in enumerate(HOSTS))
SPARE = instance("host9", 1)


def database(status: Status = Status.OPENED, *, mapped: bool = True, count: int = 6, opened: bool = True) -> Database:
    """`database1` with that many elements of one status, k=2."""
    made = status not in UNMADE
    elements = tuple(
        Element(n + 1, INSTANCES[n].name, n % 2 + 1, n // 2 + 1 if mapped else 0, status, at=1.0, made=made)
        for n in range(count)
    )
    return Database("database1", elements, Wanted(loaded=True, opened=opened))


def with_status(found: Database, **statuses: Status) -> Database:
    """The same with other statuses, by host."""
    for host, status in statuses.items():
        element = found.element(f"{host}.instance1")
        assert element is not None
        found = found.having(replace(element, status=status, made=status not in UNMADE))
    return found
