"""The ADMIN mode on real hosts: members found and removed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from cctrl.config import lines_of
from tests.dataservice.alpha import Alpha
from tests.stage import Completed


def without(alpha: Alpha, host: str) -> Path:
    """The lab's configuration with one member's table deleted, as `rm` says."""
    first, last = lines_of(alpha.config, f"dataservice.alpha.members.{host}")
    lines = alpha.config.read_text().splitlines()
    path = alpha.config.with_name("less.toml")
    path.write_text("\n".join(lines[: first - 1] + lines[last:]) + "\n")
    assert host not in tomllib.loads(path.read_text())["dataservice"]["alpha"]["members"]
    return path


def with_config(alpha: Alpha, path: Path, *commands: str) -> Completed:
    words = [word for command in commands for word in ("-c", command)]
    return alpha.lab._plain("--config", path, *words)


def test_a_standby_that_is_no_member_is_found(calm: Alpha) -> None:
    calm.lab.has("host1", "select count(*) from pg_stat_replication where state = 'streaming'", "2")
    done = with_config(calm, without(calm, "host3"), "ls")
    address = re.search(r"'host3' at (\S+) receives from host1 and is no member of alpha", done.stderr)
    assert address, done.stderr
    assert f'    [dataservice.alpha.members.host3]\n    address = "{address[1]}"\n' in done.stderr
    assert "NEXT, where it shall be one: add this to " in done.stderr
    assert "no member" not in calm("ls").stderr


def test_what_receives_with_force_keeps_its_slot_until_it_is_stopped(alpha: Alpha) -> None:
    alpha.sql("host3", "alter system set primary_slot_name = 'of_host3'")
    alpha.sql("host1", "select pg_create_physical_replication_slot('of_host3')")
    alpha.sql("host3", "select pg_reload_conf()")
    active = "select string_agg(slot_name || active, ' ') from pg_replication_slots"
    alpha.lab.has("host1", active, "of_host3true")
    assert "still receives from host1" in alpha.refuses("rm host3", "-admin", "--yes")
    done = alpha("-admin", "--yes", "rm host3 --force")
    assert done.returncode == 0, done.stderr
    assert "its server is up, and goes on to receive" in done.stderr
    assert alpha.sql("host1", active) == "of_host3true"
    assert alpha.ls()["datasources"][2]["reason"] == "REMOVED"
    assert alpha.states("recover")["host3"] == "slave:SHUNNED(REMOVED) SHUNNED"
    alpha.fault("stop", "host3")
    assert alpha("-admin", "--yes", "rm host3").returncode == 0


def test_a_removed_member_takes_no_part_in_a_switch(alpha: Alpha) -> None:
    assert alpha("-admin", "--yes", "rm host3 --force").returncode == 0
    assert "host3" in alpha.refuses("switch to host3")
    alpha.does("switch")
    assert alpha.master() == "host2"


def test_rm_at_no_terminal_needs_to_be_confirmed_beforehand(calm: Alpha) -> None:
    before = calm.snapshot()
    assert "give --yes" in calm.refuses("rm host3", "-admin")
    assert calm.snapshot() == before
