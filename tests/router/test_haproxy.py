"""HAProxy with the package's configuration, asking the manager's health checks, in front of real servers."""

from __future__ import annotations

import contextlib
import csv
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cctrl.config import Service
from cctrl.manager.check import CheckServer
from cctrl.router.template import filled_in
from tests.dataservice.alpha import Alpha
from tests.router import stand
from tests.stage import wait_for

NAMES = "select host(inet_server_addr()) || ':' || inet_server_port()"


@dataclass(frozen=True)
class Proxy:
    """A running HAProxy."""

    alpha: Alpha
    write: int  # its ports
    read: int
    socket: Path

    def host(self, port: int) -> str:
        """The host that a client of that port gets to; "" where it gets to none."""
        done = subprocess.run(
            self.alpha.psql(f"{self.uri(port)}?connect_timeout=3", "-c", NAMES),
            capture_output=True, text=True, timeout=20, env=self.alpha.lab.environ, check=False,
        )  # fmt: skip
        names = {dsn.rpartition("@")[2].partition("/")[0]: host for host, dsn in self.alpha.dsns.items()}
        return names.get(done.stdout.strip(), done.stdout.strip())

    def uri(self, port: int) -> str:
        return f"{self.alpha.dsns['host1'].rpartition('@')[0]}@127.0.0.1:{port}/postgres"

    def knows(self) -> bool:
        """Whether every health check has come to its first result; a server falls after the second failure."""
        if not stand.listens(self.write):
            return False
        with socket.socket(socket.AF_UNIX) as admin, contextlib.suppress(OSError):
            admin.connect(str(self.socket))
            admin.sendall(b"show stat\n")
            rows = list(csv.DictReader(admin.makefile(encoding="utf-8").read().removeprefix("# ").splitlines()))
            servers = [row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]
            return all(row["status"] in ("UP", "DOWN") and row["check_status"] not in ("", "INI") for row in servers)
        return False

    def leads(self, port: int, *hosts: str, seconds: float = 15) -> None:
        """Wait until a client of that port gets to one of the hosts."""
        wait_for(lambda: self.host(port) in hosts, seconds, f"port {port} leads to {hosts}")


@contextmanager
def haproxy(alpha: Alpha, service: Service, place: Path) -> Iterator[Proxy]:
    """HAProxy with the configuration that `router template haproxy` prints, on ports and a socket of its own."""
    program = stand.program("haproxy")
    proxy = Proxy(alpha, stand.free_port(), stand.free_port(), place / "haproxy.sock")
    text = filled_in("haproxy", service)
    for wanted, own in (
        ("*:5000", f"127.0.0.1:{proxy.write}"),
        ("*:5001", f"127.0.0.1:{proxy.read}"),
        ("/run/haproxy/admin.sock mode 660", f"{proxy.socket} mode 666"),
    ):
        assert text.count(wanted) == 1
        text = text.replace(wanted, own)
    path = place / "haproxy.cfg"
    path.write_text(text)
    subprocess.run([program, "-c", "-f", path], check=True, capture_output=True)
    with stand.running([program, "-db", "-f", str(path)], place / "haproxy.log"):
        wait_for(proxy.knows, 15, "HAProxy knows its servers: until then it takes all of them for good ones")
        yield proxy


def test_clients_follow_the_master_through_switch_and_failover(alpha: Alpha, place: Path) -> None:
    stand.program("haproxy")
    with stand.checked(alpha) as (_, service), haproxy(alpha, service, place) as proxy:
        proxy.leads(proxy.write, "host1")
        proxy.leads(proxy.read, "host2", "host3")
        alpha.does("switch to host2")
        proxy.leads(proxy.write, "host2")
        alpha.does("datasource host3 shun")
        proxy.leads(proxy.read, "host1")
        alpha.fault("kill", "host2")
        wait_for(lambda: proxy.host(proxy.write) == "", 15, "no master, no way")
        alpha.does("--yes", "failover")
        proxy.leads(proxy.write, "host1")
        proxy.leads(proxy.read, "host1", seconds=15)  # the only one left serves the readers too


def here(session: subprocess.Popen[str]) -> bool:
    """Whether a client's session still answers."""
    assert session.stdin
    assert session.stdout
    session.stdin.write("select 'here';\n")
    session.stdin.flush()
    return session.stdout.readline() == "here\n"


def test_a_manager_that_is_started_again_ends_no_session(alpha: Alpha, place: Path) -> None:
    stand.program("haproxy")
    with stand.checked(alpha) as (server, service), haproxy(alpha, service, place) as proxy:
        proxy.leads(proxy.write, "host1")
        session = subprocess.Popen(
            alpha.psql(proxy.uri(proxy.write)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=alpha.lab.environ,
        )  # fmt: skip
        assert here(session)
        server.close()
        checks = (place / "haproxy.log").read_text().count("alpha_primary/host1")
        with CheckServer("127.0.0.1", server.port, server._states):
            proxy.leads(proxy.write, "host1")
            assert here(session)
        assert (place / "haproxy.log").read_text().count("alpha_primary/host1 is DOWN") == checks == 0
        session.communicate(timeout=20)


def test_sessions_on_an_old_master_are_ended(alpha: Alpha, place: Path) -> None:
    """Its host is out of sight of the manager alone: clients that still reach it must not go on with it."""
    stand.program("haproxy")
    with stand.checked(alpha) as (_, service), haproxy(alpha, service, place) as proxy:
        proxy.leads(proxy.write, "host1")
        session = subprocess.Popen(
            alpha.psql(proxy.uri(proxy.write)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=alpha.lab.environ,
        )  # fmt: skip
        assert here(session)
        alpha.does("--yes", "datasource host1 fail")
        wait_for(lambda: proxy.host(proxy.write) == "", 15, "no way to a failed one")
        _, err = session.communicate("select 'still here';\n", timeout=20)
        assert "server closed the connection unexpectedly" in err
