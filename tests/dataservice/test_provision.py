"""A member gets a full copy, on real servers: at rest, refused, and with everything killed at bad moments."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.replication.hands import Hands
from tests.replication.held import Held
from tests.replication.test_refusals import SETTLED
from tests.stage import wait_for


def aside(hands: Hands, host: str) -> list[Path]:
    """The data directories that were moved aside, oldest first."""
    return sorted(hands.data(host).parent.glob(".cctrl-data.aside-*"))


def tidy(hands: Hands, host: str) -> None:
    """Nothing of a copy is left lying about."""
    assert not (hands.data(host).parent / ".cctrl-data.copy").exists()


def test_a_lost_data_directory_comes_back_from_the_slave(hands: Hands) -> None:
    hands.table()
    hands.lab.run("wipe", "host3")
    said = hands.told("datasource host3 recover", 3, "NEXT: tprovision host3")
    said = hands.done("tprovision host3")
    assert "  NOTE  >> Create a pg_basebackup backup of host2 on host3\n" in said
    assert "kB" not in said, "how far it is belongs on a terminal alone"
    hands.stands("host1", ["host2", "host3"])
    hands.have(["host3"], 1)
    assert hands.states()["host3"] == "slave:OFFLINE WARN"
    assert not aside(hands, "host3")
    tidy(hands, "host3")
    hands.done("datasource host3 online", "switch to host3", "switch to host1")


def test_one_that_streams_is_copied_only_by_force_and_keeps_its_own_configuration(hands: Hands) -> None:
    hands.table()
    for host in ("host2", "host3"):
        for name in ("postgresql.conf", "server.key", "conf.d/mine.conf"):
            hands.write(host, name, f"# of {host}\n")
        hands.here(host, f"alter system set cluster_name = 'set on {host}'")
    before = hands.snapshot()
    hands.told("tprovision host3", 3, "host3 streams from host1", "NEXT: tprovision host3 --force")
    hands.told("tprovision host1 --force", 3, "host1 is the master")
    hands.told("tprovision host3 --force --max-rate 3", 2, "from 32k to 1024M")
    hands.told("tprovision host3 --source host3 --force", 3, "its own source")
    assert hands.snapshot() == before

    said = hands.done("tungsten_provision_slave host3 --source host1 --max-rate 500M --force")
    assert "backup of host1 on host3" in said
    assert "Put alpha replication service offline" in said
    hands.stands("host1", ["host2", "host3"])
    for name in ("postgresql.conf", "server.key", "conf.d/mine.conf"):
        assert (hands.data("host3") / name).read_text() == "# of host3\n"
    auto = (hands.data("host3") / "postgresql.auto.conf").read_text()
    assert "cluster_name = 'set on host3'" in auto
    assert auto.count("primary_conninfo") == 1
    (old,) = aside(hands, "host3")
    assert (old / "PG_VERSION").exists()
    tidy(hands, "host3")


def test_transactions_nobody_else_has_are_counted_and_kept(hands: Hands) -> None:
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1, 2))
    hands.done("failover to host2")
    hands.told("tprovision host1", 3, "host1 has 2 committed transactions", "NEXT: tprovision host1 --force")
    assert not hands.kept("host1")
    assert not aside(hands, "host1")
    hands.done("tprovision host1 --force")
    hands.stands("host2", ["host1", "host3"])
    (kept,) = hands.kept("host1")
    assert (kept / "transactions.txt").read_text().count("desc: COMMIT") == 2
    assert len(aside(hands, "host1")) == 1
    assert hands.here("host1", "select string_agg(i::text, ',') from t") == "0"


def test_log_that_is_gone_and_another_system(hands: Hands) -> None:
    """What `recover` refuses is what this is for."""
    hands.table()
    hands.lab.run("stop", "host3")
    for statement in ("alter system set wal_keep_size = 0", "select pg_reload_conf()"):
        hands.here("host1", statement)
    for row in range(3):
        hands.here("host1", f"insert into t values ({row}); select pg_switch_wal()")
        hands.here("host1", SETTLED)
        hands.here("host1", "checkpoint")
    hands.told("recover", 3, "the log host3 needs is gone from host1", "NEXT: tprovision host3")
    hands.done("tprovision host3")
    hands.have(["host3"], 4)

    hands.lab.run("stop", "host3")
    hands.program("rm", "host3", "-r", hands.data("host3"), bin_dir="/bin")
    hands.program("initdb", "host3", "-D", hands.data("host3"), "-U", "postgres", "-N", "-A", "trust")
    hands.told("tprovision host3", 3, "holds another database system", "NEXT: tprovision host3 --force")
    hands.done("tprovision host3 --force")
    hands.stands("host1", ["host2", "host3"])


def test_a_copy_survives_cctrl_and_is_never_begun_twice(hands: Hands) -> None:
    hands.table()
    hands.lab.run("stop", "host3")
    held = Held(hands, "host3", "pg_basebackup")
    held.set("hold")
    command = (*held.options, "tprovision host3")
    first = hands.start_plain(*command)
    wait_for(lambda: len(held.begun) == 1, 30, "a copy")
    first.kill()
    first.communicate()
    second = hands.start_plain("-v", *command)
    told = hands.joined(second, "copy-host3")
    held.lift("hold")
    out, said = second.communicate(timeout=120)
    assert second.returncode == 0, f"{out}{told}{said}"
    assert "copy was being made already" in said
    assert len(held.begun) == 1
    hands.stands("host1", ["host2", "host3"])
    tidy(hands, "host3")


def test_a_copy_that_was_killed_itself_leaves_the_server_as_it_was(hands: Hands) -> None:
    hands.table()
    held = Held(hands, "host3", "pg_basebackup")
    held.set("die")
    running = hands.pid("host3")
    before = hands.states()
    ended = hands.lab._plain(*held.options, "tprovision host3 --force")
    assert (ended.returncode, "Traceback" in ended.stderr) == (3, False), ended.stderr
    assert "cannot copy host2 to host3" in ended.stderr
    assert "NEXT: tprovision host3 --force   (when the cause is mended" in ended.stderr
    assert hands.pid("host3") == running
    assert hands.states() == before
    held.lift("die")
    held.set("hold")
    again = hands.start_plain(*held.options, "tprovision host3 --force")
    wait_for(lambda: len(held.begun) == 2, 30, "another copy")
    os.kill(held.begun[1], signal.SIGKILL)
    out, said = again.communicate(timeout=60)
    assert again.returncode == 3, f"{out}{said}"
    held.lift("hold")
    done = hands.lab._plain(*held.options, "tprovision host3 --force")
    assert done.returncode == 0, done.stderr
    hands.stands("host1", ["host2", "host3"])


MOVE = """\
#!/bin/sh
/bin/mv "$@" || exit
case "$*" in *{word}*) [ ! -e {place}/cut ] || kill -9 $PPID ;; esac
"""


@pytest.mark.parametrize("word", ["aside-", "new"])
def test_cut_off_between_the_two_renames_and_after_them(hands: Hands, word: str) -> None:
    """And then killed again, before it starts; in the meantime no server can be started by anybody."""
    hands.table()
    hands.write("host3", "postgresql.conf", "# of host3\n")
    held = Held(hands, "host3", "pg_basebackup")
    held.script("mv", MOVE.format(place=held.place, word=f"-T*{word}"))
    held.set("cut")
    ended = hands.lab._plain(*held.options, "tprovision host3 --force")
    assert ended.returncode == 5, ended.stderr
    assert hands.data("host3").exists() is (word == "new")
    assert len(aside(hands, "host3")) == 1
    held.lift("cut")
    assert hands.states()["host3"].startswith("slave:FAILED")
    done = hands.lab._plain(*held.options, "tprovision host3 --force")
    assert done.returncode == 0, done.stderr
    assert len(held.begun) == 1, "the copy that was whole is used"
    assert len(aside(hands, "host3")) == 1
    assert (hands.data("host3") / "postgresql.conf").read_text() == "# of host3\n"
    hands.stands("host1", ["host2", "host3"])


@pytest.mark.timeout(600)
def test_it_is_finished_after_a_kill_at_each_step(hands: Hands) -> None:
    hands.table()
    number, killed = 0, True
    while killed:
        broken_off = hands.killed_at("tprovision host3 --force", number)
        killed = broken_off.killed
        if killed:
            again = hands("tprovision host3 --force")
            assert again.returncode == 0, f"{broken_off}\n{again.stderr}"
        hands.stands("host1", ["host2", "host3"])
        assert hands.states("datasource host3 online")["host3"] == "slave:ONLINE OK"
        assert hands.unfinished() is None, broken_off
        assert hands.policy() == "AUTOMATIC", broken_off
        for old in aside(hands, "host3"):
            shutil.rmtree(old)
        number += 2  # when a remote command begins and when it has ended is much the same
    assert number > 8


def diverge(hands: Hands) -> tuple[str, str]:
    """The master writes what nobody receives, no commit, and dies; it, and who is the master then."""
    old = hands.master()
    others = [host for host in hands.hosts if host != old]
    for other in others:
        hands.lab.run("stop", other)
    hands.here(old, "checkpoint; select pg_switch_wal()")
    hands.lab.run("kill", old)
    for other in others:
        hands.lab.run("start", other)
    hands.done("failover")
    return old, hands.master()


def test_recover_takes_a_copy_where_that_is_quicker(hands: Hands) -> None:
    """And says so; it keeps what only the old master has, and what cannot be copied is rewound."""
    hands.table()
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    said = hands.done("explain datasource host1 recover --force")
    assert "it gets a full copy, which is quicker" in said
    assert "a full copy takes about" in said
    said = hands.done("datasource host1 recover --force", "datasource host1 online")
    assert "its old data directory is kept in" in said
    assert said.index("a full copy takes about") < said.index("its old data directory is kept in")
    assert len(aside(hands, "host1")) == len(hands.kept("host1")) == 1
    hands.stands("host2", ["host1", "host3"])
    assert hands.here("host1", "select string_agg(i::text, ',') from t") == "0"

    held = Held(hands, "host2", "pg_basebackup")
    held.set("die")
    diverge(hands)
    ended = hands.lab._plain(*held.options, "datasource host2 recover")
    assert (ended.returncode, "NEXT: datasource host2 recover --rewind" in ended.stderr) == (3, True), ended.stderr
    ended = hands.lab._plain(*held.options, "datasource host2 recover --rewind")
    assert (ended.returncode, "it is rewound" in ended.stderr) == (0, True), ended.stderr


@pytest.mark.timeout(600)
def test_a_recovery_by_copy_is_finished_after_a_kill_at_each_step(hands: Hands) -> None:
    hands.table()
    number, killed = 0, True
    while killed:
        old, master = diverge(hands)
        broken_off = hands.killed_at(f"datasource {old} recover", number)
        killed = broken_off.killed
        if killed:
            again = hands(f"datasource {old} recover")
            assert again.returncode == 0, f"{broken_off}\n{again.stderr}"
        hands.stands(master, [host for host in hands.hosts if host != master])
        assert hands.states(f"datasource {old} online")[old] == "slave:ONLINE OK", broken_off
        assert hands.unfinished() is None, broken_off
        for directory in aside(hands, old):
            shutil.rmtree(directory)
        number += 2  # when a remote command begins and when it has ended is much the same
    assert number > 8


@pytest.mark.parametrize("word", ["aside-", "new"])
def test_a_recovery_by_copy_that_is_cut_off_between_the_two_renames(hands: Hands, word: str) -> None:
    hands.table()
    old, master = diverge(hands)
    held = Held(hands, old, "pg_basebackup")
    held.script("mv", MOVE.format(place=held.place, word=f"-T*{word}"))
    held.set("cut")
    ended = hands.lab._plain(*held.options, f"datasource {old} recover")
    assert ended.returncode == 5, ended.stderr
    held.lift("cut")
    done = hands.lab._plain(*held.options, f"datasource {old} recover")
    assert done.returncode == 0, done.stderr
    assert len(held.begun) == 1
    hands.stands(master, [host for host in hands.hosts if host != master])


@pytest.fixture
def small(hands: Hands) -> Iterator[Path]:
    """host3's data directory on a file system of 200 MB, reached by a link."""
    place = hands.data("host3").parent / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "cctrl-test", place], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    hands.own("host3", place)
    hands.lab.run("stop", "host3")
    hands.data("host3").rename(hands.data("host3").with_name("data.first"))
    hands.program("cp", "host3", "-a", hands.data("host3").with_name("data.first"), place / "main", bin_dir="/bin")
    hands.data("host3").symlink_to(place / "main")
    hands.lab.run("start", "host3")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path, leave: int) -> Path:
    """Leave so many bytes on a file system."""
    stat = os.statvfs(place)
    filler = place / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_bsize - leave)
    return filler


