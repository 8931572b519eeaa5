"""A lock on a host that lives exactly as long as its holder here does.

A tiny remote shell holds a `flock` while heartbeats come from us; it ends, and the lock with it, when
our connection does (also when we are killed), or when 15 s pass without one (when the network is cut).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event, Thread

from cctrl import threads
from cctrl.config import Host
from cctrl.outcome import Refused, Unreachable
from cctrl.ssh import scripts
from cctrl.ssh.deadline import Deadline
from cctrl.ssh.hosts import Hosts
from cctrl.ssh.process import Call, RemoteProcess
from cctrl.ssh.quoting import limited
from cctrl.ssh.result import CommandResult, Ended
from cctrl.threads import steady

_BEAT = 4.0  # seconds between heartbeats
_SILENCE = 15  # seconds the host waits for one
_SLICE = 0.25  # seconds between looks at Ctrl-C
LOST = 77  # the status of a command that was to be run under a lock that was lost
_NOBODY = ("0", "0")  # in place of the shell that holds a lock


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else holds the lock; `owner` is what they wrote about themselves, "" where they just got it or go."""

    owner: str


class Lease:
    """A lock that is held until `release`, or until this process or its connection ends.

    `first` is what the command that was to be run at once ended in; None where there was none. `holder`: number and
    beginning of the shell on the host that holds it; empty where that could not say.
    """

    def __init__(
        self, process: RemoteProcess, host: Host, holder: tuple[str, ...], first: CommandResult | None = None
    ) -> None:
        self.first = first
        self.host = host
        self.holder = holder
        self._process = process
        self._stop = Event()
        self._cancelled = threads.cancelled()
        self._sent = steady()
        self._thread = Thread(target=self._beat, name="ssh lease", daemon=True)
        self._thread.start()

    @property
    def held(self) -> bool:
        """False once the lock may be somebody else's: the connection ended, or we slept too long."""
        return self._process.running and steady() - self._sent < _SILENCE

    def release(self) -> None:
        """Give the lock up; when this returns the next one can have it. Idempotent."""
        self._stop.set()
        self._thread.join()
        self._process.close_stdin()
        self._process.wait(2.0)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _beat(self) -> None:
        while self._process.running and not self._stop.wait(_SLICE):
            if self._cancelled.is_set():  # Ctrl-C came before anybody was handed this lease
                self._process.close()
            elif steady() - self._sent >= _BEAT:
                if steady() - self._sent >= _SILENCE or not self._process.send(b"\n"):
                    return  # too late: `held` stays False
                self._sent = steady()


_under: ContextVar[tuple[Lease, ...]] = ContextVar("leases", default=())


@contextmanager
def under(lease: Lease) -> Iterator[None]:
    """Within this what `fenced` makes is run under this lease, beside those that this thread acts under already."""
    before = _under.set((*_under.get(), lease))
    try:
        yield
    finally:
        _under.reset(before)


def fenced(host: Host, argv: Sequence[str]) -> Sequence[str]:
    """The command line that a host runs only while the lock is held there under which this thread acts: the host looks
    by itself, in the same shell. So one that stood still between its look at the lock and its command does nothing.

    Where this thread acts under several leases, and the one on this host was lost, another one does: whoever sees
    that does nothing either. Where all are lost the host does nothing.
    """
    leases = _under.get()
    held = [lease for lease in leases if lease.held]
    here = [lease for lease in held if lease.host == host]
    holder = here[0].holder if here else _NOBODY if leases and not held else ()
    return ["sh", "-c", scripts.FENCED, "cctrl", *holder, *argv] if holder else argv


def unfenced(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The same without what `fenced` put before it, to be shown."""
    return argv[6:] if argv[2:3] == (scripts.FENCED,) else argv


def hold(
    hosts: Hosts,
    host: Host,
    path: str,
    owner: str,
    *,
    wait: float = 1.0,
    then: Sequence[str] = (),
    limit: float = 5.0,
    become: bool = True,
) -> Lease | Held:
    """Lock `path` on `host`, waiting at most `wait` seconds for another holder.

    `owner` (who@where, pid, since, what) is what a refused second caller is told. The directory of
    `path` is made if it is missing. `then` is run once it is locked, for at most `limit` seconds, in the same round
    trip (`Lease.first`). Raises Unreachable, and Refused where the lock cannot be made.
    """
    command = limited(then, limit + 1.0) if then else []
    process = hosts.open(
        host, ["sh", "-c", scripts.LEASE, "cctrl", path, owner, f"{wait:g}", str(_SILENCE), *command], become=become
    )
    try:
        first = process.readline(hosts.timeout + wait)
        word, *holder = (first or "").split() or [""]
        if word == "locked":
            ended = _first(process, host, tuple(then), limit) if then else None
            return Lease(process, host, tuple(holder) if len(holder) == 2 else (), ended)
        result = process.close() if first is None and process.result is None else process.wait()
    except BaseException:
        process.close()
        raise
    lines = result.stdout.splitlines()
    if lines[:1] == ["held"]:
        return Held("\n".join(lines[1:]).strip())
    if result.ended is not Ended.EXITED:
        raise Unreachable(f"cannot lock {path} on {host.name}: {result.reason}", next=result.next)
    said = "; ".join(line for line in result.stderr.splitlines() if line)
    raise Refused(f"cannot lock {path} on {host.name}: {said or f'exit status {result.status}'}")


def _first(process: RemoteProcess, host: Host, argv: tuple[str, ...], limit: float) -> CommandResult:
    """What the first command said, up to its end."""
    call, lines = Call(host.name, argv, limit), list[str]()
    deadline = Deadline.after(limit)
    while (line := process.readline(deadline.left())) is not None:
        word, _, status = line.partition(" ")
        if word == "ended" and status.isdigit():
            return call.result(Ended.EXITED, status=int(status), stdout="".join(f"{said}\n" for said in lines))
        lines.append(line)
    if process.running:
        return call.result(Ended.TIMED_OUT, reason=f"not finished within {limit:g} s")
    return call.result(Ended.UNREACHABLE, reason="the connection was lost")
