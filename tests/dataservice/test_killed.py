"""cctrl is killed (SIGKILL) at each step of a changing command: the same command, given again, finishes the work."""

from __future__ import annotations

import os
import signal

import pytest

from tests.dataservice.alpha import Alpha, Killed, Writer, shown
from tests.stage import Completed, wait_for

pytestmark = pytest.mark.timeout(900)

SLAVE, MASTER = "slave:ONLINE OK", "master:ONLINE OK"


def ended_well(alpha: Alpha, again: Completed, broken_off: Killed) -> None:
    """The second run came to its end and left neither the policy nor an operation open."""
    assert again.returncode == 0, f"{broken_off}: then exit {again.returncode}\n{again.stdout}{again.stderr}"
    assert alpha.unfinished() is None, broken_off
    assert alpha.policy() == "AUTOMATIC", broken_off


def target_on_record(alpha: Alpha) -> str:
    """The target that the killed command had chosen, if it had got so far."""
    operation = alpha.unfinished()
    return operation.target if operation else ""


def test_switch(alpha: Alpha) -> None:
    with Writer(alpha) as writer:
        number, killed = 0, True
        while killed:
            writer.writes()
            before, seen = alpha.master(), len(writer.acknowledged) - 1
            broken_off = alpha.killed_at("switch", number)
            killed, target = broken_off.killed, target_on_record(alpha)
            if killed:
                ended_well(alpha, alpha("switch"), broken_off)
            master = alpha.master()
            assert master == (target or master), broken_off
            assert master != before or not killed, broken_off
            alpha.stands(master, [host for host in alpha.hosts if host != master])
            assert alpha.states() == {h: MASTER if h == master else SLAVE for h in alpha.hosts}, broken_off
            assert not writer.lost(master, seen), broken_off
            number += 1
        assert broken_off.status in (0, -signal.SIGKILL), "the kill that comes too late ends the row"
        assert number > 15
    assert not writer.lost(alpha.master())


def test_failover_then_recover(alpha: Alpha) -> None:
    """The master dies while a client writes; both commands that follow are killed, each at its next step.

    What is acknowledged has reached a slave first (synchronous commit on one of them), so that nothing may be
    lost although the master's log is given up.
    """
    for host in alpha.hosts:
        alpha.sql(host, "alter system set synchronous_standby_names = 'ANY 1 (*)'")
        alpha.sql(host, "select pg_reload_conf()")
    with Writer(alpha) as writer:
        number, going = 0, {"failover": True, "recover": True}
        while any(going.values()):
            writer.writes()
            old, seen = alpha.master(), len(writer.acknowledged) - 1
            alpha.fault("kill", old)
            new = fail_over(alpha, old, number, going)
            assert not writer.lost(new, seen), f"failover, {number}"
            recover(alpha, f"datasource {old} recover --force --rewind", [old], new, number, going)
            assert not writer.lost(new, seen), f"recover, {number}"
            number += 1
        assert number > 8
    assert not writer.lost(alpha.master())


def fail_over(alpha: Alpha, old: str, number: int, going: dict[str, bool]) -> str:
    """Kill `failover` at its step of that number and give it again; the new master."""
    broken_off = alpha.killed_at("failover", number)
    going["failover"], target = broken_off.killed, target_on_record(alpha)
    if broken_off.killed:
        ended_well(alpha, alpha("--yes", "failover"), broken_off)
    assert alpha.standing(old) == {old: ""}, f"{broken_off}: the old master runs"
    new = alpha.master()
    assert new == (target or new), broken_off
    others = [host for host in alpha.hosts if host not in (old, new)]
    alpha.stands(new, others)
    shunned = f"master:SHUNNED(FAILED-OVER-TO-{new}) SHUNNED"
    assert alpha.states() == {old: shunned, new: MASTER, **dict.fromkeys(others, SLAVE)}, broken_off
    return new


