"""What a person types to see for himself whether a host lets him in. Pure."""

from __future__ import annotations

from cctrl.config import Host
from cctrl.ssh.quoting import readable


def login(host: Host) -> str:
    """The ssh command that must work before cctrl can: the user's own set-up, and what cctrl was given beside it."""
    words = ["ssh", "-o", "BatchMode=yes"]
    known = f"UserKnownHostsFile={host.known_hosts}" if host.known_hosts else None
    given = (
        ("-F", host.ssh_config),
        ("-o", known),
        ("-i", host.identity),
        ("-p", host.ssh_port),
        ("-l", host.ssh_user),
    )
    for option, value in given:
        words += [option, str(value)] if value else []
    return readable([*words, host.address, "true"])
