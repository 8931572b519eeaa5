"""The traffic writer on real servers: what it keeps, what it sees of an outage, of losses and of two primaries."""

from __future__ import annotations

import pytest

from cctrl.lab import Lab, act, fault, netns, processes, programs, sql, traffic
from cctrl.lab.command import main
from cctrl.lab.layout import read_plan
from cctrl.outcome import Refused
from tests.stage import wait_for

from .conftest import MakeLab, streaming, take_down


def acknowledged(lab: Lab, server: str = "") -> int:
    """How many rows, by that host's server."""
    plan = read_plan(lab)
    where = f"{plan.host(server).address}:{plan.host(server).servers[0].port}" if server else ""
    return sum(row.server == where or not where for row in traffic.record(lab).rows)


def goes_on(lab: Lab, server: str = "") -> None:
    seen = acknowledged(lab, server)
    wait_for(lambda: acknowledged(lab, server) > seen + 5, what="rows are acknowledged")


def test_rows_are_written_until_it_is_stopped(make_lab: MakeLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab = make_lab(hosts=1)
    with pytest.raises(Refused, match="no traffic was started"):
        act(lab, ("traffic", "report"))
    assert main(["traffic", "start"]) == 0
    assert act(lab, ("traffic", "start")).lines == ("traffic runs already, and knows all servers",)
    goes_on(lab)
    assert main(["traffic", "report"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith(" rows acknowledged, by host1")
    assert told[3:] == ["acknowledged but missing on host1: 0", "two servers took writes at the same time: never"]
    assert act(lab, ("traffic", "stop")).lines == ("traffic stopped",)
    assert act(lab, ("traffic", "stop")).lines == ("traffic does not run: nothing to do",)
    kept = traffic.record(lab)
    assert kept.ended is not None
    assert int(sql(lab, "host1", "select count(*) from traffic")) >= len(kept.rows)
    assert main(["traffic", "sotp"]) == 2
    traffic.start(lab)
    assert traffic.record(lab).begun > kept.ended


def test_an_outage_is_as_long_as_the_server_was_away(lab: Lab) -> None:
    traffic.start(lab)
    goes_on(lab)
    fault(lab, "kill", "host1")
    with pytest.raises(Refused, match="no server of the lab takes writes"):
        traffic.report(lab)
    fault(lab, "start", "host1")
    goes_on(lab, "host1")
    traffic.stop(lab)
    found, primary = traffic.report(lab)
    assert (primary, found.clean) == ("host1", True)
    assert found.longest.milliseconds > 20  # twice as long as from row to row
    wait_for(lambda: streaming(lab) == 2)


def check_loss_and_two_primaries(lab: Lab) -> None:
    """Rows that no standby has are lost with their server; they come back with it, and then there are two."""
    traffic.start(lab)
    goes_on(lab, "host1")
    fault(lab, "cut", "host2")
    goes_on(lab, "host1")
    fault(lab, "kill", "host1")
    fault(lab, "heal", "host2")
    sql(lab, "host2", "select pg_promote()")
    goes_on(lab, "host2")
    found, primary = traffic.report(lab)
    assert primary == "host2"
    assert found.lost
    assert not found.overlaps
    assert act(lab, ("traffic", "report")).good is False
    fault(lab, "start", "host1")
    goes_on(lab, "host1")
    goes_on(lab, "host2")
    found, primary = traffic.report(lab)
    assert primary == "host2"
    assert len(found.overlaps) == 1
    assert main(["traffic", "report"]) == 1


def test_losses_and_two_primaries_are_seen(make_lab: MakeLab) -> None:
    check_loss_and_two_primaries(make_lab(hosts=2))


@pytest.mark.skipif(bool(netns.why_not()), reason=netns.why_not())
def test_losses_and_two_primaries_are_seen_between_namespaces(make_lab: MakeLab) -> None:
    check_loss_and_two_primaries(make_lab(hosts=2, netns=True))


def test_a_server_that_says_nothing_does_not_hold_it_up(make_lab: MakeLab) -> None:
    lab = make_lab(hosts=2)
    traffic.start(lab)
    fault(lab, "freeze", "host1")
    sql(lab, "host2", "select pg_promote()")
    goes_on(lab, "host2")
    fault(lab, "kill", "host1")
    assert traffic.report(lab)[1] == "host2"
    pid = programs.look(read_plan(lab))["traffic"].pid
    take_down(lab)
    assert not processes.alive([pid])
