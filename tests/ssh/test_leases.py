"""A lease is held by one at a time and ends with its holder, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from cctrl.config import Host
from cctrl.outcome import Refused, Unreachable
from cctrl.ssh import LOST, Held, Hosts, Job, Lease, fenced, hold, run_job, under, unfenced
from cctrl.threads import fan_out, to_its_end
from tests.ssh.servers import Server, free_port


def test_one_at_a_time_and_the_other_is_told(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "lock")
    first = hold(hosts, host, path, "alice@db1 pid 7: switch")
    assert isinstance(first, Lease)
    assert first.held
    second = hold(hosts, host, path, "bob", wait=0.1)
    assert second == Held("alice@db1 pid 7: switch")
    first.release()
    first.release()
    assert not first.held
    third = hold(hosts, host, path, "bob", wait=0)
    assert isinstance(third, Lease)
    with third:
        assert (tmp_path / "new" / "lock").read_text() == "bob\n"
        assert (tmp_path / "new" / "lock").stat().st_mode & 0o777 == 0o600


def test_a_waiting_one_gets_it_when_it_is_released(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    first = hold(hosts, host, str(tmp_path / "lock"), "alice")
    assert isinstance(first, Lease)
    Thread(target=first.release).start()
    second = hold(hosts, host, str(tmp_path / "lock"), "bob", wait=3)
    assert isinstance(second, Lease)
    second.release()


def test_it_is_handed_over_when_its_holder_is_killed(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    program = f"""
import sys
from cctrl.config import Host
from cctrl.ssh import Hosts, hold
lease = hold(Hosts(), {host!r}, {path!r}, "the one to be killed")
print(type(lease).__name__, flush=True)
sys.stdin.read()
"""
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        assert client.stdout.readline() == "Lease\n"
        assert hold(hosts, host, path, "me", wait=0) == Held("the one to be killed")
        client.kill()
        before = monotonic()
        lease = hold(hosts, host, path, "me", wait=10)
        assert isinstance(lease, Lease)
        assert monotonic() - before < 10  # sooner than by silence
        lease.release()


def test_ctrl_c_leaves_no_lease_behind(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    program = f"""
import sys
from cctrl.config import Host
from cctrl.ssh import Hosts, hold
host = {host!r}
hosts = Hosts()
def work(number):
    if number:
        return hosts.run(host, ["sleep", "30"], timeout=60)
    lease = hold(hosts, host, {path!r}, "interrupted")
    print(type(lease).__name__, flush=True)
    return lease
try:
    hosts.fan_out([0, 1], work)
except KeyboardInterrupt:
    sys.stdin.read()
"""
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        assert client.stdout.readline() == "Lease\n"
        client.send_signal(signal.SIGINT)
        lease = hold(hosts, host, path, "me", wait=3)
        assert isinstance(lease, Lease)
        lease.release()
        client.kill()


def test_it_ends_without_heartbeats(hosts: Hosts, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cctrl.ssh.leases._SILENCE", 1)  # and none comes before four seconds
    path = str(tmp_path / "lock")
    first = hold(hosts, host, path, "frozen")
    assert isinstance(first, Lease)
    assert isinstance(hold(hosts, host, path, "me", wait=0), Held)
    second = hold(hosts, host, path, "me", wait=3)
    assert isinstance(second, Lease)
    assert not first.held
    first.release()
    second.release()


def test_it_goes_on_with_heartbeats(hosts: Hosts, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cctrl.ssh.leases._SILENCE", 1)
    monkeypatch.setattr("cctrl.ssh.leases._BEAT", 0.1)
    first = hold(hosts, host, str(tmp_path / "lock"), "beating")
    assert isinstance(first, Lease)
    assert isinstance(hold(hosts, host, str(tmp_path / "lock"), "me", wait=1.5), Held)
    assert first.held
    first.release()


def test_it_ends_with_its_connection(start_server: Callable[..., Server], known_hosts: Path, tmp_path: Path) -> None:
    started = start_server()
    known_hosts.write_text(started.known_hosts_line())
    host = started.host("db1", known_hosts)
    with Hosts() as hosts, Hosts() as others:
        first = hold(hosts, host, str(tmp_path / "lock"), "me")
        assert isinstance(first, Lease)
        hosts.close()
        second = hold(others, host, str(tmp_path / "lock"), "you", wait=3)
        assert isinstance(second, Lease)
        assert not first.held
        first.release()
        second.release()


def test_a_host_does_nothing_for_whoever_lost_its_lock(hosts: Hosts, host: Host, tmp_path: Path) -> None:
    """One that was stopped between its look at the lock and its command would send that, whoever has the lock now."""
    done = tmp_path / "done"

    def made() -> bool:
        found = done.exists()
        done.unlink(missing_ok=True)
        return found

    first = hold(hosts, host, str(tmp_path / "lock"), "alice")
    assert isinstance(first, Lease)
    with under(first):
        about_to = fenced(host, ["touch", str(done)])
        assert hosts.run(host, about_to).ok and made()
        argv = ["touch", str(done)]  # also in the threads that this one begins for it
        assert fan_out([argv], partial(fenced, host)) == [to_its_end(lambda: fenced(host, argv))] == [about_to]
        assert unfenced(tuple(about_to)) == unfenced(("touch", str(done))) == ("touch", str(done))
        os.kill(int(first.holder[0]), signal.SIGKILL)  # as when the host has heard nothing for too long
        second = hold(hosts, host, str(tmp_path / "lock"), "bob", wait=3)
        assert isinstance(second, Lease)
        refused = hosts.run(host, about_to)
        assert (refused.status, made()) == (LOST, False)
        assert "is not held any more: nothing was done" in refused.stderr
        first.release()
        job = Job("touch", str(tmp_path), ("touch", str(done)))
        assert (run_job(hosts, host, job).status, made()) == (LOST, False)
        with under(second):  # of several locks one is as good
            assert run_job(hosts, host, job).ok and made()
    assert run_job(hosts, host, job).ok and made()
    second.release()


def test_trouble(hosts: Hosts, host: Host, known_hosts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot make"):
        hold(hosts, host, str(tmp_path / "file" / "lock"), "me")
    with pytest.raises(Refused, match="cannot write"):
        hold(hosts, host, "/proc/lock", "me")
    away = Host("db9", "127.0.0.1", free_port(), "x", "/none", str(known_hosts))
    with pytest.raises(Unreachable, match="connection refused"):
        hold(hosts, away, str(tmp_path / "lock"), "me")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=3", "tmpfs", place], stderr=subprocess.DEVNULL
    )
    if not mounted:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    (place / "one").write_text("")
    (place / "two").write_text("")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_can_be_locked(hosts: Hosts, host: Host, full_disk: Path) -> None:
    path = str(full_disk / "lock")
    first = hold(hosts, host, path, "alice")
    assert isinstance(first, Lease)
    assert not (full_disk / "lock").exists()
    assert isinstance(hold(hosts, host, path, "bob", wait=0), Held)
    (full_disk / "one").unlink()  # there is room again while it is held
    assert isinstance(hold(hosts, host, path, "bob", wait=0), Held)
    first.release()
    second = hold(hosts, host, path, "bob", wait=1)
    assert isinstance(second, Lease)
    second.release()
