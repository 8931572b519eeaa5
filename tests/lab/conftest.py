"""Labs for the tests: each with a state directory of its own, and a look afterwards at what is left."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cctrl.lab import Lab, Options, down, dsn, processes, up
from cctrl.lab.layout import labs_dir, read_plan

MakeLab = Callable[..., Lab]


@contextmanager
def labs(state: Path) -> Iterator[MakeLab]:
    """A maker of labs that live below `state`; all are taken down at the end, and must leave nothing."""
    made: list[Lab] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))

        def make(**options: object) -> Lab:
            made.append(up(Options(**{"manager": False, **options})))  # type: ignore[arg-type]
            return made[-1]

        yield make
        for lab in made:
            if os.path.lexists(labs_dir() / lab.name):
                take_down(lab)


def take_down(lab: Lab) -> None:
    """`down`, and nothing is left of the lab: no process, no file, no shared memory."""
    plan = read_plan(lab)
    down(lab)
    assert not processes.marked(plan.directory)
    for host in plan.hosts:
        for server in host.servers:
            assert not processes.servers_in(server.data_dir)
    assert not [place for place in (plan.hosts_dir, *plan.scratch) if Path(place).exists()]
    assert not os.path.lexists(labs_dir() / lab.name)


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    with labs(tmp_path / "state") as make:
        yield make


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three hosts that a module's tests share; each test leaves them all up and streaming."""
    with labs(tmp_path_factory.mktemp("lab") / "state") as make:
        yield make()


def psql(lab: Lab, host: str, statement: str) -> subprocess.CompletedProcess[str]:
    """psql as a client from outside, through the published address; gives up after two seconds."""
    argv = [f"{read_plan(lab).bin_dir}/psql", "-XAtq", dsn(lab, host), "-c", statement]
    env = {"PGCONNECT_TIMEOUT": "2", "PATH": os.environ["PATH"]}
    return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=30, check=False)


def streaming(lab: Lab, primary: str = "host1") -> int:
    """How many standbys stream from a server."""
    found = psql(lab, primary, "select count(*) from pg_stat_replication where state = 'streaming'")
    return int(found.stdout or 0)
