"""A small vocabulary without hosts, and a `cctrl` that uses it: `python toy.py ARGUMENTS`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cctrl.config import Config, Service
from cctrl.outcome import Incomplete, Outcome, Refused
from cctrl.registry import Command, Danger, Invocation, ServiceHandle, Talk

CHANGE, EXPERT = Danger.CHANGE, Danger.EXPERT


def _say(_handle: Any, typed: Invocation, talk: Talk) -> Outcome:
    talk.line(" ".join([*typed.words, *typed.arguments.values(), *sorted(typed.flags)]))
    talk.data("arguments", dict(typed.arguments))
    return Outcome.DONE


def _refuse(_handle: Any, _typed: Invocation, _talk: Talk) -> Outcome:
    raise Refused("the master 'host1' is healthy", detail="0 s since it answered", next="switch")


def _half(_handle: Any, _typed: Invocation, talk: Talk) -> Outcome:
    talk.line("one step done")
    raise Incomplete("the second step failed", next="recover")


def _unknown(_handle: Any, _typed: Invocation, _talk: Talk) -> Outcome:
    return Outcome.UNKNOWN


def _crash(_handle: Any, _typed: Invocation, _talk: Talk) -> Outcome:
    raise ZeroDivisionError("a defect")


def _wait(_handle: Any, _typed: Invocation, talk: Talk) -> Outcome:
    talk.line("waiting")
    while not threading.Event().wait(0.05):  # in slices: one long wait may miss a signal that comes as it begins
        pass
    return Outcome.DONE


def _flood(_handle: Any, _typed: Invocation, talk: Talk) -> Outcome:
    for number in range(20000):
        talk.line(f"line {number}")
    talk.note("flood ended")
    return Outcome.DONE


def _plan(_handle: Any, typed: Invocation, talk: Talk) -> Outcome:
    talk.line(f"1 would {typed.words[0]}")
    return Outcome.DONE


class Toy:
    """The vocabulary."""

    kind = "dataservice"
    unknown = Outcome.USAGE
    topics: ClassVar[dict[str, Sequence[str]]] = {"spinning": ["spinning: it turns"]}
    commands = (
        Command("ls [-l] [HOST]", "show the state", _say),
        Command("datasource HOST recover [--force]", "bring one back", _say, danger=CHANGE),
        Command("datasource HOST shun", "take one out", _say, danger=CHANGE),
        Command("datasource HOST fail", "declare one failed", _say, danger=EXPERT),
        Command("recover", "bring all back", _half, danger=CHANGE),
        Command("switch [to HOST]", "planned move", _say, "Moves the master.", CHANGE, _plan),
        Command("failover [to HOST]", "unplanned move", _refuse, danger=CHANGE),
        Command("set policy automatic|manual|maintenance", "set the policy", _say, danger=CHANGE),
        Command("set master HOST", "set the master", _say, danger=EXPERT),
        Command("ping", "see whether anybody can tell", _unknown),
        Command("crash", "show a defect", _crash),
        Command("wait", "wait for a long time", _wait, danger=CHANGE),
        Command("flood", "say a lot", _flood),
    )

    def open(self, config: Config, service: Service, talk: Talk) -> ServiceHandle:
        """A handle without hosts."""
        return Handle(service)


class Handle:
    """An open service."""

    def __init__(self, service: Service) -> None:
        self.name = service.name
        self.place = ""
        self._service = service

    def warm(self) -> None:
        """Nothing to connect to."""

    def words(self, kind: str) -> Mapping[str, str]:
        """The members."""
        return dict.fromkeys(self._service.names, "slave:ONLINE") if kind == "HOST" else {}

    def states(self) -> Mapping[str, str]:
        """All well."""
        return dict.fromkeys(self._service.names, "slave:ONLINE")

    def close(self) -> None:
        """Nothing to close."""


CONFIG = """\
state_dir = "{state}"
[dataservice.alpha]
data_dir = "/nowhere"
[dataservice.alpha.members.host1]
[dataservice.alpha.members.host2]
[dataservice.alpha.members.host3]
"""

if __name__ == "__main__":
    import cctrl.dataservice
    from cctrl.cli import main

    setattr(cctrl.dataservice, "VOCABULARY", Toy())  # noqa: B010 - mypy knows no such name yet
    sys.exit(main())
