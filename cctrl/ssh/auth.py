"""Logging in with keys: from the agent and from files, encrypted ones included; no passwords."""

from __future__ import annotations

import socket
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cctrl.ssh.deadline import Deadline
from cctrl.ssh.failure import CannotReach, Dropped
from cctrl.ssh.resolve import Endpoint

if TYPE_CHECKING:
    from paramiko.agent import AgentKey
    from paramiko.pkey import PKey

    from cctrl.ssh.wire import Wire

AskSecret = Callable[[str], str | None]


class LockedKey(Exception):
    """A key file that needs a passphrase which is not known yet."""


class Keyring:
    """The private keys of this process: each file is read once, each passphrase asked once."""

    def __init__(self, ask: AskSecret | None = None) -> None:
        self._ask = ask
        self._keys: dict[tuple[Path, int], PKey] = {}
        self._refused: dict[Path, str] = {}
        self._lock = Lock()

    def load(self, file: Path) -> PKey | None:
        """The key in `file`; None where there is none. Raises LockedKey, and CannotReach where it is no key."""
        from cctrl.ssh.wire import paramiko

        try:
            version = (file, file.stat().st_mtime_ns)
            with self._lock:
                if version not in self._keys:
                    self._keys[version] = paramiko.PKey.from_path(file)
                return self._keys[version]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise CannotReach(f"cannot read the key {file}: {error.strerror}") from None
        except (paramiko.PasswordRequiredException, TypeError):  # TypeError: what cryptography says of it
            raise LockedKey(str(file)) from None
        except (paramiko.SSHException, paramiko.pkey.UnknownKeyType, ValueError) as error:
            raise CannotReach(f"the key {file} cannot be used: {error}") from None

    def unlock(self, file: Path) -> None:
        """Ask for the passphrase of `file`, once. Raises CannotReach where it does not open the key."""
        from cctrl.ssh.wire import paramiko

        with self._lock:
            version = (file, file.stat().st_mtime_ns)
            if version in self._keys:
                return
            if file not in self._refused:
                secret = self._ask(f"Passphrase for key {file}: ") if self._ask else None
                if secret:
                    try:
                        self._keys[version] = paramiko.PKey.from_path(file, password=_encoded(secret))
                        return
                    except (paramiko.SSHException, ValueError, TypeError):
                        self._refused[file] = f"the passphrase does not open the key {file}"
                else:
                    self._refused[file] = f"the key {file} needs a passphrase and nobody was there to give it"
            raise CannotReach(self._refused[file], next=f"ssh-add {file}")

    def forget_refusals(self) -> None:
        """Ask again for passphrases that were not given or were wrong."""
        with self._lock:
            self._refused.clear()


def _encoded(secret: str) -> str:
    # paramiko hands the same value to cryptography, which takes bytes only, and to its own readers.
    return secret.encode()  # type: ignore[return-value]


def authenticate(wire: Wire, endpoint: Endpoint, keyring: Keyring, deadline: Deadline) -> None:
    """Log in on `wire`: keys of the agent first, then key files, encrypted ones last.

    Raises CannotReach; with `locked_key` set where only a key without its passphrase is left.
    """
    tried: list[str] = []
    locked: list[Path] = []
    with _agent_keys(endpoint) as offered:
        for name, key in offered:
            if _accepted(wire, endpoint, key, name, tried, deadline):
                return
    for file in endpoint.identity_files:
        if file.suffix == ".pub":
            continue  # names a key of the agent
        try:
            key_of_file = keyring.load(file)
        except LockedKey:
            locked.append(file)
            continue
        except CannotReach as error:
            if endpoint.identity_given:
                raise
            tried.append(error.reason)
            continue
        if key_of_file is not None and _accepted(wire, endpoint, key_of_file, str(file), tried, deadline):
            return
    if locked:
        raise CannotReach(
            f"the key {locked[0]} needs a passphrase", next=f"ssh-add {locked[0]}", locked_key=str(locked[0])
        )
    raise _denied(endpoint, tried)


def _accepted(wire: Wire, endpoint: Endpoint, key: PKey, name: str, tried: list[str], deadline: Deadline) -> bool:
    from cctrl.ssh.wire import paramiko

    wire.auth_timeout = max(0.1, deadline.left())
    try:
        more = wire.auth_publickey(endpoint.user, key)
    except paramiko.BadAuthenticationType as error:
        raise CannotReach(
            f"{endpoint} takes no keys from user {endpoint.user}, only {', '.join(error.allowed_types)}",
            next=endpoint.by_hand,
        ) from None
    except paramiko.AuthenticationException as error:
        if not wire.is_active():
            raise CannotReach(
                f"{endpoint} closed the connection after {len(tried) + 1} keys were refused for user {endpoint.user}",
                next="set identity to the one key of this host",
            ) from None
        if deadline.passed:
            raise CannotReach(f"no answer to the login of {endpoint.user} at {endpoint} in time") from None
        tried.append(name if str(error).startswith("Authentication") else f"{name} ({error})")
        return False
    except (EOFError, OSError, paramiko.SSHException) as error:
        if wire.is_active():
            tried.append(f"{name} ({error})")
            return False
        raise Dropped(f"{endpoint} closed the connection at the login: {error}") from None
    if more:
        raise CannotReach(f"{endpoint} wants more than a key from user {endpoint.user}: {', '.join(more)}")
    return True


def _denied(endpoint: Endpoint, tried: list[str]) -> CannotReach:
    if tried:
        reason = f"{endpoint} refused user {endpoint.user} with {', '.join(tried)}"
    else:
        looked = ", ".join(str(file) for file in endpoint.identity_files) or "no key file"
        agent = endpoint.agent or "none"
        reason = f"no key to log in with as {endpoint.user} at {endpoint} (looked for {looked}; agent: {agent})"
    return CannotReach(reason, next=endpoint.by_hand)


@contextmanager
def _agent_keys(endpoint: Endpoint) -> Iterator[list[tuple[str, AgentKey]]]:
    """The agent's keys to offer: those of the identity files first, and only those where so configured."""
    from paramiko.agent import AgentSSH

    from cctrl.ssh.wire import paramiko

    agent = AgentSSH()
    conn = socket.socket(socket.AF_UNIX)
    try:
        if endpoint.agent:
            try:
                conn.settimeout(60)  # a person may have to touch a token
                conn.connect(endpoint.agent)
                agent._connect(conn)  # type: ignore[attr-defined]
            except (OSError, paramiko.SSHException, ValueError):
                agent = AgentSSH()  # an agent that is gone is no agent
        wanted = [blob for file in endpoint.identity_files if (blob := _public_part(file)) is not None]
        keys = [key for key in agent.get_keys() if key.blob in wanted or not endpoint.identities_only]
        keys.sort(key=lambda key: key.blob not in wanted)
        yield [(f"the agent's key {getattr(key, 'comment', '') or key.get_name()}", key) for key in keys]
    finally:
        conn.close()


def _public_part(file: Path) -> bytes | None:
    public = file if file.suffix == ".pub" else Path(f"{file}.pub")
    try:
        return b64decode(public.read_text(errors="replace").split()[1], validate=True)
    except (OSError, IndexError, Base64Error):
        return None
