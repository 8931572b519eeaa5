"""The lock of a replica set, held on its hosts: one changing operation at a time, whoever starts it and wherever."""

from __future__ import annotations

from pathlib import PurePosixPath

from cctrl.config import Server, Service
from cctrl.outcome import Refused
from cctrl.ssh import Held, Hosts, Lease, hold


def lock(hosts: Hosts, service: Service, owner: str) -> list[Lease]:
    """Lock every host that answers; the leases end with this process, whatever happens to it.

    `owner` is what others are told. Raises Refused where somebody else holds one of them, and where no host
    can be locked. A host that is out of reach or whose disk is full is left out: that may be why the command
    is given.
    """

    def take(server: Server) -> Lease | Held | Refused:
        path = PurePosixPath(server.data_dir).parent / f".cctrl-{service.name}.{server.name}.lock"
        try:
            return hold(hosts, server.host, str(path), owner)
        except Refused as error:
            return error

    taken = hosts.fan_out(service.members, take)
    leases = [lease for lease in taken if isinstance(lease, Lease)]
    held = [other for other in taken if isinstance(other, Held)]
    if held:
        release(hosts, leases)
        what = f"another operation is under way on {service.name}"
        raise Refused(what, detail=held[0].owner, next="wait until it has ended, then give the command again")
    if not leases:
        failures = [error for error in taken if isinstance(error, Refused)]
        what = f"no host of {service.name} can be locked, so nothing is changed"
        raise Refused(what, detail="\n".join(error.what for error in failures), next=failures[0].next or "ping")
    return leases


def release(hosts: Hosts, leases: list[Lease]) -> None:
    """Give all leases back, side by side."""
    hosts.fan_out(leases, lambda lease: lease.release())
