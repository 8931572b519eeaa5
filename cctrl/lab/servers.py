"""What a lab does to its database servers: make, start, stop, kill, freeze, wipe. Each waits for its effect."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from cctrl.lab import control, processes
from cctrl.lab.children import as_user, environment
from cctrl.lab.layout import HostPlan, Plan, ServerPlan, name_option
from cctrl.lab.postgresql import SUPERUSER
from cctrl.outcome import OutOfSight, Refused, in_words

START_SECONDS = 60.0
STOP_SECONDS = 60.0


def tool(plan: Plan, host: HostPlan, name: str, *words: str, input: str = "", seconds: float = 120.0) -> str:
    """Run a PostgreSQL program here, as the servers' user; what it printed. Raises Refused, OutOfSight."""
    env = environment(plan.run_as, host, {"PGCONNECT_TIMEOUT": "10"})
    argv = [f"{plan.bin_dir}/{name}", *words]
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            argv, input=input, capture_output=True, text=True, errors="replace", check=False, timeout=seconds,
            env=env, cwd="/", **as_user(plan.run_as),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OutOfSight(f"{name} on {host.name} has not ended within {seconds:g} s") from None
    except OSError as error:
        raise Refused(f"cannot run {argv[0]}: {in_words(error)}") from None
    if done.returncode != 0:
        raise Refused(f"{name} failed on {host.name} (exit status {done.returncode})", detail=done.stderr.strip())
    return done.stdout


def psql(plan: Plan, host: HostPlan, server: ServerPlan, statements: str, seconds: float = 60.0) -> str:
    """Run SQL as superuser through the server's socket: as somebody on that host would, so that it
    works on a host that is cut off."""
    options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", server.socket_dir, "-p", str(server.port), "-U", SUPERUSER]
    return tool(plan, host, "psql", *options, "-f", "-", "postgres", input=statements, seconds=seconds)


def start(plan: Plan, host: HostPlan, server: ServerPlan) -> bool:
    """Start a server as it lies and wait until it accepts connections; False where it ran already.
    Raises Refused where it does not come up, with the end of its log."""
    if processes.postmaster(server.data_dir):
        _refuse_frozen(plan, host, server)
        return False
    if not Path(server.data_dir, "PG_VERSION").exists():
        copy = "ttGridAdmin dbStatus -element" if server.instance else f"tprovision {host.name}"
        copy = "gprecoverseg -F" if server.place else copy
        what = "" if server.instance else "   (a full copy)"
        raise Refused(
            f"{server.called}: {server.data_dir} holds no database", next=f"cctrl --lab {plan.name} -c '{copy}'{what}"
        )
    seen = _size(server.log_file), _size(server.startup_log)
    # not pg_ctl: this way the pid is known, and with it whether the server has ended again
    command = [f"{plan.bin_dir}/postgres", "-D", server.data_dir, "-c", f"config_file={server.config_file}"]
    pid = control.launch(plan, host.name, ["/bin/sh", "-c", _LOGGED, "sh", server.startup_log, *command])
    if not processes.wait_until(lambda: _accepts(server, pid) or not processes.alive([pid]), START_SECONDS):
        raise OutOfSight(
            f"the server of {server.called} does not accept connections after {START_SECONDS:g} s",
            detail=log_tail(server, seen),
            next=f"tail -f {server.log_file}",
        )
    if not _accepts(server, pid):
        raise Refused(f"the server of {server.called} ended while starting", detail=log_tail(server, seen))
    return True


_LOGGED = 'log=$1; shift; exec "$@" >>"$log" 2>&1'


