"""Sessions that are left open: transactions that a server takes with it when it dies."""

from __future__ import annotations

import subprocess

from bench.place import Lab


class Open:
    """A psql that has been given statements, the last of which prints a line."""

    def __init__(self, lab: Lab, name: str, statements: str) -> None:
        server = lab.service.member(name)
        where = ["-h", server.socket_dir, "-p", str(server.port), "-U", server.user, "-d", server.database]
        self._client = subprocess.Popen(
            [f"{server.bin_dir}/psql", "-XAtq", *where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=lab.place.environ, cwd=lab.place.home, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._client.stdin
        self._client.stdin.write(statements)
        self._client.stdin.flush()

    def done(self) -> None:
        """Wait until the last statement has printed its line."""
        assert self._client.stdout
        self._client.stdout.readline()

    def close(self) -> None:
        """End it: its server is dead."""
        self._client.communicate()
