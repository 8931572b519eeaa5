"""`failover` where it is not plain: an old master that cannot be reached, or lives, or had more than any slave."""

from __future__ import annotations

import re
import socket

import pytest

from tests.dataservice.alpha import Alpha
from tests.dataservice.conftest import Make
from tests.stage import Cctrl, wait_for

UNFENCED = re.compile(r"^unfenced: host1 cannot be reached .*\bnothing\b", re.IGNORECASE | re.MULTILINE | re.DOTALL)
pytestmark = pytest.mark.timeout(600)


def table(alpha: Alpha, rows: int = 10) -> None:
    """A table on all hosts."""
    alpha.sql("host1", f"create table t (i int); insert into t select generate_series(1, {rows})")
    for host in alpha.hosts[1:]:
        alpha.lab.has(host, "select count(*) from t", str(rows))


def apart(alpha: Alpha) -> None:
    """The slaves have noticed that they no longer hear their master."""
    for host in alpha.hosts[1:]:
        alpha.lab.has(host, "select count(*) from pg_stat_wal_receiver where status = 'streaming'", "0", 60)


def test_a_master_that_is_cut_off(alpha: Alpha) -> None:
    """Unfenced: only with a yes; when it comes back it is a master beside the master, and what it took is not lost."""
    table(alpha)
    alpha.fault("cut", "host1")
    apart(alpha)
    before = {host: alpha.standing(host) for host in ("host2", "host3")}
    said = alpha.refuses("failover")
    assert UNFENCED.search(said), said
    assert "--yes" in said
    assert {host: alpha.standing(host) for host in before} == before
    assert alpha.policy() == "AUTOMATIC"

    alpha.inside("host1", "insert into t values (666)")
    done = alpha("--yes", "failover")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "FAILOVER TO 'host2' WAS COMPLETED"
    assert not any("SHUNNING PREVIOUS MASTER" in line for line in done.stdout.splitlines()), "it was not fenced"
    alpha.stands("host2", ["host3"])
    assert alpha.states()["host1"] == "master:SHUNNED(FAILED-OVER-TO-host2) SHUNNED"

    alpha.fault("heal", "host1")
    wait_for(lambda: alpha.standing("host1") == {"host1": "writable"}, 30, "host1 is back, and writable")
    page = alpha("ls")
    assert "|REASON[ACCEPTS WRITES BESIDE 'host2@alpha']" in page.stdout
    assert "NEXT: datasource host1 recover" in page.stderr
    for refused in ("switch to host3", "failover", "failover to host3"):
        assert "datasource host1 recover" in alpha.refuses(refused)

    said = alpha.refuses("datasource host1 recover")
    assert re.search(r"host1 has 1 committed transactions? that host2 does not have", said), said
    assert "--force" in said
    assert alpha.standing("host1") == {"host1": "writable"}, "nothing was changed"
    forced = alpha("datasource host1 recover --force")
    assert forced.returncode == 0, forced.stderr
    kept = re.search(r"is kept in (\S+)", forced.stderr)
    assert kept, forced.stderr
    alpha.does("datasource host1 online")
    alpha.stands("host2", ["host1", "host3"])
    assert alpha.sql("host1", "select count(*) from t") == "10"


