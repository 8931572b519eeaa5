"""The data instances of a grid's lab: what lies there before the manager comes, and the database that is made then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cctrl.lab import layout, servers
from cctrl.lab.layout import Plan
from cctrl.lab.postgresql import SUPERUSER
from cctrl.lab.spread import DATABASE, SETS, K
from cctrl.outcome import OutOfSight, Refused

READY_SECONDS = 90.0
_SITE = """\
# Made by cctrl lab up: for a lab's servers, which are small and need not outlive a power cut.
fsync = off
shared_buffers = 16MB
min_wal_size = 32MB
max_wal_size = 128MB
wal_keep_size = 512MB
dynamic_shared_memory_type = mmap
tcp_keepalives_idle = 5
tcp_keepalives_interval = 2
tcp_keepalives_count = 3
log_timezone = UTC
timezone = UTC
"""


def prepare(plan: Plan, superuser: str) -> None:
    """Leave in each home what an administrator would, and the superuser's password where a new server takes it from.

    The servers that are the daemons are made once and copied: they hold nothing."""
    passfile = Path(plan.passfile)
    line = f"*:*:*:{SUPERUSER}:{superuser}\n"
    layout.write_private(passfile, passfile.read_text() + line, plan.run_as)
    homes = [(host, Path(server.home)) for host in plan.hosts for server in host.servers]
    for _, home in homes:
        layout.write_private(home / "site.conf", _SITE, plan.run_as)
    host, first = homes[0]
    options = ["--no-sync", "--no-instructions", "--locale=C", "--encoding=UTF8", f"--username={SUPERUSER}"]
    servers.tool(plan, host, "initdb", *options, "--auth=trust", "-D", str(first / "daemon"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda other: _copy(first / "daemon", other[1] / "daemon"), homes[1:]))


def _copy(source: Path, target: Path) -> None:
    command = ["cp", "-a", "--reflink=auto", "--sparse=always", str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"cannot copy {source}", detail=done.stderr.strip())


def wait_for_database(plan: Plan, say: Callable[[str], None]) -> None:
    """Let the manager make the database, as a person would: created, distributed over whole replica sets, opened; the
    instances beyond those of three sets stay without an element. Raises Refused, OutOfSight."""
    names = [server.name for host in plan.hosts for server in host.servers]
    used = names[: min(len(names) - len(names) % K, SETS * K)]
    commands = (f"dbCreate {DATABASE} -instance {name}" for name in used)
    _run(plan, *commands, f"dbLoad {DATABASE} -wait {READY_SECONDS:g}")  # side by side: all are waited for at once
    say(f"{len(used)} elements of {DATABASE} loaded")
    _run(plan, f"dbDistribute {DATABASE} -add all -apply", f"dbOpen {DATABASE} -wait {READY_SECONDS:g}")
    say(f"{DATABASE}: {len(used) // K} replica sets, open")


def _run(plan: Plan, *commands: str) -> None:
    words = [word for command in commands for word in ("-c", f"ttGridAdmin {command}")]
    argv = [sys.executable, "-P", "-m", "cctrl", "--config", str(plan.lab.config_path), *words]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=2 * READY_SECONDS)
    except subprocess.TimeoutExpired:
        raise OutOfSight(f"ttGridAdmin {commands[0]} has not ended within {2 * READY_SECONDS:g} s") from None
    if done.returncode != 0:
        log = Path(plan.directory, "manager.log").read_text(errors="replace")[-1500:]
        raise Refused(f"ttGridAdmin {commands[0]} failed", detail=f"{done.stderr.strip()}\n{log}")
