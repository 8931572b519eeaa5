"""An old primary with transactions of its own comes back under the new one, on real servers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.replication.hands import ORPHAN, Hands
from tests.stage import Labs


def own_files(hands: Hands, host: str) -> None:
    """Configuration inside the data directory, as most who do not use Debian have it."""
    for name in ("postgresql.conf", "pg_hba.conf", "server.crt", "conf.d/mine.conf"):
        hands.write(host, name, f"# of {host}\n")
    hands.here(host, f"alter system set cluster_name = 'set on {host}'")


def test_commits_that_only_the_old_primary_has_are_counted_kept_and_rewound(hands: Hands) -> None:
    """At once after the promotion, with configuration in the data directory, and with a client that tries to write."""
    hands.table()
    for host in hands.hosts:
        own_files(hands, host)
    hands.only_on("host1", ("host2", "host3"), (1, 2))
    hands.done("failover")
    master = hands.master()
    before = hands.control("host1", "pg_control last modified")

    words = "has unextracted events", "host1 has 2 committed transactions that", "--force"
    hands.told("datasource host1 recover", 3, *words)
    assert hands.pid("host1") == 0
    assert hands.control("host1", "pg_control last modified") == before
    assert not hands.kept("host1")

    with hands.hammered("host1") as acknowledged:
        hands.done("datasource host1 recover --force --rewind")
        hands.stands(master, [host for host in hands.hosts if host != master])
    assert not acknowledged
    assert hands.here("host1", "select string_agg(i::text, ',') from t") == "0"
    (kept,) = hands.kept("host1")
    assert (kept / "transactions.txt").read_text().count("desc: COMMIT") == 2
    for name in ("postgresql.conf", "pg_hba.conf", "server.crt", "conf.d/mine.conf"):
        assert (hands.data("host1") / name).read_text() == "# of host1\n"
    auto = (hands.data("host1") / "postgresql.auto.conf").read_text()
    assert "cluster_name = 'set on host1'" in auto
    assert auto.count("primary_conninfo") == 1
    assert not list(hands.data("host1").parent.glob(".cctrl-data.own-files*"))
    assert hands.control("host1", "Database system identifier") == hands.control(master, "Database system identifier")


def test_what_only_the_old_primary_has_prepared_is_not_thrown_away(hands: Hands) -> None:
    for host in hands.hosts:
        hands.here(host, "alter system set max_prepared_transactions = 5")
        hands.lab.run("stop", host)
        hands.lab.run("start", host)
    hands.table()
    for other in ("host2", "host3"):
        hands.lab.run("stop", other)
    hands.here("host1", "begin; insert into t values (1); prepare transaction 'theirs'")
    hands.lab.run("kill", "host1")
    for other in ("host2", "host3"):
        hands.lab.run("start", other)
    assert "at risk: 1 prepared transaction that only host1 has" in hands.refuses("failover")
    hands.done("failover")
    words = "host1 has 1 prepared transaction that", "prepared transaction 'theirs'", "recover --force"
    hands.told("datasource host1 recover", 3, *words)
    assert not hands.kept("host1")
    hands.done("datasource host1 recover --force")
    (kept,) = hands.kept("host1")
    assert "desc: PREPARE gid theirs" in (kept / "transactions.txt").read_text()


def test_a_log_that_cannot_be_read_is_asked_about(hands: Hands) -> None:
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1, 2))
    for file in (hands.data("host1") / "pg_wal").glob("0" * 7 + "1*"):
        os.truncate(file, 0)
    said = hands.refuses("failover")
    assert "at risk: cannot tell which transactions only host1 has (pg_waldump" in said
    assert "--yes" in said
    hands.done("failover")


def test_two_failovers_in_a_row_and_both_old_primaries_come_back(hands: Hands) -> None:
    """Slots are in use: each standby's is there on every new primary before it asks for it."""
    hands.table()
    for host in hands.hosts:
        hands.here(host, f"alter system set primary_slot_name = '{host}'")
        if host != "host1":
            hands.here("host1", f"select pg_create_physical_replication_slot('{host}')")
        hands.here(host, "select pg_reload_conf()")
    hands.streaming("host1", 2)
    hands.lab.run("kill", "host1")
    hands.done("failover to host2")
    hands.stands("host2", ["host3"])
    hands.here("host2", "insert into t values (1)")
    hands.lab.run("kill", "host2")
    hands.done("failover")
    hands.here("host3", "insert into t values (2)")

    said = hands.done("recover")
    assert said.index("TO RECOVER: 'host2@alpha'") < said.index("TO RECOVER: 'host1@alpha'")
    assert "RECOVERED 2 DATA SOURCES" in said
    hands.stands("host3", ["host1", "host2"])
    hands.have(hands.hosts, 3)
    history = (hands.data("host1") / "pg_wal" / "00000003.history").read_text()
    assert [line.split()[0] for line in history.splitlines() if line] == ["1", "2"]

    hands.done("datasource host1 online", "datasource host2 online", "switch to host1")
    hands.stands("host1", ["host2", "host3"])
    active = "select string_agg(slot_name, ',' order by slot_name) from pg_replication_slots where active"
    assert hands.here("host1", active) == "host2,host3"


