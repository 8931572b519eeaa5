"""Jobs go on by themselves: without the client, without the connection, and never twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from cctrl.config import Host
from cctrl.outcome import Refused, UsageError
from cctrl.ssh import CommandResult, Ended, Hosts, Job, end_job, run_job
from tests.ssh.servers import Server
from tests.stage import wait_for


def gated(tmp_path: Path, end: str = "exit 0") -> tuple[str, ...]:
    """A command that says `begun`, counts its starts, and waits for the file `gate`."""
    script = f"echo x >> {tmp_path}/starts; echo begun; while [ ! -e {tmp_path}/gate ]; do sleep 0.02; done; {end}"
    return ("sh", "-c", script)


def opened_when(holds: Callable[[], bool], tmp_path: Path) -> None:
    """Open the gate of a gated command, in the background, once a condition holds."""

    def wait_and_open() -> None:
        wait_for(holds)
        (tmp_path / "gate").touch()

    Thread(target=wait_and_open).start()


def files(tmp_path: Path) -> Path:
    return tmp_path / ".cctrl-job-copy"


def runs(tmp_path: Path) -> bool:
    """True while anything of the job `copy` lives: it then holds the lock."""
    return subprocess.run(["flock", "-n", "-s", f"{files(tmp_path)}.lock", "true"]).returncode == 1


def test_a_job_to_its_end(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    lines: list[str] = []
    script = "printf '10%%\\r20%%\\rdone\\n'; echo to stderr >&2; cat; exit 3"
    job = Job("copy", str(tmp_path), ("sh", "-c", script))
    result = run_job(hosts, host, job, on_line=lines.append)
    assert (result.ended, result.status, result.reason) == (Ended.EXITED, 3, "")
    assert lines == ["10%", "20%", "done", "to stderr"]
    assert result.stdout.endswith("to stderr\n")
    assert result.argv == job.argv
    assert files(tmp_path).stat().st_mode & 0o777 == 0o700
    assert not runs(tmp_path)


def test_a_signalled_job_and_one_that_vanished(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    result = run_job(hosts, host, Job("copy", str(tmp_path), ("sh", "-c", "kill -TERM $$")))
    assert (result.ended, result.signal) == (Ended.SIGNALLED, "TERM")
    # Killed with all that belongs to it, as by the host's restart: no status is left behind.
    result = run_job(hosts, host, Job("copy", str(tmp_path), ("sh", "-c", "kill -9 -$PPID")))
    assert result.ended is Ended.SIGNALLED
    assert "without leaving its status" in result.reason


def test_a_job_survives_the_kill_of_its_client(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), gated(tmp_path, "echo end; exit 7"))
    with _client(host, job) as client:
        assert client.stdout
        assert client.stdout.readline() == "begun\n"
        client.kill()
    assert runs(tmp_path)
    lines: list[str] = []
    opened_when(lambda: bool(lines), tmp_path)
    result = run_job(hosts, host, job, on_line=lines.append)
    assert (result.ended, result.status) == (Ended.EXITED, 7)
    assert lines == ["begun", "end"]
    assert (tmp_path / "starts").read_text() == "x\n"  # attached to, not started again


def test_a_job_survives_the_loss_of_the_connection(
    start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path
) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    job = Job("copy", str(tmp_path), gated(tmp_path, "echo end"))
    lines: list[str] = []
    with Hosts() as hosts:

        def breaks() -> None:
            wait_for(lambda: bool(lines))
            started.stop()
            started.start()
            (tmp_path / "gate").touch()

        thread = Thread(target=breaks)
        thread.start()
        result = run_job(hosts, host, job, on_line=lines.append)
        thread.join()
    assert result.ok, result
    assert lines == ["begun", "end"]  # nothing lost, nothing twice


def test_a_host_that_stays_away(start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    job = Job("copy", str(tmp_path), gated(tmp_path))
    stop = Thread(target=started.stop)
    with Hosts() as hosts:

        def told(line: str) -> None:
            hosts.timeout = 0.3
            stop.start()

        result = run_job(hosts, started.host("db1", known_hosts), job, on_line=told)
    assert result.ended is Ended.UNREACHABLE
    assert "goes on by itself" in result.reason
    (tmp_path / "gate").touch()
    wait_for((files(tmp_path) / "rc").exists)


def test_another_command_is_refused_while_one_runs(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), gated(tmp_path))
    follower = _follow(hosts, host, job)
    with pytest.raises(Refused) as refusal:
        run_job(hosts, host, Job("copy", str(tmp_path), ("echo", "other")))
    assert "already runs on db1" in refusal.value.what
    assert "since 2" in refusal.value.detail
    assert "starts" in refusal.value.detail
    (tmp_path / "gate").touch()
    assert follower().ok
    assert run_job(hosts, host, Job("copy", str(tmp_path), ("echo", "other"))).stdout == "other\n"


def test_two_callers_at_once_start_it_once(host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), gated(tmp_path, "exit 5"))
    with Hosts() as hosts:
        lines: list[str] = []
        opened_when(lambda: len(lines) == 4, tmp_path)
        results = hosts.fan_out(range(4), lambda _: run_job(hosts, host, job, on_line=lines.append))
    assert [result.status for result in results] == [5] * 4
    assert (tmp_path / "starts").read_text() == "x\n"


def test_a_finished_job_is_started_anew(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), gated(tmp_path, "exit 7"))
    with _client(host, job) as client:
        assert client.stdout
        assert client.stdout.readline() == "begun\n"
        client.kill()
    (tmp_path / "gate").touch()
    wait_for((files(tmp_path) / "rc").exists)
    assert run_job(hosts, host, job).status == 7
    assert (tmp_path / "starts").read_text() == "x\nx\n"


def test_a_job_is_ended(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    """With all it has started; where none runs nothing is done."""
    ended: list[CommandResult] = []

    def end() -> None:
        wait_for(lambda: runs(tmp_path) and (tmp_path / "starts").exists())
        ended.append(end_job(hosts, host, str(tmp_path), "copy"))

    ending = Thread(target=end)
    ending.start()
    result = run_job(hosts, host, Job("copy", str(tmp_path), gated(tmp_path)))
    ending.join()
    assert result.ended is Ended.SIGNALLED
    assert ended[0].ok
    assert not runs(tmp_path)
    assert end_job(hosts, host, str(tmp_path), "copy").ok


def test_no_progress(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), gated(tmp_path))
    result = run_job(hosts, host, job, stall=0.3)
    assert result.ended is Ended.TIMED_OUT
    assert "no progress for 0.3 s" in result.reason
    assert runs(tmp_path)
    (tmp_path / "gate").touch()
    wait_for(lambda: not runs(tmp_path))


def test_a_recycled_pid_fools_nobody(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), ("echo", "hello"))
    files(tmp_path).mkdir()
    for name, text in {"pid": str(os.getpid()), "argv": "'echo' hello", "started": "1", "id": "x", "log": ""}.items():
        (files(tmp_path) / name).write_text(text)
    assert not runs(tmp_path)
    assert run_job(hosts, host, job).stdout == "hello\n"


def test_something_left_behind_is_told(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    job = Job("copy", str(tmp_path), ("sh", "-c", f"sleep 60 & echo $! > {tmp_path}/left"))
    assert run_job(hosts, host, job).ok
    try:
        with pytest.raises(Refused, match="something it started still runs"):
            run_job(hosts, host, job)
    finally:
        os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("place", ["absent", "full", "file"])
def test_what_cannot_be_started_says_why(hosts: Hosts, host: Host, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    directory = "/proc" if place == "full" else str(tmp_path / place)
    result = run_job(hosts, host, Job("copy", directory, ("true",)))
    assert result.ended is Ended.EXITED
    assert result.status == 71
    assert "could not be started on db1" in result.reason
    assert directory in result.reason


def test_a_full_disk(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(place)], capture_output=True).returncode:
        pytest.skip("may not mount a small file system here")
    try:
        with pytest.raises(OSError, match="No space"):
            (place / "filler").write_bytes(b"x" * 20000)
        result = run_job(hosts, host, Job("copy", str(place), ("true",)))
        assert result.status == 71
        assert "No space left" in result.reason or "cannot write" in result.reason
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_missing_programs(start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "timeout", "cat", "bash"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    started = start_server(path=str(programs))
    known_hosts.write_text(started.known_hosts_line())
    with Hosts() as hosts:
        result = run_job(hosts, started.host("db1", known_hosts), Job("copy", str(tmp_path), ("true",)))
    assert "setsid is not installed (package util-linux)" in result.reason


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "a/b", "x" * 64])
def test_hostile_names(hosts: Hosts, host: Host, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        run_job(hosts, host, Job(name, str(tmp_path), ("true",)))


def test_hostile_directories_and_words(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    place = tmp_path / "a 'b\" $(touch x)\nc"
    place.mkdir()
    words = ["a b", "'", "\n", "$HOME", "=x\n"]
    result = run_job(hosts, host, Job("copy", str(place), ("printf", "%s\\0", *words)))
    assert result.stdout.split("\0")[:-1] == words


def _follow(hosts: Hosts, host: Host, job: Job) -> Callable[[], CommandResult]:
    begun = Event()
    results: list[CommandResult] = []
    thread = Thread(target=lambda: results.append(run_job(hosts, host, job, on_line=lambda _: begun.set())))
    thread.start()
    assert begun.wait(5)

    def end() -> CommandResult:
        thread.join()
        return results[0]

    return end


def _client(host: Host, job: Job) -> subprocess.Popen[str]:
    program = (
        "from cctrl.config import Host\nfrom cctrl.ssh import Hosts, Job, run_job\n"
        f"run_job(Hosts(), {host!r}, {job!r}, on_line=lambda line: print(line, flush=True))\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