def _accepts(server: ServerPlan, pid: int) -> bool:
    """True once the server says in postmaster.pid that it accepts connections (starting, standby, ready,
    stopping); the file may still be an earlier server's."""
    try:
        lines = Path(server.data_dir, "postmaster.pid").read_text().split("\n")
        return lines[0] == str(pid) and lines[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def stop(plan: Plan, host: HostPlan, server: ServerPlan) -> bool:
    """Shut a server down cleanly; False where it did not run. Raises Refused, OutOfSight."""
    if not processes.postmaster(server.data_dir):
        return False
    _refuse_frozen(plan, host, server)
    wait = ["-w", "-t", f"{STOP_SECONDS:g}"]
    argv = [f"{plan.bin_dir}/pg_ctl", "stop", "-s", "-m", "fast", *wait, "-D", server.data_dir]
    status, output = control.run(plan, host.name, argv, STOP_SECONDS + 10)
    if status != 0:
        raise OutOfSight(f"the server of {server.called} does not stop", detail=output.strip())
    processes.wait_until(lambda: not processes.servers_in(server.data_dir), 5)
    return True


def kill(server: ServerPlan) -> bool:
    """SIGKILL a server with all its processes; False where it did not run. Raises OutOfSight."""
    ran = bool(processes.servers_in(server.data_dir))
    left = processes.kill_server(server.data_dir)
    if left:
        raise OutOfSight(f"processes of {server.called} survive SIGKILL: {sorted(left)}")
    return ran


def freeze(server: ServerPlan) -> bool:
    """Suspend a server and all its processes; False where they were. Raises Refused where it does not run."""
    master = processes.postmaster(server.data_dir)
    if not master:
        raise Refused(f"the server of {server.called} does not run")
    if frozen(server):
        return False
    processes.send([master], signal.SIGSTOP)  # first, so that it forks no more

    def all_stopped() -> bool:
        running = {pid for pid in processes.servers_in(server.data_dir) if processes.state(pid) not in "TZ"}
        processes.send(running, signal.SIGSTOP)
        return not running

    _expect(all_stopped, f"the server of {server.called} cannot be frozen")
    return True


def thaw(server: ServerPlan) -> bool:
    """Let a frozen server go on; False where it was not frozen. Raises Refused where it does not run."""
    master = processes.postmaster(server.data_dir)
    if not master:
        raise Refused(f"the server of {server.called} does not run")
    if not frozen(server):
        return False
    pids = processes.servers_in(server.data_dir)
    processes.send(pids - {master}, signal.SIGCONT)
    processes.send([master], signal.SIGCONT)
    _expect(lambda: not frozen(server), f"the server of {server.called} cannot be thawed")
    return True


def wipe(server: ServerPlan) -> bool:
    """Kill a server and remove what is in its data directory; the directory itself stays. All of it is gone at once: a
    manager that starts the server again at once must not do so on half of it."""
    kill(server)
    data = Path(server.data_dir)
    if not data.is_dir():
        raise Refused(f"{server.called}: {server.data_dir} is not there")
    gone, numbers = Path(tempfile.mkdtemp(prefix=f".{data.name}.wiped", dir=data.parent)), count()
    with suppress(FileNotFoundError):  # a manager may be at work there, too
        while entries := list(data.iterdir()):
            for entry in entries:
                entry.rename(gone / str(next(numbers)))
    shutil.rmtree(gone)
    return True


def frozen(server: ServerPlan) -> bool:
    """True where any process of the server is suspended."""
    return any(processes.state(pid) == "T" for pid in processes.servers_in(server.data_dir))


def log_tail(server: ServerPlan, since: tuple[int, int] = (0, 0), lines: int = 8) -> str:
    """The last lines that a server wrote, to its log or before that was open."""
    text = ""
    for path, offset in ((server.startup_log, since[1]), (server.log_file, since[0])):
        try:
            with Path(path).open("rb") as file:
                file.seek(offset)
                text += file.read().decode("utf-8", "replace")
        except OSError:
            continue
    return "\n".join(text.splitlines()[-lines:])


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _refuse_frozen(plan: Plan, host: HostPlan, server: ServerPlan) -> None:
    if frozen(server):
        raise Refused(
            f"the server of {server.called} is frozen",
            next=f"cctrl lab thaw{name_option(plan.name)} {server.place or host.name}",
        )


def _expect(condition: Callable[[], bool], problem: str, seconds: float = 10.0) -> None:
    if not processes.wait_until(condition, seconds):
        raise OutOfSight(problem, detail=f"not within {seconds:g} s")
