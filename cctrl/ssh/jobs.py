"""Long work on a host that goes on by itself: it outlives the connection and whoever started it.

A job's files are in `DIRECTORY/.cctrl-job-NAME/` (pid, rc, log, argv, started, id; mode 0700). What
counts is the lock `DIRECTORY/.cctrl-job-NAME.lock`: the job itself holds it, so it is held exactly as
long as the job lives, whatever became of its pid.

Giving a command again is always right: a job that still runs is attached to if its argv is the same
and refused otherwise; one that has ended is started anew, because who asks for it has seen that it is
needed. A job must not leave a daemon behind: it would hold the lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from signal import Signals
from time import monotonic

from cctrl import threads
from cctrl.config import NAME, Host
from cctrl.outcome import Refused, UsageError
from cctrl.ssh import scripts
from cctrl.ssh.hosts import Hosts
from cctrl.ssh.leases import fenced
from cctrl.ssh.process import Lines
from cctrl.ssh.quoting import quote
from cctrl.ssh.result import CommandResult, Ended

_LOOK = 0.2  # seconds between looks at the log; its end is felt at once
_LOOKS = 20  # of one remote command; then the next one, so that none is left behind for long
_KEPT = 64 << 10  # bytes of the log that end up in the result
_RETRY = 0.5  # seconds between tries to reach a host that was lost


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do on a host: `argv`, known as `name` in `directory`."""

    name: str
    directory: str
    argv: tuple[str, ...]


def run_job(
    hosts: Hosts,
    host: Host,
    job: Job,
    *,
    on_line: Callable[[str], None] | None = None,
    stall: float = 300.0,
) -> CommandResult:
    """Start `job` on `host`, or attach to it where it runs already, and follow it to its end.

    `on_line` is called with each line of its log. The result is the job's: EXITED, or SIGNALLED (also
    where it vanished without a status: `reason` says so); `stdout` is the end of its log. Where it could
    not be started the result is EXITED with the starter's status and a `reason`. TIMED_OUT: the log stood
    still for `stall` seconds, UNREACHABLE: the host was lost; the job goes on in both cases.
    Raises Refused where another job of that name runs, UsageError for a hostile name.
    """
    return _Follower(hosts, host, job, on_line, stall).run()


def end_job(hosts: Hosts, host: Host, directory: str, name: str, wait: float = 10.0) -> CommandResult:
    """End a job that runs, with all it has started; ends well where none runs, or it ended within `wait` seconds."""
    words = (directory, name, f"{wait:g}")
    return hosts.run(host, _sh(scripts.JOB_END, *words), timeout=wait + hosts.timeout)


