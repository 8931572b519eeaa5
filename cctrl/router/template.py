"""Configurations of HAProxy and pgbouncer for one service, from the templates of the package."""

from __future__ import annotations

from importlib.resources import files
from string import Template

from cctrl.config import Service
from cctrl.outcome import Refused

FILES = {"haproxy": "haproxy.cfg", "pgbouncer": "pgbouncer.ini"}
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a wildcard listens; one connects to loopback


def filled_in(kind: str, service: Service) -> str:
    """The configuration of a `kind` of router for `service`.

    Raises Refused where it needs health checks and none are answered.
    """
    if kind == "haproxy" and not service.check_port:
        raise Refused(
            f"HAProxy finds the primary by health checks, and check_port of {service.name} is 0: none are answered",
            next=f"add check_port = 8008 to [{service.kind}.{service.name}], and start cctrl manager anew",
        )
    address = ANYWHERE.get(service.check_address, service.check_address)
    servers = [
        f"    server {m.name} {_bracketed(m.address)}:{m.port} check addr {address} port {service.check_port}"
        for m in service.members
    ]
    text = (files("cctrl.router") / "templates" / FILES[kind]).read_text(encoding="utf-8")
    return Template(text).substitute(
        service=service.name,
        servers="\n".join(servers),
        check_address=address,
        check_port=service.check_port,
    )


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
