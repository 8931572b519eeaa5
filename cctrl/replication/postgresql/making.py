"""Servers that are made, opened to users, and removed again: for a vocabulary that makes its own."""

from __future__ import annotations

from pathlib import PurePosixPath

from cctrl.config import Server, Service
from cctrl.replication.postgresql import conninfo
from cctrl.replication.postgresql.remote import Remote
from cctrl.ssh import Hosts

MAKE_LIMIT = 120.0  # seconds
REMOVE_LIMIT = 600.0


class Making:
    """Makes, opens and removes members. Each may be broken off and given again. Raises StepFailed."""

    def __init__(self, hosts: Hosts, service: Service, *, durable: bool, timeout: float) -> None:
        """`durable`: a commit waits for the disk. The log lies beside the directory of the configuration."""
        self._remote = Remote(hosts, service, timeout)
        self._service = service
        self._durable = durable

    def make(self, member: str) -> None:
        """Make an empty server that lets no users in; not started yet."""
        server = self._service.member(member)
        configured = (self._conf(server), hba(self._service, users=False), logs(server))
        words = (*configured, self._service.replication_user, self._service.passfile)
        self._remote.must(member, "create", *words, timeout=MAKE_LIMIT, what=f"cannot make a server on {member}")

    def admit(self, member: str, *, users: bool) -> None:
        """Let users in, or keep new ones out; the administrator and the other members are always let in."""
        server = self._service.member(member)
        words = (self._conf(server), hba(self._service, users=users))
        what = f"cannot let users in on {member}" if users else f"cannot keep users out of {member}"
        self._remote.must(member, "admit", *words, timeout=2 * self._remote.timeout, what=what)

    def remove(self, member: str, *, made: bool) -> None:
        """Remove one that is stopped; what was not made here is left alone, and is an error. Where no record says that
        it was `made`, what has served before is left alone, too: its record was lost."""
        word = "made" if made else "unmade"
        self._remote.must(member, "remove", word, timeout=REMOVE_LIMIT, what=f"cannot remove the server on {member}")

    def _conf(self, server: Server) -> str:
        return configuration(server, durable=self._durable)


def logs(server: Server) -> str:
    """The directory of a server's log."""
    return str(PurePosixPath(server.config_file).parents[1] / "log")


def configuration(server: Server, *, durable: bool) -> str:
    """postgresql.conf. What an administrator wants otherwise stands in site.conf, in the home of the instance."""
    own = PurePosixPath(server.config_file).parent
    settings: dict[str, str] = {
        "data_directory": server.data_dir,
        "hba_file": f"{own}/pg_hba.conf",
        "ident_file": "",
        "listen_addresses": server.listen_addresses,
        "port": str(server.port),
        "unix_socket_directories": server.socket_dir,
        "cluster_name": server.application_name or server.name,
        "wal_level": "replica",
        "wal_log_hints": "on",
        "hot_standby": "on",
        "max_wal_senders": "16",
        "max_replication_slots": "16",
        "wal_keep_size": "1GB",  # what one that was away can catch up with
        "synchronous_commit": "remote_apply",
        "fsync": "on" if durable else "off",
        "wal_receiver_status_interval": "1s",
        "wal_retrieve_retry_interval": "200ms",
        "wal_sender_timeout": "10s",
        "wal_receiver_timeout": "10s",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",
        "log_directory": logs(server),
        "log_filename": "postgresql.log",
        "log_line_prefix": "%m [%p] %a ",
    }
    lines = [conninfo.setting(name, value) for name, value in settings.items() if value]
    lines.append(conninfo.setting("include_if_exists", f"{server.home}/site.conf"))
    return "\n".join(["# Made by cctrl.", *lines]) + "\n"


def hba(service: Service, *, users: bool) -> str:
    """pg_hba.conf: the administrator without a password on the socket, everyone by SCRAM; users only where they are
    let in."""
    names = {server.user for server in service.members}
    rows = [f"local all {name} trust" for name in sorted(names)]
    always = ",".join(f'"{name}"' for name in (*sorted(names), service.replication_user))
    rows += [f"host all,replication {always} all scram-sha-256"]
    rows += [f"{kind} all scram-sha-256" if users else f"{kind} all reject" for kind in ("local all", "host all all")]
    return "# Made by cctrl.\n" + "".join(row + "\n" for row in rows)
