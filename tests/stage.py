"""The real program as a subprocess, and labs to run it on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

from cctrl.lab import dsn, processes
from cctrl.lab.layout import Lab as Place
from tests.forks import Forked

_NUMBERS = count(1)
_PATIENCE = 60.0  # seconds that a busy machine gets for anything: deadlines end what hangs, and prove nothing
_MEMORY = Path("/dev/shm")
_ROOM = 6 << 30  # bytes: what labs of some tests at once take, amply
Completed = subprocess.CompletedProcess[str]


def in_memory() -> str:
    """Where temporary files need no disk; "" where there is no such place, or where memory is short. A lab is made
    there in half the time: it consists of a few thousand files."""
    try:
        place = os.statvfs(_MEMORY)
        told = Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()
    except OSError:
        return ""
    usable = not place.f_flag & os.ST_NOEXEC and os.access(_MEMORY, os.W_OK)
    room = min(place.f_bavail * place.f_frsize, int(told[0]) << 10 if told else 0)
    return str(_MEMORY) if usable and room >= _ROOM else ""


def isolated(home: Path) -> dict[str, str]:
    """An environment with its own home and nothing of the user's but where programs are found."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "CI") or k.startswith(("PYTEST", "COV"))}
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PATH": f"{kept.get('PATH', os.defpath)}:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
    }


def wait_for(condition: Callable[[], bool], seconds: float = 20.0, what: str = "", step: float = 0.02) -> None:
    """Look until `condition` holds; AssertionError with `what` where it does not within `seconds`, or longer on a busy
    machine. `step`: seconds from one look to the next."""
    seconds = max(seconds, _PATIENCE)
    assert processes.wait_until(condition, seconds, step=step), f"not within {seconds:g} s: {what or condition}"


class Cctrl:
    """Runs cctrl with an environment and some options before those of the call; in a fork, see `tests.forks`."""

    def __init__(self, environ: Mapping[str, str], options: Sequence[str] = ()) -> None:
        self.environ = dict(environ)
        self.options = tuple(options)

    def argv(self, *words: object) -> list[str]:
        """The command line, for a caller that starts it in another way (a terminal, the background)."""
        return [sys.executable, "-m", "cctrl", *self.options, *map(str, words)]

    def __call__(
        self, *words: object, input: str = "", timeout: float = 120.0, environ: Mapping[str, str] | None = None
    ) -> Completed:
        """Run it to its end. Its status is not checked; `input` is its standard input, no terminal."""
        pipe = subprocess.PIPE
        with Forked(
            [*self.options, *map(str, words)],
            {**self.environ, **(environ or {})},
            self.environ["HOME"],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        ) as process:
            try:
                out, err = process.communicate(input, timeout)
            except BaseException:
                process.kill()
                raise
        return Completed(self.argv(*words), process.wait(), out, err)

    def start(self, *words: object, stderr: int | None = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start it in the background, without input."""
        given = [*self.options, *map(str, words)]
        return Forked(
            given, self.environ, self.environ["HOME"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr
        )


class Lab:
    """A running lab, used as a person would: through cctrl."""

    def __init__(self, name: str, directory: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.directory = directory
        self.environ = dict(environ)
        self.cctrl = Cctrl(environ, ("--lab", name))  # on this lab: `lab.cctrl("-c", "ls")`
        self._plain = Cctrl(environ)

    @property
    def place(self) -> Place:
        """The lab, for the lab's own functions."""
        return Place(self.name, self.directory / "lab")

    def run(self, *words: object) -> str:
        """`cctrl lab WORDS… --name` this lab: a fault verb and a host. Its output; it must succeed."""
        done = self._plain("lab", *words, "--name", self.name)
        assert done.returncode == 0, f"lab {words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def dsn(self, host: str) -> str:
        """A libpq URI of a host's server, for its superuser."""
        return dsn(self.place, host)

    def sql(self, host: str, statement: str) -> str:
        """Run a statement on a host as superuser; its rows as unaligned text. It must succeed."""
        done = self.try_sql(host, statement)
        assert done.returncode == 0, f"{host}: {statement}\n{done.stderr}"
        return done.stdout.strip()

    def try_sql(self, host: str, statement: str) -> Completed:
        """The same, for a statement that may fail."""
        return subprocess.run(
            [self._psql(), "-XAtq", "-v", "ON_ERROR_STOP=1", self.dsn(host), "-c", statement],
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environ,
            check=False,
        )

    def has(self, host: str, statement: str, value: str, seconds: float = 20.0) -> None:
        """Wait until a statement on a host yields `value`."""

        def same() -> bool:
            done = self.try_sql(host, statement)
            return done.returncode == 0 and done.stdout.strip() == value

        wait_for(same, seconds, f"{host}: {statement} = {value}")

    def _psql(self) -> str:
        return self.environ["CCTRL_TEST_PSQL"]


class Labs:
    """Starts labs and takes all of them down."""

    def __init__(self, likeness: Sequence[str]) -> None:
        """`likeness` are the options that every lab gets unless the call brings its own PostgreSQL."""
        self._likeness = tuple(likeness)
        self._running: list[Lab] = []

    def __call__(
        self, *options: object, kind: str = "dataservice", like: Sequence[str] | None = None, manager: bool = False
    ) -> Lab:
        """A lab that streams. `options` are those of `cctrl lab up`; `like` replaces the usual likeness."""
        directory = Path(tempfile.mkdtemp(prefix="cctrl-test-"))  # short: unix sockets lie below it
        directory.chmod(0o755)  # the servers' user must get in
        likeness = tuple(self._likeness if like is None else like)
        environ = isolated(directory / "home")
        environ["CCTRL_TEST_PSQL"] = _psql(likeness)
        lab = Lab(f"t{os.getpid()}-{next(_NUMBERS)}", directory, environ)
        self._running.append(lab)
        lab.run("up", kind, "--dir", directory / "lab", *likeness, *([] if manager else ["--no-manager"]), *options)
        return lab

    def down(self) -> None:
        """Take all labs down; AssertionError where one leaves a process behind."""
        left: dict[str, set[int]] = {}
        for lab in self._running:
            lab._plain("lab", "down", "--name", lab.name)
            processes.wait_until(lambda lab=lab: not _inside(lab), 5)  # type: ignore[misc]  # a lambda's default
            left |= {lab.name: pids} if (pids := _inside(lab)) else {}
            shutil.rmtree(lab.directory, ignore_errors=True)
        self._running.clear()
        assert not left, f"processes left behind: {left}"


def _inside(lab: Lab) -> set[int]:
    return processes.marked(str(lab.directory / "lab"))


def _psql(likeness: Sequence[str]) -> str:
    """The psql beside the lab's PostgreSQL; the wheel's where none is named."""
    from cctrl.lab.place import bin_dir

    given = [b for a, b in zip(likeness, likeness[1:], strict=False) if a == "--postgresql"]
    return str(bin_dir(given[0] if given else "") / "psql")
