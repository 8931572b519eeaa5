"""A lab's dataservice as its tests use it: quick looks past cctrl, a client that writes, commands that are killed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cctrl.lab import fault
from cctrl.lab import sql as inside
from cctrl.lab.layout import Lab as Place
from cctrl.store import Operation
from cctrl.store.sqlite import SqliteStore
from tests import killing
from tests.stage import Completed, Lab, wait_for

STANDING = """\
select case when not pg_is_in_recovery() then 'writable' else coalesce(
 (select status || ' from ' || sender_host || ':' || sender_port from pg_stat_wal_receiver), 'receives nothing') end"""
TIMELINE = "select timeline_id from pg_control_checkpoint()"
STREAMING = "select count(*) from pg_stat_replication where state = 'streaming'"


class Alpha:
    """The service of a running lab."""

    def __init__(self, lab: Lab, hosts: Iterable[str] = ("host1", "host2", "host3")) -> None:
        self.lab = lab
        self.hosts = tuple(hosts)

    # ------------------------------------------------------------ cctrl

    def __call__(self, *commands: str, input: str = "") -> Completed:
        """Give commands to cctrl; words that begin with a dash are options. Its end is not checked."""
        words: list[str] = []
        for command in commands:
            words += [command] if command.startswith("-") else ["-c", command]
        return self.lab.cctrl(*words, input=input)

    def does(self, *commands: str) -> str:
        """The same for commands that must succeed; what they print."""
        done = self(*commands)
        assert done.returncode == 0, f"{commands}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def refuses(self, command: str, *options: str, status: int = 3) -> str:
        """The same for one that must be refused, with a next command; what it says on stderr."""
        done = self(*options, command)
        assert done.returncode == status, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert "ERROR: " in done.stderr, done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert re.search(r"^NEXT: \S", done.stderr, re.M), f"{command}: no next command\n{done.stderr}"
        return done.stderr

    def documents(self, *commands: str) -> list[dict[str, Any]]:
        """The data of commands in JSON, one after the other in one shell; all must succeed."""
        return [json.loads(line)["data"] for line in self.does("--format=json", *commands).splitlines()]

    def ls(self) -> dict[str, Any]:
        """The data of `ls` in JSON."""
        return self.documents("ls")[0]

    def states(self, *before: str) -> dict[str, str]:
        """Host -> `role:STATE(reason) STATUS`, as `ls` shows them after some other commands."""
        return shown(self.documents(*before, "ls")[-1])

    # ------------------------------------------------------------ the servers

    @cached_property
    def dsns(self) -> dict[str, str]:
        """Host -> libpq URI of its server."""
        return {host: self.lab.dsn(host) for host in self.hosts}

    @cached_property
    def anyone(self) -> str:
        """A libpq URI that leads to whichever server accepts writes."""
        parts = [urlsplit(dsn) for dsn in self.dsns.values()]
        user = parts[0].netloc.rpartition("@")[0]
        places = ",".join(part.netloc.rpartition("@")[2] for part in parts)
        return f"postgresql://{user}@{places}/postgres?target_session_attrs=read-write&connect_timeout=2"

    def fault(self, verb: str, *hosts: str) -> None:
        """A fault verb of the lab, on each of the hosts."""
        for host in hosts:
            fault(self.place, verb, host)

    def inside(self, host: str, statement: str) -> str:
        """Run a statement on a host itself, so that it works on one that is cut off."""
        return inside(self.place, host, statement)

    @property
    def place(self) -> Place:
        """The lab, for the lab's own functions."""
        return self.lab.place

    def psql(self, *words: str) -> list[str]:
        """The command line of psql: plain rows, no start-up file, an end at the first error."""
        return [self.lab.environ["CCTRL_TEST_PSQL"], "-XAtq", "-v", "ON_ERROR_STOP=1", *words]

    def sql(self, host: str, statement: str) -> str:
        """What a statement yields on a host; "" where its server cannot be reached."""
        done = self.asked(host, statement)
        return done.stdout.strip() if done.returncode == 0 else ""

    def asked(self, host: str, statement: str) -> Completed:
        """A statement on a host, and how psql ended."""
        return subprocess.run(
            self.psql(self.dsns[host], "-c", statement),
            capture_output=True,
            text=True,
            timeout=60,
            env={**self.lab.environ, "PGCONNECT_TIMEOUT": "3"},
            check=False,
        )

    def standing(self, *hosts: str) -> dict[str, str]:
        """Host -> `writable`, or from whom it streams by name: `host1`; "" where its server is not up."""
        names = {urlsplit(dsn).netloc.rpartition("@")[2]: host for host, dsn in self.dsns.items()}
        found = {host: self.sql(host, STANDING) for host in hosts or self.hosts}
        return {host: names.get(text.removeprefix("streaming from "), text) for host, text in found.items()}

    def master(self) -> str:
        """The one server that accepts writes; AssertionError where it is not exactly one."""
        standing = self.standing()
        writable = [host for host, text in standing.items() if text == "writable"]
        assert len(writable) == 1, standing
        return writable[0]

    def stands(self, master: str, slaves: Iterable[str]) -> None:
        """AssertionError unless `master` accepts writes and each of `slaves` streams from it, now."""
        wanted = {master: "writable", **dict.fromkeys(slaves, master)}
        found = self.standing(*wanted)
        if found != wanted:
            said = [f"{host}: {self.asked(host, STANDING).stderr}" for host, text in found.items() if not text]
            raise AssertionError(f"{found}, not {wanted}", *said)

    def snapshot(self) -> dict[str, str]:
        """All that a command which changes nothing must leave as it is; who the master is may be learnt by looking."""
        seen = {host: f"{self.sql(host, STANDING)}, timeline {self.sql(host, TIMELINE)}" for host in self.hosts}
        with self.store() as store:
            intent = store.intent("alpha")
            return {
                **seen,
                "policy": intent.policy,
                **{f"of {name}": str(told) for name, told in intent.members.items()},
            }

    # ------------------------------------------------------------ what cctrl remembers

    @property
    def config(self) -> Path:
        """The lab's configuration file."""
        return self.lab.directory / "lab" / "cctrl.toml"

    @contextmanager
    def store(self) -> Iterator[SqliteStore]:
        """What is remembered of the service."""
        store = SqliteStore(self.lab.directory / "lab" / "state" / "cctrl.db")
        try:
            yield store
        finally:
            store.close()

    def unfinished(self) -> Operation | None:
        """The operation in the journal that has no end."""
        with self.store() as store:
            return store.unfinished("alpha")

    def policy(self) -> str:
        """The policy on record."""
        with self.store() as store:
            return store.intent("alpha").policy or "AUTOMATIC"

    # ------------------------------------------------------------ commands that do not come to their end

    def start(self, *words: str, stderr: int | None = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start cctrl in the background."""
        return self.lab.cctrl.start(*words, stderr=stderr)

    def killed(self, command: str, stop: Callable[[str], bool], by: signal.Signals = signal.SIGKILL) -> Killed:
        """Run a command and kill cctrl as soon as it tells a line on which `stop` says so."""
        told, out, status = killing.killed(self.lab.cctrl, command, stop, by)
        killed = status == -signal.SIGKILL and not (CLOSING.search(out) and self.unfinished() is None)
        return Killed(told, out, killed, status)

    def killed_at(self, command: str, number: int) -> Killed:
        """Kill it when it tells for the `number`th time that a step's remote command begins or has ended; 0: at the
        first look at a host."""
        left = [number]

        def stop(line: str) -> bool:
            if number == 0:
                return " cctrl-probe " in line
            left[0] -= bool(STEP.search(line))
            return left[0] < 0

        left[0] = number - 1
        return self.killed(command, stop)


CLOSING = re.compile(r"WAS SUCCESSFUL$|WAS COMPLETED$|^RECOVERED \d+ DATA SOURCES", re.M)
"""The last line of a changing command: a kill after it, and after the journal's entry, came too late."""

STEP = re.compile(r" cctrl-(?!probe|tail|copysurvey)\w+ | cctrl \S+ (?:rewind|copy)-")
"""A told line of a remote command that belongs to a step: neither a look nor the lock."""


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of a command that was to be killed."""

    told: tuple[str, ...]  # on stderr
    out: str
    killed: bool  # False: it came to its end before
    status: int

    def __str__(self) -> str:
        last = re.sub(r" /\S+( \S+){6} ", " ", self.told[-1].strip()) if self.told else "nothing"
        return f"killed at: {last[:160]}" if self.killed else f"came to its end, exit {self.status}"


def shown(data: dict[str, Any]) -> dict[str, str]:
    """The states in the data of `ls`."""
    return {source["name"]: _state(source) for source in data["datasources"]}


def _state(datasource: dict[str, Any]) -> str:
    reason = f"({datasource['reason']})" if datasource["reason"] else ""
    return f"{datasource['role']}:{datasource['state']}{reason} {datasource['alertStatus']}"


class Writer:
    """A client that inserts 1, 2, 3 … on whichever server accepts writes, and keeps what was acknowledged."""

    def __init__(self, alpha: Alpha) -> None:
        self.alpha = alpha
        self.acknowledged: list[int] = []
        self._next = 1
        self._over = threading.Event()
        self._psql: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._write, name="writer")

    def __enter__(self) -> Writer:
        self.alpha.sql(self.alpha.master(), "create table kept (i int primary key)")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._psql is not None:
            self._psql.kill()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def writes(self, more: int = 3) -> None:
        """Wait until that many more rows were acknowledged."""
        enough = len(self.acknowledged) + more
        wait_for(lambda: len(self.acknowledged) >= enough, 60, f"{more} more rows acknowledged")

    def lost(self, master: str, since: int = 0) -> list[int]:
        """Acknowledged rows that are not on the master; of those after the first `since`."""
        wanted = self.acknowledged[since:]
        first = min(wanted, default=0)
        there = set(self.alpha.sql(master, f"select i from kept where i >= {first}").split())
        return [row for row in wanted if str(row) not in there]

    def _write(self) -> None:
        while not self._over.is_set():
            self._psql = psql = subprocess.Popen(
                self.alpha.psql(self.alpha.anyone),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=self.alpha.lab.environ,
            )
            self._feed(psql)
            psql.kill()
            psql.communicate()

    def _feed(self, psql: subprocess.Popen[bytes]) -> None:
        assert psql.stdin
        assert psql.stdout
        while not self._over.wait(0.02):
            row, self._next = self._next, self._next + 1
            try:
                psql.stdin.write(f"insert into kept values ({row}) returning i;\n".encode())
            except BrokenPipeError:
                return
            if psql.stdout.readline().strip() != str(row).encode():
                return
            self.acknowledged.append(row)
