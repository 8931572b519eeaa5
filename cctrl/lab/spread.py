"""Which hosts and servers a lab has: those of a dataservice, of a segment cluster, or of a grid."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from cctrl.lab import netns
from cctrl.lab.layout import HostPlan, ServerPlan
from cctrl.outcome import Refused

COORDINATOR = "coordinator"
USUAL = {"dataservice": 3, "segments": 4, "grid": 8}  # hosts, without the coordinator's
SERVICES = {"dataservice": "alpha", "segments": "gp", "grid": "grid1"}
FIRST_DATA_HOST = 3  # of a grid: the manual has its management instances on host1 and host2
DATABASE, K, SETS = "database1", 2, 3
DAEMON_PORT = 14000  # of every data instance, as in the manual


@dataclass(frozen=True, slots=True)
class Where:
    """The places and ports that hosts are made of."""

    hosts_dir: Path
    sockets_dir: Path | None  # None: each host's own run/
    bridge: str
    listeners: dict[str, socket.socket]
    network: str = "127.0.1"  # on loopback: where the hosts have their addresses
    daemon_port: int = 0  # that of all its data instances; 0: each has another one


def host_names(kind: str, count: int, spares: int = 0) -> list[str]:
    """The hosts of a lab with so many members' hosts and hosts without any, in order."""
    if kind == "segments":
        return ["cdw", *(f"sdw{n}" for n in range(1, count + spares + 1))]
    first = FIRST_DATA_HOST if kind == "grid" else 1
    return [f"host{n}" for n in range(first, first + count)]


def hosts(kind: str, count: int, spares: int, where: Where) -> tuple[HostPlan, ...]:
    """All hosts with their servers, their ports reserved. Raises Refused."""
    make = {"segments": _segments, "grid": _grid}.get(kind, _dataservice)
    names = host_names(kind, count, spares)
    if kind == "grid":
        where = replace(where, daemon_port=DAEMON_PORT) if where.bridge else _with_network(where, len(names))
    return tuple(_host(n, name, where, make(n - 1, count)) for n, name in enumerate(names, 1))


def _with_network(where: Where, count: int) -> Where:
    """A network in which no other lab's data instances have DAEMON_PORT; it is this lab's as long as the socket that
    goes to its switchboard is open. Where the port is taken on the whole machine there is none: as it was."""
    for number in range(256):
        network = f"127.14.{number}"
        with contextlib.ExitStack() as undo, contextlib.suppress(OSError):
            mark = undo.enter_context(socket.create_server((f"{network}.254", DAEMON_PORT)))
            for host in range(1, count + 1):
                _bind_inside(f"{network}.{host}", DAEMON_PORT)
            where.listeners["network"] = mark
            undo.pop_all()
            return replace(where, network=network, daemon_port=DAEMON_PORT)
    return where


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A server as the kind of lab wants it; an empty name is the host's."""

    name: str = ""
    data: str = "data"  # below the host's home
    port: int = 5432  # in a namespace of its own
    dbid: int = 0
    content: int = 0
    role: str = ""
    conf: str = ""  # below the host's home; a directory of the server's name in conf where empty
    home: str = ""  # of a data instance: below the host's home
    data_space: int = 0


def _dataservice(index: int, count: int) -> list[_Wanted]:
    return [_Wanted()]


def _segments(index: int, count: int) -> list[_Wanted]:
    """The coordinator alone on the first host; on every other one but the spares a primary, and the mirror of the
    one before."""
    if index == 0:
        return [_Wanted(COORDINATOR, "coordinator/gpseg-1", 5432, 1, -1, "p")]
    if index > count:
        return []  # a spare
    own, other = index - 1, (index - 2) % count
    return [
        _Wanted(f"primary{own}", f"primary/gpseg{own}", 6000 + own, 2 + own, own, "p"),
        _Wanted(f"mirror{other}", f"mirror/gpseg{other}", 7000 + other, 2 + count + other, other, "m"),
    ]


def _grid(index: int, count: int) -> list[_Wanted]:
    """A data instance, and the place of its element of the first database."""
    db, number = f"instance1/db/{DATABASE}", index // K
    distributed = number < min(SETS, count // K)  # at first
    return [
        _Wanted(
            "instance1",
            f"{db}/data",
            content=number if distributed else -1,
            conf=f"{db}/conf",
            home="instance1",
            data_space=index % K + 1,
        )
    ]


def _host(number: int, name: str, where: Where, wanted: list[_Wanted]) -> HostPlan:
    home = where.hosts_dir / name
    if where.bridge:
        address = inside = netns.address(where.bridge, number)
        ssh_port = 22
    else:
        address, inside = "127.0.0.1", f"{where.network}.{number}"
        ssh_port = _reserve(name, inside, where.listeners)
    servers = tuple(_server(name, one, inside, where) for one in wanted)
    namespace = f"{where.bridge}h{number}" if where.bridge else ""
    return HostPlan(name, address, inside, ssh_port, str(home), namespace, servers)


def _server(host: str, wanted: _Wanted, inside: str, where: Where) -> ServerPlan:
    home, log = where.hosts_dir / host, wanted.name or "postgresql"
    conf = home / (wanted.conf or f"conf/{wanted.name}")
    daemon = wanted.home and (where.daemon_port or _reserve(host, inside, where.listeners))
    port = wanted.port if where.bridge else _reserve(host, inside, where.listeners, 2 if wanted.home else 1)
    return ServerPlan(
        name=f"{host}.{wanted.name}" if wanted.home else wanted.name or host,
        port=port,
        data_dir=str(home / wanted.data),
        config_file=str(conf / "postgresql.conf"),
        socket_dir=str(where.sockets_dir / host if where.sockets_dir else home / "run"),
        log_file=str(conf.parent / "log" / "postgresql.log" if wanted.home else home / "log" / f"{log}.log"),
        startup_log=str(home / "log" / (f"{log}.startup.log" if wanted.name else "startup.log")),
        dbid=wanted.dbid,
        content=wanted.content,
        preferred_role=wanted.role,
        home=str(home / wanted.home) if wanted.home else "",
        daemon_port=daemon or 0,
        data_space=wanted.data_space,
        place=f"{host}:{port}" if wanted.dbid else "",
    )


def _reserve(name: str, inside: str, listeners: dict[str, socket.socket], count: int = 1) -> int:
    """The first of so many ports in a row that are free both where they are published and inside; they stay bound for
    the relay."""
    for _ in range(50):
        first, taken = 0, list[socket.socket]()
        with contextlib.suppress(OSError, OverflowError):
            for number in range(count):
                taken.append(socket.create_server(("127.0.0.1", first + number if first else 0), backlog=128))
                first = first or int(taken[0].getsockname()[1])
                _bind_inside(inside, first + number)
            listeners.update({f"{name}:{first + n}": listener for n, listener in enumerate(taken)})
            return first
        for listener in taken:
            listener.close()
    raise Refused(f"no port is free both on 127.0.0.1 and on {inside}")


def _bind_inside(inside: str, port: int) -> None:
    """Raises OSError where the port is taken there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((inside, port))
