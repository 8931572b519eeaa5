"""Hosts as network namespaces on a bridge (root, iproute2): a cut host is really cut off.

A lab takes one network 10.231.X.0/24: host N has the address .N, the machine itself .254, its managers .253 and .252 in
namespaces of their own. The bridge, the namespaces and their veths are all named after X, so that what
belongs to a lab can be told.

A node that is cut off wholly loses its link. Where only one way is cut, the sender is given a hardware address
that nobody has for the receiver: what it sends is lost without a word, as on a broken network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrl.lab import processes
from cctrl.lab.cuts import MACHINE, MANAGERS, Cut, Way, closed
from cctrl.lab.layout import Plan
from cctrl.outcome import Refused

_NETWORK = "10.231"
_MACHINE = 254  # the machine's own number in a lab's network; the managers' are below
_NOBODY = "02:00:00:00:00:01"  # a hardware address that no interface has


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


@dataclass(frozen=True, slots=True)
class _Node:
    """Where a node is on the bridge: its namespace, also its veth's name outside; "" for the machine itself."""

    netns: str
    address: str


def namespace(bridge: str, manager: str) -> str:
    """The namespace of a manager."""
    return f"{bridge}m{MANAGERS.index(manager) + 1}"


def _nodes(plan: Plan) -> dict[str, _Node]:
    """The hosts and managers."""
    numbers = {name: _MACHINE - 1 - at for at, name in enumerate(MANAGERS)}
    managers = {n: _Node(namespace(plan.bridge, n), address(plan.bridge, numbers[n])) for n in MANAGERS}
    return {host.name: _Node(host.netns, host.inside) for host in plan.hosts} | managers


def build(plan: Plan) -> None:
    """Make the namespaces of all hosts and managers and link them. Raises Refused."""
    bridge = plan.bridge
    lines = [f"addr add {address(bridge, _MACHINE)}/24 dev {bridge}", f"link set {bridge} up"]
    for name in (node.netns for node in _nodes(plan).values()):
        lines += [
            f"netns add {name}",
            f"link add {name} type veth peer name eth0 netns {name}",
            f"link set {name} master {bridge} up",
        ]
    _batch(lines)
    for node in _nodes(plan).values():
        _batch([f"addr add {node.address}/24 dev eth0", "link set eth0 up", "link set lo up"], "-n", node.netns)


def remove(plan: Plan) -> None:
    """Remove the namespaces, veths and the bridge, as far as they are there."""
    if not plan.bridge:
        return
    for node in _nodes(plan).values():
        _ip("link", "delete", node.netns)
        _ip("netns", "delete", node.netns)
    drop_bridge(plan.bridge)


def drop_bridge(bridge: str) -> None:
    """Give back the network that `take_bridge` took; nothing where it is ""."""
    if bridge:
        _ip("link", "delete", bridge)


class NamespaceNetwork:
    """Cuts ways on a lab's bridge."""

    def __init__(self, plan: Plan) -> None:
        self._nodes = _nodes(plan)
        self._machine = _Node("", address(plan.bridge, _MACHINE))
        self._bridge = plan.bridge
        self._down: frozenset[str] = frozenset()
        self._closed: frozenset[Way] = frozenset()

    def apply(self, cuts: Collection[Cut]) -> None:
        """Let these cuts hold and no others; they do when this returns. Raises Refused."""
        down = frozenset(cut.node for cut in cuts if cut.whole)
        for name in down ^ self._down:
            self._set(name, "down" if name in down else "up")
            self._down ^= {name}
        ways = closed([cut for cut in cuts if not cut.whole], tuple(self._nodes))
        for source, target in ways ^ self._closed:
            self._lose(source, target, (source, target) in ways)
            self._closed ^= {(source, target)}

    def _set(self, name: str, state: str) -> None:
        veth = self._nodes[name].netns
        done = _ip("link", "set", veth, state)
        if done.returncode != 0 or not processes.wait_until(lambda: _is_up(veth) == (state == "up"), 5):
            raise Refused(f"cannot set the link of {name} {state}", detail=done.stderr.strip())

    def _lose(self, source: str, target: str, lost: bool) -> None:
        """Let what `source` sends to `target` be lost, or no longer."""
        sender, receiver = (self._machine if n == MACHINE else self._nodes[n] for n in (source, target))
        inside = ["-n", sender.netns] if sender.netns else []
        device = ["dev", "eth0" if sender.netns else self._bridge]
        how = (
            ["replace", receiver.address, "lladdr", _NOBODY, "nud", "permanent"] if lost else ["del", receiver.address]
        )
        done = _ip(*inside, "neigh", *how, *device)
        if done.returncode != 0:
            raise Refused(f"cannot cut the way to {receiver.address}", detail=done.stderr.strip())


def _is_up(veth: str) -> bool:
    return Path(f"/sys/class/net/{veth}/operstate").read_text().strip() == "up"


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
