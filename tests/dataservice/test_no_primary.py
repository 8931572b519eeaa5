"""No master is left: the ranking, `set master`, `recover using`, what they refuse and what they keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dataservice.alpha import Alpha, Writer
from tests.stage import Cctrl

pytestmark = pytest.mark.timeout(600)
GONE = "slave:SHUNNED(SHUNNED) SHUNNED"


def spread(alpha: Alpha) -> None:
    """All servers are down; host1 has three rows, host3 two, host2 none."""
    alpha.sql("host1", "create table t (i int)")
    for host in ("host2", "host3"):
        alpha.lab.has(host, "select count(*) from t", "0")
    alpha.fault("stop", "host2")
    alpha.sql("host1", "insert into t values (1)")
    alpha.sql("host1", "insert into t values (2)")
    alpha.lab.has("host3", "select count(*) from t", "2")
    alpha.fault("kill", "host3")
    alpha.sql("host1", "insert into t values (3)")
    alpha.fault("kill", "host1")


def all_standbys(alpha: Alpha) -> None:
    """Somebody started the master as a standby of nobody: no server is it any more."""
    alpha.fault("stop", "host1")
    data = alpha.lab.directory / "lab" / "hosts" / "host1" / "data"
    mark = data / "standby.signal"
    mark.touch()
    _own(mark, data)
    alpha.fault("start", "host1")
    alpha.lab.has("host1", "select pg_is_in_recovery()", "t")


def _own(path: Path, like: Path) -> None:
    import os

    known = like.stat()
    os.chown(path, known.st_uid, known.st_gid)


def test_all_are_down_and_the_best_is_taken(alpha: Alpha) -> None:
    spread(alpha)
    page = alpha("ls")
    ranking = re.findall(r"^(\d)\. (host\d): timeline 1, log up to \S+; choosing it loses (.*)$", page.stderr, re.M)
    assert [(place, host) for place, host, _ in ranking] == [("1", "host1"), ("2", "host3"), ("3", "host2")]
    assert ranking[0][2] == "nothing that was seen"
    assert ranking[1][2].startswith("1 committed transaction that host1 has (")
    assert ranking[2][2].startswith("3 committed transactions that host1 has (")
    assert page.stderr.rstrip().endswith("NEXT: recover using host1")
    data = alpha.ls()
    assert [c["name"] for c in data["candidates"]] == ["host1", "host3", "host2"]
    assert {source["next"] for source in data["datasources"]} == {"recover using host1"}
    for command in ("failover", "recover", "datasource host2 recover"):
        assert "recover using HOST" in alpha.refuses(command)

    explained = alpha.does("explain recover using host1")
    assert " 1  start host1 and wait until it accepts connections" in explained
    done = alpha.does("--yes", "recover using host1").splitlines()
    assert done[:3] == [
        "SET POLICY: AUTOMATIC => MAINTENANCE",
        "PUT THE NEW MASTER 'host1@alpha' ONLINE",
        "DATASOURCE 'host1@alpha' IS NOW A MASTER",
    ]
    assert "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'" in done
    assert alpha.policy() == "AUTOMATIC"
    alpha.stands("host1", ["host2", "host3"])
    assert alpha.sql("host1", "select pg_control_checkpoint.timeline_id from pg_control_checkpoint()") == "1"


def test_one_that_loses_is_refused_and_forced_keeps_the_log(alpha: Alpha) -> None:
    spread(alpha)
    said = alpha.refuses("recover using host2", "--yes")
    assert "making host2 the master would lose 3 committed transactions that host1 has (" in said
    assert re.search(r"^DETAIL: host1: transaction \d+ at \S+, ", said, re.M)
    assert "NEXT: recover using host2 --force" in said
    assert alpha.standing() == dict.fromkeys(alpha.hosts, ""), "nothing was started"

    forced = alpha("--yes", "recover using host2 --force")
    assert forced.returncode == 0, forced.stderr
    kept = re.search(r"^host1: the log that only it has is kept in (\S+)$", forced.stderr, re.M)
    assert kept and (Path(kept[1]) / "transactions.txt").read_text().count("COMMIT") == 3
    assert "SHUNNING PREVIOUS MASTER 'host1@alpha'" in forced.stdout
    alpha.stands("host2", ["host1", "host3"])
    assert alpha.sql("host1", "select count(*) from t") == "0"


def test_no_server_is_the_master(alpha: Alpha) -> None:
    """All are standbys: all are shunned, whatever the policy, and each way back works."""
    all_standbys(alpha)
    for policy in ("maintenance", "manual", "automatic"):
        assert alpha.states(f"set policy {policy}") == dict.fromkeys(alpha.hosts, GONE)
    assert "recover using HOST" in alpha.refuses("failover")
    assert "expert-level" in alpha.refuses("set master host2") and "--yes" in alpha.refuses("set master host2")
    done = alpha.does("--yes", "set master host2").splitlines()
    assert done == [
        "SET POLICY: AUTOMATIC => MAINTENANCE",
        "PUT THE NEW MASTER 'host2@alpha' ONLINE",
        "DATASOURCE 'host2@alpha' IS NOW A MASTER",
        "REVERT POLICY: MAINTENANCE => AUTOMATIC",
    ]
    assert "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'" in alpha.does("recover")
    alpha.does("datasource host1 online", "datasource host3 online")
    alpha.stands("host2", ["host1", "host3"])
    for command, following in (("set master host1", "switch to host1"), ("recover using host3", "switch to host3")):
        assert f"NEXT: {following}" in alpha.refuses(command, "--yes")


def test_several_are_lost_and_one_is_left(alpha: Alpha) -> None:
    """The master was failed over away from, its successor has lost its data, and the last one is down too."""
    alpha.fault("kill", "host1")
    alpha.does("failover to host2")
    alpha.fault("wipe", "host2")
    alpha.fault("kill", "host3")
    assert alpha.states() == {
        "host1": "master:SHUNNED(FAILED-OVER-TO-host2) SHUNNED",
        "host2": "master:SHUNNED(SHUNNED) SHUNNED",
        "host3": GONE,
    }
    done = alpha("--yes", "recover using host3")
    assert done.returncode == 4, done.stderr
    assert "RECOVERED 1 DATA SOURCES IN SERVICE 'alpha'" in done.stdout
    assert re.search(r"^NEXT: tprovision host2", done.stderr, re.M)
    alpha.stands("host3", ["host1"])


def test_one_out_of_reach_is_asked_about_and_named(alpha: Alpha) -> None:
    all_standbys(alpha)
    alpha.fault("cut", "host3")
    said = alpha.refuses("set master host2", "-expert")
    assert re.search(r"^at risk: host3 cannot be seen; it may have more than host2 ", said, re.M)
    assert alpha.standing("host2") != {"host2": "writable"}
    alpha.does("--yes", "set master host2")
    assert alpha.standing("host2") == {"host2": "writable"}


def test_killed_at_each_step(alpha: Alpha) -> None:
    """Killed anywhere, the same command given again ends with one master and the others under it, and nothing lost."""
    with Writer(alpha) as writer:
        number, killed = 0, True
        while killed:
            writer.writes()
            seen = len(writer.acknowledged) - 1
            master = alpha.master()
            alpha.fault("kill", *[host for host in alpha.hosts if host != master], master)
            command = f"recover using {master}"
            broken_off = alpha.killed_at(command, number)
            killed = broken_off.killed
            if killed:
                again = alpha("--yes", command)
                assert again.returncode == 0, f"{broken_off}\n{again.stdout}{again.stderr}"
            assert alpha.unfinished() is None, broken_off
            assert alpha.policy() == "AUTOMATIC", broken_off
            alpha.stands(master, [host for host in alpha.hosts if host != master])
            assert not writer.lost(master, seen), broken_off
            number += 2  # when a remote command begins and when it has ended is much the same
        assert number > 4


def test_one_that_only_others_can_reach_may_be_the_master(alpha: Alpha) -> None:
    """Its SSH port is shut to us, and its server lives: nobody is made the master beside it."""
    all_standbys(alpha)
    text = alpha.config.read_text()
    blind = alpha.lab.directory / "blind.toml"
    first = text.index('members."host3"')
    blind.write_text(text[:first] + re.sub(r"ssh_port = \d+", "ssh_port = 1", text[first:], count=1))
    done = Cctrl(alpha.lab.environ, ["--config", str(blind), "--yes"])("-c", "recover using host2 --force")
    assert done.returncode == 3
    assert "host3 is alive: it cannot be reached from here, but from host1 it can" in done.stderr
    assert re.search(r"^NEXT: ping", done.stderr, re.M)
    assert alpha.standing("host2") != {"host2": "writable"}
