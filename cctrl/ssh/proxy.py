"""ProxyCommand: a program of the user's that carries the connection."""

from __future__ import annotations

import socket
import subprocess
import tempfile

from cctrl.ssh.failure import CannotReach

_LONGEST = 0.5  # seconds it may take to end once its connection has ended


class Proxy:
    """One ProxyCommand; its tokens are expanded already."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> socket.socket:
        """Start it, as ssh does: through a shell, in a session of its own. The socket it carries."""
        from cctrl.ssh.wire import PlainSocket

        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {self._command}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=self._errors,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                ours.close()
                raise CannotReach(f"cannot start the ProxyCommand: {error}") from None
        return PlainSocket(fileno=ours.detach())

    def failed(self) -> str:
        """Why it ended, in words; empty where it did not end by itself with an error."""
        if self._process is None:
            return ""
        try:
            status = self._process.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            return ""
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"the ProxyCommand ended with status {status}{': ' + said[-1] if said else ''}" if status else ""

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._errors.close()
