"""Two shells at once on one service: one works, the other is told who does; the lock never outlives its owner."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.dataservice.alpha import Alpha
from tests.stage import wait_for


@contextmanager
def busy(alpha: Alpha, command: str, until: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A shell at work, and what it told: that a remote command which matches `until` begins; it stands still then."""
    reader, writer = os.pipe2(os.O_DIRECT)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)  # room for one line: the next one waits until it is read
    process = alpha.start("-v", "--yes", "-c", command, stderr=writer)
    os.close(writer)
    told: list[str] = []
    try:
        while not told or not re.search(until, told[-1]):
            told.append(os.read(reader, 4096).decode())
            assert told[-1], f"{command} ended before {until}"
        yield process, told
        while line := os.read(reader, 4096).decode():
            told.append(line)
    finally:
        os.close(reader)
        if process.poll() is None:
            process.kill()
        process.wait(30)
        assert process.stdout
        process.stdout.close()


CHANGING = ["switch", "recover", "datasource host3 shun", "set policy manual", "failover"]


def test_the_second_is_told_who_works(alpha: Alpha) -> None:
    with busy(alpha, "switch to host2", " cctrl-sql .*checkpoint") as (first, told):
        for command in CHANGING:
            said = alpha.refuses(command, "-expert")
            assert "another operation is under way on alpha" in said
            assert re.search(rf"^DETAIL: \S+@\S+ pid {first.pid} since \d.*: switch to host2$", said, re.M), said
        assert alpha("ls").returncode == 0, "looking needs no lock"
    assert first.returncode == 0, told[-12:]
    alpha.stands("host2", ["host1", "host3"])
    assert alpha.does("set policy manual") == "policy mode is now MANUAL\n"


def test_the_lock_ends_with_its_owner(alpha: Alpha) -> None:
    with busy(alpha, "switch to host2", " cctrl-sql .*checkpoint") as (first, told):
        first.send_signal(signal.SIGKILL)
        first.wait(30)
        assert alpha.does("switch to host3").splitlines()[-1] == "SWITCH TO 'host3@alpha' WAS SUCCESSFUL"
    alpha.stands("host3", ["host1", "host2"])
    assert alpha.policy() == "AUTOMATIC"


@pytest.mark.timeout(600)
def test_one_that_stood_still_for_too_long_goes_no_further(alpha: Alpha) -> None:
    """A shell is suspended (a laptop's lid is shut) until its lock is somebody else's; then it wakes up."""
    with busy(alpha, "switch to host2", " cctrl-sql .*checkpoint") as (first, told):
        first.send_signal(signal.SIGSTOP)
        wait_for(lambda: alpha("switch to host3").returncode == 0, 120, "the lock is free")
        first.send_signal(signal.SIGCONT)
    assert first.returncode not in (0, None)
    alpha.stands("host3", ["host1", "host2"])
    assert alpha.unfinished() is None
    assert alpha.policy() == "AUTOMATIC"