def test_a_master_that_only_we_cannot_reach(alpha: Alpha) -> None:
    """Its SSH port is shut to us, but the slaves go on receiving from it: it lives."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        text = alpha.config.read_text()
        blind = alpha.lab.directory / "blind.toml"
        first = text.index('members."host1"')
        blind.write_text(text[:first] + re.sub(r"ssh_port = \d+", f"ssh_port = {free_port()}", text[first:], count=1))
    before = alpha.snapshot()
    cctrl = Cctrl(alpha.lab.environ, ["--config", str(blind), "--yes"])
    for command in ("failover", "failover to host3", "explain failover"):
        refused = cctrl("-c", command)
        assert refused.returncode == 3, refused
        assert "host1 is alive" in refused.stderr
        assert re.search(r"^NEXT: ping", refused.stderr, re.M)
    switched = cctrl("-c", "switch")
    assert switched.returncode == 3
    assert alpha.snapshot() == before
    alpha.stands("host1", ["host2", "host3"])


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])


def behind(alpha: Alpha) -> None:
    """host2 has ten rows, host3 eleven; the master is dead."""
    table(alpha)
    alpha.fault("stop", "host2")
    alpha.sql("host1", "insert into t values (11)")
    alpha.lab.has("host3", "select count(*) from t", "11")
    alpha.fault("kill", "host1")
    alpha.fault("start", "host2")


def test_the_most_advanced_slave_wins(alpha: Alpha) -> None:
    behind(alpha)
    done = alpha("failover")
    assert done.returncode == 0, done.stderr
    assert "SELECTED SLAVE: host3@alpha" in done.stdout
    assert re.search(r"host2@alpha was not taken: \d+ \w+ behind host3", done.stderr)
    alpha.stands("host3", ["host2"])
    assert alpha.sql("host2", "select count(*) from t") == "11"


def test_one_asked_for_first_receives_what_another_has_more(alpha: Alpha) -> None:
    behind(alpha)
    assert "let host2 receive from host3 what it does not have yet" in alpha.does("explain failover to host2")
    assert alpha.sql("host2", "select count(*) from t") == "10"
    alpha.does("failover to host2")
    alpha.stands("host2", ["host3"])
    assert alpha.sql("host2", "select count(*) from t") == "11"
    alpha.does("datasource host1 recover; datasource host1 online")
    alpha.stands("host2", ["host1", "host3"])


def test_what_is_out_of_service_is_not_taken(alpha: Alpha) -> None:
    alpha.does("datasource host2 shun; datasource host3 shun")
    alpha.fault("kill", "host1")
    for command in ("failover", "failover to host2"):
        assert "datasource host2 welcome" in alpha.refuses(command, "--yes")
    assert alpha.standing("host2", "host3") == {"host2": "receives nothing", "host3": "receives nothing"}
    assert "NEXT: failover" in alpha.refuses("datasource host2 recover")


def test_no_slave_is_up(alpha: Alpha) -> None:
    alpha.fault("kill", "host2")
    alpha.fault("kill", "host3")
    said = alpha.refuses("switch")
    assert "DETAIL: host2: its server is not running" in said
    assert "DETAIL: host3: its server is not running" in said
    alpha.fault("kill", "host1")
    said = alpha.refuses("failover", "--yes")
    assert "no standby is up" in said


def test_without_a_master_nothing_is_recovered(alpha: Alpha) -> None:
    alpha.fault("kill", "host1")
    for command in ("recover", "datasource host2 recover", "datasource host1 recover"):
        assert "no master to recover under" in alpha.refuses(command)
    assert alpha.states()["host1"] == "master:FAILED(DATASERVER 'host1@alpha' STOPPED) CRITICAL"
    assert [d["next"] for d in alpha.ls()["datasources"]][0] == "failover"


def test_one_of_two_unreachable_hosts_is_named_and_the_other_recovered(alpha: Alpha) -> None:
    alpha.fault("kill", "host2")
    alpha.fault("cut", "host3")
    alpha.lab.has("host1", "select count(*) from pg_stat_replication", "0", 60)
    done = alpha("recover")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "RECOVERED 1 DATA SOURCES IN SERVICE 'alpha'" in done.stdout
    assert re.search(r"^ERROR: not recovered: host3$", done.stderr, re.M), done.stderr
    assert re.search(r"^NEXT: \S", done.stderr, re.M)
    alpha.stands("host1", ["host2"])
    assert alpha.policy() == "AUTOMATIC"
    alpha.fault("heal", "host3")
    alpha.lab.has("host1", "select count(*) from pg_stat_replication where state = 'streaming'", "2", 60)
    alpha.does("recover")
    assert alpha.states()["host3"] in ("slave:OFFLINE WARN", "slave:ONLINE OK")


def test_the_policy_is_put_back_after_a_failure(alpha: Alpha) -> None:
    alpha.fault("stop", "host3")
    conf = alpha.lab.directory / "lab/hosts/host3/conf/postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "no_such_setting = 1\n")
    said = alpha.refuses("datasource host3 recover")  # it was stopped before, and is
    assert "host3 does not start" in said
    assert "no_such_setting" in said
    assert "the same again: datasource host3 recover)" in said
    assert alpha.policy() == "AUTOMATIC"
    assert alpha.unfinished() is None
    conf.write_text(good)
    alpha.does("datasource host3 recover; datasource host3 online")
    alpha.stands("host1", ["host2", "host3"])


def test_a_service_of_four(service: Make) -> None:
    """The others follow; the seed's service of three failovers on."""
    alpha = service(4)
    table(alpha)
    alpha.fault("kill", "host1")
    alpha.does("failover to host4")
    alpha.stands("host4", ["host2", "host3"])
    alpha.fault("kill", "host4")
    alpha.does("failover")
    alpha.stands("host2", ["host3"])
    done = alpha("recover")
    assert done.returncode == 0, done.stderr
    found = [line for line in done.stdout.splitlines() if line.startswith("FOUND PHYSICAL")]
    assert found == [f"FOUND PHYSICAL DATASOURCE TO RECOVER: '{host}@alpha'" for host in ("host4", "host1")]
    assert done.stdout.splitlines()[-1] == "RECOVERED 2 DATA SOURCES IN SERVICE 'alpha'"
    alpha.stands("host2", ["host1", "host3", "host4"])


def test_what_is_explained_is_not_done(alpha: Alpha) -> None:
    """`explain` of a failover and of recoveries that have something to do."""
    alpha.fault("kill", "host1")
    before = alpha.snapshot()
    shown = alpha.does("explain failover to host3")
    for words in ("SELECTED SLAVE: host3@alpha", "fence host1", "promote host3", "let host2 follow host3"):
        assert words in shown
    assert alpha.snapshot() == before
    assert not list((alpha.place.dir / "hosts").glob("*/data/cctrl.fenced"))
    alpha.does("failover to host3")
    alpha.sql("host3", "checkpoint")  # the control file tells the new timeline from then on
    before = alpha.snapshot()
    for command in ("explain recover", "explain datasource host1 recover"):
        shown = alpha.does(command)
        assert "start host1 and wait until it accepts connections" in shown
        assert "wait until host1 streams from host3" in shown
    assert alpha.snapshot() == before
    assert list((alpha.place.dir / "hosts").glob("host1/data/cctrl.fenced"))
