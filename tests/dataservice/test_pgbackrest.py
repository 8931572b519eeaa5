"""Backups that pgBackRest makes of a slave, and coming back from them, where it is installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.dataservice.test_backup import URI, stores, told_of
from tests.replication.hands import Hands
from tests.replication.held import Held
from tests.stage import Labs

PROGRAM = shutil.which("pgbackrest") or ""
SERVER = "pg{}-path={}\npg{}-socket-path={}\npg{}-port={}\npg{}-user=postgres\n"


class Archive:
    """host2 with a pgBackRest that is configured for itself and the master; they share its repository."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.held = Held(hands, "host2", "pgbackrest")
        config = self.held.place / "pgbackrest.conf"
        self.held.script("pgbackrest", f'#!/bin/sh\nexec {PROGRAM} --config={config} "$@"\n')
        config.write_text(self.configuration())
        (self.place / "log").mkdir()  # it makes the others itself
        hands.own("host2", self.place / "log")

    def configuration(self) -> str:
        """As its administrator would write it."""
        lines = [
            "[global]",
            "start-fast=y",
            "compress-type=none",
            "repo1-retention-full=1",
            f"repo1-path={self.place}/repo",
        ]
        lines += [f"{what}-path={self.place}/{what}" for what in ("log", "lock", "spool")]
        text = "\n".join([*lines, "[demo]", ""])
        for n, host in ((1, "host2"), (2, "host1")):
            server = self.hands.server(host)
            text += SERVER.format(n, server.data_dir, n, server.socket_dir, n, server.port, n)
        return text

    @property
    def place(self) -> Path:
        """Where it keeps everything."""
        return self.held.place

    def __call__(self, *words: str) -> str:
        """Run it on host2, as the servers' user."""
        return self.hands.program("pgbackrest", "host2", *words, bin_dir=str(self.place))

    def archived(self) -> None:
        """Let the master archive its log there."""
        push = f"{self.place}/pgbackrest --stanza=demo --pg1-path={self.hands.data('host1')} archive-push %p"
        self.hands.here("host1", "alter system set archive_mode = on")
        self.hands.here("host1", f"alter system set archive_command = '{push}'")
        self.hands.lab.run("stop", "host1")
        self.hands.lab.run("start", "host1")
        self("--stanza=demo", "stanza-create")

    def labels(self) -> list[str]:
        """Of the backups that it has."""
        return [one["label"] for one in json.loads(self("info", "--output=json"))[0]["backup"]]

    def cctrl(self, command: str, status: int = 0) -> str:
        """A command, on a configuration in which this pgBackRest is among host2's programs; all it says."""
        ended = self.hands.lab._plain(*self.held.options, command)
        said = ended.stdout + ended.stderr
        assert ended.returncode == status, f"{command}: exit {ended.returncode}, not {status}\n{said}"
        return said


@pytest.mark.skipif(not PROGRAM, reason="pgbackrest is not installed")
def test_a_backup_by_pgbackrest_is_of_the_slave_and_comes_back(lab: Labs) -> None:
    hands = Hands(lab("--no-manager"))
    archive = Archive(hands)
    said = archive.cctrl("datasource host2 backup pgbackrest", 3)
    assert "ERROR: pgbackrest has no stanza for host2\n" in said
    assert "NEXT: pgbackrest --stanza=NAME stanza-create " in said
    archive.archived()
    hands.table()

    said = archive.cctrl("datasource host2 backup pgbackrest")
    assert said.endswith(f"Backup of dataSource 'host2' {URI.format(1)}")
    told = stores(hands, "host2") / "store-0000000001.properties"
    properties = told_of(told)
    assert [properties["label"]] == archive.labels()
    assert (properties["agent"], properties["stanza"], properties["tablespaces"]) == ("pgbackrest", "demo", "0")
    assert "replay on the standby reached" in (archive.place / "log" / "demo-backup.log").read_text()

    hands.here("host1", "insert into t values (1)")
    hands.have(["host2"], 2)
    whole = told.read_text()
    told.write_text(whole.replace("tablespaces=0", "tablespaces=2"))
    said = archive.cctrl("datasource host2 restore --force", 3)
    assert f"pgbackrest --stanza=demo --set={properties['label']} restore\n" in said
    told.write_text(whole.replace("label=", "label=1"))
    said = archive.cctrl("datasource host2 restore --force", 3)
    assert f"`pgbackrest info` does not list demo/1{properties['label']}\n" in said
    told.write_text(whole)
    said = archive.cctrl("datasource host2 restore --force")
    assert f"Restore host2 from the backup in pgbackrest:demo/{properties['label']}\n" in said
    hands.stands("host1", ["host2", "host3"])
    hands.have(["host2"], 2)
    assert list(hands.data("host2").parent.glob(".cctrl-data.aside-*"))
