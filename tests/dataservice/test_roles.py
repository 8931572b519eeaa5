"""Roles, draining, connections and replicators, on real servers."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.dataservice.alpha import Alpha
from tests.stage import wait_for

pytestmark = pytest.mark.timeout(300)
OK = {"host1": "master:ONLINE OK", "host2": "slave:ONLINE OK", "host3": "slave:ONLINE OK"}


@pytest.fixture
def whole(calm: Alpha) -> Iterator[Alpha]:
    """The calm service, as it was at the end of each test."""
    yield calm
    assert calm.states() == OK
    calm.stands("host1", ["host2", "host3"])


def client(alpha: Alpha, host: str, name: str) -> subprocess.Popen[bytes]:
    """A client session that stays."""
    dsn = f"{alpha.dsns[host]}?application_name={name}"
    process = subprocess.Popen(
        alpha.psql(dsn), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alpha.lab.environ
    )
    assert process.stdin and process.stdout
    process.stdin.write(b"select 1;\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"1\n"
    return process


def told(process: subprocess.Popen[str]) -> None:
    """Read until the drain says that it waits."""
    assert process.stderr
    assert any("still serves 1 client session;" in line for line in iter(process.stderr.readline, ""))


def test_an_archive_never_becomes_the_master(whole: Alpha) -> None:
    said = whole.does("datasource host2 archive")
    assert said.strip() == "SETTING THE ROLE OF DATASOURCE 'host2@alpha' FROM 'slave' TO 'archive'"
    assert whole.states()["host2"] == "archive:ONLINE OK"
    assert "REPLICATOR(role=archive, master=host1, state=ONLINE)" in whole.does("ls host2")
    refused = whole.refuses("switch to host2")
    assert "it is an archive" in refused
    assert "NEXT: datasource host2 offline; datasource host2 slave; datasource host2 online" in refused
    explained = whole("explain switch")
    assert "SELECTED SLAVE: host3@alpha" in explained.stdout
    assert "it must be OFFLINE, FAILED or SHUNNED" in whole.refuses("datasource host2 slave")
    whole.does("datasource host2 offline; datasource host2 slave; datasource host2 online")


def test_a_role_outlives_a_recovery_and_a_standby_may_become_the_master(whole: Alpha) -> None:
    whole.does(
        "datasource host3 standby", "datasource host3 shun", "datasource host3 recover", "datasource host3 online"
    )
    assert whole.states()["host3"] == "standby:ONLINE OK"
    assert "EVALUATING SLAVE: host3(" in whole.does("explain switch to host3")
    for command in ("datasource host3 standby", "datasource host1 archive", "datasource host1 slave"):
        whole.refuses(command)
    whole.does("datasource host3 offline; datasource host3 slave; datasource host3 online")


def test_connections_are_counted_and_drained(whole: Alpha) -> None:
    clients = [client(whole, "host2", "app"), client(whole, "host2", "app"), client(whole, "host2", "report")]
    try:
        assert whole.does("datasource host2 connections") == "3\n"
        number, *lines = whole.does("datasource host2 connections -l").splitlines()
        assert number == "3"
        assert [re.sub("@.* ", " ", line) for line in lines] == ["app (2)", "report (1)"]
        assert whole.documents("datasource host2 connections")[0]["connections"] == 3

        for bad in ("soon", "-1", "1.5", "999999999"):
            assert whole(f"datasource host2 drain {bad}").returncode == 2
        done = whole("datasource host2 drain 1")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "DataSource 'host2' set to SHUNNED\n"
        assert "host2 still serves 3 client sessions; they get 1 s" in done.stderr
        assert "host2: 3 client sessions ended" in done.stderr
        assert whole.states()["host2"] == "slave:SHUNNED(DRAIN-CONNECTIONS) SHUNNED"
        assert whole.does("datasource host2 connections") == "0\n"
        assert "NEXT: datasource host2 welcome" in whole.refuses("datasource host2 online")
        whole.refuses("switch to host2")
        whole.does("datasource host2 drain", "datasource host2 welcome")
    finally:
        for each in clients:
            each.kill()
            each.communicate()


def test_a_drain_without_limit_waits_and_ctrl_c_ends_only_the_wait(whole: Alpha) -> None:
    held = client(whole, "host3", "app")
    try:
        process = whole.start("-c", "datasource host3 drain")
        assert process.stderr and process.stdout
        told(process)
        whole.does("datasource host2 shun", "datasource host2 welcome")  # nobody is kept waiting by it
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130, said
        assert "host3 stays SHUNNED(DRAIN-CONNECTIONS)" in said and "NEXT: datasource host3 connections" in said
        assert held.poll() is None

        process = whole.start("-c", "datasource host3 drain")
        assert process.stderr
        told(process)
        held.kill()
        process.communicate(timeout=30)
        assert process.returncode == 0
        whole.does("datasource host3 welcome")
    finally:
        held.kill()
        held.communicate()


def test_a_replicator_that_is_offline_receives_and_does_not_apply(whole: Alpha) -> None:
    whole.does("set policy manual")
    page = whole("replicator host2 offline")
    assert page.stdout == "Replicator 'host2' is now OFFLINE\n" and "AUTOMATIC" not in page.stderr
    whole.sql("host1", "create table away (i int)")
    whole.lab.has("host2", "select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()", "t")
    assert whole.sql("host2", "select to_regclass('away') is null") == "t"
    page = whole("ls host2")
    assert "|STATUS [DIMINISHED]" in page.stdout and "|REASON[REPLICATOR OFFLINE]" in page.stdout
    assert "REPLICATOR(role=slave, master=host1, state=OFFLINE)" in page.stdout
    assert "NEXT: replicator host2 online" in page.stderr
    status = whole.documents("replicator host2 status")[0]
    assert (status["role"], status["state"]) == ("slave", "OFFLINE")
    for command in ("replicator host2 offline", "replicator host1 offline", "replicator host3 online"):
        whole.refuses(command)
    assert "let host2 replay again" in whole.does("explain replicator host2 online")
    assert whole.does("replicator host2 online") == "Replicator 'host2' is now ONLINE\n"
    assert whole.sql("host2", "select to_regclass('away') is not null") == "t"
    whole.sql("host1", "drop table away")
    whole.does("set policy automatic")


def test_a_recovery_lets_it_apply_again_and_automatic_is_warned_of(whole: Alpha) -> None:
    page = whole("replicator host3 offline")
    assert "policy AUTOMATIC may bring host3's replicator back" in page.stderr
    assert "datasource host3 shun" in page.stderr
    whole.does("datasource host3 shun", "datasource host3 recover", "datasource host3 online")
    whole.does("replicator host3 offline", "recover", "datasource host3 online")


def test_a_replicator_is_restarted(whole: Alpha) -> None:
    receiver = "select pid from pg_stat_wal_receiver"
    before = whole.sql("host2", receiver)
    assert whole.does("replicator host2 restart") == "Replicator 'host2' is now ONLINE\n"
    wait_for(lambda: whole.sql("host2", receiver) not in ("", before), 10, "another receiver")
