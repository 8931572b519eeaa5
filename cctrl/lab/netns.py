"""Hosts as network namespaces on a bridge (root, iproute2): a cut host is really cut off.

A lab takes one network 10.231.X.0/24: host N has the address .N, the machine itself .254. The bridge, the
namespaces and their veths are all named after X, so that what belongs to a lab can be told.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cctrl.lab import processes
from cctrl.lab.layout import HostPlan, Plan
from cctrl.outcome import Refused

_NETWORK = "10.231"


def why_not() -> str:
    """Why hosts cannot be network namespaces here; "" where they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "nsenter", "sshd") if not shutil.which(name, path=_path())]
    if missing:
        return f"network namespaces need {', '.join(missing)} (apt install iproute2 util-linux openssh-server)"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    return f"network namespaces are not allowed here: {tried.stderr.strip()}" if tried.returncode else ""


def take_bridge() -> str:
    """Make a bridge whose number no other lab has; making it is what reserves the number. Raises Refused."""
    reason = why_not()
    if reason:
        raise Refused(reason, next="leave out --netns: hosts on loopback need no root")
    problem = ""
    for number in range(256):
        if any(f" {_NETWORK}.{number}." in row for row in _ip("-o", "-4", "addr", "show").stdout.splitlines()):
            continue
        made = _ip("link", "add", f"cctrl{number}", "type", "bridge")
        if made.returncode == 0:
            return f"cctrl{number}"
        problem = made.stderr.strip()
    raise Refused("no free network for the lab in 10.231.0.0/16", detail=problem, next="cctrl lab list")


def address(bridge: str, number: int) -> str:
    """The address of host `number` (from 1) on `bridge`."""
    return f"{_NETWORK}.{bridge.removeprefix('cctrl')}.{number}"


def network(bridge: str) -> str:
    """The network of `bridge`, as pg_hba.conf writes it."""
    return f"{address(bridge, 0)}/24"


def build(plan: Plan) -> None:
    """Make the namespaces of all hosts and link them. Raises Refused."""
    bridge = plan.bridge
    lines = [f"addr add {address(bridge, 254)}/24 dev {bridge}", f"link set {bridge} up"]
    for host in plan.hosts:
        name = host.netns
        lines += [
            f"netns add {name}",
            f"link add {name} type veth peer name eth0 netns {name}",
            f"link set {name} master {bridge} up",
        ]
    _batch(lines)
    for host in plan.hosts:
        _batch([f"addr add {host.inside}/24 dev eth0", "link set eth0 up", "link set lo up"], "-n", host.netns)


def remove(plan: Plan) -> None:
    """Remove the namespaces, veths and the bridge, as far as they are there."""
    if not plan.bridge:
        return
    for host in plan.hosts:
        _ip("link", "delete", host.netns)
        _ip("netns", "delete", host.netns)
    drop_bridge(plan.bridge)


def drop_bridge(bridge: str) -> None:
    """Give back the network that `take_bridge` took; nothing where it is ""."""
    if bridge:
        _ip("link", "delete", bridge)


class NamespaceNetwork:
    """Cuts hosts off by taking the host's end of the bridge down."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @property
    def closed(self) -> frozenset[str]:
        """The hosts that are cut off."""
        return frozenset(host.name for host in self._plan.hosts if not _is_up(host))

    def close(self, host: str) -> None:
        """Cut `host` off. Raises Refused."""
        self._set(host, "down")

    def open(self, host: str) -> None:
        """Let `host` be reached again. Raises Refused."""
        self._set(host, "up")

    def _set(self, name: str, state: str) -> None:
        host = self._plan.host(name)
        done = _ip("link", "set", host.netns, state)
        if done.returncode != 0 or not processes.wait_until(lambda: _is_up(host) == (state == "up"), 5):
            raise Refused(f"cannot set the link of {name} {state}", detail=done.stderr.strip())


def _is_up(host: HostPlan) -> bool:
    return Path(f"/sys/class/net/{host.netns}/operstate").read_text().strip() == "up"


def _batch(lines: Sequence[str], *before: str) -> None:
    done = subprocess.run(
        [_ip_path(), *before, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused("cannot make the lab's network", detail=done.stderr.strip())


def _ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([_ip_path(), *words], capture_output=True, text=True, check=False)


def _ip_path() -> str:
    return shutil.which("ip", path=_path()) or "ip"


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
