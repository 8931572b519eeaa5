"""The HTTP server that answers health checks of HAProxy and others (see `cctrl.manager.answers`).

One thread and a fixed number of connections, each with a deadline: however many ask, and however slowly, the manager
beside it neither waits nor grows. Where there are too many the oldest goes, so that one who opens
connections and says nothing does not keep a health check out.
"""

from __future__ import annotations

import contextlib
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cctrl.manager.answers import Answer, Shown, answer, parse
from cctrl.outcome import ConfigError, in_words

MOST_CONNECTIONS = 256
MOST_BYTES = 8192  # of one request's head
LONGEST = 2.0  # seconds one connection may last, from its beginning to its end
STALE = 15.0  # seconds after which what was seen no longer counts


@dataclass(slots=True)
class _Visitor:
    """One connection."""

    connection: socket.socket
    until: float  # time.monotonic() at which it is closed
    head: bytearray = field(default_factory=bytearray)
    answered: bool = False  # what still comes is read and dropped, so that the answer is not lost with it


class CheckServer:
    """Answers `/primary`, `/replica` and `/status` from what `states()` yields.

    `states` is called for each request in the server's thread and must return at once; its `Shown.at` is compared with
    `clock`. What is older than `stale` seconds is answered with 503.
    """

    def __init__(
        self,
        address: str,
        port: int,
        states: Callable[[], Mapping[str, Shown]],
        *,
        stale: float = STALE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.port = port  # 0: any; `start` puts the true one here
        self._states = states
        self._stale = stale
        self._clock = clock
        self._visitors: dict[int, _Visitor] = {}  # oldest first
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="check", daemon=True)

    def start(self) -> None:
        """Listen, and answer in a thread of its own. Raises ConfigError where the address cannot be had."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        try:
            self._listener = socket.create_server((self.address, self.port), family=family, backlog=128)
        except OSError as error:
            raise ConfigError(
                f"cannot answer health checks on {self.address} port {self.port}: {in_words(error).partition(' (')[0]}",
                next="give a free check_address and check_port, or check_port = 0 for no health checks",
            ) from None
        self.port = int(self._listener.getsockname()[1])
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()

    def close(self) -> None:
        """Answer no more, and close all connections; idempotent."""
        if self._listener is None:
            return
        with contextlib.suppress(OSError):
            self._wake.send(b"x")
        self._thread.join()
        self._listener.close()
        self._listener = None
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def __enter__(self) -> CheckServer:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # ------------------------------------------------------------ the server's thread

    def _serve(self) -> None:
        while True:
            for key, _events in self._selector.select(self._patience()):
                if key.fileobj is self._woken:
                    while self._drop_oldest():
                        pass
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif (visitor := self._visitors.get(key.fd)) is not None:
                    self._hear(visitor)
            self._drop_the_late()

    def _patience(self) -> float | None:
        """Seconds until the oldest connection has lasted too long."""
        oldest = next(iter(self._visitors.values()), None)
        return None if oldest is None else max(0.0, oldest.until - time.monotonic())

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it went away again, or no descriptor is left: then one that is open makes room
            if not self._drop_oldest():
                select.select([self._woken], [], [], 0.1)  # the descriptors are others': no busy loop meanwhile
            return
        connection.setblocking(False)
        if len(self._visitors) >= MOST_CONNECTIONS:
            self._drop_oldest()
        self._visitors[connection.fileno()] = _Visitor(connection, time.monotonic() + LONGEST)
        self._selector.register(connection, selectors.EVENT_READ)

    def _hear(self, visitor: _Visitor) -> None:
        try:
            heard = visitor.connection.recv(MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._drop(visitor)
        elif not visitor.answered:
            visitor.head += heard
            self._reply(visitor)

    def _reply(self, visitor: _Visitor) -> None:
        """Answer, once the request is whole or longer than any that makes sense."""
        head, blank = _head(bytes(visitor.head))
        if not blank and len(visitor.head) <= MOST_BYTES:
            return
        request = parse(head)
        reply = self._answer(head) if blank else Answer(431, f"more than {MOST_BYTES} bytes of headers")
        visitor.answered = True
        try:
            # far less than a new connection's buffer holds: what cannot be sent at once has no reader
            visitor.connection.send(reply.encoded(body=request is None or request.method != "HEAD"))
            visitor.connection.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(visitor)

    def _answer(self, head: bytes) -> Answer:
        try:
            return answer(parse(head), self._states(), self._clock(), self._stale)
        except Exception as defect:  # a defect in what yields the states must not end the thread that answers
            return Answer(503, f"the states of the members cannot be had: {defect}")

    def _drop_the_late(self) -> None:
        now = time.monotonic()
        for visitor in list(self._visitors.values()):
            if visitor.until > now:
                break
            self._drop(visitor)

    def _drop_oldest(self) -> bool:
        oldest = next(iter(self._visitors.values()), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def _drop(self, visitor: _Visitor) -> None:
        del self._visitors[visitor.connection.fileno()]
        self._selector.unregister(visitor.connection)
        visitor.connection.close()


def _head(heard: bytes) -> tuple[bytes, bool]:
    """What was heard up to the blank line, and whether there is one."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        if blank in heard:
            return heard.partition(blank)[0], True
    return heard, False
