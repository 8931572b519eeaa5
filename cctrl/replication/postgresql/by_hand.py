"""What a person types on a host where cctrl has no verb for it yet. Pure."""

from __future__ import annotations

from cctrl.config import Server, Service
from cctrl.replication.postgresql import conninfo
from cctrl.ssh.quoting import readable


def full_copy(service: Service, member: Server, source: Server) -> str:
    """A shell line for `member`'s host: moves its data directory aside, if there is one, and copies the source's."""
    data = member.data_dir
    program = f"{member.bin_dir}/pg_basebackup" if member.bin_dir else "pg_basebackup"
    aside = f"{{ [ ! -e {readable([data])} ] || {readable(['mv', '-T', data, f'{data}.aside'])}; }}"
    words = (program, "-w", "-D", data, "-R", "-c", "fast")
    script = f"{aside} && {readable((*words, '-d', conninfo.to_source(service, member.name, source)))}"
    become = member.host.become
    return readable(("sudo", "-n", "-u", become, "sh", "-c", script)) if become else script
