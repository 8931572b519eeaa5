"""One promotion at a time: what may still become the master, whoever asked for it, keeps others from it."""

from __future__ import annotations

import re

import pytest

from tests.dataservice.alpha import Alpha
from tests.dataservice.test_broken_off import at
from tests.replication.hands import Hands
from tests.stage import wait_for

SLOW = "alter system set recovery_end_command = 'while [ -e {} ]; do sleep 0.1; done'"
pytestmark = pytest.mark.timeout(600)


def slow(hands: Hands, *hosts: str) -> None:
    """The hosts' promotions do not end before `hurry`."""
    for host in hosts:
        hands.write(host, "hold", "")
        hands.here(host, SLOW.format(hands.data(host) / "hold"))
        hands.here(host, "select pg_reload_conf()")


def hurry(hands: Hands, host: str) -> None:
    """Let a host's promotion end."""
    (hands.data(host) / "hold").unlink()


def under_way(hands: Hands, host: str) -> None:
    """Wait until a host has begun to promote itself."""
    wait_for(lambda: not (hands.data(host) / "standby.signal").exists(), 30, f"{host} is being promoted")


@pytest.fixture
def hands(alpha: Alpha) -> Hands:
    return Hands(alpha.lab)


def test_another_verbs_promotion_that_goes_on_keeps_a_failover_off(alpha: Alpha, hands: Hands) -> None:
    hands.table()
    slow(hands, "host2")
    assert alpha.killed("switch to host2", at("promote host2", alpha, lambda: under_way(hands, "host2"))).killed
    for command in ("failover to host3", "switch to host3", "set master host3"):
        said = alpha.refuses(command, "--yes")
        assert "`switch to host2` was broken off while host2 was being promoted" in said
        move = "switch" if "switch" in command else "failover"
        assert re.search(rf"^NEXT: {move} to host2$", said, re.M), said
    assert "host2 is being promoted" in alpha.refuses("recover")
    page = alpha("ls")
    assert "|REASON[DATASERVER 'host2@alpha' IS BEING PROMOTED]" in page.stdout
    assert re.search(r"^NEXT: ls host2   \(again, until it accepts writes", page.stderr, re.M), page.stderr
    assert "NEXT: failover" not in page.stderr
    alpha.does("set policy manual; set policy automatic")  # other commands do not make it forgotten
    assert "may become the master" in alpha.refuses("failover to host3", "--yes")
    assert alpha.standing("host2", "host3") == {"host2": "receives nothing", "host3": "receives nothing"}
    hurry(hands, "host2")
    wait_for(lambda: alpha.standing("host2") == {"host2": "writable"}, 30)
    alpha.does("recover")
    alpha.stands("host2", ["host1", "host3"])


def test_a_promotion_that_this_store_knows_nothing_of(alpha: Alpha, hands: Hands) -> None:
    hands.table()
    slow(hands, "host2", "host3")
    alpha.fault("kill", "host1")
    hands.here("host2", "select pg_promote(false)")
    under_way(hands, "host2")
    for command in ("failover", "failover to host3", "explain failover to host3", "set master host3"):
        said = alpha.refuses(command, "--yes")
        assert "host2 is being promoted" in said
        assert re.search(r"^NEXT: ls host2   \(again", said, re.M), said
    assert (hands.data("host3") / "standby.signal").exists()
    hurry(hands, "host2")
    wait_for(lambda: alpha.standing("host2") == {"host2": "writable"}, 30)
    alpha.does("recover")
    alpha.stands("host2", ["host1", "host3"])
