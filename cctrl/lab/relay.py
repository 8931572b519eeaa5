"""TCP relays with gates: how a host on loopback is cut off without being root.

A host's servers listen on an address of their own inside 127.0.0.0/8; the address everyone is told
is a relay's. A cut closes ways between nodes: bytes stop, no connection is closed, new ones are accepted and
stall; healing opens the ways, and what was stalled goes on. That a connection comes *from* a host of the lab
is seen in its PostgreSQL start-up message: the members' connections carry the member's name as
`application_name`. That it comes from a manager, or from a mirror of a segment cluster, is seen by whose socket it is.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from cctrl.lab.cuts import Cut, Way, closed

_CHUNK = 256 * 1024
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_LONGEST_STARTUP = 10_000  # bytes, PostgreSQL's own limit
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class Gates:
    """Which ways are closed; shared by all relays."""

    def __init__(self, nodes: Collection[str]) -> None:
        self._nodes = nodes
        self._changed = threading.Condition()
        self._closed: frozenset[Way] = frozenset()
        self._passing: Counter[Way] = Counter()

    def apply(self, cuts: Collection[Cut]) -> None:
        """Let these cuts hold and no others. When this returns no byte is on a closed way any more."""
        with self._changed:
            self._closed = closed(cuts, self._nodes)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not any(self._passing[way] for way in self._closed), timeout=2.0)

    @contextmanager
    def passing(self, *ways: Way) -> Iterator[bool]:
        """Wait until all of `ways` are open, then hold them so until the end of the block, which is
        told whether it had to wait. What is done in the block must not block."""
        with self._changed:
            held = not self._closed.isdisjoint(ways)
            self._changed.wait_for(lambda: self._closed.isdisjoint(ways))
            self._passing.update(ways)
        try:
            yield held
        finally:
            with self._changed:
                self._passing.subtract(ways)
                if self._closed:
                    self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Relay:
    """One published port of one host."""

    listener: socket.socket
    target: tuple[str, int]
    host: str
    gates: Gates
    owner: Callable[[socket.socket], str]  # the manager that a client's socket belongs to; "" where none
    # For PostgreSQL's port: which host connects under an application_name, "" where none does.
    called: Callable[[str, socket.socket], str] | None = None

    def start(self) -> None:
        """Accept connections from now on."""
        threading.Thread(target=self._accept, name=f"relay {self.host}", daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        origin = self.owner(client)
        try:
            with self.gates.passing((origin, self.host), (self.host, origin)):
                pass
            if _left(client):
                return client.close()
            server = socket.create_connection(self.target, timeout=10)
        except OSError:  # nobody listens: the client is told as directly as a relay can
            return _reset(client)
        for end in (client, server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            prelude = _startup(client) if self.called else b""
        except OSError:
            server.close()
            return client.close()
        origin = (self.called(_application(prelude), client) if self.called else "") or origin
        return _Connection(client, server, origin, self.host, self.gates).run(prelude)


@dataclass(frozen=True, slots=True)
class _Connection:
    """Two sockets and the nodes between which the ways must be open for bytes to pass."""

    client: socket.socket
    server: socket.socket
    origin: str
    host: str
    gates: Gates

    def run(self, prelude: bytes) -> None:
        """Carry everything both ways until both have ended."""
        there, back = (self.origin, self.host), (self.host, self.origin)
        pump = threading.Thread(target=self._pump, args=(self.server, self.client, back), daemon=True)
        pump.start()
        self._pump(self.client, self.server, there, prelude)
        pump.join()
        self.client.close()
        self.server.close()

    def _pump(self, source: socket.socket, sink: socket.socket, way: Way, first: bytes = b"") -> None:
        buffer = bytearray(_CHUNK)
        view = memoryview(buffer)
        try:
            self._deliver(source, sink, way, memoryview(first))
            while size := source.recv_into(buffer):
                self._deliver(source, sink, way, view[:size])
            with self.gates.passing(way):
                sink.shutdown(socket.SHUT_WR)
        except OSError:  # one side is gone: the other is told, and both pumps end
            with self.gates.passing(way, way[::-1]):
                for end in (source, sink):
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    def _deliver(self, source: socket.socket, sink: socket.socket, way: Way, data: memoryview) -> None:
        while data:
            try:
                with self.gates.passing(way) as held:
                    if held and _has_ended(source):
                        # Whoever died while it was cut off has taken along what it had not yet got out.
                        raise ConnectionAbortedError
                    sent = sink.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
                waiting = select.poll()
                waiting.register(sink, select.POLLOUT)
                waiting.poll()
            data = data[sent:]


def _has_ended(end: socket.socket) -> bool:
    """True where the other side sends no more, whatever of it has still not been read."""
    waiting = select.poll()
    waiting.register(end, select.POLLRDHUP)
    return bool(waiting.poll(0))


def _left(client: socket.socket) -> bool:
    """True where the client has gone away while it was held."""
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    client.close()


def _startup(client: socket.socket) -> bytes:
    """The client's start-up message, encryption having been declined; whatever came instead where
    it is not PostgreSQL's."""
    while True:
        head = _exactly(client, 8)
        if len(head) < 8:
            return head
        length, code = struct.unpack("!ii", head)
        if length == 8 and code in (_SSL_REQUEST, _GSS_REQUEST):
            client.sendall(b"N")
        elif 8 <= length <= _LONGEST_STARTUP:
            return head + _exactly(client, length - 8)
        else:
            return head


def _exactly(client: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (more := client.recv(size - len(got))):
        got += more
    return got


def _application(prelude: bytes) -> str:
    """The application_name in a start-up message; "" where there is none."""
    if prelude[4:6] != b"\0\3":  # protocol 3.x
        return ""
    words = prelude[8:].split(b"\0")
    pairs = dict(zip(words[::2], words[1::2], strict=False))
    return pairs.get(b"application_name", b"").decode("utf-8", "replace")