def recover(alpha: Alpha, command: str, down: list[str], master: str, number: int, going: dict[str, bool]) -> None:
    """Kill a recovery at its step of that number, give it again, and put what it recovered ONLINE."""
    broken_off = alpha.killed_at(command, number)
    going["recover"] = broken_off.killed
    if broken_off.killed:
        ended_well(alpha, alpha("--yes", command), broken_off)
    assert alpha.master() == master, broken_off
    alpha.stands(master, [host for host in alpha.hosts if host != master])
    first, *_, last = alpha.documents("ls", *(f"datasource {host} online" for host in down), "ls")
    assert {host: shown(first)[host] for host in down} == dict.fromkeys(down, "slave:OFFLINE WARN"), broken_off
    assert shown(last) == {h: MASTER if h == master else SLAVE for h in alpha.hosts}, broken_off


def test_recover_of_the_whole_service(alpha: Alpha) -> None:
    """Two slaves that crashed are recovered side by side."""
    number, going = 0, {"recover": True}
    while going["recover"]:
        master = alpha.master()
        first, second = (host for host in alpha.hosts if host != master)
        alpha.fault("kill", first, second)
        recover(alpha, "recover", [first, second], master, number, going)
        number += 2  # both are worked on in step: what the one does the other has just done, or is about to do
    assert number > 8


def test_switch_while_the_old_master_shuts_down(alpha: Alpha) -> None:
    """A shutdown that takes long goes on by itself when cctrl is killed: the same command waits for it."""
    checkpointer = process(alpha, "host1", "checkpointer")

    def stop(line: str) -> bool:
        if " cctrl-stop " not in line:
            return False
        os.kill(checkpointer, signal.SIGSTOP)  # it writes the last checkpoint of a shutdown
        wait_for(lambda: not alpha.sql("host1", "select 1"), 30, "host1 begins to shut down")
        return True

    with Writer(alpha) as writer:
        writer.writes()
        try:
            broken_off = alpha.killed("switch to host2", stop)
            assert broken_off.killed
            again = alpha.start("-v", "-c", "switch to host2")
            assert again.stderr
            seen = next(line for line in again.stderr if "shut" in line and " cctrl-" not in line)
            assert "host1" in seen
        finally:
            os.kill(checkpointer, signal.SIGCONT)
        out, err = again.communicate(timeout=120)
        ended_well(alpha, Completed(again.args, again.returncode, out, err), broken_off)
        alpha.stands("host2", ["host1", "host3"])
        assert not writer.lost("host2")


WAITING = "select count(*) from pg_stat_activity where application_name like 'cctrl%' and query like '%wal_replay_lsn%'"


def test_a_promotion_that_still_waits_does_not_happen_later(alpha: Alpha) -> None:
    """The target has yet to replay the end of the log when cctrl is killed; then the old master is started again."""
    startup = process(alpha, "host2", "startup")

    def promotes(line: str) -> bool:
        operation = alpha.unfinished()
        if operation and operation.step.startswith("end host1"):
            os.kill(startup, signal.SIGSTOP)  # it receives all, but replays nothing
        if not operation or not operation.step.startswith("promote host2") or "host2: cctrl-promote" not in line:
            return False
        alpha.lab.has("host2", WAITING, "1")
        return True

    with Writer(alpha) as writer:
        writer.writes()
        try:
            broken_off = alpha.killed("switch to host2", promotes)
            assert broken_off.killed
            again = alpha.start("-v", "-c", "switch to host2")
            assert again.stderr
            next(line for line in again.stderr if "host1: exited 0" in line and " cctrl-start " in line)
        finally:
            os.kill(startup, signal.SIGCONT)
        out, err = again.communicate(timeout=180)
        ended_well(alpha, Completed(again.args, again.returncode, out, err), broken_off)
        alpha.stands("host2", ["host1", "host3"])
        assert not writer.lost("host2")


def process(alpha: Alpha, host: str, kind: str) -> int:
    """The pid of one of a server's own processes."""
    return int(alpha.sql(host, f"select pid from pg_stat_activity where backend_type = '{kind}'"))
