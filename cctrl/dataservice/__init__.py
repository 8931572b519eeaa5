"""The Tungsten vocabulary: dataservices, datasources and their documented commands.

`VOCABULARY` is what the shell opens services of the kind `dataservice` with, `keeper` what the manager keeps them with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cctrl.config import Config, Service
from cctrl.outcome import Outcome
from cctrl.registry import Command, ServiceHandle, Talk

if TYPE_CHECKING:
    from cctrl.manager.keeper import Keeper


class _Dataservice:
    """registry.Vocabulary for dataservices; imports its rooms when they are first needed."""

    kind = "dataservice"
    unknown = Outcome.USAGE

    @property
    def commands(self) -> Sequence[Command]:
        """The documented verbs, in the order `help` lists them."""
        from cctrl.dataservice.commands import COMMANDS

        return COMMANDS

    @property
    def topics(self) -> Mapping[str, Sequence[str]]:
        """None: its states are explained where they are shown."""
        return {}

    def open(self, config: Config, service: Service, talk: Talk) -> ServiceHandle:
        """Open a dataservice; no network before `warm` or the first command."""
        from cctrl.dataservice.service import Dataservice

        return Dataservice(config, service, talk)


def keeper(config: Config, service: Service, say: Callable[[str], None]) -> Keeper:
    """What the manager keeps a dataservice with; `say` is told what it sees and does, a line at a time."""
    from cctrl.dataservice.watch.automatic import Automatic

    return Automatic(config, service, say)


VOCABULARY = _Dataservice()
