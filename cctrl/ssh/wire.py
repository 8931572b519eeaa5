"""paramiko's transport, with what it lacks. Importing this imports paramiko: do so in functions.

* TCP_NODELAY and quick ACKs: without them a command on a warm connection waits 40 ms.
* Exit signals are kept; paramiko drops them.
* No timer thread of the handshake that outlives it: the caller's deadline rules.
* Plain host keys only: a certificate would be accepted as if it were a key.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event

# paramiko.config imports `invoke` (54 ms) for `Match exec` in a parser that is not used here.
_stubbed = "invoke" not in sys.modules
if _stubbed:
    sys.modules["invoke"] = None  # type: ignore[assignment]
try:
    import paramiko as paramiko
    from paramiko.channel import Channel
    from paramiko.common import MSG_CHANNEL_REQUEST, cMSG_CHANNEL_REQUEST
    from paramiko.message import Message
    from paramiko.packet import Packetizer
    from paramiko.ssh_exception import IncompatiblePeer as IncompatiblePeer
finally:
    if _stubbed:
        del sys.modules["invoke"]

from cctrl.ssh.deadline import Deadline  # noqa: E402

# Whatever goes wrong is told in results; paramiko would print tracebacks on stderr.
_log = logging.getLogger("paramiko")
_log.addHandler(logging.NullHandler())
_log.propagate = False

_SILENCE = 15  # seconds without traffic before a keep-alive
HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)


TROUBLE = (OSError, EOFError, paramiko.SSHException)  # what a connection that ends may raise anywhere


class Wakeup(Event):
    """Set by whatever may concern a command; only its waiter clears it, by `rearm`."""

    def clear(self) -> None:
        """Nothing: a pipe that ran empty must not hide that the other one filled."""

    def rearm(self) -> None:
        """Forget earlier wake-ups."""
        super().clear()


@dataclass(slots=True)
class Ending:
    """What is known of a command's end, and whom to wake."""

    wake: Wakeup = field(default_factory=Wakeup)
    signal: str = ""


class PlainSocket(socket.socket):
    """A socket whose close wakes a thread that waits in recv or send."""

    def close(self) -> None:
        """Close both directions, then the descriptor."""
        with suppress(OSError):  # one that is not connected any more is as good
            self.shutdown(socket.SHUT_RDWR)
        super().close()


class QuickSocket(PlainSocket):
    """A TCP socket that acknowledges at once."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """As socket.recv; the kernel forgets quick ACKs, so they are armed anew each time."""
        data = super().recv(size, flags)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data


class Tunnel:
    """A channel through a jump host as the socket of another connection; its close never raises."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._closed = False  # paramiko asks for it by this name
        self.send = channel.send
        self.recv = channel.recv
        self.settimeout = channel.settimeout

    def close(self) -> None:
        """Close the channel, if the connection that carries it is still there."""
        self._closed = True
        with suppress(*TROUBLE):
            self._channel.close()


def dial(host: str, port: int, deadline: Deadline, family: int = socket.AF_UNSPEC) -> QuickSocket:
    """Connect to `host`, each of its addresses in turn. Raises OSError (the last address's)."""
    addresses = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    error: OSError = OSError(f"no address for {host}")
    for number, (kind, _, protocol, _, address) in enumerate(addresses):
        sock = QuickSocket(kind, socket.SOCK_STREAM, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2 * _SILENCE * 1000)
            sock.settimeout(max(0.05, deadline.left() / (len(addresses) - number)))
            sock.connect(address)
            return sock
        except OSError as failed:
            sock.close()
            error = failed
    raise error


class _Packetizer(Packetizer):
    def start_handshake(self, timeout: float) -> None:
        """No timer: its thread would keep a finished process alive until it fires."""


class Wire(paramiko.Transport):
    """One SSH connection. `endings` holds what is known of its commands' ends, by channel id."""

    _active_check_timeout = 2.0  # seconds; closing wakes the reader, so it need not look often

    def __init__(self, sock: socket.socket | Tunnel, algorithms: Sequence[str], patience: float) -> None:
        super().__init__(sock, packetizer_class=_Packetizer)  # type: ignore[arg-type]
        self.endings: dict[int, Ending] = {}
        self.host_key_algorithms = tuple(algorithms)
        self.banner_timeout = patience
        self.auth_timeout = patience
        self.clear_to_send_timeout = patience
        own = {MSG_CHANNEL_REQUEST: self._channel_request}
        self._channel_handler_table = {**paramiko.Transport._channel_handler_table, **own}  # type: ignore[attr-defined]

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """The host-key algorithms offered: those known for this host first, no certificates."""
        return self.host_key_algorithms

    def begin(self, deadline: Deadline) -> bool:
        """Exchange keys; False where that did not end in time. Raises what ended the connection."""
        ready = Event()
        self.start_client(event=ready)
        if not ready.wait(deadline.left()):
            return False
        if not self.is_active() or not self.initial_kex_done:
            raise self.get_exception() or EOFError()
        self.set_keepalive(_SILENCE)
        return True

    def request_exec(self, channel: Channel, command: str) -> None:
        """Ask for `command` on `channel` without waiting for the answer (paramiko's has no deadline)."""
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(channel.remote_chanid)
        message.add_string("exec")
        message.add_boolean(True)
        message.add_string(command.encode("utf-8", "surrogateescape"))
        channel.event.clear()
        channel.event_ready = False
        self._send_user_message(message)  # type: ignore[attr-defined]

    def close(self) -> None:
        """Close the connection and wake who waits for it; never raises."""
        with suppress(*TROUBLE):
            super().close()
        self.sock.close()

    def _channel_request(self, channel: Channel, message: Message) -> None:
        start = message.packet.tell()
        kind = message.get_text()
        ending = self.endings.get(channel.chanid)
        if kind == "exit-signal" and ending is not None:
            message.get_boolean()
            ending.signal = message.get_text()
            channel.status_event.set()
        else:
            message.packet.seek(start)
            channel._handle_request(message)  # type: ignore[attr-defined]
        if ending is not None:
            ending.wake.set()
