"""The programs of an instance, as they are put into its `bin` on its host. Data only; nothing here reaches a host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files

from cctrl.config import Server
from cctrl.replication.postgresql.scripts import part

PROGRAMS = ("ttDaemonAdmin", "ttStatus", "ttXactAdmin")
NOT_INSTALLED = 78  # the status in which `within` ends where the instance is not there, or of another version

_WITHIN = f"""\
[ "$(cat "$1/conf/stamp" 2>/dev/null)" = "$2" ] || exit {NOT_INSTALLED}
TIMESTEN_HOME=$1 PATH=$1/bin${{3:+:$3}}:$PATH; export TIMESTEN_HOME PATH
cd "$1" || exit 1
shift 3
exec "$@"
"""


@cache
def script(name: str) -> str:
    """The text of `sh/NAME.sh`."""
    return (files("cctrl.grid") / "sh" / f"{name}.sh").read_text(encoding="utf-8")


def program(name: str) -> str:
    """The whole text of one of PROGRAMS."""
    return "\n".join(("#!/bin/sh", part("living"), script("common"), script(name)))


def install(member: Server) -> tuple[str, ...]:
    """The command line that puts an instance into its home."""
    texts = tuple(word for name in PROGRAMS for word in (name, program(name)))
    return ("sh", "-c", script("install"), "install", stamp(member), *_known(member), *texts)


def within(member: Server, words: Sequence[str]) -> tuple[str, ...]:
    """The command line that runs a command with an instance's environment."""
    return ("sh", "-c", _WITHIN, "instance", member.home, stamp(member), member.bin_dir, *words)


def stamp(member: Server) -> str:
    """Changes with anything that is installed."""
    said = (script("install"), *_known(member), *map(program, PROGRAMS))
    return sha256("\0".join(said).encode()).hexdigest()[:16]


def _known(member: Server) -> tuple[str, ...]:
    """What an instance knows of itself, in the order in which install.sh reads it."""
    sockets, port = member.socket_dir or f"{member.home}/run", str(member.daemon_port)
    return (member.home, member.name, member.listen_addresses, port, sockets, member.user, member.bin_dir)
