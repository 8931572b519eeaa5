"""One gprecoverseg at a time: the lock on the coordinator's host, and the documented lines where it is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from os import getpid

from cctrl.outcome import Refused
from cctrl.registry import Talk
from cctrl.replication.lock import InUse, Lock, lock
from cctrl.segments.service import Cluster
from cctrl.segments.utilities.gplog import ERROR, prefix


@contextmanager
def locked(cluster: Cluster, program: str, argv: Sequence[str], talk: Talk) -> Iterator[Lock | Refused | None]:
    """Hold the lock; None where another run has it: that is said. The lock ends with this process.

    Why there is none where the coordinator's host cannot be asked, or has no place for one: what needs it says so."""
    cluster.fresh()
    try:
        held = lock(cluster.engine, cluster.name, (cluster.coordinator.name,), " ".join((program, *argv)))
    except InUse as taken:
        _taken(cluster, program, taken.detail, talk)
        yield None
        return
    except Refused as refused:
        yield refused
        return
    with held:
        yield held


def _taken(cluster: Cluster, program: str, owner: str, talk: Talk) -> None:
    """The documented two lines, and what they do not say."""
    path = f"{cluster.coordinator.data_dir}/{program}.lock"
    pid = re.search(r"pid (\d+)", owner)
    number = pid[1] if pid else "?"
    start = prefix(datetime.now(), getpid(), program, "default", ERROR)
    talk.line(f"{start}Lockfile {path} indicates that an instance of {program} is already running with PID {number}")
    talk.line(f"{start}If this is not the case, remove the lockfile directory at {path}")
    talk.note(f"nothing was done: another run works on {cluster.name}: {owner}")
    talk.note("NEXT: wait until it has ended (the lock ends with its process; there is no file to remove)")
