"""A manager and a shell at once: what a manager saw before it had the lock may be over; a shell leaves it its turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cctrl.config import load
from cctrl.dataservice.change import changing
from cctrl.dataservice.service import Picture
from cctrl.dataservice.watch import watching
from cctrl.dataservice.watch.automatic import _ACTIONS, Automatic
from cctrl.manager.leadership import Leadership
from cctrl.manager.suspicion import Suspicion
from tests.dataservice.alpha import Alpha
from tests.stage import wait_for


@pytest.fixture
def manager(alpha: Alpha) -> Iterator[Automatic]:
    """A manager that does what a test lets it do."""
    config = load(alpha.config)
    automatic = Automatic(config, config.services[0], lambda line: None)
    yield automatic
    automatic.close()


def seen(manager: Automatic, kind: str) -> tuple[Suspicion, Picture]:
    """What one look shows, and one thing that is wrong in it."""
    picture = manager._dataservice.look()
    return next(s for s in watching.suspicions(picture, {}, 4.0, 1 << 30) if s.kind == kind), picture


def test_a_replica_that_was_recovered_is_not_marked_failed(alpha: Alpha, manager: Automatic) -> None:
    alpha.fault("stop", "host2")
    suspicion, before = seen(manager, watching.SLAVE_FAILED)
    alpha.does("datasource host2 recover", "datasource host2 online")
    _ACTIONS[suspicion.kind](manager, suspicion, before)
    assert alpha.states()["host2"] == "slave:ONLINE OK"


def test_an_old_master_that_was_recovered_is_not_fenced_again(alpha: Alpha, manager: Automatic) -> None:
    alpha.fault("cut", "host1")
    wait_for(lambda: alpha("--yes", "failover to host2").returncode == 0, 60, "the slaves know that host1 is gone")
    alpha.fault("heal", "host1")
    suspicion, before = seen(manager, watching.UNFENCED)
    alpha.does("--yes", "datasource host1 recover --force", "datasource host1 online")
    _ACTIONS[suspicion.kind](manager, suspicion, before)
    assert alpha.states()["host1"] == "slave:ONLINE OK"
    alpha.stands("host2", ["host1", "host3"])


def test_a_manager_at_work_is_waited_for_and_nobody_advised_to_do_the_same(alpha: Alpha, manager: Automatic) -> None:
    alpha.fault("kill", "host1")
    leadership = Leadership(manager.store, "alpha")
    leadership.start()
    with changing(manager._dataservice, "failover", "failover") as change:
        change.begin("host1", "host2")
        assert "NEXT: ls host1   (again: the manager is at work: failover)\n" in alpha("ls host1").stderr
        shell = alpha.start("-v", "-c", "datasource host3 shun")
        assert shell.stderr
        tried: list[str] = []
        while len(tried) <= len(alpha.hosts):  # it tries again, rather than to be refused
            line = shell.stderr.readline()
            assert line, tried
            tried += [line] if ".lock" in line else []
    out, said = shell.communicate(timeout=60)
    assert (shell.returncode, out) == (0, "DataSource 'host3' set to SHUNNED\n"), said
    assert "NEXT: failover\n" in alpha("ls host1").stderr
    leadership.stop()
