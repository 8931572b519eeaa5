"""Backups on a member's own host and coming back from them, on real servers."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.replication.hands import Hands
from tests.replication.held import Held
from tests.stage import wait_for

URI = "succeeded; uri=storage://file-system/store-{:010}.properties\n"


def stores(hands: Hands, host: str) -> Path:
    """Where a host's backups are."""
    return hands.data(host).parent / ".cctrl-data.backups"


def told_of(path: Path) -> dict[str, str]:
    """What a properties file says."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_a_backup_is_verified_told_of_and_comes_back(hands: Hands) -> None:
    hands.table()
    assert URI.format(1) in hands.does("datasource host3 backup")
    said = told_of(stores(hands, "host3") / "store-0000000001.properties")
    directory = Path(said["directory"])
    assert said["sha256"] == hashlib.sha256((directory / "backup_manifest").read_bytes()).hexdigest()
    assert said["system"] == hands.control("host3", "Database system identifier")
    assert (said["agent"], said["service"], said["datasource"]) == ("pg_basebackup", "alpha", "host3")
    hands.program("pg_verifybackup", "host3", directory)

    hands.here("host1", "insert into t values (1)")
    hands.lab.run("wipe", "host3")
    elsewhere = directory.with_name("moved")  # somebody moved it to a larger disk, and made it readable
    directory.rename(elsewhere)
    elsewhere.chmod(0o755)
    directory.symlink_to(elsewhere)
    said_ = hands.done("datasource host3 restore")
    assert f"  NOTE  >> Restore host3 from the backup in {directory}\n" in said_
    hands.stands("host1", ["host2", "host3"])
    hands.have(["host3"], 2)
    assert hands.states()["host3"] == "slave:OFFLINE WARN"
    hands.done("datasource host3 online")

    assert not hands.data("host3").is_symlink()
    hands.program("pg_verifybackup", "host3", elsewhere)  # it is as it was

    (stores(hands, "host3") / "store-0000000002").mkdir()  # what tells of it is gone, but it may be somebody's
    (stores(hands, "host3") / "store-old.properties").write_text("")
    document = hands.documents("datasource host3 backup pg_basebackup")[0]["backup"]
    assert document["name"] == "store-0000000003.properties"
    assert elsewhere.exists()


def test_agents_that_are_not_there_and_servers_that_are_down(hands: Hands) -> None:
    hands.told("datasource host3 backup barman", 3, "no backup agent 'barman' on host3", "installed on host3: pg_base")
    hands.told(
        "datasource host3 restore --force", 3, "no backup that it could come back from", "NEXT: tprovision host3"
    )
    hands.lab.run("stop", "host3")
    hands.told("datasource host3 backup", 3, "host3 cannot be backed up", "NEXT: datasource host3 recover")
    assert not stores(hands, "host3").exists()


def test_a_backup_that_is_damaged_or_too_old_changes_nothing(hands: Hands) -> None:
    hands.table()
    hands.does("datasource host3 backup")
    (store,) = stores(hands, "host3").glob("store-??????????")
    running = hands.pid("host3")
    damaged = max((store / "base").rglob("*"), key=lambda path: path.stat().st_size)
    whole = damaged.read_bytes()
    damaged.write_bytes(b"x" + whole[1:])
    hands.told("datasource host3 restore --force", 3, "cannot restore host3 from", damaged.name)
    damaged.write_bytes(whole)
    assert hands.pid("host3") == running
    hands.stands("host1", ["host2", "host3"])

    for statement in ("alter system set wal_keep_size = 0", "select pg_reload_conf()"):
        hands.here("host1", statement)
    for row in range(3):
        hands.here("host1", f"insert into t values ({row}); select pg_switch_wal()")
        hands.here("host1", "checkpoint")
    hands.told("datasource host3 restore --force", 3, "keeps it from 0/", "missing", "NEXT: tprovision host3")


def test_an_old_master_comes_back_from_a_backup_with_its_transactions_kept(hands: Hands) -> None:
    """As the documented refusal of `recover` proposes; the backup is of the timeline before."""
    hands.table()
    hands.does("datasource host1 backup")
    hands.here("host1", "select pg_switch_wal()")
    hands.here("host1", "insert into t values (1)")
    hands.have(["host2", "host3"], 2)
    hands.only_on("host1", ("host2", "host3"), (2,))
    hands.done("failover to host2")
    hands.told("datasource host1 recover", 3, "datasource host1 restore")
    hands.told("datasource host1 restore", 3, "host1 has 1 committed", "NEXT: datasource host1 restore --force")
    hands.done("datasource host1 restore --force")
    hands.stands("host2", ["host1", "host3"])
    assert hands.here("host1", "select string_agg(i::text, ',') from t") == "0,1"
    assert len(hands.kept("host1")) == 1


def test_a_backup_goes_on_when_cctrl_is_killed_and_a_half_made_one_counts_for_nothing(hands: Hands) -> None:
    held = Held(hands, "host3", "pg_basebackup")
    held.set("hold")
    command = (*held.options, "datasource host3 backup")
    first = hands.start_plain(*command)
    wait_for(lambda: len(held.begun) == 1, 30, "a backup")
    first.kill()
    first.communicate()
    second = hands.start_plain("-v", *command)
    hands.joined(second, "backup-host3")
    held.lift("hold")
    out, said = second.communicate(timeout=60)
    assert (second.returncode, URI.format(1) in out) == (0, True), f"{out}{said}"
    assert len(held.begun) == 1

    held.set("die")
    assert hands.lab._plain(*command).returncode == 3
    assert len(list(stores(hands, "host3").glob("*.properties"))) == 1
    held.lift("die")
    assert URI.format(2) in hands.lab._plain(*command).stdout
    assert not list(stores(hands, "host3").glob("*.part"))