@dataclass(slots=True)
class _Follower:
    hosts: Hosts
    host: Host
    job: Job
    on_line: Callable[[str], None] | None
    stall: float
    seen: int = 0  # bytes of the log
    tail: bytes = b""
    lines: Lines = field(default_factory=Lines)
    started: float = field(default_factory=monotonic)
    moved: float = field(default_factory=monotonic)

    def run(self) -> CommandResult:
        if not NAME.match(self.job.name):
            raise UsageError(f"not a name for a job: {self.job.name!r}")
        words = [self.job.directory, self.job.name, secrets.token_hex(8), quote(self.job.argv)]
        result = self.hosts.run(self.host, fenced(self.host, _sh(scripts.JOB_START, *words, *self.job.argv)))
        if not result.ok:
            return self._not_started(result)
        state = _fields(result.stdout)
        if state["state"] in ("other", "leftover"):
            raise self._refusal(state)
        return self._follow(state["id"])

    def _follow(self, identity: str) -> CommandResult:
        while True:
            looks = max(1, min(_LOOKS, round((self.stall - (monotonic() - self.moved)) / _LOOK) + 1))
            words = [self.job.directory, self.job.name, identity, str(self.seen), str(_LOOK), str(looks)]
            result = self.hosts.stream(
                self.host,
                _sh(scripts.JOB_FOLLOW, *words),
                on_chunk=self._took,
                timeout=_LOOK * _LOOKS + self.hosts.timeout,
            )
            state = _fields(result.stderr).get("state", "")
            if not state:
                if self._lost_for_good(result):
                    return self._gone_out_of_sight(result)
            elif state != "running":
                return self._ended(state)
            elif monotonic() - self.moved > self.stall:
                return self._result(Ended.TIMED_OUT, reason=f"no progress for {self.stall:g} s; the job goes on")

    def _took(self, data: bytes) -> None:
        self.seen += len(data)
        self.moved = monotonic()
        self.tail = (self.tail + data)[-_KEPT:]
        if self.on_line is not None:
            for line in self.lines.feed(data):
                self.on_line(line)

    def _lost_for_good(self, result: CommandResult) -> bool:
        """After a look that failed: False to look again, once the host is there again."""
        if result.ended is Ended.EXITED:
            return True
        until = monotonic() + 3 * self.hosts.timeout
        while monotonic() < until:
            self.hosts.retry(self.host)
            if self.hosts.run(self.host, ["true"], become=False).ok:
                return False
            if threads.paused(_RETRY):
                return True
        return True

    def _gone_out_of_sight(self, result: CommandResult) -> CommandResult:
        said = result.stderr.strip() or result.reason
        reason = f"{said}; the job {self.job.name} goes on by itself"
        return self._result(result.ended, reason=reason, next=result.next, status=result.status)

    def _ended(self, state: str) -> CommandResult:
        if self.on_line is not None:
            for line in self.lines.end():
                self.on_line(line)
        if state == "replaced":
            return self._result(Ended.SIGNALLED, reason="somebody started the job anew meanwhile")
        if state == "lost" or not state[2:].strip().isdigit():
            reason = "the job ended without leaving its status: it was killed, the host restarted, or the disk is full"
            return self._result(Ended.SIGNALLED, signal="unknown", reason=reason)
        status = int(state[2:])
        if status > 128 and status - 128 in {signal.value for signal in Signals}:
            return self._result(Ended.SIGNALLED, signal=Signals(status - 128).name.removeprefix("SIG"))
        return self._result(Ended.EXITED, status=status)

    def _not_started(self, result: CommandResult) -> CommandResult:
        reason = result.reason
        if result.ended is Ended.EXITED:
            said = "; ".join(line for line in result.stderr.splitlines() if line)
            reason = f"the job {self.job.name} could not be started on {self.host.name}: {said}"
        return self._result(
            result.ended,
            status=result.status,
            signal=result.signal,
            stderr=result.stderr,
            reason=reason,
            next=result.next,
        )

    def _refusal(self, state: dict[str, str]) -> Refused:
        running = _described(state)
        if state["state"] == "leftover":
            return Refused(
                f"job {self.job.name} on {self.host.name} has ended, but something it started still runs",
                detail=f"it holds {self.job.directory}/.cctrl-job-{self.job.name}.lock; the job was {running}",
            )
        return Refused(
            f"another job {self.job.name} already runs on {self.host.name}",
            detail=f"{running}\nin {self.job.directory}",
        )

    def _result(
        self,
        ended: Ended,
        *,
        status: int | None = None,
        signal: str = "",
        stderr: str = "",
        reason: str = "",
        next: str = "",
    ) -> CommandResult:
        return CommandResult(
            host=self.host.name,
            argv=self.job.argv,
            ended=ended,
            status=status,
            signal=signal,
            stdout=self.tail.decode("utf-8", "replace"),
            stderr=stderr,
            duration=monotonic() - self.started,
            reason=reason,
            next=next,
        )


def _sh(script: str, *arguments: str) -> Sequence[str]:
    return ["sh", "-c", script, "cctrl", *arguments]


def _fields(text: str) -> dict[str, str]:
    """`key=value` lines; the last value may have several lines."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key in ("state", "pid", "since", "id", "argv") and last != "argv":
            fields[key] = value
            last = key
        elif last == "argv":
            fields[last] += "\n" + line
    return fields


def _described(state: dict[str, str]) -> str:
    since = state.get("since", "")
    start = datetime.fromtimestamp(int(since) if since.isdigit() else 0, UTC)
    return f"pid {state.get('pid')} since {start:%Y-%m-%d %H:%M:%S} UTC: {state.get('argv')}"
