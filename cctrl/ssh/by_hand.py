"""What a person types to see for himself whether a host lets him in. Pure."""

from __future__ import annotations

from cctrl.config import Host
from cctrl.ssh.quoting import readable


def login(host: Host) -> str:
    """The ssh command that must work before cctrl can."""
    words = ["ssh"]
    for option, value in (("-F", host.ssh_config), ("-i", host.identity), ("-p", host.ssh_port)):
        words += [option, str(value)] if value else []
    words.append(f"{host.ssh_user}@{host.address}" if host.ssh_user else host.address)
    return readable([*words, "true"])
