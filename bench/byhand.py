"""The same without cctrl: `byhand.sh` on a lab's servers, with PostgreSQL's programs alone and no SSH."""

from __future__ import annotations

import re
from pathlib import Path

from bench.place import Lab
from cctrl.config import Server, Service
from cctrl.replication.postgresql import conninfo

SCRIPT = str(Path(__file__).with_name("byhand.sh"))


def run(lab: Lab, *words: str, service: Service | None = None) -> str:
    """`byhand.sh WORDS…`; what it printed. `service`: whose members the words name, where it is not the lab's."""
    return lab.place.run([SCRIPT, *words], **_environment(lab, service or lab.service)).strip()


def _environment(lab: Lab, service: Service) -> dict[str, str]:
    named: dict[str, str] = {"BIN": service.members[0].bin_dir}
    for server in service.members:
        own = {
            "data": server.data_dir,
            "conf": server.config_file,
            "sock": server.socket_dir,
            "port": str(server.port),
            "as": " ".join(_there(lab, server)),
        }
        for other in service.members:
            own[f"info_{other.name}"] = conninfo.to_source(service, server.name, other)
        named |= {f"{server.name}_{key}": value for key, value in own.items()}
    return named


def _there(lab: Lab, server: Server) -> list[str]:
    """The words before a command that is to run on a host as the servers' user."""
    user, host = lab.plan.run_as, lab.plan.host(server.host.name)
    if host.netns:
        return ["nsenter", f"--net=/run/netns/{host.netns}", "-S", str(user.uid), "-G", str(user.gid), "--"]
    return as_user(lab)


def as_user(lab: Lab) -> list[str]:
    """The words before a command that is to run here as the servers' user."""
    user = lab.plan.run_as
    if not user.switch:
        return []
    return ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "--"]


def settings(lab: Lab) -> str:
    """What the configuration of a lab's servers says, without what belongs to one place."""
    text = Path(lab.service.members[0].config_file).read_text(encoding="utf-8")
    own = (
        r"(data_directory|hba_file|ident_file|listen_addresses|port|unix_socket|cluster_name|log_(directory|filename))"
    )
    return "".join(line + "\n" for line in text.splitlines() if not re.match(own, line))
