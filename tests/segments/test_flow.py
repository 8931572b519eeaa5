"""The documented flows on real servers: failover, recovery, rebalance, and what is refused."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pexpect

from cctrl.lab import processes
from cctrl.segments.catalog_sql import SYNCHRONISED, answered
from tests.segments.gp import WELL, Gp
from tests.stage import wait_for


def test_the_cluster_as_it_is_built(gp: Gp) -> None:
    assert (gp.state(0), gp.state(1)) == (WELL, WELL)
    assert gp.sql(
        "select dbid, content, role, mode, status, hostname from gp_segment_configuration where content < 0"
    ) == ("1|-1|p|n|u|cdw")
    hosts = "select count(distinct hostname) from gp_segment_configuration group by content having content >= 0"
    assert gp.sql(hosts).split() == ["2", "2"]
    senders = (
        "select gp_segment_id, application_name, state, sync_state, sync_error from gp_stat_replication order by 1"
    )
    assert gp.sql(senders).split() == [f"{n}|gp_walreceiver|streaming|sync|none" for n in (0, 1)]
    for _ in range(2):
        assert gp.sql("select gp_request_fts_probe_scan()") == "t"
    gp.sql(answered(1)[1])  # of a manager that comes late
    assert int(gp.sql("select last_value from cctrl.fts_answers")) > 1
    assert gp.done("gpstate -e").rstrip().endswith("-[INFO]:-All segments are running normally")
    assert "No segments to recover" in gp.done("gprecoverseg -a")
    assert "No segments are running in their non-preferred role" in gp.done("gprecoverseg -r -a")


def test_commits_wait_for_a_mirror_however_late_a_session_hears_of_it(gp: Gp) -> None:
    """The postmaster tells everybody of a new setting, each when it comes to that."""
    primary = gp.place(0, "p")
    directory = gp.sql("select datadir from gp_segment_configuration where content = 0 and role = 'p'")
    pid = processes.postmaster(directory)
    gp.lab.sql(primary, "alter system set synchronous_standby_names = ''")
    gp.lab.sql(primary, "select pg_reload_conf()")
    gp.lab.has(primary, "show synchronous_standby_names", "")
    psql = [gp.lab.environ["CCTRL_TEST_PSQL"], "-XAtq", "-v", "ON_ERROR_STOP=1", gp.lab.dsn(primary)]
    pipe = subprocess.PIPE
    with subprocess.Popen(psql, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as session:
        assert session.stdin is not None and session.stdout is not None
        print("select 1;", file=session.stdin, flush=True)
        assert session.stdout.readline() == "1\n"
        os.kill(pid, signal.SIGSTOP)
        try:
            for statement in SYNCHRONISED:
                print(statement if statement[0] == "\\" else f"{statement};", file=session.stdin, flush=True)
            assert session.stdout.readline() == "t\n"  # it is told to tell them
        finally:
            os.kill(pid, signal.SIGCONT)
        said = session.communicate(timeout=30)[1]
    assert (session.returncode, said) == (0, "")
    gp.becomes(0, WELL)


def test_a_primary_goes_down(gp: Gp) -> None:
    old, new = gp.place(0, "p"), gp.place(0, "m")
    gp.lab.sql(old, "create table kept as select 1 as a")
    gp.fail(0)
    assert gp.lab.sql(new, "select a from kept") == "1"
    gp.lab.sql(new, "insert into kept values (2)")  # released: there is no mirror to wait for
    listed = gp.run("gpstate -e")
    assert listed.returncode == 1
    for title in (
        "Segments with Primary and Mirror Roles Switched",
        "Unsynchronized Segment Pairs",
        "Down in configuration",
    ):
        assert title in listed.stdout
    gp.lab.run("start", old)
    assert gp.lab.sql(old, "select pg_is_in_recovery()") == "t"  # it was fenced: it accepts no writes
    said = gp.done("gprecoverseg -a")
    line = r"^\d{8}:\d\d:\d\d:\d\d:\d{6} gprecoverseg:cdw:[^ ]+-\[INFO\]:-Segments successfully recovered\.$"
    assert re.search(line, said, re.MULTILINE)
    assert re.search(r"^\S+-\[INFO\]:-\d+: /.*gpseg0$", said.replace(" gprecoverseg", "gprecoverseg"), re.MULTILINE)
    gp.becomes(0, "msu psu")
    assert "NEXT: gprecoverseg -r" in gp.run("ls").stderr
    gp.done("gprecoverseg -r -a")
    gp.becomes(0, WELL)
    assert gp.lab.sql(old, "select a from kept order by a").split() == ["1", "2"]
    history = gp.sql('select "desc" from gp_configuration_history where dbid = 2 order by time')
    assert "FTS: update role, status, and mode for dbid 2 with contentid 0 to m, d, and n" in history


def test_a_mirror_goes_down(gp: Gp) -> None:
    primary, mirror = gp.place(1, "p"), gp.place(1, "m")
    gp.lab.run("kill", mirror)
    gp.lab.sql(primary, "create table waited as select 1 as a")  # blocked for the grace period, then it succeeds
    gp.becomes(1, "pnu mnd")
    assert gp.run("gpstate -m").returncode == 1
    gp.done(f"datasource {mirror} recover")
    gp.becomes(1, WELL)
    assert gp.lab.sql(mirror, "select a from waited") == "1"


def test_incremental_fails_then_full(gp: Gp) -> None:
    gp.lab.run("kill", gp.place(0, "p"))
    gp.lab.run("wipe", gp.place(0, "p"))
    gp.becomes(0, "mnd pnu")
    failed = gp.run("gprecoverseg -a")
    assert failed.returncode == 1
    assert "You must run gprecoverseg -F for all incremental failures" in failed.stdout
    assert "recoverytype: incremental" in failed.stdout
    assert failed.stdout.rstrip().endswith("-[ERROR]:-gprecoverseg failed. Please check the output for more details.")
    assert "NEXT: gprecoverseg -F" in failed.stderr
    assert "has no data directory" in failed.stderr
    assert "pg_basebackup: base backup completed" in gp.done("gprecoverseg -F -a")
    gp.heal(0)


def test_what_is_kept_aside_is_listed_and_removed(gp: Gp) -> None:
    primary = gp.place(0, "p")
    directory = Path(gp.sql("select datadir from gp_segment_configuration where content = 0 and preferred_role = 'p'"))
    gp.lab.cctrl("-expert", "--yes", "-c", f"datasource {primary} cleanup")  # what other tests left there
    kept, owner = directory.with_name(f".cctrl-{directory.name}.aside-before"), directory.stat()
    kept.mkdir()
    os.chown(kept, owner.st_uid, owner.st_gid)
    asked = gp.lab.cctrl("-expert", "-c", f"datasource {primary} cleanup")
    assert (asked.returncode, kept.exists()) == (3, True)
    assert "old data directory" in asked.stdout
    removed = gp.lab.cctrl("-expert", "--yes", "-c", f"datasource {primary} cleanup")
    assert f"removed 1 from {primary}" in removed.stdout
    assert not kept.exists()
    nothing = gp.lab.cctrl("-expert", "-c", f"datasource {primary} cleanup")
    assert nothing.stdout == f"nothing is kept aside on {primary}\n"


def test_a_double_fault(gp: Gp) -> None:
    primary, mirror = gp.place(1, "p"), gp.place(1, "m")
    gp.lab.run("kill", mirror)
    gp.becomes(1, "pnu mnd")
    gp.lab.run("kill", primary)
    assert gp.sql("select gp_request_fts_probe_scan()") == "t"
    assert gp.state(1) == "pnu mnd"
    log = (gp.lab.directory / "lab" / "manager.log").read_text()
    assert "ERROR: FTS double fault detected (content=1) primary dbid=3, mirror dbid=5" in log
    refused = gp.run("gprecoverseg -a")
    assert refused.returncode == 2
    assert "failed to acquire resources on one or more segments" in refused.stdout
    assert "DATABASE IS PROBABLY UNAVAILABLE" in gp.run("gpstate -e").stdout
    gp.lab.run("start", primary)
    gp.done("gprecoverseg -a")
    gp.becomes(1, WELL)


def test_a_primary_hangs(gp: Gp) -> None:
    gp.lab.run("freeze", gp.place(0, "p"))
    assert gp.run("gpstate -e").returncode == 1  # at once, whatever hangs
    gp.becomes(0, "mnd pnu", 60)
    gp.heal(0)


def test_a_checkpoint_that_takes_long_holds_up_no_other_pair(gp: Gp) -> None:
    """A mirror that comes back is in sync after a checkpoint of its primary; meanwhile another primary dies."""
    primary, mirror = gp.place(1, "p"), gp.place(1, "m")
    gp.lab.run("kill", mirror)
    gp.becomes(1, "pnu mnd")
    pid = int(gp.lab.sql(primary, "select pid from pg_stat_activity where backend_type = 'checkpointer'"))
    os.kill(pid, signal.SIGSTOP)
    try:
        gp.lab.run("start", mirror)
        waiting = "select count(*) from pg_stat_activity where query = 'checkpoint' and state = 'active'"
        gp.lab.has(primary, waiting, "1")
        gp.fail(0)
        assert gp.state(1) == "pnu mnu"
    finally:
        os.kill(pid, signal.SIGCONT)
    gp.becomes(1, WELL)
    gp.heal(0)


def test_a_host_is_cut_off(gp: Gp) -> None:
    """Its primary is failed over, its mirror marked down; nothing can be recovered before it is back. Then the primary,
    which ran on and acknowledged nothing, is fenced at first contact."""
    old = gp.sql("select datadir from gp_segment_configuration where content = 0 and role = 'p'")
    gp.lab.run("cut", "sdw1")
    gp.becomes(0, "mnd pnu", 90)
    gp.becomes(1, "pnu mnd", 60)
    ended = gp.run("gprecoverseg -a")
    assert ended.returncode == 0
    assert "Host sdw1 is unreachable" in ended.stdout
    assert "No segments to recover" in ended.stdout
    assert "still down" in ended.stderr
    assert processes.postmaster(old)
    gp.lab.run("heal", "sdw1")
    wait_for(lambda: not processes.postmaster(old), 30)
    gp.done("gprecoverseg -a")
    gp.becomes(1, WELL)
    gp.becomes(0, "msu psu")
    gp.done("gprecoverseg -r -a")
    gp.becomes(0, WELL)


def test_nobody_can_be_asked(gp: Gp) -> None:
    gp.fail(0)
    ended = gp.run("gprecoverseg")
    assert ended.returncode == 2
    assert ended.stdout.rstrip().endswith("gprecoverseg failed. (Reason='EOF when reading a line') exiting...")
    assert gp.state(0) == "mnd pnu"
    there = gp.lab.directory / "lab" / "hosts" / "cdw" / "coordinator" / ".cctrl-gp.coordinator.lock"
    there.rename(there.with_suffix(".moved"))
    there.mkdir()  # no place for the lock: nothing is done
    ended = gp.run("gprecoverseg -a")
    assert ended.returncode == 2
    assert "no host of gp can be locked, so nothing is changed" in ended.stdout
    there.rmdir()
    gp.heal(0)


def test_a_catalog_that_somebody_edited(gp: Gp) -> None:
    gp.sql("update gp_segment_configuration set mode = 'n' where dbid = 2")
    for command in ("gpstate -e", "gprecoverseg -a"):
        ended = gp.run(command)
        assert ended.returncode == 2
        assert "Invalid GpArray: content 0" in ended.stdout
    looked = gp.lab.try_sql("cdw", "select gp_request_fts_probe_scan()")  # it does not wait for ever
    assert "FTS could not look: ERROR: Invalid GpArray: content 0" in looked.stderr
    gp.sql("update gp_segment_configuration set mode = 's' where dbid = 2")
    gp.becomes(0, WELL)


def test_the_coordinator_is_down(gp: Gp) -> None:
    for fault, mended, following in (("freeze", "thaw", "kill -CONT "), ("stop", "start", "-w start")):
        gp.lab.run(fault, "cdw")
        for command in ("gpstate -e", "gprecoverseg -a"):
            ended = gp.run(command)
            assert ended.returncode == 2
            assert "-[CRITICAL]:-" in ended.stdout
            (told,) = re.findall(r"^NEXT: on cdw: (.*)$", ended.stderr, re.M)
            assert following in told
        gp.lab.run(mended, "cdw")
    gp.fail(0)
    gp.heal(0)


def test_a_mirror_goes_to_another_host_and_comes_back(gp: Gp) -> None:
    """It need not be down. Where nothing was copied the catalog names its old place again."""
    row = "select concat_ws('|', address, port, datadir) from gp_segment_configuration where dbid = 5"
    old, port = gp.sql(row), gp.place(1, "m").partition(":")[2]
    home = gp.lab.directory / "lab" / "hosts" / "sdw3"
    file = gp.lab.directory / "home" / "moves"
    file.write_text(f"{old} sdw3|{port}|{home}/nowhere/gpseg1\n")
    failed = gp.run(f"gprecoverseg -a -i {file}")
    assert failed.returncode == 1
    assert "1 of 1 segments have been marked down." in failed.stdout
    assert f"hostname: sdw3; port: {port};" in failed.stdout
    assert "is in no directory that is there" in failed.stderr
    assert gp.sql(row) == old
    history = 'select "desc" from gp_configuration_history where dbid = 5 order by time desc limit 1'
    assert gp.sql(history) == (
        "gprecoverseg: segment config for backout: inserted segment configuration for full recovery or original dbid 5"
    )
    new = f"sdw3|{port}|{home}/gpseg1"
    file.write_text(f"{old} {new}\n")
    gp.done(f"gprecoverseg -a -i {file}")
    gp.becomes(1, WELL)
    assert gp.sql(row) == new
    gp.lab.sql(gp.place(1, "p"), "create table moved as select 1 as a")  # its mirror has it, there
    assert gp.sql("select count(*) from gp_stat_replication where sync_state = 'sync'") == "2"
    cleaned_up(gp, old)
    file.write_text(f"{new} {old}\n")
    gp.done(f"gprecoverseg -a -i {file}")
    gp.becomes(1, WELL)
    assert gp.lab.sql(gp.place(1, "m"), "select a from moved") == "1"
    cleaned_up(gp, new)
    assert gp.sql("select count(*) from gp_stat_replication where sync_state = 'sync'") == "2"
    gp.becomes(1, WELL)


def cleaned_up(gp: Gp, row: str) -> None:
    """What a segment has left is named by doctor, and removed by the verb that removes what is kept aside."""
    host, _, directory = row.split("|")
    mirror, place = gp.place(1, "m"), f"{host}:{directory}"
    told = gp.lab.cctrl("doctor").stdout
    (line,) = [line for line in told.splitlines() if "left behind" in line]
    assert f" in {place}; when no longer needed: datasource {mirror} cleanup" in line
    removed = gp.lab.cctrl("-expert", "--yes", "-c", f"datasource {mirror} cleanup")
    assert removed.returncode == 0, removed.stderr
    assert re.search(
        rf"^{re.escape(place)}   left   .* UTC   data directory of a place that was left$", removed.stdout, re.M
    )
    assert not Path(directory).exists()
    assert "left behind" not in gp.lab.cctrl("doctor").stdout


def test_ctrl_c_during_a_full_copy(gp: Gp) -> None:
    """Answered no it goes on; answered yes the copy is ended, and the data directory is as it was."""
    gp.fail(0)
    first, *words = gp.lab.cctrl.argv("-c", "gprecoverseg -F -a --max-rate 1M")
    run = pexpect.spawn(first, words, env=gp.lab.environ, encoding="utf-8", dimensions=(40, 250), timeout=60)
    wait_for(lambda: "Segments in recovery" in gp.run("gpstate -e").stdout, 30)
    second = gp.run("gprecoverseg -a")
    assert second.returncode == 0
    assert f"is already running with PID {run.pid}" in second.stdout
    assert "Copying files from primary" in gp.run("gpstate -s").stdout
    for answer in ("n", "y"):
        run.sendintr()
        found = run.expect_exact(["[WARNING]:-Recieved SIGINT signal, terminating gprecoverseg", pexpect.EOF])
        assert found == 0, [path.read_text() for path in (gp.lab.directory / "lab" / "state").glob("crashes/*")]
        run.expect_exact("Continue terminating gprecoverseg Yy|Nn (default=N):")
        run.expect_exact("> ")
        run.sendline(answer)
        if answer == "n":
            run.expect_exact("kB (")
    for line in (
        "[INFO]:-Failed to recover the following segments\r\n",
        "recoverytype: full",
        "[ERROR]:-gprecoverseg process was interrupted by the user.",
        "[ERROR]:-gprecoverseg failed. Please check the output for more details.",
        "NEXT: gprecoverseg",
    ):
        run.expect_exact(line)
    run.expect(pexpect.EOF)
    run.close()
    assert run.exitstatus == 1
    assert gp.state(0) == "mnd pnu"
    assert "Segments in recovery" not in gp.run("gpstate -e").stdout
    gp.heal(0)
