"""What a person types on a host where cctrl has no verb for it yet. Pure."""

from __future__ import annotations

from cctrl.config import Server, Service
from cctrl.replication.postgresql import conninfo
from cctrl.ssh.quoting import quote


def full_copy(service: Service, member: Server, source: Server) -> str:
    """A shell line for `member`'s host: moves its data directory aside and copies the source's."""
    aside = quote(("mv", member.data_dir, f"{member.data_dir}.aside"))
    words = ("pg_basebackup", "-D", member.data_dir, "-R", "-c", "fast")
    copy = quote((*words, "-d", conninfo.to_source(service, member.name, source)))
    return f"{aside} && {copy}"
