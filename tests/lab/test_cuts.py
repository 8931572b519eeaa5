"""Cuts that are not whole, on loopback and between namespaces: two nodes, one direction, around a manager."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cctrl.lab import Lab, act, control, netns, programs, servers, sql
from cctrl.lab.command import main
from cctrl.lab.cuts import MACHINE, Cut, closed, healed
from cctrl.lab.layout import read_plan
from cctrl.outcome import UsageError
from tests.stage import wait_for

from .conftest import labs, psql, streaming

# Says each 50 ms which of some SSH servers greet it: what a manager would find out.
_LOOKER = """
import pathlib, socket, sys, time
def greets(host, port):
    try:
        with socket.create_connection((host, int(port)), timeout=0.5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
file, *ends = sys.argv[1:]
while True:
    seen = "".join(str(int(greets(*end.rsplit(":", 1)))) for end in ends)
    passing = pathlib.Path(file + ".new")
    passing.write_text(seen)
    passing.replace(file)
"""


@pytest.fixture(scope="module", params=["loopback", "netns"])
def net(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Three hosts; each test heals what it cuts."""
    if request.param == "netns" and netns.why_not():
        pytest.skip(netns.why_not())
    with labs(tmp_path_factory.mktemp("cuts") / "state") as make:
        lab = make(netns=request.param == "netns")
        sql(lab, "host1", "create table cut(i int)")
        yield lab


def rows(lab: Lab, host: str) -> int:
    plan = read_plan(lab)
    found = servers.psql(plan, *plan.server(host), "select count(*) from cut") if has_table(lab, host) else "0"
    return int(found)


def has_table(lab: Lab, host: str) -> bool:
    return sql(lab, host, "select to_regclass('cut') is not null") == "t"


def whole_again(lab: Lab, *nodes: str) -> None:
    for node in nodes:
        act(lab, ("heal", node))
    wait_for(lambda: streaming(lab) == 2, 40)
    wait_for(lambda: rows(lab, "host1") == rows(lab, "host2") == rows(lab, "host3"), 40)


def answers(lab: Lab, host: str) -> bool:
    return psql(lab, host, "select 1").stdout == "1\n"


def test_two_hosts_are_cut_off_from_each_other_only(net: Lab) -> None:
    wait_for(lambda: has_table(net, "host2") and has_table(net, "host3"))
    assert act(net, ("cut", "host1", "--from", "host2")).lines == ("host1 is cut off from host2",)
    assert act(net, ("cut", "host1", "--from", "host2")).lines[0].endswith("already: nothing to do")
    before = rows(net, "host2")
    sql(net, "host1", "insert into cut values (1)")
    wait_for(lambda: rows(net, "host3") == before + 1)
    assert rows(net, "host2") == before
    assert answers(net, "host1")
    assert answers(net, "host2")
    act(net, ("heal", "host2"))
    assert act(net, ("heal", "host1")).lines == ("host1 is not cut off: nothing to do",)
    whole_again(net)


@pytest.mark.parametrize("way", ["--in", "--out"])
def test_one_direction_is_enough_to_answer_nobody(net: Lab, way: str) -> None:
    act(net, ("cut", "host2", way))
    assert not answers(net, "host2")
    assert answers(net, "host1")
    before = rows(net, "host2")
    sql(net, "host1", "insert into cut values (1)")
    wait_for(lambda: rows(net, "host3") == before + 1)
    if way == "--in":
        assert rows(net, "host2") == before
    whole_again(net, "host2")
    assert answers(net, "host2")


def test_a_manager_is_cut_off_while_the_hosts_see_each_other(net: Lab, tmp_path: Path) -> None:
    plan = read_plan(net)
    seen = tmp_path / "seen"
    ends = [f"{host.address}:{host.ssh_port}" for host in plan.hosts]
    enter = ["nsenter", f"--net=/run/netns/{netns.namespace(plan.bridge, 'manager')}"] if plan.bridge else []
    argv = [*enter, sys.executable, "-c", _LOOKER, str(seen), *ends]
    assert programs.start(plan, "manager", argv, tmp_path / "log")

    def sees(what: str) -> None:
        wait_for(lambda: seen.exists() and seen.read_text() == what, what=f"the manager sees {what}")

    try:
        sees("111")
        act(net, ("cut", "host1", "--from", "manager"))
        sees("011")
        assert act(net, ("cut", "manager")).lines == ("manager is cut off",)
        sees("000")
        before = rows(net, "host3")
        sql(net, "host1", "insert into cut values (1)")
        wait_for(lambda: rows(net, "host3") == before + 1)
        assert answers(net, "host1")
        act(net, ("heal", "manager"))
        sees("111")
    finally:
        programs.end(plan, "manager", signal.SIGKILL)
    whole_again(net)


def test_cuts_are_undone_one_by_one() -> None:
    nodes = ("a", "b")
    whole, pair, inward = Cut("a"), Cut("b", other="a"), Cut("b", direction="in")
    assert closed([pair], nodes) == {("a", "b"), ("b", "a")}
    assert closed([inward], nodes) == {("a", "b"), (MACHINE, "b")}
    assert closed([whole], nodes) == {("a", "b"), ("b", "a"), (MACHINE, "a"), ("a", MACHINE)}
    assert healed([whole, pair, inward], "b") == {whole}
    assert healed([whole, pair, inward], "a") == {inward}


def test_what_cannot_be_cut(net: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="from itself"):
        act(net, ("cut", "host1", "--from", "host1"))
    with pytest.raises(UsageError, match="no host 'host9'"):
        act(net, ("cut", "host1", "--from", "host9"))
    with pytest.raises(UsageError, match="nothing that can be done"):
        act(net, ("cut", "host1", "--sideways"))
    assert main(["cut", "host1", "--in", "--out"]) == 2
    assert "not allowed with" in capsys.readouterr().err
    assert control.is_up(read_plan(net))
