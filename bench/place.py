"""Where the figures are measured: labs on this machine, sessions on them, all taken away at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Timer
from time import perf_counter

from cctrl.config import Config, load
from cctrl.dataservice.service import Dataservice
from cctrl.lab import layout, netns
from cctrl.lab.place import bin_dir
from cctrl.outcome import Outcome
from cctrl.segments.service import Cluster
from cctrl.shell.console import Script
from cctrl.shell.session import Session
from cctrl.shell.talk import Manner
from cctrl.ssh import Hosts


def milliseconds(work: Callable[[], object]) -> float:
    """How long `work()` takes."""
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1000


class Shell:
    """A session without a terminal, its connections kept open."""

    def __init__(self, config: Config, state_dir: Path | None = None) -> None:
        self.config = replace(config, state_dir=state_dir) if state_dir else config
        self.said: list[str] = []
        console = Script(self.said.append, self.said.append)
        self.session = Session(self.config, console, manner=Manner(expert=True, yes=True))

    @property
    def dataservice(self) -> Dataservice:
        """The open service."""
        handle = self.session.handle()
        assert isinstance(handle, Dataservice)
        return handle

    @property
    def hosts(self) -> Hosts:
        """The connections of the open service."""
        handle = self.session.handle()
        assert isinstance(handle, Dataservice | Cluster)
        return handle.hosts

    def __call__(self, line: str, *, done: bool = True) -> float:
        """Run a command; how many milliseconds it took. RuntimeError where it was to be done, and was not."""
        self.said.clear()
        began = perf_counter()
        outcome = self.session.execute(line)
        took = (perf_counter() - began) * 1000
        if done and outcome is not Outcome.DONE:
            raise RuntimeError(f"{line}: {outcome.name}\n" + "\n".join(self.said))
        return took

    def close(self) -> None:
        """Close its connections."""
        self.session.close()


class Place:
    """A home of its own and the labs of one run of the bench."""

    def __init__(self, postgresql: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cctrl-bench-"))
        self.directory.chmod(0o755)  # the servers' user must get in
        self.postgresql = postgresql
        self.home = self.directory / "home"
        self.home.mkdir(mode=0o700)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        os.environ.update(self.environ)
        os.environ.pop("SSH_AUTH_SOCK", None)
        self._labs: dict[str, Lab] = {}
        self._shells: list[Shell] = []

    @property
    def likeness(self) -> list[str]:
        """The options for labs whose hosts are as like real ones as this machine allows: no relay between."""
        like = ["--postgresql", self.postgresql] if self.postgresql else []
        if not netns.why_not():
            return [*like, "--netns"]
        return [*like, "--sshd"] if shutil.which("sshd") else like

    @property
    def bin_dir(self) -> Path:
        """PostgreSQL's programs."""
        return bin_dir(self.postgresql)

    @property
    def cctrl(self) -> list[str]:
        """The program as people start it."""
        script = Path(sys.executable).with_name("cctrl")
        return [str(script)] if script.exists() else [sys.executable, "-m", "cctrl"]

    def run(self, argv: Sequence[str], **more: str) -> str:
        """Run a program in this place's environment; what it printed. RuntimeError where it failed."""
        done = subprocess.run(
            argv, capture_output=True, text=True, env={**self.environ, **more}, cwd=self.home, check=False, timeout=600
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def lab(self, name: str = "bench", *options: str, kind: str = "dataservice", manager: bool = False) -> Lab:
        """The lab of that name, made (with `options`) where it is not there yet."""
        if name not in self._labs:
            full = f"{name}{os.getpid()}"
            directory = self.directory / name
            words = ["up", kind, "--name", full, "--dir", str(directory), *self.likeness, *options]
            words += [] if manager else ["--no-manager"]
            self.run([*self.cctrl, "lab", *words])
            self._labs[name] = Lab(self, full, directory)
        return self._labs[name]

    def shell(self, config: Config, state_dir: Path | None = None) -> Shell:
        """A session that is closed at the end."""
        shell = Shell(config, state_dir)
        self._shells.append(shell)
        return shell

    def close(self) -> None:
        """Take everything away."""
        for shell in self._shells:
            shell.close()
        for lab in self._labs.values():
            lab.down()
        shutil.rmtree(self.directory, ignore_errors=True)


class Lab:
    """One lab, of three hosts where nothing else is said."""

    def __init__(self, place: Place, name: str, directory: Path) -> None:
        self.place = place
        self.name = name
        self.directory = directory
        self.config = load(directory / "cctrl.toml")
        self.service = self.config.services[0]
        self.handle = layout.Lab(name, directory)
        self.plan = layout.read_plan(self.handle)

    def do(self, *words: str) -> str:
        """`cctrl lab WORDS…` on this lab."""
        return self.place.run([*self.place.cctrl, "lab", *words, "--name", self.name])

    def sql(self, host: str, *statements: str, database: str = "") -> str:
        """Run statements as superuser through the server's socket; what they print."""
        commands = [word for statement in statements for word in ("-c", statement)]
        return self.place.run([*self._psql(host, database), *commands]).strip()

    def until(self, host: str, query: str, wanted: str, seconds: float = 300.0) -> None:
        """Wait until a query has that answer. It is asked each 20 ms on one connection: a psql for each time takes most
        of a core, which what is measured needs. RuntimeError where the time is over, or the server ended."""
        with subprocess.Popen(
            self._psql(host), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.place.environ
        ) as psql:
            assert psql.stdin is not None and psql.stdout is not None
            over = Timer(seconds, psql.kill)
            over.start()
            try:
                psql.stdin.write(f"{query} \\watch 0.02\n")
                psql.stdin.flush()
                if not any(line.strip() == wanted for line in psql.stdout):
                    raise RuntimeError(f"{host}: not {wanted} in {seconds:g} s: {query}")
            finally:
                over.cancel()
                psql.kill()

    def _psql(self, host: str, database: str = "") -> list[str]:
        server = self.service.member(host)
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.socket_dir, "-p", str(server.port)]
        return [f"{server.bin_dir}/psql", *options, "-U", server.user, "-d", database or server.database]

    @property
    def password(self) -> str:
        """The database superuser's."""
        return (self.directory / "superuser").read_text()

    def as_real_servers(self) -> None:
        """Undo what makes a lab quick but no real server is: with fsync."""
        for member in self.service.members:
            with Path(member.config_file).open("a", encoding="utf-8") as file:
                file.write("fsync = on\n")
            self.sql(member.name, "select pg_reload_conf()")

    def down(self) -> None:
        """Take it away."""
        self.do("down")
