"""The TimesTen Scaleout vocabulary: grids, their databases' elements and replica sets, ttGridAdmin.

`VOCABULARY` is what the shell opens services of the kind `grid` with, `keeper` what the manager keeps them with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cctrl.config import Config, Service
from cctrl.outcome import Outcome
from cctrl.registry import Command, ServiceHandle, Talk

if TYPE_CHECKING:
    from cctrl.manager.keeper import Keeper


class _Grid:
    """registry.Vocabulary for grids; imports its rooms when they are first needed."""

    kind = "grid"
    unknown = Outcome.GRID_SYNTAX

    @property
    def commands(self) -> Sequence[Command]:
        """The documented verbs, in the order `help` lists them."""
        from cctrl.grid.commands import COMMANDS

        return COMMANDS

    @property
    def topics(self) -> Mapping[str, Sequence[str]]:
        """The statuses of elements."""
        from cctrl.grid.states import topics

        return topics()

    def open(self, config: Config, service: Service, talk: Talk) -> ServiceHandle:
        """Open a grid; no network before `warm` or the first command. Raises ConfigError."""
        from cctrl.grid.service import Grid

        return Grid(config, service, talk)


def keeper(config: Config, service: Service, say: Callable[[str], None]) -> Keeper:
    """The active management instance of a grid; `say` is told what it sees and does, a line at a time.
    Raises ConfigError."""
    from cctrl.grid.watch.keeper import GridKeeper

    return GridKeeper(config, service, say)


VOCABULARY = _Grid()
