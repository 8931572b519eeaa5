"""From a host in the configuration to the place and the keys to connect with.

The user's own SSH set-up decides, as `ssh -G` tells it; where there is no `ssh` binary, paramiko's
parser does. What the configuration of cctrl gives wins, and where it gives everything nothing is asked.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cctrl.config import Host
from cctrl.ssh.by_hand import login
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.hostkeys import SSH_PORT, entry_name
from cctrl.ssh.sshconfig import parsed_options
from cctrl.ssh.tokens import Tokens, in_home

_USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_DEFAULT_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a host's sshd is and with what to log in there."""

    host: str
    port: int
    user: str
    identity_files: tuple[Path, ...] = ()
    identities_only: bool = False
    identity_given: bool = False  # by the configuration of cctrl: then a missing file is an error
    agent: str | None = None  # the agent's socket
    host_key_alias: str = ""
    known_hosts: tuple[Path, ...] = ()
    hash_known_hosts: bool = False
    proxy_jump: tuple[str, ...] = ()  # hops as `[user@]host[:port]`, the first one first
    proxy_command: str = ""
    connect_timeout: float | None = None  # seconds
    by_hand: str = ""  # the ssh command that must work first, where a login is refused
    family: str = "any"  # "inet" or "inet6" where only one is wanted

    @property
    def entry(self) -> str:
        """The host's name in known_hosts."""
        return self.host_key_alias.lower() or entry_name(self.host, self.port)

    def __str__(self) -> str:
        return f"{self.host} port {self.port}"


def resolve(host: Host, deadline: Deadline) -> Endpoint:
    """Where and how to connect to `host`. Raises CannotReach where its SSH set-up is broken."""
    if host.ssh_config == "none" or (host.ssh_port and host.ssh_user and host.identity and host.known_hosts):
        endpoint = Endpoint(host.address, SSH_PORT, getpass.getuser(), agent=_agent("SSH_AUTH_SOCK"))
        files = tuple(_paths(_DEFAULT_KEYS))
        endpoint = replace(endpoint, identity_files=files, known_hosts=tuple(_paths(_USER_FILES + _SYSTEM_FILES)))
    else:
        ssh = shutil.which("ssh")
        asked = _ask_ssh(ssh, host, deadline) if ssh else parsed_options(host)
        endpoint = from_options(host.address, asked)
    return replace(_with_own(endpoint, host), by_hand=f"{login(host)}   (must work first)")


def _with_own(endpoint: Endpoint, host: Host) -> Endpoint:
    if host.ssh_port:
        endpoint = replace(endpoint, port=host.ssh_port)
    if host.ssh_user:
        endpoint = replace(endpoint, user=host.ssh_user)
    if host.identity:
        files = (Path(host.identity).expanduser(),)
        endpoint = replace(endpoint, identity_files=files, identities_only=True, identity_given=True)
    if host.known_hosts:
        endpoint = replace(endpoint, known_hosts=(Path(host.known_hosts).expanduser(),))
    return endpoint


def _ask_ssh(ssh: str, host: Host, deadline: Deadline) -> dict[str, list[str]]:
    argv = [ssh, "-G"]
    argv += ["-F", str(Path(host.ssh_config).expanduser())] if host.ssh_config else []
    argv += ["-p", str(host.ssh_port)] if host.ssh_port else []
    argv += ["-l", host.ssh_user] if host.ssh_user else []
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        answer = subprocess.run(
            [*argv, "--", host.address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.1, deadline.left()),
            env=environment,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise CannotReach("the SSH configuration takes too long to read (a Match exec in it?)") from None
    except OSError as error:
        raise CannotReach(f"cannot run {ssh}: {error.strerror}") from None
    if answer.returncode != 0:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise CannotReach(f"the SSH configuration is refused by ssh: {said[-1] if said else 'no reason given'}")
    return _options(answer.stdout.decode(errors="replace"))


def _options(text: str) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        options.setdefault(key.lower(), []).append(value)
    return options


def from_options(address: str, options: dict[str, list[str]]) -> Endpoint:
    """The endpoint that `options` (keyword in lower case -> its values, as `ssh -G` prints them) describe."""

    def one(key: str, default: str = "") -> str:
        value = options.get(key, [default])[0]
        return "" if value.lower() == "none" else value

    host = one("hostname", address)
    port = int(one("port") or SSH_PORT)
    user = one("user") or getpass.getuser()
    alias = one("hostkeyalias")
    jump = one("proxyjump")
    tokens = Tokens(original=address, host=host, port=port, user=user, alias=alias, jump=jump)
    keys = options.get("identityfile", _DEFAULT_KEYS)
    names = one("userknownhostsfile", " ".join(_USER_FILES)).split()
    names += one("globalknownhostsfile", " ".join(_SYSTEM_FILES)).split()
    return Endpoint(
        host=host,
        port=port,
        user=user,
        identity_files=tuple(_paths(tokens.expand(name) for name in keys if name != "none")),
        identities_only=one("identitiesonly") == "yes",
        agent=_agent(tokens.expand(options.get("identityagent", ["SSH_AUTH_SOCK"])[0])),
        host_key_alias=alias,
        known_hosts=tuple(_paths(tokens.expand(name) for name in names)),
        hash_known_hosts=one("hashknownhosts") == "yes",
        proxy_jump=tuple(hop.strip() for hop in jump.split(",") if hop.strip()),
        proxy_command=tokens.expand(one("proxycommand")),
        connect_timeout=float(one("connecttimeout")) if one("connecttimeout").isdigit() else None,
        family=one("addressfamily", "any"),
    )


def _paths(names: Iterable[str]) -> list[Path]:
    return [in_home(name.strip('"')) for name in names]


def _agent(name: str) -> str | None:
    """The agent's socket from IdentityAgent's value: a path, a variable of the environment, or none."""
    if name.lower() == "none":
        return None
    if name == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK") or None
    if name.startswith("$"):
        return os.environ.get(name[1:].strip("{}")) or None
    return str(in_home(name))
