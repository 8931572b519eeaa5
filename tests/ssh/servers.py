"""Real OpenSSH servers on loopback, each with its own host key and configuration, for the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cctrl.config import Host
from tests.stage import wait_for

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(file: Path, *, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new private key in `file`, its public part beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(file)], check=True)
    return file


@dataclass
class Server:
    """One sshd, run as the current user."""

    home: Path
    user_key: Path
    options: str = ""
    path: str = "/usr/local/bin:/usr/bin:/bin"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def host_key(self) -> Path:
        return self.home / "host_key"

    def start(self) -> Server:
        """Start it and wait until it answers; skips the test where there is no sshd."""
        if SSHD is None:
            pytest.skip("no sshd (Debian: openssh-server)")
        self.home.mkdir(exist_ok=True)
        if not self.host_key.exists():
            make_key(self.host_key)
        shutil.copy(f"{self.user_key}.pub", self.home / "authorized_keys")
        (self.home / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.host_key}\nUsePAM no\nStrictModes no\n"
            f"PidFile {self.home}/pid\nAuthorizedKeysFile {self.home}/authorized_keys\nPasswordAuthentication no\n"
            f"PermitRootLogin yes\nMaxStartups 100\nPrintMotd no\n{self.options}\n"
            # A home of its own: bash reads ~/.bashrc for each command that sshd runs.
            f"SetEnv HOME={self.home} PATH={self.path}\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where Debian's sshd separates privileges
        argv = [SSHD, "-D", "-e", "-f", str(self.home / "sshd_config")]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(argv, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for(self._answers, what=f"{self.home}/log says why sshd does not answer")
        return self

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False

    def family(self) -> list[int]:
        """The sshd and every process of its connections (not what they run, which leads its own session)."""
        assert self.process
        found = [self.process.pid]
        for pid in found:
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            found += [int(child) for child in children.split() if _is_sshd(int(child))]
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the sshd and its connections' sshds."""
        for pid in reversed(self.family()):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """End the sshd and all its connections."""
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def known_hosts_line(self, name: str | None = None) -> str:
        """The line that makes its key known."""
        kind, key, *_ = Path(f"{self.host_key}.pub").read_text().split()
        return f"{name or f'[127.0.0.1]:{self.port}'} {kind} {key}\n"

    def host(self, name: str, known_hosts: Path, **more: str) -> Host:
        """How cctrl's configuration would describe it, with everything given."""
        return Host(
            name=name,
            address="127.0.0.1",
            ssh_port=self.port,
            ssh_user=getpass.getuser(),
            identity=str(self.user_key),
            known_hosts=str(known_hosts),
            **more,
        )


def _is_sshd(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("sshd")
    except OSError:
        return False
