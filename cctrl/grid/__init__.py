"""The TimesTen Scaleout vocabulary: grids, their databases' elements and replica sets, ttGridAdmin.

`VOCABULARY` is what the shell opens services of the kind `grid` with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cctrl.config import Config, Service
from cctrl.registry import Command, ServiceHandle, Talk


class _Grid:
    """registry.Vocabulary for grids; imports its rooms when they are first needed."""

    kind = "grid"

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


VOCABULARY = _Grid()
