"""The files a lab gives to its users: `cctrl.toml` for cctrl, `ssh/config` for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cctrl.lab.layout import HostPlan, Plan, ServerPlan, write_private
from cctrl.lab.postgresql import REPLICATION_USER, SUPERUSER
from cctrl.lab.spread import K


def write_configuration(plan: Plan) -> None:
    """Write both files."""
    write_private(plan.lab.config_path, cctrl_toml(plan))
    write_private(Path(plan.directory) / "ssh" / "config", ssh_config(plan))


def cctrl_toml(plan: Plan) -> str:
    """The complete configuration: nothing is left to the user's own SSH set-up."""
    ssh = f"{plan.directory}/ssh"
    top = {"lab": plan.directory, "state_dir": f"{plan.directory}/state"}
    service: dict[str, str | float] = {
        **{"segments": _fts, "grid": _grid}.get(plan.kind, _policy)(plan),
        "replication_user": REPLICATION_USER,
        "passfile": plan.passfile,
        "bin_dir": plan.bin_dir,
        "user": SUPERUSER,
        "ssh_user": plan.ssh_user,
        "identity": f"{ssh}/id_ed25519",
        "known_hosts": f"{ssh}/known_hosts",
        "ssh_config": f"{ssh}/config",
    }
    text = f"# Made by cctrl lab up; goes away with cctrl lab down.\n{_pairs(top)}"
    text += f"\n[{plan.kind}.{plan.service}]\n{_pairs(service)}"
    for host in plan.hosts:
        for server in host.servers:
            text += f"\n[{plan.kind}.{plan.service}.members.{_quoted(server.name)}]\n{_pairs(_member(host, server))}"
    for host in plan.spares:
        text += f"\n[{plan.kind}.{plan.service}.spares.{_quoted(host.name)}]\n{_pairs(_spare(plan, host))}"
    return text


def _policy(plan: Plan) -> dict[str, str | float]:
    return {
        "synchronous": plan.synchronous,
        "failure_timeout": plan.failure_timeout,
        "failover_block": plan.failover_block,
    }


def _grid(plan: Plan) -> dict[str, str | float]:
    return {"k": K, "failure_timeout": plan.failure_timeout}


def _fts(plan: Plan) -> dict[str, str | float]:
    """Shorter than outside a lab, whose hosts answer at once."""
    return {
        "gp_fts_probe_interval": 10.0,
        "gp_fts_probe_timeout": plan.failure_timeout,
        "gp_fts_probe_retries": 1,
        "gp_fts_mark_mirror_down_grace_period": 2.0,
    }


def _member(host: HostPlan, server: ServerPlan) -> dict[str, str | float]:
    return {
        "host": host.name,
        "ssh_address": host.address,
        "ssh_port": host.ssh_port,
        "address": host.address,
        "port": server.port,
        "socket_dir": server.socket_dir,
        **(_data_instance(host, server) if server.instance else _files(server)),
        **(_instance(host, server) if server.preferred_role else {}),
    }


def _files(server: ServerPlan) -> dict[str, str | float]:
    return {"data_dir": server.data_dir, "config_file": server.config_file}


def _data_instance(host: HostPlan, server: ServerPlan) -> dict[str, str | float]:
    return {
        "home": server.home,
        "data_space_group": server.data_space,
        "daemon_port": server.daemon_port,
        "listen_addresses": host.inside,
    }


def _spare(plan: Plan, host: HostPlan) -> dict[str, str | float]:
    """Nothing relays to a server that the lab does not know: it is reached where it listens."""
    return {
        "ssh_address": host.address,
        "ssh_port": host.ssh_port,
        "address": host.inside,
        "shown_address": host.name,
        "data_dir": host.home,
        "socket_dir": plan.sockets(host),
    }


def _instance(host: HostPlan, server: ServerPlan) -> dict[str, str | float]:
    return {
        "dbid": server.dbid,
        "content": server.content,
        "preferred_role": server.preferred_role,
        "shown_address": host.name,
    }


def ssh_config(plan: Plan) -> str:
    """For `ssh -F DIR/ssh/config host1`."""
    ssh = f"{plan.directory}/ssh"
    blocks = [
        f"Host {host.name}\n  HostName {host.address}\n  Port {host.ssh_port}\n  User {plan.ssh_user}\n"
        for host in plan.hosts
    ]
    common = (
        f'Host *\n  IdentityFile "{ssh}/id_ed25519"\n  UserKnownHostsFile "{ssh}/known_hosts"\n'
        "  GlobalKnownHostsFile /dev/null\n  IdentitiesOnly yes\n  StrictHostKeyChecking yes\n"
    )
    return "".join(blocks) + common


def _pairs(values: Mapping[str, str | float]) -> str:
    return "".join(f"{key} = {_quoted(value)}\n" for key, value in values.items())


def _quoted(value: str | float) -> str:
    # a JSON number or truth value, and a JSON string without \uXXXX escapes is TOML
    return json.dumps(value, ensure_ascii=False)
