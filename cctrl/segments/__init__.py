"""The Greenplum vocabulary: segment clusters, FTS, gpstate and gprecoverseg.

`VOCABULARY` is what the shell opens services of the kind `segments` with, `keeper` what the manager keeps them with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cctrl.config import Config, Service
from cctrl.outcome import Outcome
from cctrl.registry import Command, ServiceHandle, Talk

if TYPE_CHECKING:
    from cctrl.manager.keeper import Keeper


class _Segments:
    """registry.Vocabulary for segment clusters; imports its rooms when they are first needed."""

    kind = "segments"
    unknown = Outcome.USAGE

    @property
    def commands(self) -> Sequence[Command]:
        """The documented verbs, in the order `help` lists them."""
        from cctrl.segments.commands import COMMANDS

        return COMMANDS

    @property
    def topics(self) -> Mapping[str, Sequence[str]]:
        """The words of the catalog and of gpstate."""
        from cctrl.segments.state.meanings import topics

        return topics()

    def open(self, config: Config, service: Service, talk: Talk) -> ServiceHandle:
        """Open a cluster; no network before `warm` or the first command. Raises ConfigError."""
        from cctrl.segments.service import Cluster

        return Cluster(config, service, talk)


def keeper(config: Config, service: Service, say: Callable[[str], None]) -> Keeper:
    """FTS for a cluster; `say` is told what it sees and does, a line at a time. Raises ConfigError."""
    from cctrl.segments.watch.keeper import Fts

    return Fts(config, service, say)


VOCABULARY = _Segments()
