"""What a switch does not touch it says: a shun set by hand, and slaves that could not be told of the new master."""

from __future__ import annotations

from tests.dataservice.alpha import Alpha


def test_a_master_that_was_shunned_by_hand_stays_shunned_as_a_slave(alpha: Alpha) -> None:
    alpha.does("datasource host1 shun")
    said = alpha("switch to host2")
    assert said.returncode == 0, said.stderr
    assert (
        "host1 is a slave of host2 and stays SHUNNED(MANUALLY-SHUNNED)\nNEXT: datasource host1 welcome" in said.stderr
    )
    assert "PUT THE PRIOR MASTER" not in said.stdout
    assert alpha.states()["host1"] == "slave:SHUNNED(MANUALLY-SHUNNED) SHUNNED"
    alpha.stands("host2", ["host1", "host3"])
    alpha.does("datasource host1 welcome")
    assert alpha.states()["host1"] == "slave:ONLINE OK"


def test_a_slave_that_cannot_be_told_of_the_new_master_is_named(alpha: Alpha) -> None:
    alpha.fault("freeze", "host3")
    said = alpha("switch to host2")
    assert said.returncode == 0, said.stderr
    told = "host3 does not follow host2 yet: its server runs but does not answer\nNEXT: datasource host3 recover"
    assert told in said.stderr
    alpha.fault("thaw", "host3")
    alpha.does("datasource host3 recover")
    alpha.stands("host2", ["host1", "host3"])
