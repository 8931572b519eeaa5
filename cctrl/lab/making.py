"""Making what a plan says: directories, the switchboard, the databases, until all standbys stream."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cctrl.lab import control, disks, instances, layout, netns, postgresql, processes, servers
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
    if plan.kind == "grid":
        instances.prepare(plan, passwords(plan)["superuser"])
        _wait_for_switchboard(plan, switchboard)
    else:
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
        for directory in _own_directories(plan, host):
            directory.mkdir(mode=0o700, exist_ok=True)
            if plan.run_as.switch:
                os.chown(directory, plan.run_as.uid, plan.run_as.gid)


def _own_directories(plan: Plan, host: HostPlan) -> list[Path]:
    """What lies on a host, the outer directories first; a place for sockets may lie elsewhere."""
    home = Path(host.home)
    wanted = [home / "conf", home / "log"]
    for server in host.servers:
        own = (server.home,) if server.instance else (server.data_dir, str(Path(server.config_file).parent))
        wanted += [Path(path) for path in (*own, server.socket_dir)]
    if not host.servers:
        wanted.append(Path(plan.sockets(host)))
    found = [home]
    for directory in wanted:
        above = [parent for parent in directory.parents if home in parent.parents]
        found += [*reversed(above), directory]
    return list(dict.fromkeys(found))


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
    """In each set of servers a primary, and standbys of it.

    The standbys are made from copies of the files before their first start: as good as base backups, and three
    times as fast."""
    given = passwords(plan)
    sets = plan.sets
    firsts = [members[0] for members in sets]
    others = [(first, other) for first, *rest in sets for other in rest]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        list(pool.map(lambda one: _initdb(plan, one[0], one[1], given["superuser"]), firsts))
        say(f"{', '.join(host.name for host, _ in firsts)}: database initialised")
        for host, server in [one for members in sets for one in members]:
            _configure(plan, host, server)
        list(pool.map(lambda pair: _copy(plan, *pair[0], *pair[1]), others))
        if others:
            say(f"{', '.join(host.name for _, (host, _) in others)}: copied")
        _wait_for_switchboard(plan, switchboard)
        list(pool.map(lambda one: _start_first(plan, one[0], one[1], given["replication"]), firsts))
        list(pool.map(lambda pair: servers.start(plan, *pair[1]), others))
        list(pool.map(lambda members: _wait_for_streaming(plan, members), sets))
    say(_all_started(sets))


def _all_started(sets: list[list[tuple[HostPlan, ServerPlan]]]) -> str:
    if len(sets) > 1:
        pairs = sum(len(members) > 1 for members in sets)
        return f"all started, {pairs} mirrors stream from their primaries"
    (host, _), *others = sets[0]
    return f"all started, {len(others)} streaming from {host.name}" if others else f"{host.name}: started"


def _start_first(plan: Plan, host: HostPlan, server: ServerPlan, password: str) -> None:
    servers.start(plan, host, server)
    slot = postgresql.SLOT_SQL if server.preferred_role and server.content >= 0 else ""
    servers.psql(plan, host, server, postgresql.roles_sql(password) + slot)


def passwords(plan: Plan) -> dict[str, str]:
    """Make the passwords of the superuser and the replication role, and put them where each is looked for."""
    made = {"superuser": secrets.token_hex(12), "replication": secrets.token_hex(12)}
    layout.write_private(Path(plan.directory) / "superuser", made["superuser"])
    line = f"*:*:*:{postgresql.REPLICATION_USER}:{made['replication']}\n"
    layout.write_private(Path(plan.passfile), line, plan.run_as)
    return made


def _initdb(plan: Plan, host: HostPlan, server: ServerPlan, password: str) -> None:
    given = Path(server.config_file).parent / "password"
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
    name = postgresql.WALRECEIVER if server.preferred_role else server.name
    text = auto + postgresql.standby_conf(plan, name, first, primary)
    layout.write_private(data / "postgresql.auto.conf", text, plan.run_as)


def _wait_for_switchboard(plan: Plan, pid: int) -> None:
    if not processes.wait_until(lambda: control.is_up(plan) or processes.ended(pid), 20) or not control.is_up(plan):
        raise Refused(f"the switchboard of lab {plan.name} does not answer", detail=_last_line(plan.lab.log_path))


def _last_line(path: Path) -> str:
    return "".join(path.read_text().splitlines()[-1:])


def _wait_for_streaming(plan: Plan, members: list[tuple[HostPlan, ServerPlan]]) -> None:
    (host, server), *others = members
    limit = f"SET statement_timeout = '{STREAMING_SECONDS}s';\n"
    try:
        servers.psql(plan, host, server, limit + postgresql.STREAMING_SQL.replace("{count}", str(len(others))))
    except CctrlError:
        found = servers.psql(plan, host, server, "SELECT application_name, state FROM pg_stat_replication;")
        tails = [f"{s.name}: {servers.log_tail(s, lines=3)}" for _, s in others]
        raise Refused(
            f"not all standbys of {server.name} stream after {STREAMING_SECONDS} s",
            detail=f"streaming: {found.strip()}\n" + "\n".join(tails),
        ) from None


def wait_for_catalog(plan: Plan, say: Callable[[str], None]) -> None:
    """Wait until the manager of a segment cluster has put down that all pairs are in sync. Raises Refused."""
    (host, server), *_ = plan.sets[0]
    pairs = len(plan.sets) - 1

    def in_sync() -> bool:
        with contextlib.suppress(CctrlError):
            return servers.psql(plan, host, server, postgresql.CATALOG_SQL).strip() == str(2 * pairs)
        return False  # it is not there yet

    if not processes.wait_until(in_sync, STREAMING_SECONDS, 0.1):
        log = Path(plan.directory, "manager.log").read_text()
        raise Refused(f"the pairs are not in sync after {STREAMING_SECONDS} s", detail=log[-1000:])
    say(f"{pairs} pairs in sync")
