"""One command on one channel: its output drained, its lines told, its end told apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from cctrl import threads
from cctrl.outcome import Interrupted
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.result import CommandResult, Ended

if TYPE_CHECKING:
    from paramiko.channel import Channel

    from cctrl.ssh.wire import Ending, Wire

_SLICE = 0.2  # seconds between looks at Ctrl-C
_EVERYTHING = 4 << 20  # paramiko's buffer is cheap to empty, dear to take pieces of
_LEFT_OPEN = 2.0  # seconds of silence after the exit status until output held open is given up
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Lines:
    """Cuts bytes into lines; a carriage return ends one too, as progress displays use it."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        held = b""
        data = self._rest + data
        if data.endswith(b"\r"):  # perhaps the first half of \r\n
            data, held = data[:-1], b"\r"
        *whole, rest = _LINE_END.split(data)
        self._rest = rest + held
        return [_decode(line) for line in whole]

    def end(self) -> list[str]:
        """What is left without a line end."""
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        return [_decode(rest)] if rest else []


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it was asked for: where, what, and for how long it is waited."""

    host: str  # the name in the configuration
    argv: tuple[str, ...]
    limit: float  # seconds
    started: float = field(default_factory=monotonic)

    @property
    def deadline(self) -> Deadline:
        """Until when it is waited for."""
        return Deadline(self.started + self.limit)

    def result(self, ended: Ended, **more: Any) -> CommandResult:
        """How it ended, with the time it took until now."""
        return CommandResult(self.host, self.argv, ended, duration=monotonic() - self.started, **more)


@dataclass(slots=True)
class Sinks:
    """Who is told of output as it comes; called in the thread that drains it."""

    line: Callable[[str], None] | None = None  # lines of both streams
    chunk: Callable[[bytes], None] | None = None  # raw stdout; it is then not kept


@dataclass(slots=True)
class _Stream:
    kept: list[bytes] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)

    @property
    def text(self) -> str:
        return _decode(b"".join(self.kept))


class Session:
    """A command that was asked for on an open channel."""

    def __init__(self, wire: Wire, channel: Channel, command: str, sinks: Sinks, cancelled: Event) -> None:
        from cctrl.ssh.wire import Ending

        self.wire = wire
        self.channel = channel
        self._sinks = sinks
        self._cancelled = cancelled
        self._ending: Ending = Ending()
        self._out = _Stream()
        self._err = _Stream()
        self._status_seen: float | None = None
        wire.endings[channel.chanid] = self._ending
        channel.in_buffer.set_event(self._ending.wake)
        channel.in_stderr_buffer.set_event(self._ending.wake)
        wire.request_exec(channel, command)

    def send(self, data: bytes, deadline: Deadline) -> bool:
        """Send to the command's stdin; False where it does not take it (any more)."""
        from cctrl.ssh.wire import TROUBLE

        view = memoryview(data)
        try:
            while view:
                self.channel.settimeout(max(0.01, deadline.left()))
                sent = self.channel.send(bytes(view[:32768]))
                if sent == 0:
                    return False
                view = view[sent:]
        except TROUBLE:  # the channel closed, or the window stayed shut
            return False
        return True

    def close_stdin(self) -> None:
        """No more input."""
        from cctrl.ssh.wire import TROUBLE

        with suppress(*TROUBLE):
            self.channel.shutdown_write()

    def drain(self) -> bool:
        """Take the output that is there; True if there was any."""
        found = False
        channel = self.channel
        self._ending.wake.rearm()
        while channel.recv_ready():
            found = True
            self._took(self._out, self._received(channel.recv), self._sinks.chunk)
        while channel.recv_stderr_ready():
            found = True
            self._took(self._err, self._received(channel.recv_stderr), None)
        return found

    def _received(self, take: Callable[[int], bytes]) -> bytes:
        from cctrl.ssh.wire import TROUBLE

        try:
            return take(_EVERYTHING)
        except TROUBLE:  # taking bytes also tells the host that there is room again
            self.wire.close()
            return b""

    def _took(self, stream: _Stream, data: bytes, chunk: Callable[[bytes], None] | None) -> None:
        if chunk is not None:
            chunk(data)
        else:
            stream.kept.append(data)
        if self._sinks.line is not None:
            for line in stream.lines.feed(data):
                self._sinks.line(line)

    @property
    def ended(self) -> bool:
        """True where no more can come: the end is known and the output is complete, or the channel is gone."""
        if self.channel.closed:
            return True
        if not self.channel.status_event.is_set():
            return False
        if self.channel.eof_received:
            return True
        # The command ended but a process it left behind holds its output open: wait a little, not for ever.
        now = monotonic()
        self._status_seen = self._status_seen or now
        return now - self._status_seen > _LEFT_OPEN

    def wait(self, deadline: Deadline, until: Callable[[], bool] | None = None) -> bool:
        """Drain until the command ended (or `until` holds); False where the deadline came first.

        Raises Interrupted where the user pressed Ctrl-C meanwhile.
        """
        while True:
            if self.drain():
                self._status_seen = None
            if until is not None and until():
                return True
            if self.ended:
                self.drain()
                return True
            if self._cancelled.is_set():
                raise Interrupted("interrupted")
            if deadline.passed:
                return False
            self._ending.wake.wait(min(_SLICE, deadline.left()))

    def finish(self) -> None:
        """Close the channel and tell the last, unended lines."""
        from cctrl.ssh.wire import TROUBLE

        self.wire.endings.pop(self.channel.chanid, None)
        with suppress(*TROUBLE):
            self.channel.close()
        if self._sinks.line is not None:
            for line in self._out.lines.end() + self._err.lines.end():
                self._sinks.line(line)

    @property
    def acknowledged(self) -> bool:
        """True where the host said that it runs the command."""
        return self.channel.event_ready

    def result(self, call: Call, *, in_time: bool, limit: float) -> CommandResult:
        """How `call` ended, judged by what has been seen; `limit`: seconds it was waited for."""
        output = {"stdout": self._out.text, "stderr": self._err.text}
        if self._ending.signal:
            return call.result(Ended.SIGNALLED, signal=self._ending.signal, **output)
        if self.channel.status_event.is_set() and self.channel.exit_status >= 0:
            return call.result(Ended.EXITED, status=self.channel.exit_status, **output)
        if in_time and self.wire.is_active():
            what = "closed without an exit status" if self.acknowledged else "refused: no commands for this user?"
            return call.result(Ended.UNREACHABLE, reason=f"the command was {what}", **output)
        if in_time:
            reason = "the connection was lost; whether the command ended is not known"
            return call.result(Ended.UNREACHABLE, reason=reason, **output)
        if not self.acknowledged:
            reason = f"no answer within {limit:g} s (asking to run the command)"
            return call.result(Ended.UNREACHABLE, reason=reason, **output)
        return call.result(Ended.TIMED_OUT, reason=f"not finished within {limit:g} s", **output)


