"""Opening a connection: the way there (jump hosts, proxy command), the host's key, the login."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cctrl.config import Host
from cctrl.outcome import in_words
from cctrl.ssh import hostkeys
from cctrl.ssh.auth import Keyring, authenticate
from cctrl.ssh.connection import Attempt, Connection
from cctrl.ssh.failure import CannotReach, Dropped
from cctrl.ssh.proxy import Proxy
from cctrl.ssh.resolve import Endpoint, resolve

if TYPE_CHECKING:
    from cctrl.ssh.wire import Tunnel, Wire

_FIRST_DELAY = 0.05  # seconds before the next try after the host dropped one
_LONGEST_DELAY = 1.0
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
_HOP = re.compile(r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?P<host>\[[^\]]+\]|[^:]+)(?::(?P<port>\d+))?/?\Z")


class Hops(Protocol):
    """Where the connections to jump hosts are kept, so that hosts behind one share it."""

    def __call__(self, host: Host, via: tuple[str, ...] | None) -> Connection:
        """The connection to jump host `host`, itself reached through `via` (None: as it is configured)."""


class Connector:
    """Opens connections; what they share is the keyring and the jump hosts."""

    def __init__(self, keyring: Keyring, hops: Hops, dial: float) -> None:
        """`dial`: seconds a host may take to accept a connection."""
        self._keyring = keyring
        self._hops = hops
        self._dial = dial

    def connect(self, host: Host, via: tuple[str, ...] | None, attempt: Attempt) -> Wire:
        """A connection to `host`, logged in. Raises CannotReach."""
        endpoint = self.endpoint(host, via, attempt)

        def checked() -> Wire:
            wire = self._shake_hands(endpoint, host, attempt)
            self._check_key(wire, endpoint, host)
            attempt.phase = f"logging in at {endpoint} as {endpoint.user}"
            authenticate(wire, endpoint, self._keyring, attempt.deadline)
            return wire

        return _again_when_dropped(checked, attempt)

    def host_key(self, host: Host, via: tuple[str, ...] | None, attempt: Attempt) -> tuple[Endpoint, str, bytes]:
        """The endpoint of `host` and the type and bytes of the key it shows. Raises CannotReach."""
        endpoint = self.endpoint(host, via, attempt)
        wire = _again_when_dropped(lambda: self._shake_hands(endpoint, host, attempt), attempt)
        key = wire.get_remote_server_key()
        wire.close()
        return endpoint, key.get_name(), key.asbytes()

    def endpoint(self, host: Host, via: tuple[str, ...] | None, attempt: Attempt) -> Endpoint:
        """Where `host` is; `via` overrides its configured jump hosts."""
        endpoint = resolve(host, attempt.deadline)
        return endpoint if via is None else replace(endpoint, proxy_jump=via, proxy_command="")

    def _shake_hands(self, endpoint: Endpoint, host: Host, attempt: Attempt) -> Wire:
        from cctrl.ssh.wire import HOST_KEY_ALGORITHMS, IncompatiblePeer, Wire, paramiko

        sock = self._socket(endpoint, host, attempt)
        attempt.owns(sock.close)
        attempt.phase = f"exchanging keys with {endpoint}"
        try:
            lines = hostkeys.lookup(endpoint.known_hosts, endpoint.entry)
        except OSError as error:
            raise CannotReach(f"cannot read {error.filename}: {error.strerror}") from None
        algorithms = hostkeys.known_algorithms(lines, HOST_KEY_ALGORITHMS)
        wire = Wire(sock, algorithms, max(0.1, attempt.deadline.left()))
        attempt.owns(wire.close)
        try:
            if not wire.begin(attempt.deadline):
                raise attempt.late()
        except IncompatiblePeer as error:
            raise CannotReach(f"{endpoint} and cctrl have no algorithm in common: {error}") from None
        except (EOFError, OSError, paramiko.SSHException) as error:
            if isinstance(error, paramiko.SSHException) and "banner" not in str(error):
                raise CannotReach(f"{endpoint} does not speak SSH as expected: {error}") from None
            if attempt.proxy is not None and (said := attempt.proxy.failed()):
                raise CannotReach(said) from None
            raise Dropped(f"{endpoint} closed the connection before it said who it is") from None
        return wire

    def _check_key(self, wire: Wire, endpoint: Endpoint, host: Host) -> None:
        key = wire.get_remote_server_key()
        verdict = hostkeys.judge(endpoint.known_hosts, endpoint.entry, key.asbytes())
        if verdict.reason:
            raise CannotReach(verdict.reason, next=f"cctrl trust {host.name}", untrusted=True)

    def _socket(self, endpoint: Endpoint, host: Host, attempt: Attempt) -> socket.socket | Tunnel:
        from cctrl.ssh.wire import dial

        if endpoint.proxy_jump:
            return self._through(endpoint, host, attempt)
        if endpoint.proxy_command:
            attempt.phase = "starting the ProxyCommand"
            return self._by_command(endpoint.proxy_command, attempt)
        attempt.phase = f"connecting to {endpoint}"
        limit = attempt.deadline.within(min(endpoint.connect_timeout or self._dial, self._dial))
        try:
            return dial(endpoint.host, endpoint.port, limit, _FAMILIES.get(endpoint.family, socket.AF_UNSPEC))
        except TimeoutError:
            raise attempt.late() from None
        except socket.gaierror as error:
            raise CannotReach(f"the name {endpoint.host} cannot be resolved: {error.strerror}") from None
        except ConnectionResetError:
            raise Dropped(f"{endpoint} reset the connection") from None
        except (OSError, UnicodeError) as error:
            raise CannotReach(f"cannot connect to {endpoint}: {in_words(error)}") from None

    def _by_command(self, command: str, attempt: Attempt) -> socket.socket:
        proxy = Proxy(command)
        attempt.owns(proxy.stop)
        attempt.proxy = proxy
        return proxy.start()

    def _through(self, endpoint: Endpoint, host: Host, attempt: Attempt) -> Tunnel:
        from cctrl.ssh.wire import TROUBLE, Tunnel, paramiko

        *before, last = endpoint.proxy_jump
        hop = hop_host(last, host)
        attempt.phase = f"connecting to {endpoint} through jump host {last}"
        connection = self._hops(hop, tuple(before) or None)
        try:
            wire = connection.wire(attempt.deadline)
        except CannotReach as failure:
            # A hop is trusted by way of the host behind it: only that one has a name in cctrl.
            next = f"cctrl trust {host.name}" if failure.untrusted else failure.next
            raise CannotReach(
                f"jump host {last}: {failure.reason}",
                next=next,
                locked_key=failure.locked_key,
                untrusted=failure.untrusted,
            ) from None
        try:
            where = (endpoint.host, endpoint.port)
            limit = max(0.1, attempt.deadline.left())
            return Tunnel(wire.open_channel("direct-tcpip", where, ("127.0.0.1", 0), timeout=limit))
        except paramiko.ChannelException as error:
            raise CannotReach(f"jump host {last} cannot connect to {endpoint}: {error.text}") from None
        except TROUBLE as error:
            connection.drop(wire)
            raise Dropped(f"jump host {last} did not open a way to {endpoint}: {in_words(error)}") from None


def hop_host(hop: str, behind: Host) -> Host:
    """The jump host `[user@]host[:port]` on the way to `behind`. Raises CannotReach."""
    parts = _HOP.match(hop)
    if not parts:
        raise CannotReach(f"ProxyJump names no host: {hop!r}")
    address = parts["host"].strip("[]")
    port = int(parts["port"]) if parts["port"] else None
    return Host(name=address, address=address, ssh_port=port, ssh_user=parts["user"], ssh_config=behind.ssh_config)


def _again_when_dropped(connect: Callable[[], Wire], attempt: Attempt) -> Wire:
    """`connect`, again and again while the host drops it (MaxStartups) and time is left."""
    delay = _FIRST_DELAY
    tries = 1
    while True:
        try:
            return connect()
        except Dropped as dropped:
            attempt.close()
            wait = delay * random.uniform(0.5, 1.5)  # those dropped together come back apart
            if attempt.deadline.left() <= wait or attempt.done.wait(wait):
                raise CannotReach(f"{dropped.reason} ({tries} tries; too many at once? see MaxStartups)") from None
            delay = min(_LONGEST_DELAY, delay * 2)
            tries += 1