def test_a_disk_that_is_too_small_and_one_that_fills_up(hands: Hands, small: Path) -> None:
    hands.table()
    running = hands.pid("host3")
    filler = fill(small, 30 << 20)
    words = "host3 has no room for a copy", "needed where", "free", "NEXT: "
    hands.told("tprovision host3 --force", 3, *words)
    filler.unlink()

    held = Held(hands, "host3", "pg_basebackup")
    held.set("hold")
    copying = hands.start_plain(*held.options, "tprovision host3 --force")
    wait_for(lambda: bool(held.begun), 30, "a copy")
    filler = fill(small, 10 << 20)
    held.lift("hold")
    out, said = copying.communicate(timeout=60)
    assert copying.returncode == 3, f"{out}{said}"
    assert "No space left on device" in said
    filler.unlink()
    assert hands.pid("host3") == running
    assert not list(small.glob(".cctrl-main.copy/new"))
    hands.stands("host1", ["host2", "host3"])

    hands.done("tprovision host3 --force")
    assert hands.data("host3").is_symlink()
    assert len(list(small.glob(".cctrl-main.aside-*"))) == 1
    hands.stands("host1", ["host2", "host3"])


def test_parts_outside_the_data_directory_get_places_of_their_own(hands: Hands) -> None:
    """The hosts of a lab share one file system: a tablespace's place is taken already."""
    hands.table()
    for host in ("host2", "host3"):
        hands.lab.run("stop", host)
    place = hands.data("host1").parent / "space a=b"
    place.mkdir()
    hands.own("host1", place)
    hands.here("host1", f"create tablespace apart location '{place}'")
    hands.here("host1", "create table u tablespace apart as select generate_series(1, 1000) i")
    log = hands.data("host3").parent / "log-disk"
    (hands.data("host3") / "pg_wal").rename(log)
    (hands.data("host3") / "pg_wal").symlink_to(log)
    hands.done("tprovision host3 --source host1")
    assert hands.here("host3", "select count(*) from u") == "1000"
    location = hands.here("host3", "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'apart'")
    assert location.startswith(f"{place}.cctrl-")
    assert str((hands.data("host3") / "pg_wal").readlink()).startswith(f"{log}.cctrl-")
    hands.done("tprovision host3 --source host1 --force")
    again = hands.here("host3", "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'apart'")
    assert again.startswith(f"{place}.cctrl-") and again != location
    assert hands.here("host3", "select count(*) from u") == "1000"


def test_what_is_kept_aside_is_listed_and_removed_when_confirmed(hands: Hands) -> None:
    hands.table()
    assert "nothing is kept aside on host1\n" in hands.does("-expert", "datasource host1 cleanup")
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2", "tprovision host1 --force")
    (old,) = aside(hands, "host1")
    (kept,) = hands.kept("host1")
    refused = hands("-expert", "datasource host1 cleanup")
    assert (refused.returncode, "give --yes" in refused.stderr) == (3, True)
    assert old.name.removeprefix(".cctrl-data.") in refused.stdout
    assert "log that only it had" in refused.stdout
    assert old.exists() and kept.exists()

    hands.lab.run("wipe", "host1")
    hands.told("datasource host1 cleanup", 3, "may be all there is", "NEXT: tprovision host1")
    assert old.exists()
    hands.done("tprovision host1")
    assert "removed 2 from host1" in hands.done("datasource host1 cleanup")
    assert not aside(hands, "host1") and not hands.kept("host1")
    hands.stands("host2", ["host1", "host3"])
