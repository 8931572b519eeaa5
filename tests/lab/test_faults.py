"""Every fault verb does what it says, to the server it names, and its counterpart undoes it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cctrl.lab import Lab, control, fault, processes, servers, sql
from cctrl.lab.layout import ServerPlan, read_plan
from cctrl.outcome import Refused, UsageError
from tests.stage import wait_for

from .conftest import MakeLab, psql, streaming, take_down


def server(lab: Lab, name: str) -> ServerPlan:
    return read_plan(lab).host(name).servers[0]


def answers(lab: Lab, host: str) -> bool:
    return psql(lab, host, "select 1").stdout == "1\n"


@pytest.mark.parametrize("host", ["host1", "host2"])
@pytest.mark.parametrize("verb", ["kill", "stop"])
def test_a_server_that_is_down_has_no_process_and_starts_again(lab: Lab, verb: str, host: str) -> None:
    assert fault(lab, verb, host) == [f"{host} {'killed' if verb == 'kill' else 'stopped'}"]
    assert not processes.servers_in(server(lab, host).data_dir)
    assert not answers(lab, host)
    assert fault(lab, verb, host) == [f"{host} does not run: nothing to do"]
    assert fault(lab, "start", host) == [f"{host} started"]
    assert answers(lab, host)
    assert fault(lab, "start", host) == [f"{host} runs already: nothing to do"]
    wait_for(lambda: streaming(lab) == 2)


def test_a_stop_is_clean_and_a_kill_is_not(lab: Lab) -> None:
    plan = read_plan(lab)
    host, one = plan.server("host2")
    states = {}
    for verb in ("stop", "kill"):
        fault(lab, verb, "host2")
        told = servers.tool(plan, host, "pg_controldata", "-D", one.data_dir)
        states[verb] = next(row for row in told.splitlines() if "cluster state" in row).split(":")[1].strip()
        fault(lab, "start", "host2")
    assert states == {"stop": "shut down in recovery", "kill": "in archive recovery"}
    wait_for(lambda: streaming(lab) == 2)


def test_a_frozen_server_keeps_its_sockets_open_and_says_nothing(lab: Lab) -> None:
    fault(lab, "freeze", "host2")
    assert {processes.state(pid) for pid in processes.servers_in(server(lab, "host2").data_dir)} == {"T"}
    tried = psql(lab, "host2", "select 1")
    assert tried.returncode == 2
    assert "timeout expired" in tried.stderr
    for verb in ("stop", "start"):
        with pytest.raises(Refused, match="is frozen"):
            fault(lab, verb, "host2")
    assert fault(lab, "thaw", "host2") == ["host2 thawed"]
    assert answers(lab, "host2")
    assert fault(lab, "thaw", "host2") == ["host2 is not frozen: nothing to do"]
    wait_for(lambda: streaming(lab) == 2)


def test_a_frozen_server_can_be_killed(lab: Lab) -> None:
    fault(lab, "freeze", "host3")
    fault(lab, "kill", "host3")
    assert not processes.servers_in(server(lab, "host3").data_dir)
    fault(lab, "start", "host3")
    wait_for(lambda: streaming(lab) == 2)


def test_a_server_whose_connections_are_taken_answers_nobody_until_they_are_released(lab: Lab) -> None:
    assert fault(lab, "release", "host2") == ["host2 is not exhausted: nothing to do"]
    assert fault(lab, "exhaust", "host2") == ["host2 exhausted"]
    assert "sorry, too many clients" in psql(lab, "host2", "select 1").stderr
    assert fault(lab, "exhaust", "host2") == ["host2 is exhausted already: nothing to do"]
    assert processes.servers_in(server(lab, "host2").data_dir)
    fault(lab, "kill", "host2")
    with pytest.raises(Refused, match="does not run"):
        fault(lab, "exhaust", "host2")
    fault(lab, "start", "host2")
    wait_for(lambda: not answers(lab, "host2"), what="those of the new server are taken too")
    assert fault(lab, "release", "host2") == ["host2 released"]
    wait_for(lambda: answers(lab, "host2"))
    wait_for(lambda: streaming(lab) == 2)


def test_only_a_file_system_of_its_own_is_filled(lab: Lab, make_lab: MakeLab) -> None:
    with pytest.raises(Refused) as caught:
        fault(lab, "fill", "host1")
    assert caught.value.next == "cctrl lab up --disk 400MB   (root)"
    for size in ("40", "199MB", "1TB", "MB"):
        with pytest.raises(UsageError, match="from 200MB to 64GB"):
            make_lab(disk=size)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")
def test_a_full_disk_takes_no_rows_until_it_has_room(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=2, disk="200MB")
    home = read_plan(lab).host("host1").home
    assert psql(lab, "host1", "create table filled (t text)").returncode == 0
    assert fault(lab, "fill", "host1") == ["host1 filled"]
    assert os.statvfs(home).f_bavail == 0
    grown = psql(lab, "host1", "insert into filled select repeat('x', 8000) from generate_series(1, 20000)")
    assert grown.returncode != 0
    assert os.statvfs(read_plan(lab).host("host2").home).f_bavail > 0
    assert fault(lab, "unfill", "host1") == ["host1 has room again"]
    assert fault(lab, "unfill", "host1") == ["host1 was not filled: nothing to do"]
    if not answers(lab, "host1"):  # a server that cannot write its log ends
        fault(lab, "start", "host1")
    wait_for(lambda: psql(lab, "host1", "insert into filled values ('x')").returncode == 0)
    take_down(lab)
    assert home not in Path("/proc/mounts").read_text()


def test_a_cut_host_is_reached_by_no_one_and_reaches_no_one(lab: Lab) -> None:
    psql(lab, "host1", "create table cut(i int)")
    wait_for(lambda: sql(lab, "host2", "select count(*) from pg_class where relname = 'cut'") == "1")
    fault(lab, "cut", "host2")
    check_cut(lab, "host2", via_name="host2")
    fault(lab, "heal", "host2")
    wait_for(lambda: sql(lab, "host2", "select count(*) from cut") == "1")
    assert answers(lab, "host2")
    wait_for(lambda: streaming(lab) == 2)
    assert fault(lab, "heal", "host2") == ["host2 is not cut off: nothing to do"]


def check_cut(lab: Lab, host: str, via_name: str = "") -> None:
    """`host`, which had the table `cut` before it was cut off, gets nothing more, and nothing gets to it."""
    plan = read_plan(lab)
    primary = plan.host("host1")
    psql(lab, "host1", "insert into cut values (1)")
    wait_for(lambda: sql(lab, "host3", "select count(*) from cut") == "1")
    assert sql(lab, host, "select count(*) from cut") == "0"
    assert psql(lab, host, "select 1").returncode == 2
    conninfo = f"host={primary.address} port={primary.servers[0].port} user=replicator dbname=postgres"
    conninfo += f" passfile={plan.passfile} connect_timeout=2 application_name={via_name}"
    ask = [f"{plan.bin_dir}/psql", "-XAtqw", conninfo, "-c", "select 1"]
    assert control.run(plan, host, ask)[0] == 2
    assert control.run(plan, "host3", [word.replace(f"application_name={via_name}", "") for word in ask]) == (0, "1\n")


def test_a_cut_primary_gets_its_standbys_back(lab: Lab) -> None:
    fault(lab, "cut", "host1")
    assert fault(lab, "cut", "host1") == ["host1 is cut off already: nothing to do"]
    assert not answers(lab, "host1")
    sql(lab, "host1", "create table behind(i int)")
    assert sql(lab, "host3", "select count(*) from pg_class where relname = 'behind'") == "0"
    fault(lab, "heal", "host1")
    wait_for(lambda: sql(lab, "host3", "select count(*) from pg_class where relname = 'behind'") == "1")
    wait_for(lambda: streaming(lab) == 2)


def test_only_whole_hosts_are_cut(lab: Lab) -> None:
    with pytest.raises(UsageError, match="whole host"):
        fault(lab, "cut", f"host1:{server(lab, 'host1').port}")


def test_a_server_that_cannot_start_says_why(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=1)
    fault(lab, "stop", "host1")
    conf = Path(server(lab, "host1").config_file)
    conf.write_text(conf.read_text() + "nonsense = on\n")
    with pytest.raises(Refused) as caught:
        fault(lab, "start", "host1")
    assert "nonsense" in caught.value.detail

    fault(lab, "wipe", "host1")
    assert list(Path(server(lab, "host1").data_dir).iterdir()) == []
    with pytest.raises(Refused, match="holds no database"):
        fault(lab, "start", "host1")


def test_no_such_host_names_the_nearest(lab: Lab) -> None:
    with pytest.raises(UsageError) as caught:
        fault(lab, "kill", "hsot2")
    assert "did you mean host2?" in caught.value.detail
    assert caught.value.next == "cctrl lab list"
    with pytest.raises(UsageError, match="has no server '1'"):
        fault(lab, "kill", "host1:1")
    assert fault(lab, "thaw", f"host2:{server(lab, 'host2').port}") == ["host2 is not frozen: nothing to do"]


def test_the_password_file_lets_replication_in_and_only_its_owner_reads_it(lab: Lab) -> None:
    plan = read_plan(lab)
    assert Path(plan.passfile).stat().st_mode & 0o777 == 0o600
    assert Path(plan.passfile).stat().st_uid == plan.run_as.uid != 0
    conninfo = f"host=127.0.0.1 port={plan.hosts[0].servers[0].port} user=replicator dbname=postgres"
    argv = [f"{plan.bin_dir}/psql", "-XAtqw", f"{conninfo} passfile={plan.passfile}", "-c"]
    read = subprocess.run(
        [*argv, "select length(pg_read_binary_file('PG_VERSION')) > 0"], capture_output=True, text=True
    )
    assert read.stdout == "t\n", read.stderr
    refused = subprocess.run([*argv[:2], f"{conninfo} passfile=/dev/null", "-c", "select 1"], capture_output=True)
    assert refused.returncode == 2


def test_a_base_backup_passes_the_relay(lab: Lab, tmp_path: Path) -> None:
    plan = read_plan(lab)
    host = plan.host("host1")
    backup = [f"{plan.bin_dir}/pg_basebackup", "-w", "-X", "none", "-D", "-", "-F", "tar", "--checkpoint=fast", "-d"]
    conninfo = f"host=127.0.0.1 port={host.servers[0].port} user=replicator passfile={plan.passfile}"
    with (tmp_path / "backup.tar").open("wb") as file:
        subprocess.run([*backup, conninfo], stdout=file, check=True, timeout=60)
    assert (tmp_path / "backup.tar").stat().st_size > 20_000_000
