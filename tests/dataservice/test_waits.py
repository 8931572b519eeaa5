"""A wait for a standby holds nothing up, least of all what it waits for; and for a server's end nobody waits a beat."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import pytest

from cctrl.config import Config, load
from cctrl.dataservice.service import Dataservice
from cctrl.manager.talk import ManagerTalk
from cctrl.replication.beat import Pulse
from cctrl.replication.postgresql import queries
from tests.dataservice.alpha import Alpha

FAR = "FFFF/0"  # a position that is not reached
WAITS = {
    "replayed": queries.WAIT.format(position=queries.REPLAYED, reached=">=", wanted=FAR, and_also="", stall=60),
    "writable": queries.WRITABLE.format(limit=60),
}


@pytest.mark.parametrize("wait", sorted(WAITS))
def test_a_wait_does_not_keep_its_standby_from_replaying_what_a_vacuum_removed(calm: Alpha, wait: str) -> None:
    calm.lab.sql("host1", f"create table swept_{wait} as select generate_series(1, 100) as n")
    at = calm.lab.sql("host1", "select pg_current_wal_insert_lsn()")
    calm.lab.has("host2", f"select pg_last_wal_replay_lsn() >= '{at}'", "t")
    waiting = subprocess.Popen(
        calm.psql(calm.dsns["host2"], "-c", WAITS[wait]), env={**calm.lab.environ, "PGAPPNAME": f"wait {wait}"}
    )
    try:
        calm.lab.has("host2", f"select count(*) from pg_stat_activity where application_name = 'wait {wait}'", "1")
        calm.lab.sql("host1", f"delete from swept_{wait}")
        calm.lab.sql("host1", f"vacuum swept_{wait}")
        at = calm.lab.sql("host1", "select pg_current_wal_insert_lsn()")
        # max_standby_streaming_delay would end the wait for good after 30 s
        calm.lab.has("host2", f"select pg_last_wal_replay_lsn() >= '{at}'", "t", 15)
        assert waiting.poll() is None
    finally:
        waiting.terminate()
        waiting.wait()


def test_the_end_of_a_server_is_felt_before_the_next_beat(calm: Alpha) -> None:
    assert felt(calm, load(calm.config), 30.0) == [Pulse.STANDBY, Pulse.DOWN]


def test_where_tail_looks_at_no_process_the_end_is_felt_at_the_next_beat(calm: Alpha) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox")
    config = load(calm.config)
    service = config.services[0]
    programs = Path(service.member("host3").data_dir).parent / "programs"
    programs.mkdir()
    programs.chmod(0o755)
    for program in Path(service.member("host3").bin_dir).iterdir():
        (programs / program.name).symlink_to(program)
    (programs / "tail").symlink_to(busybox)
    service = replace(service, members=tuple(replace(m, bin_dir=str(programs)) for m in service.members))
    beats = felt(calm, replace(config, services=(service,)), 2.0)
    assert set(beats[:-1]) == {Pulse.STANDBY}
    assert beats[-1] is Pulse.DOWN


def felt(calm: Alpha, config: Config, late: float) -> list[Pulse]:
    """What is heard of host3 from its first beat on, `late` seconds before the next, until its kill is known."""
    service = Dataservice(config, config.services[0], ManagerTalk(lambda line: None))
    stop = Event()
    over = Timer(25, stop.set)
    found = []
    for beat in service.engine.pulse("host3", late, stop):
        found.append(beat.pulse)
        if beat.pulse is Pulse.DOWN:
            stop.set()
        elif not over.is_alive():
            over.start()
            calm.fault("kill", "host3")
    over.cancel()
    service.close()
    calm.fault("start", "host3")
    return found
