"""A server that was copied to a place where it had no configuration gets one of its own, after its source's."""

from __future__ import annotations

from cctrl.config import Server
from cctrl.replication.postgresql import conninfo
from cctrl.replication.postgresql.remote import Remote
from cctrl.replication.postgresql.work import Handler, Work
from cctrl.replication.steps import Action, Result

SETTINGS = r"""
select distinct on (name) name || '=' || setting from (
 select seqno, name, setting from pg_file_settings where error is null and sourcefile !~ 'postgresql\.auto\.conf$'
 union all select 2147483647, name, setting from pg_settings where name = 'primary_slot_name' and setting <> '') s
order by name, seqno desc"""
"""What the files say, the last word on each; the slot also where ALTER SYSTEM has set it."""
FILES = "select pg_read_file(current_setting('{}_file'))"
_OWN = (
    *("data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "port", "cluster_name"),
    *("unix_socket_directories", "log_directory", "log_filename", "stats_temp_directory", "primary_conninfo"),
)
"""What is of one place; where it is left out it is in the data directory."""
_ANY = ("*", "0.0.0.0", "::")


class Placing:
    """The step of the engine that writes it."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def handlers(self) -> dict[Action, Handler]:
        """What carries out each action."""
        return {Action.CONFIGURE: self._configure}

    def _configure(self, work: Work) -> Result:
        remote, server = self._remote, self._remote.service.member(work.member)
        rows = remote.sql(work.other, SETTINGS).splitlines()
        files = [remote.sql(work.other, FILES.format(name)) for name in ("hba", "ident")]
        words = (f"# Made by cctrl for port {server.port} of {server.host.name}.", "\n".join(settings(server, rows)))
        what = f"cannot write the configuration of {work.member}"
        remote.must(work.member, "configure", *words, *files, what=what)
        return Result()


def settings(server: Server, rows: list[str]) -> list[str]:
    """The lines of postgresql.conf from what SETTINGS yields. Pure."""
    found = dict(row.split("=", 1) for row in rows if "=" in row)
    kept = {name: value for name, value in found.items() if name not in _OWN}
    if found.get("listen_addresses") not in _ANY:
        kept["listen_addresses"] = server.address
    kept["port"] = str(server.port)
    if server.socket_dir:
        kept["unix_socket_directories"] = server.socket_dir
    return [conninfo.setting(name, value) for name, value in kept.items()]
