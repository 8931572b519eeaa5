"""Processes as /proc shows them: who descends from whom, who works in a data directory, who is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

MARK = "CCTRL_LAB"  # in the environment of everything a lab starts: the lab's directory


def _stat(pid: int) -> tuple[str, int] | None:
    """(state letter, parent), or None where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)


def _pids() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def state(pid: int) -> str:
    """The state letter of a process (`R`, `S`, `T`, `Z`, …); "" where there is none."""
    found = _stat(pid)
    return found[0] if found else ""


def alive(pids: Iterable[int]) -> set[int]:
    """Those that are still there and not merely waiting to be reaped."""
    return {pid for pid in pids if state(pid) not in ("", "Z", "X")}


def descendants(roots: Collection[int]) -> set[int]:
    """All children, grandchildren and so on of `roots`, without the roots themselves."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid in _pids():
        found = _stat(pid)
        if found:
            children[found[1]].append(pid)
    seen: set[int] = set()
    queue = list(roots)
    while queue:
        for child in children[queue.pop()]:
            if child not in seen:
                seen.add(child)
                queue.append(child)
    return seen - set(roots)


def ancestors(pid: int) -> set[int]:
    """`pid` and all its parents."""
    line: set[int] = set()
    while pid and pid not in line:
        line.add(pid)
        found = _stat(pid)
        pid = found[1] if found else 0
    return line


def marked(directory: str) -> set[int]:
    """Processes started by the lab in `directory`, as their environment tells."""
    mark = f"{MARK}={directory}".encode()
    return {pid for pid in _pids() if mark in _read(f"/proc/{pid}/environ").split(b"\0")}


def listening_with(config: str) -> set[int]:
    """sshd listeners that were given the configuration file `config`."""
    word = f" {config}".encode()
    return {pid for pid in _pids() if word in _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ")}


def servers_in(data_dir: str) -> set[int]:
    """The PostgreSQL processes that work in `data_dir`: a server and all its children.

    They are known by their working directory: PostgreSQL overwrites its environment with its title.
    """
    place = os.path.realpath(data_dir)
    return {pid for pid in _pids() if _link(pid, "cwd") == place and Path(_link(pid, "exe")).name == "postgres"}


def postmaster(data_dir: str) -> int:
    """The server in charge of `data_dir`, 0 where none runs."""
    try:
        pid = int(Path(data_dir, "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0
    return pid if pid > 0 and _link(pid, "cwd") == os.path.realpath(data_dir) else 0


def inode_of(end: tuple[str, int]) -> str:
    """The inode, as a name in /proc/PID/fd, of the TCP socket bound to an IPv4 address and port; "" where none is."""
    address = f"{int.from_bytes(socket.inet_aton(end[0]), sys.byteorder):08X}:{end[1]:04X}"
    rows = (row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return next((f"socket:[{row[9]}]" for row in rows if row[1] == address), "")


def holds(pid: int, inode: str) -> bool:
    """True where a process has that socket open."""
    try:
        return any(_link(pid, f"fd/{entry.name}") == inode for entry in os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def _link(pid: int, name: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/{name}").readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def ended(pid: int) -> bool:
    """True where a process is gone; it is reaped here if it was a child of this process."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not alive([pid])


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each; those that are gone already are no error."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.005) -> bool:
    """Look at `condition` until it holds; False where the deadline passes first."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)  # the one pause between two looks; the deadline is above
    return True


def end_all(found: Callable[[], set[int]], seconds: float = 10.0) -> set[int]:
    """Kill what `found` finds until it finds nothing more; what survived the deadline is returned."""

    def none_left() -> bool:
        left = alive(found())
        send(left, signal.SIGKILL)
        return not left

    wait_until(none_left, seconds, 0.01)
    return alive(found())


_IPC_RMID = 0


def remove_shared_memory(data_dir: str) -> None:
    """Remove the System V segment that a killed server left; its postmaster.pid names it.

    PostgreSQL would do so at its next start, but a lab may be taken down before. A segment that
    is in use, or whose key is another one by now, is left alone.
    """
    try:
        key, segment = Path(data_dir, "postmaster.pid").read_text().split("\n")[6].split()
        rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    except (OSError, ValueError, IndexError):
        return
    if any(row[0] == key and row[1] == segment and row[6] == "0" for row in rows):
        ctypes.CDLL(None, use_errno=True).shmctl(int(segment), _IPC_RMID, None)


def end_servers(data_dirs: Iterable[str], seconds: float = 5.0) -> None:
    """End PostgreSQL servers by an immediate shutdown, frozen ones too; those that will not are killed."""
    masters = {d: pid for d in data_dirs if (pid := postmaster(d))}
    for data_dir in masters:
        send(servers_in(data_dir), signal.SIGCONT)
    send(masters.values(), signal.SIGQUIT)
    wait_until(lambda: not alive(masters.values()), seconds)
    for data_dir in data_dirs:
        kill_server(data_dir)


def kill_server(data_dir: str, seconds: float = 10.0) -> set[int]:
    """SIGKILL a server and all its processes, the postmaster first; what survived is returned.
    Returns when they are gone and reaped."""
    if master := postmaster(data_dir):
        send([master], signal.SIGKILL)
        wait_until(lambda: not alive([master]), seconds)  # so that it forks no more
    killed = servers_in(data_dir)  # these alone: a manager may start the server again at once
    left = end_all(lambda: alive(killed), seconds)
    wait_until(lambda: not any(state(pid) for pid in killed), 2.0)
    remove_shared_memory(data_dir)
    return left
