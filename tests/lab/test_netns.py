"""Hosts as network namespaces: needs root, says so where it is skipped."""

from __future__ import annotations

import subprocess

import pytest

from cctrl.config import load
from cctrl.lab import fault, netns, sql
from cctrl.lab.layout import read_plan
from tests.stage import wait_for

from .conftest import MakeLab, psql, streaming, take_down
from .test_faults import check_cut

pytestmark = pytest.mark.skipif(bool(netns.why_not()), reason=netns.why_not())


def test_a_namespace_is_really_cut_off_and_leaves_nothing(make_lab: MakeLab) -> None:
    lab = make_lab(netns=True)
    plan = read_plan(lab)
    assert streaming(lab) == 2
    service = load(lab.config_path).service("alpha")
    assert service and {(m.port, m.host.ssh_port) for m in service.members} == {(5432, 22)}
    command = ["ssh", "-F", f"{lab.dir}/ssh/config", "host2", "id -u; hostname -I || true"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == [str(plan.run_as.uid), plan.host("host2").address]

    psql(lab, "host1", "create table cut(i int)")
    wait_for(lambda: sql(lab, "host2", "select count(*) from pg_class where relname = 'cut'") == "1")
    fault(lab, "cut", "host2")
    check_cut(lab, "host2")
    fault(lab, "heal", "host2")
    wait_for(lambda: sql(lab, "host2", "select count(*) from cut") == "1", 30)
    fault(lab, "kill", "host1")
    fault(lab, "start", "host1")
    wait_for(lambda: streaming(lab) == 2, 30)

    take_down(lab)
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert f"{plan.bridge}:" not in links
    assert not [host.netns for host in plan.hosts if host.netns in links.split() or host.netns in spaces.split()]
