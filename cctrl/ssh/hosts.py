"""The hosts as the rest of cctrl sees them: commands on them, side by side, each with a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from cctrl import threads
from cctrl.config import Host
from cctrl.outcome import Interrupted
from cctrl.ssh.auth import AskSecret, Keyring
from cctrl.ssh.connection import Attempt, Connection
from cctrl.ssh.connector import Connector
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.process import Call, RemoteProcess, Session, Sinks
from cctrl.ssh.quoting import command_line
from cctrl.ssh.result import CommandResult, Ended
from cctrl.ssh.slots import CHANNELS

if TYPE_CHECKING:
    from paramiko.channel import Channel

    from cctrl.ssh.wire import Wire

Item = TypeVar("Item")
Value = TypeVar("Value")

_INLINE = 32 << 10  # bytes of stdin that fit the channel's window: no thread needed to feed them
_GRACE = 1.0  # seconds the host waits longer than we do before it ends a command


@dataclass(frozen=True, slots=True)
class CommandEvent:
    """A remote command starts (`result` is None) or has ended. Never holds what it reads on stdin."""

    host: str
    argv: tuple[str, ...]
    result: CommandResult | None = None


class Hosts:
    """Warm connections to hosts and the commands on them. Every method may be called from any thread.

    `timeout`: seconds one host may take to answer; `dial`: seconds of these that it may take to accept a connection
    (all of them where 0). `on_command` is told of each command's start and end. `ask_secret` is asked for the
    passphrase of an encrypted key (prompt -> secret, None where nobody can be asked), once for each key.
    """

    def __init__(
        self,
        *,
        timeout: float = 5.0,
        dial: float = 0.0,
        on_command: Callable[[CommandEvent], None] | None = None,
        ask_secret: AskSecret | None = None,
    ) -> None:
        self.timeout = timeout
        self._tell = on_command or (lambda event: None)
        self._keyring = Keyring(ask_secret)
        self.connector = Connector(self._keyring, self._connection, dial or timeout)
        self._connections: dict[tuple[Host, tuple[str, ...] | None], Connection] = {}
        self._lock = Lock()

    def warm(self, hosts: Iterable[Host]) -> None:
        """Begin to connect to `hosts` in the background; returns at once."""
        wanted = list(hosts)

        def begin() -> None:
            for host in wanted:
                try:
                    self._connection(host).warm()
                except CannotReach:
                    return  # closed meanwhile

        Thread(target=begin, name="ssh warm", daemon=True).start()

    def fresh(self) -> None:
        """Forget earlier failures to connect: to be called at the start of each typed command."""
        self._keyring.forget_refusals()
        for connection in self._all():
            connection.fresh()

    def retry(self, host: Host) -> None:
        """Forget an earlier failure to connect to `host`."""
        self._connection(host).fresh()

    def run(
        self,
        host: Host,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
        become: bool = True,
    ) -> CommandResult:
        """Run `argv` on `host` and wait for its end, at most `timeout` seconds (`self.timeout` where None).

        Never raises for what the host can cause: see `CommandResult.ended`. A command that outlives its
        time is ended by the host too. `on_line` is called with each line of stdout and stderr as it
        comes, in another thread. `become=False` runs as the SSH user even where `host.become` is set.
        Raises UsageError for an argument that cannot be passed, Interrupted after Ctrl-C.
        """
        return self._run(host, argv, stdin, timeout, Sinks(line=on_line), become)

    def stream(
        self, host: Host, argv: Sequence[str], *, on_chunk: Callable[[bytes], None], timeout: float, become: bool = True
    ) -> CommandResult:
        """As `run`, with the bytes of stdout handed to `on_chunk` as they come, and not kept."""
        return self._run(host, argv, b"", timeout, Sinks(chunk=on_chunk), become)

    def open(self, host: Host, argv: Sequence[str], *, become: bool = True) -> RemoteProcess:
        """Start `argv` on `host` and leave it running, until it ends or is closed or we are gone.

        Where it cannot be started within `self.timeout` seconds, the process returned has ended already.
        Raises UsageError and Interrupted as `run`.
        """
        words = tuple(argv)
        line = command_line(words, become=host.become if become else None)
        lines: list[str] = []

        def start() -> RemoteProcess:
            self._tell(CommandEvent(host.name, words))  # a terminal that stands still (Ctrl-S) costs the host no time
            call = Call(host.name, words, self.timeout)
            connection = self._connection(host)

            def ended(result: CommandResult) -> None:
                connection.slots.give_back()
                self._tell(CommandEvent(host.name, words, result))

            try:
                session = self._session(connection, line, Sinks(line=lines.append), call.deadline)
            except CannotReach as failure:
                failed = _unreachable(call, failure)
                self._tell(CommandEvent(host.name, words, failed))
                return RemoteProcess(call, failed, lines, ended)
            return RemoteProcess(call, session, lines, ended)

        return threads.interruptibly(start)

    def fan_out(self, items: Iterable[Item], work: Callable[[Item], Value]) -> list[Value]:
        """`work(item)` for all items side by side; results in order, the first exception when all ended."""
        return threads.fan_out(list(items), work)

    def close(self) -> None:
        """Close all connections; idempotent."""
        for connection in self._all():
            connection.close()

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(
        self, host: Host, argv: Sequence[str], stdin: bytes, timeout: float | None, sinks: Sinks, become: bool
    ) -> CommandResult:
        words = tuple(argv)
        limit = self.timeout if timeout is None else timeout
        line = command_line(words, become=host.become if become else None, limit=limit + _GRACE)

        def work() -> CommandResult:
            self._tell(CommandEvent(host.name, words))
            call = Call(host.name, words, limit)
            connection = self._connection(host)
            try:
                session = self._session(connection, line, sinks, call.deadline)
            except CannotReach as failure:
                result = _unreachable(call, failure)
            else:
                result = self._to_its_end(connection, session, call, stdin)
            self._tell(CommandEvent(host.name, words, result))
            return result

        return threads.interruptibly(work)

    def _to_its_end(self, connection: Connection, session: Session, call: Call, stdin: bytes) -> CommandResult:
        in_time = False
        feeder = _feed(session, stdin, call.deadline)
        try:
            in_time = session.wait(call.deadline)
        finally:
            if not in_time and feeder is not None and feeder.is_alive():
                connection.drop(session.wire)  # it is stuck in the socket: nothing else gets through either
            session.finish()
            connection.slots.give_back()
        result = session.result(call, in_time=in_time, limit=call.limit)
        if result.ended is Ended.UNREACHABLE and not in_time:
            connection.drop(session.wire, CannotReach(result.reason))
        return result

    def _session(self, connection: Connection, line: str, sinks: Sinks, deadline: Deadline) -> Session:
        """A session with a slot of its own. Raises CannotReach; then there is no slot to give back."""
        if threads.cancelled().is_set():
            raise Interrupted("interrupted")
        if not connection.slots.take(deadline):
            raise CannotReach(f"all {CHANNELS} channels to it are in use")
        try:
            return self._start(connection, line, sinks, deadline)
        except BaseException:  # whatever it was, Ctrl-C too: a slot that is not given back is lost for good
            connection.slots.give_back()
            raise

    def _start(self, connection: Connection, line: str, sinks: Sinks, deadline: Deadline) -> Session:
        from cctrl.ssh.wire import TROUBLE

        for second in (False, True):
            wire = connection.wire(deadline)
            limit = deadline.within(self.timeout)
            try:
                channel = self._channel(connection, wire, limit)
                return Session(wire, channel, line, sinks, threads.cancelled())
            except TROUBLE as error:
                silent = wire.is_active() and limit.passed
                failure = CannotReach(
                    f"no answer within {self.timeout:g} s (opening a channel)"
                    if silent
                    else f"connection lost: {error}"
                )
                connection.drop(wire, failure if silent or second else None)
                if silent or second:
                    raise failure from None
        raise AssertionError("not reached")

    def _channel(self, connection: Connection, wire: Wire, deadline: Deadline) -> Channel:
        """A channel, waiting for one of ours to end where the host allows no more at once."""
        from cctrl.ssh.wire import paramiko

        for times in count(1):
            try:
                channel = wire.open_channel("session", timeout=max(0.01, deadline.left()))
            except paramiko.SSHException as error:
                # Where several are refused at once paramiko hands the ChannelException to one of them only.
                if not wire.is_active() or deadline.passed:
                    raise
                if not connection.slots.refused(times, deadline):
                    raise CannotReach(f"the host opens no session: {error}") from None
            else:
                connection.slots.opened()
                return channel
        raise AssertionError("not reached")

    def _connection(self, host: Host, via: tuple[str, ...] | None = None) -> Connection:
        key = (replace(host, become=None), via)
        with self._lock:
            if key not in self._connections:

                def connect(attempt: Attempt) -> Wire:
                    return self.connector.connect(host, via, attempt)

                self._connections[key] = Connection(host, connect, self._keyring, self.timeout)
            return self._connections[key]

    def _all(self) -> list[Connection]:
        with self._lock:
            return list(self._connections.values())


def _feed(session: Session, stdin: bytes, deadline: Deadline) -> Thread | None:
    """Send the command its input; the thread that does so, where there is too much of it to wait."""

    def feed() -> None:
        if not stdin or session.send(stdin, deadline):
            session.close_stdin()

    if len(stdin) <= _INLINE:
        feed()
        return None
    # Output must be drained meanwhile, or both sides wait for each other.
    thread = Thread(target=feed, name="ssh stdin", daemon=True)
    thread.start()
    return thread


def _unreachable(call: Call, failure: CannotReach) -> CommandResult:
    return call.result(Ended.UNREACHABLE, reason=failure.reason, next=failure.next)
