"""A rewind goes on when cctrl is killed, is picked up again, and is done again where it was killed itself."""

from __future__ import annotations

import os
import signal

from tests.killing import killed
from tests.replication.hands import Hands
from tests.replication.held import Held
from tests.stage import wait_for


def test_a_rewind_survives_cctrl_and_is_never_started_twice(hands: Hands) -> None:
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    slow = Held(hands, "host1", "pg_rewind")
    command = (*slow.options, "datasource host1 recover --force --rewind")

    slow.set("hold")
    first = hands.start_plain(*command)
    wait_for(lambda: len(slow.begun) == 1, 30, "a rewind")
    first.kill()
    first.communicate()
    (rewind,) = slow.begun
    os.kill(rewind, 0)

    second = hands.start_plain("-v", *command)
    told = hands.joined(second, "rewind-host1")
    slow.lift("hold")
    out, said = second.communicate(timeout=120)
    assert second.returncode == 0, f"{out}{told}{said}"
    assert slow.begun == [rewind]
    hands.stands("host2", ["host1", "host3"])
    assert hands.here("host1", "select string_agg(i::text, ',') from t") == "0"


def test_a_rewind_that_was_killed_itself_is_done_again_before_anything_is_started(hands: Hands) -> None:
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    slow = Held(hands, "host1", "pg_rewind")
    command = (*slow.options, "datasource host1 recover --force --rewind")
    slow.set("die")
    ended = hands.lab._plain(*command)
    assert (ended.returncode, "Traceback" in ended.stderr) == (4, False), ended.stderr
    assert "cannot rewind host1 to host2" in ended.stderr
    assert hands.pid("host1") == 0

    # what a rewind half done may leave: the log that would tell how far it went is gone
    for path in (hands.data("host1") / "pg_wal").glob("00000001*"):
        path.unlink()
    explained = hands.lab._plain(*slow.options, "explain datasource host1 recover --rewind")
    assert "rewind host1 to host2" in explained.stdout, explained.stdout + explained.stderr
    slow.lift("die")
    slow.set("hold")
    again = hands.start_plain(*command)
    wait_for(lambda: len(slow.begun) == 2, 30, "a second rewind")
    os.kill(slow.begun[1], signal.SIGKILL)
    out, said = again.communicate(timeout=60)
    assert again.returncode == 4, f"{out}{said}"


def test_ctrl_c_while_the_master_is_shut_down_starts_it_again(hands: Hands) -> None:
    hands.table()
    told, out, status = killed(hands.lab.cctrl, "switch to host2", lambda line: " cctrl-stop " in line, signal.SIGINT)
    said = "".join(told) + out
    assert status == 130, said
    assert "put back: end host1's client sessions" in said
    hands.stands("host1", ["host2", "host3"])
    assert hands.policy() == "AUTOMATIC"
    hands.done("switch to host2")
    hands.stands("host2", ["host1", "host3"])