class RemoteProcess:
    """A live command: write to it, read its lines, wait for its end. One thread at a time.

    Where the host could not be reached it is born ended (`session` is its result), and `wait` says why.
    """

    def __init__(
        self,
        call: Call,
        session: Session | CommandResult,
        lines: list[str],
        on_end: Callable[[CommandResult], None],
    ) -> None:
        self._call = call
        self._session = session if isinstance(session, Session) else None
        self._result = session if isinstance(session, CommandResult) else None
        self._lines = lines
        self._on_end = on_end

    @property
    def result(self) -> CommandResult | None:
        """How it ended; None while it runs, as far as is known."""
        return self._result

    @property
    def running(self) -> bool:
        """False once the end has been seen or the connection is gone; does not wait."""
        return self._result is None and self._session is not None and not self._session.channel.closed

    def send(self, data: bytes) -> bool:
        """Write to its stdin; False where it does not take it any more."""
        session = self._session
        if self._result is not None or session is None:
            return False
        return threads.interruptibly(lambda: session.send(data, self._deadline(None)))

    def close_stdin(self) -> None:
        """Let it read the end of its input."""
        if self._session is not None:
            self._session.close_stdin()

    def readline(self, timeout: float | None = None) -> str | None:
        """The next line of stdout or stderr without its end; None where none came in time or none will come."""
        if not self._lines and self._session is not None and self._result is None:
            ended = self._session.wait(self._deadline(timeout), lambda: bool(self._lines)) and not self._lines
            if ended:
                self._end(in_time=True)
        return self._lines.pop(0) if self._lines else None

    def wait(self, timeout: float | None = None) -> CommandResult:
        """Its end. Where that does not come within `timeout` seconds it is given up: TIMED_OUT."""
        if self._result is None and self._session is not None:
            self._end(in_time=self._session.wait(self._deadline(timeout)), limit=timeout)
        assert self._result is not None
        return self._result

    def close(self) -> CommandResult:
        """Give it up if it still runs (it reads the end of its input); idempotent."""
        if self._result is None:
            self._end(in_time=self._session is not None and self._session.ended)
        assert self._result is not None
        return self._result

    def _deadline(self, timeout: float | None) -> Deadline:
        return Deadline.after(self._call.limit if timeout is None else timeout)

    def _end(self, *, in_time: bool, limit: float | None = None) -> None:
        assert self._session is not None
        limit = self._call.limit if limit is None else limit
        self._session.finish()
        self._result = self._session.result(self._call, in_time=in_time, limit=limit)
        self._on_end(self._result)
