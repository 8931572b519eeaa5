"""A service of real servers, and what somebody with hands on its hosts can do behind cctrl's back."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cctrl.config import Server, load
from cctrl.lab import processes
from tests.dataservice.alpha import STREAMING, Alpha
from tests.stage import Completed, wait_for

ORPHAN = "set synchronous_commit = local; insert into t values"


class Hands(Alpha):
    """Everything on the hosts is within reach: data directories, sockets, processes."""

    # ------------------------------------------------------------ files

    def server(self, host: str) -> Server:
        """The server as the lab's configuration has it."""
        return load(self.config, {}).services[0].member(host)

    def data(self, host: str) -> Path:
        """A data directory."""
        return Path(self.server(host).data_dir)

    def kept(self, host: str) -> list[Path]:
        """The logs that were kept aside on a host, oldest first."""
        found = self.data(host).parent.glob(f".cctrl-{self.data(host).name}.kept-*")
        return sorted(found, key=lambda path: path.stat().st_mtime)

    def write(self, host: str, name: str, text: str) -> None:
        """Write a file of a data directory, as its owner would."""
        path = self.data(host) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        for one in (path.parent, path):
            self.own(host, one)

    def own(self, host: str, path: Path) -> None:
        """Give a path to the servers' user."""
        owner = self.data(host).parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

    def program(self, name: str, host: str, *words: object, bin_dir: str = "") -> str:
        """Run a PostgreSQL program as the servers' user; what it prints."""
        owner = self.data(host).parent.stat()
        who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.getuid() == 0 else {}
        argv = [f"{bin_dir or self.server(host).bin_dir}/{name}", *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", env=self.env, **who)  # type: ignore[call-overload]
        assert done.returncode == 0, f"{argv}\n{done.stderr}"
        return str(done.stdout)

    @cached_property
    def env(self) -> dict[str, str]:
        """The environment for programs on the hosts."""
        return {**self.lab.environ, "PGCONNECT_TIMEOUT": "3", "LC_ALL": "C"}

    def control(self, host: str, key: str) -> str:
        """A value of pg_controldata."""
        lines = self.program("pg_controldata", host, "-D", self.data(host)).splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(key))

    # ------------------------------------------------------------ servers

    def socket(self, host: str) -> str:
        """A connection string for the unix socket of a server: it works on a host that is cut off."""
        server = self.server(host)
        return f"host={server.socket_dir} port={server.port} user=postgres dbname=postgres"

    def here(self, host: str, statement: str) -> str:
        """Run a statement on the host itself; it must succeed."""
        done = self.try_here(host, statement)
        assert done.returncode == 0, f"{host}: {statement}\n{done.stderr}"
        return done.stdout.strip()

    def try_here(self, host: str, statement: str) -> Completed:
        """The same, for a statement that may fail."""
        argv = self.psql(self.socket(host), "-c", statement)
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=self.env, timeout=60)

    def pid(self, host: str) -> int:
        """The process of a server; 0 where none runs."""
        return processes.postmaster(str(self.data(host)))

    def streaming(self, master: str, count: int) -> None:
        """Wait until so many receive from the master."""
        self.lab.has(master, STREAMING, str(count))

    def have(self, hosts: Sequence[str], count: int) -> None:
        """Wait until table t has so many rows on each host."""
        for host in hosts:
            wait_for(lambda host=host: self.try_here(host, "select count(*) from t").stdout.strip() == str(count))  # type: ignore[misc]

    def table(self, master: str = "host1", others: Sequence[str] = ("host2", "host3")) -> None:
        """A table t with one row that everybody has."""
        self.here(master, "create table t (i int); insert into t values (0)")
        self.have(others, 1)

    def only_on(self, host: str, others: Sequence[str], rows: Sequence[int]) -> None:
        """Let a master commit rows that no other receives, and crash.

        The others are down meanwhile: of one that is cut off, the master's host would still send what its kernel holds.
        """
        for other in others:
            self.lab.run("stop", other)
        for row in rows:
            self.here(host, f"{ORPHAN} ({row})")
        self.lab.run("kill", host)
        for other in others:
            self.lab.run("start", other)

    def unmark(self, host: str) -> None:
        """What a careless hand does to a fenced server, before it starts it."""
        for name in ("standby.signal", "cctrl.fenced"):
            (self.data(host) / name).unlink(missing_ok=True)

    # ------------------------------------------------------------ cctrl

    def done(self, *commands: str) -> str:
        """Commands that must succeed; all they say."""
        ended = self("--yes", *commands)
        said = ended.stdout + ended.stderr
        assert ended.returncode == 0, f"{commands}: exit {ended.returncode}\n{said}"
        assert "Traceback" not in said
        return said

    def told(self, command: str, status: int, *words: str) -> str:
        """A command that must end so, and say these words."""
        ended = self("--yes", command)
        said = ended.stdout + ended.stderr
        assert ended.returncode == status, f"{command}: exit {ended.returncode}, not {status}\n{said}"
        assert "Traceback" not in said
        assert "internal error" not in said
        for word in words:
            assert word in said, f"{word!r} is not in:\n{said}"
        return said

    def start_plain(self, *words: str) -> subprocess.Popen[str]:
        """Start cctrl in the background, without the lab's own configuration."""
        return self.lab._plain.start(*words)

    @staticmethod
    def joined(process: subprocess.Popen[str], job: str) -> str:
        """Wait until a command with `-v` has told that it found a job on its host; the line."""
        assert process.stderr
        return next(line for line in process.stderr if ": exited 0 " in line and f" {job} " in line)

    @contextmanager
    def hammered(self, host: str) -> Iterator[list[str]]:
        """A client that inserts into a server all the time, by its address and by its socket; what was acknowledged."""
        acknowledged: list[str] = []
        over = threading.Event()

        def insert() -> None:
            while not over.is_set():
                for place in (self.dsns[host], self.socket(host)):
                    argv = self.psql(place, "-c", "insert into t values (-1)")
                    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=self.env, timeout=60)
                    if done.returncode == 0:
                        acknowledged.append(place)

        thread = threading.Thread(target=insert, name="hammer")
        _ = self.dsns
        thread.start()
        try:
            yield acknowledged
        finally:
            over.set()
            thread.join(60)

    def elsewhere(self, host: str, **changed: str) -> str:
        """A copy of the configuration in which a member's keys are others: `--config` of it."""
        lines = self.config.read_text().splitlines()
        header = next(n for n, line in enumerate(lines) if line.startswith("[") and f'members."{host}"' in line)
        end = next((n for n in range(header + 1, len(lines)) if lines[n].startswith("[")), len(lines))
        own = [line for line in lines[header + 1 : end] if line.partition(" ")[0] not in changed]
        lines[header + 1 : end] = [*own, *(f'{key} = "{value}"' for key, value in changed.items())]
        path = self.config.with_name(f"changed-{host}.toml")
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def aside(self, host: str) -> Path:
        """Move a stopped server's data directory aside; where to."""
        to = self.data(host).with_name("data.aside")
        self.data(host).rename(to)
        return to

    def back(self, host: str) -> None:
        """Put it back, in place of what is there now."""
        shutil.rmtree(self.data(host), ignore_errors=True)
        self.data(host).with_name("data.aside").rename(self.data(host))
