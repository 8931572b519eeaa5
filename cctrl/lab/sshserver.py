"""The built-in SSH server of a lab's host (paramiko's): public key only, commands without a terminal.

It does as OpenSSH does: every command runs in a session of its own through `/bin/sh -c`; its stdin ends at
once when the channel or the connection does; the command itself is not killed then.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from paramiko import Channel, Message, PKey, ServerInterface, Transport
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    MSG_CHANNEL_REQUEST,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
    cMSG_CHANNEL_REQUEST,
)

from cctrl.lab.children import Child, Children, environment, in_host
from cctrl.lab.layout import HostPlan, RunAs

_MOST_SESSIONS = 10  # on one connection, as OpenSSH's MaxSessions
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class SshHost:
    """What one host's SSH server needs to know."""

    plan: HostPlan
    user: RunAs
    login: str  # the user name that may log in
    host_key: PKey
    client_key: PKey
    children: Children
    marks: dict[str, str]  # environment of every command

    def serve(self, listener: socket.socket) -> None:
        """Accept connections from now on."""
        threading.Thread(target=self._accept, args=(listener,), name=f"ssh {self.plan.name}", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._greet, args=(connection,), daemon=True).start()

    def _greet(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = _ServerTransport(connection)
        transport.daemon = True
        transport.add_server_key(self.host_key)
        transport.connection = _Connection(self)
        with suppress(EOFError, OSError):
            # with an event it returns at once; the negotiation goes on in the transport's own thread
            transport.start_server(event=threading.Event(), server=transport.connection)

    def start(self, command: bytes) -> Child:
        """Run one command on this host. Raises OSError."""
        argv, options = in_host(self.user, self.plan, ["/bin/sh", "-c", command.decode("utf-8", "surrogateescape")])
        pipe = subprocess.PIPE
        env = environment(self.user, self.plan, self.marks)
        return self.children.start(
            argv, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, cwd=self.plan.home, env=env, **options
        )


@dataclass(slots=True)
class _Session:
    """One channel, and the command that was asked for on it."""

    channel: Channel
    host: SshHost
    command: bytes | None = None
    child: Child | None = None
    begun: bool = False

    def begin(self) -> None:
        """Run the command, if there is one now, and carry its data."""
        if self.begun or self.command is None:
            return
        self.begun = True
        threading.Thread(target=self._run, name=f"exec {self.host.plan.name}", daemon=True).start()

    def deliver(self, name: str) -> None:
        """Pass on a signal that the client sent."""
        number = getattr(signal, f"SIG{name}", None)
        if self.child and number and self.child.wait(0) is None:
            with suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)

    def _run(self) -> None:
        assert self.command is not None
        try:
            self.child = child = self.host.start(self.command)
        except OSError as error:
            self._finish(f"cannot run a command on {self.host.plan.name}: {error.strerror}\n", 255)
            return
        popen = child.popen
        assert popen.stdin and popen.stdout and popen.stderr
        outputs = [
            threading.Thread(target=_carry, args=(popen.stdout, self.channel.sendall), daemon=True),
            threading.Thread(target=_carry, args=(popen.stderr, self.channel.sendall_stderr), daemon=True),
        ]
        for thread in (*outputs, threading.Thread(target=_feed, args=(self.channel, popen.stdin), daemon=True)):
            thread.start()
        status = child.wait()
        assert status is not None
        self._tell(status)
        for thread in outputs:  # as with OpenSSH, whoever still holds the output keeps the channel open
            thread.join()
        self._close()

    def _finish(self, message: str, status: int) -> None:
        with suppress(EOFError, OSError):
            self.channel.sendall_stderr(message.encode())
        self._tell(status)
        self._close()

    def _close(self) -> None:
        with suppress(EOFError, OSError):
            self.channel.close()

    def _tell(self, status: int) -> None:
        with suppress(EOFError, OSError):
            if status >= 0:
                self.channel.send_exit_status(status)
            else:
                self._tell_signal(-status)

    def _tell_signal(self, number: int) -> None:
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self.channel.remote_chanid)
        message.add_string("exit-signal")
        message.add_boolean(False)
        message.add_string(signal.Signals(number).name.removeprefix("SIG"))
        message.add_boolean(False)  # no core dump
        message.add_string("")
        message.add_string("")
        self.channel.get_transport()._send_user_message(message)  # type: ignore[attr-defined]


def _carry(source: IO[bytes], send: Any) -> None:
    """Send what the command writes; where the client is gone, let the command see a closed pipe."""
    with source, suppress(EOFError, OSError):
        while data := source.read(_CHUNK):
            send(data)


def _feed(channel: Channel, sink: IO[bytes]) -> None:
    """Give the command what the client sends; its stdin ends with the channel or the connection."""
    with suppress(OSError), sink:
        while data := channel.recv(_CHUNK):
            view = memoryview(data)
            while view:
                view = view[sink.write(view) :]


@dataclass
class _Connection(ServerInterface):
    """What one client may do."""

    host: SshHost
    sessions: dict[int, _Session] = field(default_factory=dict)  # open channels; paramiko holds them weakly

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        known = username == self.host.login and key.asbytes() == self.host.client_key.asbytes()
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        allowed = kind == "session" and len(self.sessions) < _MOST_SESSIONS
        return OPEN_SUCCEEDED if allowed else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: Channel, command: bytes) -> bool:
        session = self.sessions[channel.chanid]
        if session.command is not None:
            return False
        session.command = command
        return True

    def check_channel_shell_request(self, channel: Channel) -> bool:
        return self.check_channel_exec_request(channel, b"exec /bin/sh")


class _ServerTransport(Transport):
    """paramiko's, serving channels by their requests instead of by a queue.

    A command is started only after its request has been answered: output that came before the answer would
    confuse the client. And paramiko itself knows no `signal` requests.
    """

    connection: _Connection

    def _queue_incoming_channel(self, channel: Channel) -> None:
        self.connection.sessions[channel.chanid] = _Session(channel, self.connection.host)

    def _unlink_channel(self, chanid: int) -> None:
        super()._unlink_channel(chanid)  # type: ignore[misc]
        self.connection.sessions.pop(chanid, None)


def _request(channel: Any, message: Message) -> None:
    session = channel.transport.connection.sessions[channel.chanid]
    here = message.packet.tell()
    if message.get_text() == "signal":
        message.get_boolean()
        session.deliver(message.get_text())
    else:
        message.packet.seek(here)
        channel._handle_request(message)
        session.begin()


# paramiko's table of handlers by message type, with ours for channel requests. Its stubs leave out what is not public,
# hence the ignored types here and above; there is no public way to send an exit signal or to see a channel's end.
_ServerTransport._channel_handler_table = {  # type: ignore[attr-defined]
    **Transport._channel_handler_table,  # type: ignore[attr-defined]
    MSG_CHANNEL_REQUEST: _request,
}
