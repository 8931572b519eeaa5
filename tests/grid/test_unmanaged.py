"""What a command says where no management instance is active, and why none is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cctrl.config import load
from cctrl.grid.model import Status
from cctrl.grid.service import Grid
from cctrl.grid.verbs import listing, running, utility
from cctrl.manager.talk import ManagerTalk
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Invocation
from tests.grid.made import database, with_status

CONFIG = """\
state_dir = "{state}"
[grid.grid1]
k = 1
[grid.grid1.members."host3.instance1"]
host = "host3"
home = "/grid/instance1"
data_space_group = 1
"""


class Commands:
    """Commands of a grid whose hosts are not needed."""

    def __init__(self, place: Path) -> None:
        file = place / "cctrl.toml"
        file.write_text(CONFIG.format(state=place / "state"))
        self.said: list[str] = []
        talk = ManagerTalk(self.said.append)
        config = load(file, {})
        self.talk, self.grid = talk, Grid(config, config.services[0], talk)

    def say(self, command: str) -> tuple[Outcome, str]:
        """How it ended, and what it said."""
        self.said.clear()
        return running.run(self.grid, command.split(), self.talk, utility.BODIES), "\n".join(self.said)

    def shown(self) -> str:
        """What `ls` shows."""
        self.said.clear()
        listing.ls(self.grid, Invocation("ls"), self.talk)
        return "\n".join(self.said)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    found = Commands(tmp_path)
    yield found
    found.grid.close()


def test_one_is_missing(commands: Commands) -> None:
    outcome, said = commands.say("dbCreate database1")
    assert outcome is Outcome.GRID_ERROR
    assert said.startswith("Error : No management instance is active\n") and "\nNEXT: cctrl manager " in said
    assert "\nRecommended commands:\ncctrl manager " in commands.say("mgmtExamine")[1]


def test_old_statuses_are_not_taken_for_well(commands: Commands) -> None:
    with pytest.raises(Refused, match="No management instance is active"):
        listing.recover_all(commands.grid, Invocation("recover"), commands.talk)


def test_an_element_that_is_down_takes_no_writes(commands: Commands) -> None:
    first = replace(database(count=2).elements[0], active=True)
    made = database(count=2).having(first)
    commands.grid.create("database1", lambda present, others: made)
    assert " opened active" in commands.shown()
    commands.grid.change("database1", lambda present: with_status(present, host3=Status.DOWN))
    assert " down" in commands.shown() and "active\n" not in commands.shown()


def test_one_that_runs_cannot_lead_where_the_store_cannot_be_written(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.say("dbList")
    monkeypatch.setattr("cctrl.store.errors.RESERVE", 1 << 60)  # a disk that is nearly full
    why = f"cannot write the store {commands.grid.config.state_dir}/cctrl.db: only "
    outcome, said = commands.say("dbCreate database1")
    assert outcome is Outcome.GRID_ERROR
    assert said.startswith(f"Error : No management instance is active: {why}") and "\nNEXT: df -h " in said
    assert "\nRecommended commands:\ndf -h " in commands.say("mgmtExamine")[1]
    commands.grid.store.lead("grid1", "somebody", "here")  # it has room to write over what it wrote; a command has none
    outcome, said = commands.say("dbCreate database1")
    assert (outcome, said.startswith(f"Error : {why}")) == (Outcome.GRID_ERROR, True)
    assert commands.grid.databases() == ()
    monkeypatch.undo()
    assert commands.say("dbCreate database1") == (Outcome.DONE, "Database database1 creation started")
