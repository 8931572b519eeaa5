"""OpenSSH's sshd as a host's SSH server.

Started by root, it cannot log anybody in as `nobody` (whose shell is nologin): root logs in with the lab's key, and
a forced command drops to the ordinary user before anything else runs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from cctrl.lab.children import Children, environment
from cctrl.lab.layout import HostPlan, Plan
from cctrl.lab.processes import MARK

PRIVSEP_DIR = Path("/run/sshd")


def start_sshd(plan: Plan, host: HostPlan, children: Children) -> None:
    """Start the sshd of `host`; it listens a little later. Raises OSError."""
    config = Path(config_file(plan, host))
    session = config.with_name(f"{host.name}.session")
    session.write_text(_session(plan, host))
    session.chmod(0o755)
    config.write_text(_sshd_config(plan, host, session))
    config.with_name("authorized_keys").write_bytes(config.with_name("id_ed25519.pub").read_bytes())
    if plan.run_as.switch:
        PRIVSEP_DIR.mkdir(mode=0o755, exist_ok=True)  # sshd refuses to start without; its package makes it at boot
    enter = ["nsenter", f"--net=/run/netns/{host.netns}", "--"] if host.netns else []
    with config.with_name(f"{host.name}.log").open("ab") as log:
        children.start(
            [*enter, plan.sshd, "-D", "-e", "-f", str(config)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            env=environment(plan.run_as, host, {MARK: plan.directory}),
        )  # fmt: skip


def config_file(plan: Plan, host: HostPlan) -> str:
    """sshd_config of `host`; also on the command line of its listener, by which that is known."""
    return f"{plan.directory}/ssh/{host.name}.sshd_config"


def _sshd_config(plan: Plan, host: HostPlan, session: Path) -> str:
    place = session.parent
    options = {
        "ListenAddress": host.inside,
        "Port": host.ssh_port,
        "HostKey": _word(f"{place}/{host.name}.key"),
        "AuthorizedKeysFile": _word(f"{place}/authorized_keys"),
        "PidFile": "none",
        "ForceCommand": "exec " + shlex.quote(str(session)),
        "AllowUsers": plan.ssh_user,
        "PermitRootLogin": "yes" if plan.run_as.switch else "no",
        "AuthenticationMethods": "publickey",
        "StrictModes": "no",  # the lab's files may lie below a directory that others can write to
        "UsePAM": "yes" if plan.run_as.switch and _root_is_locked() else "no",
        "UseDNS": "no",
        "PrintMotd": "no",
        # bash, as sshd's child, reads ~/.bashrc before every command: the user's own may take 100 ms
        "SetEnv": f'"HOME={host.home}"',
        "MaxStartups": 200,
        "LogLevel": "INFO",
    }
    if _version(plan.sshd) >= (9, 8):
        options["PerSourcePenalties"] = "no"  # tests and transcripts fail to log in on purpose
    return "".join(f"{key} {value}\n" for key, value in options.items())


def _session(plan: Plan, host: HostPlan) -> str:
    """The forced command: become the ordinary user in the host's home, then run what was asked for."""
    user = plan.run_as
    drop = f"setpriv --reuid={user.uid} --regid={user.gid} --clear-groups -- " if user.switch else ""
    env = environment(user, host, {MARK: plan.directory})
    words = " ".join(f"{key}={shlex.quote(value)}" for key, value in env.items())
    return (
        f"#!/bin/sh\ncd {shlex.quote(host.home)} || exit 255\n"
        '[ -n "$SSH_ORIGINAL_COMMAND" ] || SSH_ORIGINAL_COMMAND="exec /bin/sh"\n'
        f'exec env -i {words} {drop}/bin/sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )


def _root_is_locked() -> bool:
    """True where root has a locked password: sshd then lets root in only through PAM."""
    try:
        rows = Path("/etc/shadow").read_text().splitlines()
    except OSError:
        return False
    return any(row.startswith("root:!") for row in rows)


def _version(sshd: str) -> tuple[int, int]:
    told = subprocess.run([sshd, "-V"], capture_output=True, text=True, check=False, env=os.environ)
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", told.stderr + told.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _word(path: str) -> str:
    return f'"{path}"' if " " in path else path
