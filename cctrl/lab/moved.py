"""Segments of a lab that `gprecoverseg -p` or `-i` has put elsewhere: nobody tells the lab, their files do."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cctrl.lab.layout import HostPlan, Plan, ServerPlan

_SYSTEM = struct.Struct("=Q")  # what a control file begins with: which database system it is of
_PORT = re.compile(r"^\s*port\s*=\s*'?(\d+)", re.MULTILINE)


def with_moved(plan: Plan) -> Plan:
    """The plan with the servers that were made on its hosts since; only segments are."""
    if not any(server.dbid for host in plan.hosts for server in host.servers):
        return plan
    known = set(plan.data_dirs)
    contents = {_system(Path(s.data_dir)): s.content for host in plan.hosts for s in host.servers}
    return replace(
        plan, hosts=tuple(replace(h, servers=(*h.servers, *_found(plan, h, known, contents))) for h in plan.hosts)
    )


def address(host: HostPlan, server: ServerPlan) -> str:
    """Where a server of a host is reached; nothing relays to one that was made since."""
    return host.inside if server.place and not server.dbid else host.address


def _found(plan: Plan, host: HostPlan, known: set[str], contents: dict[int, int]) -> Iterator[ServerPlan]:
    """The data directories below a host's home that the lab has not made; what begins with a dot is kept aside."""
    versions = [path for pattern in ("*/PG_VERSION", "*/*/PG_VERSION") for path in Path(host.home).glob(pattern)]
    for directory in sorted(path.parent for path in versions):
        if str(directory) in known or any(part.startswith(".") for part in directory.relative_to(host.home).parts):
            continue
        port = _port(directory)
        if port:
            name = f"{host.name}:{port}"
            log = str(Path(host.home, f"segment-{port}.log"))
            conf, sockets = str(directory / "postgresql.conf"), _sockets(plan, host)
            content = contents.get(_system(directory), _numbered(directory))
            yield ServerPlan(name, port, str(directory), conf, sockets, log, log, content=content, place=name)


def _system(directory: Path) -> int:
    """The database system that a directory holds; 0 where that is not known."""
    try:
        with (directory / "global" / "pg_control").open("rb") as file:
            return int(_SYSTEM.unpack(file.read(_SYSTEM.size))[0])
    except (OSError, struct.error):
        return 0


def _numbered(directory: Path) -> int:
    """The content that a directory is called after, where neither of the first places holds its system any more."""
    found = re.search(r"gpseg(\d+)$", directory.name)
    return int(found[1]) if found else -1


def _port(directory: Path) -> int:
    try:
        ports = _PORT.findall((directory / "postgresql.conf").read_text(errors="replace"))
    except OSError:
        return 0
    return int(ports[-1]) if ports else 0


def _sockets(plan: Plan, host: HostPlan) -> str:
    return host.servers[0].socket_dir if host.servers else plan.sockets(host)
