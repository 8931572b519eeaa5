"""pgbouncer with the package's configuration, behind HAProxy, in front of real servers."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cctrl.router.template import filled_in
from tests.dataservice.alpha import Alpha
from tests.router import stand
from tests.router.test_haproxy import Proxy, haproxy
from tests.stage import Completed, wait_for

USER = "nobody"  # pgbouncer does not run as root


class Bouncer:
    """A running pgbouncer."""

    def __init__(self, alpha: Alpha, port: int, sockets: Path) -> None:
        self.alpha, self.port, self.sockets = alpha, port, sockets
        given = urlsplit(alpha.dsns["host1"])
        self.user, self.password = given.username or "", given.password or ""
        self.environ = {**alpha.lab.environ, "PGPASSWORD": self.password}

    def place(self, database: str) -> str:
        return f"host={self.sockets} port={self.port} user={self.user} dbname={database} connect_timeout=3"

    def sql(self, statement: str, database: str = "postgres") -> Completed:
        """A statement of a client, or on the console where the database is `pgbouncer`."""
        argv = self.alpha.psql(self.place(database), "-c", statement)
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, env=self.environ, check=False)

    def writes(self) -> bool:
        """Whether a client gets to a server that accepts writes."""
        return self.sql("select pg_is_in_recovery()").stdout.strip() == "f"


def configuration(text: str, proxy: Proxy, bouncer: Bouncer, place: Path) -> str:
    """The package's, with ports and files of its own; the lab's superuser as its user."""
    users = place / "userlist.txt"
    users.write_text(f'"{bouncer.user}" "{bouncer.password}"\n')
    for wanted, own in (
        ("port=5000", f"port={proxy.write}"),
        ("port=5001", f"port={proxy.read}"),
        ("listen_addr = *", "listen_addr = 127.0.0.1"),
        ("listen_port = 6432", f"listen_port = {bouncer.port}"),
        ("/var/run/postgresql", str(bouncer.sockets)),
        ("/etc/pgbouncer/userlist.txt", str(users)),
        ("admin_users = pgbouncer", f"admin_users = {bouncer.user}"),
    ):
        assert wanted in text
        text = text.replace(wanted, own)
    return text


@contextmanager
def pgbouncer(alpha: Alpha, proxy: Proxy, text: str, place: Path) -> Iterator[Bouncer]:
    """pgbouncer with the configuration that `router template pgbouncer` prints."""
    program = stand.program("pgbouncer")
    (sockets := place / "run").mkdir(mode=0o777)
    sockets.chmod(0o777)
    bouncer = Bouncer(alpha, stand.free_port(), sockets)
    path = place / "pgbouncer.ini"
    path.write_text(configuration(text, proxy, bouncer, place))
    as_user = ["-u", USER] if os.geteuid() == pwd.getpwnam("root").pw_uid else []
    with stand.running([program, *as_user, str(path)], place / "pgbouncer.log"):
        wait_for(lambda: stand.listens(bouncer.port), 10, "pgbouncer listens")
        yield bouncer


def test_clients_of_a_pool_follow_the_master(alpha: Alpha, place: Path) -> None:
    stand.program("haproxy"), stand.program("pgbouncer")
    with (
        stand.checked(alpha) as (_, service),
        haproxy(alpha, service, place) as proxy,
        pgbouncer(alpha, proxy, filled_in("pgbouncer", service), place) as bouncer,
    ):
        wait_for(bouncer.writes, 15, "a client of the pool writes")
        assert bouncer.sql("select pg_is_in_recovery()", "postgres_ro").stdout == "t\n"
        alpha.does("switch to host2")
        wait_for(bouncer.writes, 15, "a client of the pool writes again")
        alpha.fault("kill", "host2")
        alpha.does("--yes", "failover")
        wait_for(bouncer.writes, 20, "a client of the pool writes after a failover")


def test_a_pause_hides_a_switch_from_the_clients(alpha: Alpha, place: Path) -> None:
    """As the page on pgbouncer says: PAUSE, switch, RESUME, and a client that asks meanwhile only waits."""
    stand.program("haproxy"), stand.program("pgbouncer")
    with (
        stand.checked(alpha) as (_, service),
        haproxy(alpha, service, place) as proxy,
        pgbouncer(alpha, proxy, filled_in("pgbouncer", service), place) as bouncer,
    ):
        wait_for(bouncer.writes, 15, "a client of the pool writes")
        assert bouncer.sql("PAUSE", "pgbouncer").returncode == 0
        argv = alpha.psql(bouncer.place("postgres"), "-c", "select pg_is_in_recovery()")
        waiting = subprocess.Popen(argv, stdout=subprocess.PIPE, env=bouncer.environ)
        alpha.does("switch to host2")
        proxy.leads(proxy.write, "host2")
        wait_for(lambda: "alpha_primary/host1 is DOWN" in (place / "haproxy.log").read_text(), 15, "host1 is out")
        assert waiting.poll() is None
        assert bouncer.sql("RESUME", "pgbouncer").returncode == 0
        out, _ = waiting.communicate(timeout=20)
        assert (waiting.returncode, out) == (0, b"f\n")
