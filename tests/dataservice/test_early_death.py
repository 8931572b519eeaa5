"""A master that dies before its first checkpoint as a master can be rewound all the same."""

from __future__ import annotations

from tests.dataservice.alpha import Alpha


def test_a_master_killed_before_its_first_checkpoint_is_rewound(alpha: Alpha) -> None:
    alpha.sql("host1", "create table t as select n, repeat('x', 500) filler from generate_series(1, 20000) n")
    alpha.does("switch to host2")
    alpha.sql("host2", "update t set n = n + 1 where n < 5000")  # so that the next one's checkpoint takes its time
    alpha.does("switch to host1")
    for host in ("host2", "host3"):
        alpha.sql(host, "alter system set primary_conninfo = ''")
        alpha.sql(host, "select pg_reload_conf()")
    alpha.sql("host1", "create table only_here ()")
    alpha.lab.run("kill", "host1")
    alpha.does("--yes", "failover to host2")
    alpha.sql("host2", "update t set n = n + 1 where n < 100")
    done = alpha("datasource host1 recover --force --rewind", "datasource host1 online")
    assert (done.returncode, "it is rewound" in done.stderr) == (0, True), done.stdout + done.stderr
    if alpha.sql("host2", "select current_setting('server_version_num')::int < 160000") == "t":
        assert "before its first checkpoint" in done.stderr, done.stderr
    alpha.stands("host2", ["host1", "host3"])
    assert alpha.sql("host1", "select to_regclass('only_here') is null") == "t"
