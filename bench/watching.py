"""What a manager costs while all is well: CPU and memory, for three hosts and for a hundred."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from bench import hundred
from bench.figures import Figure
from bench.place import Place
from cctrl.lab import programs
from cctrl.lab.processes import wait_until

SECONDS = 20.0  # of one sample
SETTLED = 10.0  # seconds after its start, when all pulses are heard
WINDOWS = 2
FEW_AIM, MANY_AIM = 2.0, 20.0  # percent of a core
MOST_MEMORY = 150.0  # MB, a hundred hosts


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """At the default interval, over some time, from /proc."""
    lab = place.lab("watching", manager=True)
    pid = programs.look(lab.plan)["manager"].pid
    _pass(SETTLED)
    yield from _figures(len(lab.service.members), pid, FEW_AIM)
    if not lab.plan.sshd:
        raise RuntimeError("a hundred hosts need OpenSSH's server (apt install openssh-server)")
    with hundred.endpoints(place.lab(), hundred.HOSTS) as places:
        path = place.directory / "watched.toml"
        hundred.write(hundred.configuration(place.lab(), places), path)
        log = place.directory / "watched.log"
        with _manager(place, path, log) as pid:
            yield from _figures(hundred.HOSTS, pid, MANY_AIM)
        said = log.read_text().splitlines()
        if len(said) > 2:  # that it leads, and that it has ended
            raise RuntimeError(f"the manager did not find all well: {said[1]}")


@contextmanager
def _manager(place: Place, config: Path, log: Path) -> Iterator[int]:
    """A manager of its own on a configuration; its pid."""
    with log.open("wb") as file:
        argv = [*place.cctrl, "--config", str(config), "manager"]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=place.environ)
    try:
        if not wait_until(lambda: b"leading" in log.read_bytes(), 30, 0.05):
            raise RuntimeError(f"the manager does not lead\n{log.read_text()}")
        _pass(2 * SETTLED)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _figures(hosts: int, pid: int, aim: float) -> Iterator[Figure]:
    used = tuple(_percent(pid) for _ in range(WINDOWS))
    yield Figure(f"manager, {hosts} hosts: CPU", used, (aim,), "of a core at most", 1.0, unit="%")
    memory = (_memory(pid),)
    yield Figure(f"manager, {hosts} hosts: memory", memory, (MOST_MEMORY,), "at most", 1.0, unit="MB")


def _percent(pid: int) -> float:
    """The share of a core that a process takes in one sample."""
    before, since = _cpu(pid), time.monotonic()
    _pass(SECONDS)
    return (_cpu(pid) - before) / (time.monotonic() - since) * 100


def _cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Peak resident memory in MB."""
    line = next(s for s in Path(f"/proc/{pid}/status").read_text().splitlines() if s.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _pass(seconds: float) -> None:
    Event().wait(seconds)  # the time itself is what is measured
