"""Settings that the servers' owner has made: limits for all sessions, standbys that are waited for."""

from __future__ import annotations

import re
import subprocess

from tests.dataservice.alpha import Alpha


def setting(alpha: Alpha, name: str, value: str, *hosts: str) -> None:
    for host in hosts:
        alpha.lab.sql(host, f"alter system set {name} = {value}")
        alpha.lab.sql(host, "select pg_reload_conf()")


def test_limits_for_all_sessions_are_not_for_ours(alpha: Alpha) -> None:
    """host2 replays a commit only after 3 s, which a switch waits for."""
    setting(alpha, "recovery_min_apply_delay", "'3s'", "host2")
    for name, value in (
        ("statement_timeout", "'1s'"),
        ("lock_timeout", "'1s'"),
        ("default_transaction_read_only", "on"),
    ):
        setting(alpha, name, value, *alpha.hosts)
    alpha.lab.sql("host1", "begin read write; create table t (i int); commit")
    done = alpha("switch to host2")
    assert done.returncode == 0, done.stdout + done.stderr
    alpha.stands("host2", ["host1", "host3"])


def test_a_new_master_whose_writes_will_hang_is_asked_about_and_shown(alpha: Alpha) -> None:
    setting(alpha, "synchronous_standby_names", "'FIRST 1 (host1)'", "host2", "host3")
    alpha.fault("kill", "host1")
    said = alpha.refuses("failover to host2")
    assert (
        "at risk: writes on host2 will hang: it waits for 1 of the standbys host1 (synchronous_standby_names)" in said
    )
    alpha.does("--yes", "failover to host2")
    page = alpha("ls")
    assert "|REASON[WRITES HANG: 1 SYNCHRONOUS SLAVES ARE WAITED FOR, 0 RECEIVE]" in page.stdout
    assert re.search(r"^NEXT: recover ", page.stderr, re.M), page.stderr
    alpha.does("recover")
    assert "WRITES HANG" not in alpha("ls").stdout
    subprocess.run(
        alpha.psql(alpha.dsns["host2"], "-c", "create table t ()"), check=True, timeout=30, env=alpha.lab.environ
    )
