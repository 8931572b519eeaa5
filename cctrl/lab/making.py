"""Making what a plan says: directories, the switchboard, the databases, until all standbys stream."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cctrl.lab import control, disks, layout, netns, postgresql, processes, servers
from cctrl.lab.configuration import write_configuration
from cctrl.lab.layout import HostPlan, Plan, ServerPlan
from cctrl.outcome import CctrlError, Refused

STREAMING_SECONDS = 60
_SIDE_BY_SIDE = 4


def make(plan: Plan, listeners: dict[str, socket.socket], say: Callable[[str], None]) -> None:
    """Make it all; returns when all is streaming. Raises Refused."""
    _directories(plan)
    if plan.bridge:
        netns.build(plan)
    switchboard = _start_switchboard(plan, listeners)
    _databases(plan, switchboard, say)
    control.ask(plan, "ready")
    write_configuration(plan)


def _directories(plan: Plan) -> None:
    root = Path(plan.directory)
    for name in ("ssh", "state"):
        (root / name).mkdir(mode=0o700)
    for host in plan.hosts:
        Path(host.home).mkdir(mode=0o700)
        disks.mount(plan, host)
        server_dirs = [d for s in host.servers for d in (s.data_dir, s.socket_dir)]
        for directory in (host.home, f"{host.home}/conf", f"{host.home}/log", *server_dirs):
            Path(directory).mkdir(mode=0o700, exist_ok=True)
            if plan.run_as.switch:
                os.chown(directory, plan.run_as.uid, plan.run_as.gid)


def _start_switchboard(plan: Plan, listeners: dict[str, socket.socket]) -> int:
    """Start the supervisor, a daemon in a session of its own that holds none of our descriptors; its pid."""
    package = [str(Path(__file__).parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    words = [f"{name}={listener.fileno()}" for name, listener in listeners.items()]
    env = {**os.environ, processes.MARK: plan.directory, "PYTHONPATH": os.pathsep.join(filter(None, package))}
    with plan.lab.log_path.open("ab") as log:
        os.fchmod(log.fileno(), 0o600)
        board = subprocess.Popen(
            [sys.executable, "-P", "-m", "cctrl.lab.switchboard", plan.directory, *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=env, start_new_session=True,
            pass_fds=[listener.fileno() for listener in listeners.values()],
        )  # fmt: skip
    board.returncode = 0  # it outlives us: not ours to wait for
    return board.pid


def _databases(plan: Plan, switchboard: int, say: Callable[[str], None]) -> None:
    """A primary on the first host, standbys of it on the others.

    The standbys are made from copies of the files before their first start: as good as base backups, and three
    times as fast."""
    (first, primary), *others = [(host, host.servers[0]) for host in plan.hosts]
    passwords = _passwords(plan)
    _initdb(plan, first, primary, passwords["superuser"])
    say(f"{first.name}: database initialised")
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for host, server in [(first, primary), *others]:
            _configure(plan, host, server)
        list(pool.map(lambda other: _copy(plan, first, primary, *other), others))
        if others:
            say(f"{', '.join(host.name for host, _ in others)}: copied")
        _wait_for_switchboard(plan, switchboard)
        servers.start(plan, first, primary)
        servers.psql(plan, first, primary, postgresql.roles_sql(passwords["replication"]))
        list(pool.map(lambda other: servers.start(plan, *other), others))
    _wait_for_streaming(plan, first, primary, len(others))
    say(f"all started, {len(others)} streaming from {first.name}" if others else f"{first.name}: started")


def _passwords(plan: Plan) -> dict[str, str]:
    made = {"superuser": secrets.token_hex(12), "replication": secrets.token_hex(12)}
    layout.write_private(Path(plan.directory) / "superuser", made["superuser"])
    line = f"*:*:*:{postgresql.REPLICATION_USER}:{made['replication']}\n"
    layout.write_private(Path(plan.passfile), line, plan.run_as)
    return made


def _initdb(plan: Plan, host: HostPlan, server: ServerPlan, password: str) -> None:
    given = Path(host.home) / "conf" / "password"
    layout.write_private(given, password + "\n", plan.run_as)
    options = ["--no-sync", "--no-instructions", "--locale=C", "--encoding=UTF8", f"--username={postgresql.SUPERUSER}"]
    auth = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={given}"]
    servers.tool(plan, host, "initdb", *options, *auth, "-D", server.data_dir)
    given.unlink()
    for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf"):  # they lie in conf/, as Debian has them elsewhere
        Path(server.data_dir, name).unlink()


def _configure(plan: Plan, host: HostPlan, server: ServerPlan) -> None:
    conf = Path(server.config_file).parent
    networks = (netns.network(plan.bridge),) if plan.bridge else ("127.0.0.0/8",)
    texts = {
        "postgresql.conf": postgresql.postgresql_conf(plan, host, server),
        "pg_hba.conf": postgresql.pg_hba_conf(networks),
        "pg_ident.conf": "",
    }
    for name, text in texts.items():
        layout.write_private(conf / name, text, plan.run_as)


def _copy(plan: Plan, first: HostPlan, primary: ServerPlan, host: HostPlan, server: ServerPlan) -> None:
    """Copy the primary's files, which nobody uses yet; holes for the empty part of the WAL."""
    command = ["cp", "-a", "--reflink=auto", "--sparse=always", f"{primary.data_dir}/.", server.data_dir]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"cannot copy the database to {host.name}", detail=done.stderr.strip())
    data = Path(server.data_dir)
    layout.write_private(data / "standby.signal", "", plan.run_as)
    auto = "# Do not edit this file manually!\n# It will be overwritten by the ALTER SYSTEM command.\n"
    text = auto + postgresql.standby_conf(plan, server.name, first, primary)
    layout.write_private(data / "postgresql.auto.conf", text, plan.run_as)


def _wait_for_switchboard(plan: Plan, pid: int) -> None:
    if not processes.wait_until(lambda: control.is_up(plan) or processes.ended(pid), 20) or not control.is_up(plan):
        raise Refused(f"the switchboard of lab {plan.name} does not answer", detail=_last_line(plan.lab.log_path))


def _last_line(path: Path) -> str:
    return "".join(path.read_text().splitlines()[-1:])


def _wait_for_streaming(plan: Plan, host: HostPlan, server: ServerPlan, count: int) -> None:
    limit = f"SET statement_timeout = '{STREAMING_SECONDS}s';\n"
    try:
        servers.psql(plan, host, server, limit + postgresql.STREAMING_SQL.replace("{count}", str(count)))
    except CctrlError:
        found = servers.psql(plan, host, server, "SELECT application_name, state FROM pg_stat_replication;")
        tails = [f"{h.name}: {servers.log_tail(h.servers[0], lines=3)}" for h in plan.hosts[1:]]
        raise Refused(
            f"not all standbys stream after {STREAMING_SECONDS} s",
            detail=f"streaming: {found.strip()}\n" + "\n".join(tails),
        ) from None