def test_a_fenced_server_never_comes_up_writable_and_a_stray_is_brought_back(hands: Hands) -> None:
    """The old primary is frozen, fenced, thawed, started by hand, and at last started as the primary it was."""
    hands.table()
    hands.lab.run("freeze", "host1")
    hands.done("failover to host2")
    assert hands.pid("host1") == 0
    hands.lab._plain("lab", "thaw", "host1", "--name", hands.lab.name)
    assert hands.pid("host1") == 0
    hands.stands("host2", ["host3"])

    hands.lab.run("start", "host1")
    assert hands.here("host1", "select pg_is_in_recovery()") == "t"
    refused = hands.try_here("host1", "insert into t values (1)")
    assert "read-only transaction" in refused.stderr
    hands.lab.run("stop", "host1")

    hands.unmark("host1")
    hands.lab.run("start", "host1")
    hands.here("host1", f"{ORPHAN} (1)")
    running = hands.pid("host1")
    listed = hands.done("ls")
    assert "ACCEPTS WRITES BESIDE 'host2@alpha'" in listed
    for command in ("failover", "switch", "switch to host3"):
        hands.told(command, 3, "more than one member accepts writes", "host1 (timeline 1")
    hands.told("datasource host1 recover", 3, "host1 has 1 committed transaction")
    assert hands.pid("host1") == running
    hands.done("datasource host1 recover --force --rewind")
    hands.stands("host2", ["host1", "host3"])
    hands.have(hands.hosts, 1)
    (kept,) = hands.kept("host1")
    assert "desc: COMMIT" in (kept / "transactions.txt").read_text()


def test_a_standby_that_had_received_more_than_the_new_primary(hands: Hands) -> None:
    """It holds a transaction that was acknowledged to a client, and nobody else has."""
    hands.table()
    hands.lab.run("stop", "host2")
    hands.here("host1", "insert into t values (1)")
    hands.have(["host3"], 2)
    hands.lab.run("kill", "host1")
    hands.lab.run("cut", "host3")
    hands.lab.run("start", "host2")
    said = hands.done("--timeout=2", "explain failover", "failover")
    assert "at risk: host3 cannot be seen; it may have received more than host2" in said
    assert "at risk: 1 committed transaction that only host1 has" in said
    hands.here("host2", "insert into t values (2)")
    hands.lab.run("heal", "host3")

    hands.told("switch to host3", 3, "its log went on after")
    running = hands.pid("host3")
    hands.told("datasource host3 recover", 3, "host3 has 1 committed transaction")
    assert hands.pid("host3") == running
    hands.done("datasource host3 recover --force --rewind")
    hands.told("datasource host1 recover", 3, "host1 has 1 committed transaction")
    hands.done("datasource host1 recover --force --rewind")
    hands.stands("host2", ["host1", "host3"])
    for host in hands.hosts:
        assert hands.here(host, "select string_agg(i::text, ',' order by i) from t") == "0,2"


@pytest.mark.parametrize("version", ["pginstall", "pginstall18"])
def test_the_same_with_the_wheels_postgresql(lab: Labs, wheel_bin: Path, version: str) -> None:
    """With the built-in SSH server, on loopback: what a newcomer's lab is made of."""
    programs = wheel_bin.parent.parent / version / "bin"
    if not programs.is_dir():
        pytest.skip(f"the wheel has no {version}")
    hands = Hands(lab(like=("--postgresql", str(programs))))
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1, 2, 3))
    hands.done("failover")
    hands.told("datasource host1 recover", 3, "host1 has 3 committed transactions")
    hands.done("datasource host1 recover --force --rewind", "datasource host1 online")
    (kept,) = hands.kept("host1")
    assert (kept / "transactions.txt").read_text().count("desc: COMMIT") == 3
    hands.done("switch to host1")
    hands.stands("host1", ["host2", "host3"])
    hands.have(hands.hosts, 1)
