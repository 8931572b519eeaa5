"""Segments of a lab that `gprecoverseg -p` or `-i` has put elsewhere: nobody tells the lab, their files do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cctrl.lab.layout import HostPlan, Plan, ServerPlan

_PORT = re.compile(r"^\s*port\s*=\s*'?(\d+)", re.MULTILINE)


def with_moved(plan: Plan) -> Plan:
    """The plan with the servers that were made on its hosts since; only segments are."""
    if not any(server.dbid for host in plan.hosts for server in host.servers):
        return plan
    known = set(plan.data_dirs)
    return replace(plan, hosts=tuple(replace(h, servers=(*h.servers, *_found(plan, h, known))) for h in plan.hosts))


def _found(plan: Plan, host: HostPlan, known: set[str]) -> Iterator[ServerPlan]:
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
            yield ServerPlan(name, port, str(directory), conf, sockets, log, log, place=name)


def _port(directory: Path) -> int:
    try:
        ports = _PORT.findall((directory / "postgresql.conf").read_text(errors="replace"))
    except OSError:
        return 0
    return int(ports[-1]) if ports else 0


def _sockets(plan: Plan, host: HostPlan) -> str:
    return host.servers[0].socket_dir if host.servers else plan.sockets(host)
