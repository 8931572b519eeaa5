"""`recover` of a server that still runs: its log is judged when it has ended, and the outcome is true."""

from __future__ import annotations

import time

from tests.dataservice.alpha import Alpha

QUIET = "alter system set autovacuum = off", "select pg_reload_conf()", "checkpoint"
RECEIVING = "select count(*) from pg_stat_wal_receiver where status = 'streaming'"


def superseded(alpha: Alpha) -> None:
    """host1 is cut off, host2 takes over, and host1 comes back as it was: it accepts writes."""
    alpha.fault("cut", "host1")
    for host in ("host2", "host3"):
        alpha.lab.has(host, RECEIVING, "0", 60)
    alpha.does("--yes", "failover to host2")
    alpha.fault("heal", "host1")


def test_an_idle_old_master_is_recovered_without_a_rewind(alpha: Alpha) -> None:
    """Its shutdown would write beyond the fork, where it cannot follow any more."""
    for statement in QUIET:
        alpha.sql("host1", statement)
    superseded(alpha)
    said = alpha("datasource host1 recover")
    assert said.returncode == 0, said.stderr
    assert "rewound" not in said.stderr
    alpha.stands("host2", ["host1", "host3"])


def test_explain_says_that_the_log_is_judged_when_the_server_has_ended(alpha: Alpha) -> None:
    superseded(alpha)
    said = alpha.does("explain datasource host1 recover")
    assert "it is ended first, and what its log holds then decides" in said
    assert alpha.standing("host1") == {"host1": "writable"}


def test_what_only_an_old_master_has_is_refused_before_it_is_ended(alpha: Alpha) -> None:
    superseded(alpha)
    alpha.inside("host1", "create table only_here (i int)")
    assert "1 committed transaction that host2 does not have" in alpha.refuses("datasource host1 recover")
    assert alpha.standing("host1") == {"host1": "writable"}, "refused with nothing changed"
    alpha.does("datasource host1 recover --force")
    alpha.stands("host2", ["host1", "host3"])


def test_a_frozen_slave_is_ended_and_recovered_at_once(alpha: Alpha) -> None:
    alpha.fault("freeze", "host3")
    began = time.monotonic()
    said = alpha("datasource host3 recover")
    took = time.monotonic() - began
    assert said.returncode == 0, said.stderr
    assert "host3: its server is ended at once" in said.stderr
    alpha.stands("host1", ["host2", "host3"])
    assert took < 40, took
