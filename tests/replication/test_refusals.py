"""What no way back exists for is refused with its reason, and nothing is changed, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replication.hands import ORPHAN, Hands

COPY = "a full copy"


SETTLED = """\
do $$ begin
 while exists (select from pg_stat_replication where replay_lsn < pg_current_wal_flush_lsn()) loop
  perform pg_sleep(0.005), pg_stat_clear_snapshot();
 end loop; end $$"""  # log that a standby still needs would be removed too


def forget_log(hands: Hands, host: str) -> None:
    """Let a master keep no log, write some, and remove what is old."""
    for statement in ("alter system set wal_keep_size = 0", "select pg_reload_conf()"):
        hands.here(host, statement)
    for row in range(3):
        hands.here(host, f"insert into t values ({100 + row}); select pg_switch_wal()")
        hands.here(host, SETTLED)
        hands.here(host, "checkpoint")


def test_log_that_is_gone_is_told_in_numbers_and_nothing_is_stopped(hands: Hands) -> None:
    """Both of a standby that was down, and of one that runs and cannot receive."""
    hands.table()
    hands.lab.run("stop", "host3")
    forget_log(hands, "host1")
    running = hands.pid("host1"), hands.pid("host2")
    words = "the log host3 needs is gone from host1", "keeps it from 0/", "are missing", COPY
    hands.told("datasource host3 recover", 3, *words)
    hands.told("recover", 3, *words)
    assert (hands.pid("host1"), hands.pid("host2"), hands.pid("host3")) == (*running, 0)

    hands.lab.run("start", "host3")
    up = hands.pid("host3")
    hands.told("datasource host3 recover", 3, *words)
    assert hands.pid("host3") == up
    assert hands.control("host3", "Database cluster state") == "in archive recovery"
    hands.stands("host1", ["host2"])


def test_a_server_that_cannot_be_rewound_is_told_so_before_it_is_stopped(hands: Hands) -> None:
    """The old primary, down and then running again, with a transaction that only it has."""
    hands.table()
    hands.here("host1", "alter system set wal_log_hints = off")
    hands.lab.run("stop", "host1")
    hands.lab.run("start", "host1")
    hands.streaming("host1", 2)
    hands.only_on("host1", ("host2", "host3"), (1,))
    hands.done("failover to host2")
    words = "host1 went on after the fork at 0/", "cannot be rewound", "alter system set wal_log_hints = on", "restart"
    for force in ("", " --force"):
        hands.told(f"datasource host1 recover{force}", 3, *words, COPY)
    assert hands.pid("host1") == 0

    hands.unmark("host1")
    hands.lab.run("start", "host1")
    hands.here("host1", f"{ORPHAN} (2)")
    running = hands.pid("host1")
    for force in ("", " --force"):
        hands.told(f"datasource host1 recover{force}", 3, *words, COPY)
    assert hands.pid("host1") == running
    assert not hands.kept("host1")
    hands.stands("host2", ["host3"])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("bin_dir", "/nowhere/bin", "no PostgreSQL programs in /nowhere/bin on host1"),
        ("data_dir", "/tmp", "/tmp is not a data directory on host1"),
    ],
)
def test_a_configuration_that_is_wrong_is_no_failure_of_the_master(
    hands: Hands, key: str, value: str, words: str
) -> None:
    wrong = hands.elsewhere("host1", **{key: value})
    for command in ("failover", "switch", "datasource host2 recover", "ls"):
        said = hands.lab._plain("--yes", "--config", wrong, "-c", command).stderr
        assert words in said
        assert "NEXT: cctrl doctor" in said
        assert "NEXT: failover" not in said
    lone = hands.lab._plain("--config", wrong, "doctor")
    assert (lone.returncode, words in lone.stdout + lone.stderr) == (3, True), lone.stdout + lone.stderr
    assert hands.master() == "host1"


def test_data_directories_and_programs_that_are_not_what_they_should_be(hands: Hands, wheel_bin: Path) -> None:
    """Each gets its own reason, from ls and from recover; in the end the primary's own data is gone too."""
    hands.table()
    hands.lab.run("stop", "host3")
    wrong = hands.elsewhere("host3", bin_dir="/nowhere/bin")
    command = ("--yes", "--config", wrong, "-c", "datasource host3 recover")
    ended = hands.lab._plain(*command)
    assert (ended.returncode, "Traceback" in ended.stderr) == (3, False), ended.stderr
    assert "host3 has no PostgreSQL binaries where the configuration says" in ended.stderr
    assert "bin_dir" in ended.stderr

    data = hands.aside("host3")
    state = "DATASERVER 'host3@alpha' HAS NO DATA DIRECTORY"
    assert state in hands.done("ls")
    hands.told("datasource host3 recover", 3, "host3 has no data directory", "does not exist", COPY)

    hands.data("host3").mkdir(mode=0o700)
    hands.own("host3", hands.data("host3"))
    assert state in hands.done("ls")
    hands.told("datasource host3 recover", 3, "host3 has no data directory", "is not a data directory on host3", COPY)
    assert not list(hands.data("host3").iterdir())

    options = ("-D", hands.data("host3"), "-U", "postgres", "-N", "-A", "trust")
    hands.program("initdb", "host3", *options)
    words = "host3 holds another database system", "system identifier", "host1 has", COPY
    hands.told("datasource host3 recover", 3, *words)
    hands.told("switch to host3", 3, "host3 cannot become the master")
    assert not (hands.data("host3") / "standby.signal").exists()

    hands.program("rm", "host3", "-r", hands.data("host3"), bin_dir="/bin")
    hands.program("initdb", "host3", *options, bin_dir=str(wheel_bin))
    hands.done("ls")
    hands.told("datasource host3 recover", 3, words[0])
    hands.back("host3")
    assert not data.exists()
    hands.done("datasource host3 recover", "datasource host3 online")
    hands.stands("host1", ["host2", "host3"])

    hands.lab.run("kill", "host1")
    hands.aside("host1")
    hands.done("failover to host2")
    hands.stands("host2", ["host3"])
    hands.told("datasource host1 recover", 3, "host1 has no data directory", COPY)
