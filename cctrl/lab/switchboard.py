"""The process behind a lab: SSH servers, relays, and the one ancestor of everything on its hosts.

`python -m cctrl.lab.switchboard DIR NAME=FD…` — started by `lab up`, with the published ports already
bound. It ends when told to (`lab down`, SIGTERM), or when the lab's directory has been removed.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from cctrl.lab import disks, processes
from cctrl.lab.children import Child, Children, environment, in_host
from cctrl.lab.cuts import MACHINE, MANAGERS, Cut, healed
from cctrl.lab.layout import HostPlan, Lab, Plan, read_plan
from cctrl.lab.netns import NamespaceNetwork
from cctrl.lab.openssh import start_sshd
from cctrl.lab.postgresql import WALRECEIVER
from cctrl.lab.programs import Programs
from cctrl.lab.relay import Gates, Relay
from cctrl.outcome import CctrlError

_log = logging.getLogger("cctrl.lab")


class Network(Protocol):
    """How nodes are cut off."""

    def apply(self, cuts: Collection[Cut]) -> None:
        """Let these cuts hold and no others; they do when this returns. Raises Refused."""


class Switchboard:
    """One lab's supervisor."""

    def __init__(self, plan: Plan, listeners: Mapping[str, socket.socket]) -> None:
        self.plan = plan
        self.children = Children()
        self.programs = Programs(self.children)
        self.done = threading.Event()
        self._listeners = listeners
        self._ready = threading.Event()
        self._problem = ""
        self._gates = Gates((*plan.host_names, *MANAGERS))
        self._network: Network = NamespaceNetwork(plan) if plan.bridge else self._gates
        self._cuts: frozenset[Cut] = frozenset()
        self._cutting = threading.Lock()

    def begin(self) -> None:
        """Answer on the control socket, then start everything else."""
        self.children.begin()
        control = socket.socket(socket.AF_UNIX)
        old = os.umask(0o177)
        control.bind(self.plan.control)
        os.umask(old)
        control.listen(16)
        threading.Thread(target=self._listen, args=(control,), name="control", daemon=True).start()
        try:
            self._start_hosts()
        except Exception as error:  # told to whoever waits for `ready`, with the log behind it
            _log.exception("cannot start the hosts")
            self._problem = f"cannot start the SSH servers: {error}"
        self._ready.set()

    def end(self) -> None:
        """End every process that was ever started on the hosts: servers by an immediate shutdown,
        which leaves no shared memory behind, all others by SIGKILL."""
        me = os.getpid()
        self.programs.end()
        processes.end_servers(self.plan.data_dirs)
        left = processes.end_all(lambda: processes.descendants([me]))
        disks.unmount(self.plan)
        if left:
            _log.error("processes that would not die: %s", sorted(left))

    def _start_hosts(self) -> None:
        from cctrl.lab.keys import make_keys

        for relay in self._database_relays():
            relay.start()
        make_keys(self.plan)
        if self.plan.sshd:
            self._start_openssh()
        else:
            self._start_builtin()
        for host in self.plan.hosts:
            self._relay_ssh(host)

    def _start_openssh(self) -> None:
        for host in self.plan.hosts:
            start_sshd(self.plan, host, self.children)
        for host in self.plan.hosts:
            if not processes.wait_until(lambda host=host: _greets(host), 20):  # type: ignore[misc]  # a default in a lambda has no type
                log = Path(self.plan.directory, "ssh", f"{host.name}.log").read_text()
                raise OSError(f"nothing answers on {host.inside}:{host.ssh_port} within 20 s: {log[-400:]}")

    def _start_builtin(self) -> None:
        from paramiko import Ed25519Key

        from cctrl.lab.sshserver import SshHost

        ssh = f"{self.plan.directory}/ssh"
        client = Ed25519Key(filename=f"{ssh}/id_ed25519")
        marks = {processes.MARK: self.plan.directory}
        for host in self.plan.hosts:
            key = Ed25519Key(filename=f"{ssh}/{host.name}.key")
            listener = socket.create_server((host.inside, host.ssh_port), backlog=128)
            SshHost(host, self.plan.run_as, self.plan.ssh_user, key, client, self.children, marks).serve(listener)

    def _database_relays(self) -> list[Relay]:
        return [
            Relay(listener, (host.inside, port), host.name, self._gates, self._owner, self._called)
            for host in self.plan.hosts
            for server in host.servers
            for port in server.ports
            if (listener := self._listeners.get(f"{host.name}:{port}"))
        ]

    def _relay_ssh(self, host: HostPlan) -> None:
        listener = self._listeners.get(f"{host.name}:{host.ssh_port}")
        if listener:
            Relay(listener, (host.inside, host.ssh_port), host.name, self._gates, self._owner).start()

    def _listen(self, control: socket.socket) -> None:
        while True:
            connection, _ = control.accept()
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as lines:
            try:
                answer = self._answer(json.loads(lines.readline() or b"{}"))
            except CctrlError as error:
                answer = {"error": error.what, "detail": error.detail, "next": error.next}
            except (OSError, ValueError, KeyError) as error:
                _log.exception("control")
                answer = {"error": f"the switchboard failed: {error!r}"}
            lines.write(json.dumps(answer).encode() + b"\n")
            lines.flush()
        if answer.get("ending"):
            self.done.set()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        verb = question.get("verb")
        if verb == "ready":
            self._ready.wait()
            return {"error": self._problem} if self._problem else {"ok": True}
        if verb == "run":
            return self._run(question)
        if verb == "launch":
            return {"pid": self._start(question, subprocess.DEVNULL).pid}
        if verb == "begin":
            return {"begun": self.programs.begin(question["name"], question["argv"], question["log"])}
        if verb == "programs":
            return {"programs": self.programs.states()}
        if verb == "cut":
            return {"changed": self._change(self._cuts | {Cut(**question["cut"])})}
        if verb == "heal":
            return {"changed": self._change(healed(self._cuts, question["node"]))}
        if verb == "down":
            self.end()
            return {"ok": True, "ending": True}
        return {"ok": True, "pid": os.getpid()}

    def _change(self, cuts: frozenset[Cut]) -> bool:
        with self._cutting:
            changed = cuts != self._cuts
            self._network.apply(cuts)
            self._cuts = cuts
            return changed

    def _owner(self, client: socket.socket) -> str:
        return self.programs.owner(client, MANAGERS) or MACHINE

    def _called(self, name: str, client: socket.socket) -> str:
        """The host that connects under an application_name. All mirrors of a segment cluster have the same one: whose
        socket it is tells them apart."""
        host = name.removeprefix("cctrl-copy-").partition(".")[0]
        if host in self.plan.host_names:
            return host
        if name != WALRECEIVER or self.plan.kind != "segments":
            return ""
        inode = processes.inode_of(client.getpeername())
        everyone = [(host.name, s.data_dir) for host in self.plan.hosts for s in host.servers if inode]
        holds = ((n, processes.servers_in(data)) for n, data in everyone)
        return next((n for n, pids in holds if any(processes.holds(pid, inode) for pid in pids)), "")

    def _start(self, question: dict[str, Any], output: int) -> Child:
        host = self.plan.host(question["host"])
        words, options = in_host(self.plan.run_as, host, question["argv"])
        env = environment(self.plan.run_as, host, {processes.MARK: self.plan.directory})
        return self.children.start(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=host.home, env=env, **options
        )

    def _run(self, question: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryFile() as output:
            status = self._start(question, output.fileno()).wait()
            output.seek(0)
            return {"status": status, "output": output.read().decode("utf-8", "replace")}


def _greets(host: HostPlan) -> bool:
    """True where an SSH server says its version."""
    try:
        with socket.create_connection((host.inside, host.ssh_port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def main(argv: list[str]) -> int:
    """The whole life of a switchboard."""
    directory, *given = argv
    sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]  # paramiko's import without it is a third cheaper
    plan = read_plan(Lab("", Path(directory)))
    logging.basicConfig(filename=plan.lab.log_path, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # clients that leave are no errors
    listeners = {}
    for word in given:
        name, _, descriptor = word.rpartition("=")
        listeners[name] = socket.socket(fileno=int(descriptor))
        listeners[name].set_inheritable(False)
    board = Switchboard(plan, listeners)
    signal.signal(signal.SIGTERM, lambda *_: board.done.set())
    board.begin()
    description = Path(directory, "lab.json")
    while not board.done.wait(2.0) and description.exists():
        continue
    board.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
