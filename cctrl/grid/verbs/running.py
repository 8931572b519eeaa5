"""What all commands of `ttGridAdmin` have in common: how a line is read, carried out and ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cctrl.grid import waiting
from cctrl.grid.model import GridError, Instance, UnknownName
from cctrl.grid.service import Grid
from cctrl.grid.verbs import documents, syntax
from cctrl.grid.verbs.syntax import Call, Help
from cctrl.outcome import CctrlError, Outcome, did_you_mean
from cctrl.registry import Talk
from cctrl.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Run:
    """One command as it is carried out."""

    grid: Grid
    call: Call
    talk: Talk

    def say(self, line: str) -> None:
        """A documented line; none where a document is printed instead."""
        if not self.call.json:
            self.talk.line(line)

    def page(self, lines: Sequence[str]) -> None:
        """Several lines."""
        for line in lines:
            self.say(line)

    def document(self, document: dict[str, object]) -> None:
        """What `-o json` prints."""
        if self.call.json:
            self.talk.line(json.dumps(document, indent=2))

    def instance(self, text: str) -> Instance:
        """The instance that an option names. Raises GridError."""
        found = self.grid.instance(text)
        if found is None:
            names = [i.name for i in self.grid.instances]
            raise UnknownName(
                f"Instance {text} does not exist",
                detail=did_you_mean(text, names) or f"instances: {', '.join(names)}",
                next="ttGridAdmin instanceList",
            )
        return found


Body = Callable[[Run], None]


def run(grid: Grid, words: Sequence[str], talk: Talk, bodies: dict[str, Body]) -> Outcome:
    """Carry out what follows `ttGridAdmin`; its own exit status as an outcome."""
    call: Call | None = None
    try:
        read = syntax.read(words)
        if isinstance(read, Help):
            for line in syntax.help_lines(read):
                talk.line(line)
            return Outcome.DONE
        call = read
        grid.fresh()
        bodies[call.verb.name](Run(grid, call, talk))
        return Outcome.DONE
    except GridError as error:
        return _failed(error, call, talk)
    except CctrlError as error:
        return _failed(GridError(error.what, detail=error.detail, next=error.next), call, talk)


def _failed(error: GridError, call: Call | None, talk: Talk) -> Outcome:
    if call is not None and call.json:
        talk.line(json.dumps(documents.failure(error), indent=2))
    for line in error.lines():
        talk.note(line)
    return error.outcome


def managed(run: Run) -> None:
    """Refuse what needs the active management instance while there is none. Raises GridError."""
    if (leaderless := unmanaged(run.grid)) is not None:
        raise leaderless
    run.grid.store.writable()


def unmanaged(grid: Grid) -> GridError | None:
    """Why no management instance is active; None where one is."""
    if grid.manager() is not None:
        return None
    what = "No management instance is active"
    try:
        grid.store.writable()
    except StoreError as error:  # one that runs does not lead either
        return GridError(f"{what}: {error.what}", detail=error.detail, next=error.next)
    detail = "commands record what is wanted; without it nobody carries that out"
    return GridError(what, detail=detail, next="cctrl manager   (in a terminal of its own, or as a service)")


DONE = {
    "dbCreate": "created and loaded",
    "dbLoad": "loaded",
    "dbOpen": "opened",
    "dbClose": "closed",
    "dbUnload": "unloaded",
    "dbDestroy": "destroyed",
}
"""What each command makes of an element."""


def settle(run: Run, name: str) -> None:
    """With -wait: return when the change has been completed on each instance, or on that of -instance. Raises GridError
    where it was not in time, or nothing more is to be expected and it has not come about."""
    seconds = syntax.waiting(run.call)
    if seconds is None:
        return
    only = run.instance(run.call.value("instance")).name if run.call.has("instance") else ""
    found = run.grid.wait(name, lambda database: database is None or not waiting.unsettled(database, only), seconds)
    if found is None:
        return
    count = 1 if only else len(found.elements)
    left = waiting.unsettled(found, only)
    if left:
        raise GridError(
            f"Database {name}: not completed on {len(left)} of {count} instances after {seconds:g} s",
            detail="\n".join(map(waiting.why, left)),
            next=f"ttGridAdmin {waiting.following(found, left[0])}   (it goes on by itself)",
        )
    missed = waiting.missed(found, run.call.verb.name, only)
    if missed:
        raise GridError(
            f"Database {name}: not {DONE[run.call.verb.name]} on {len(missed)} of {count} instances",
            detail="\n".join(map(waiting.why, missed)),
            next=f"ttGridAdmin {waiting.following(found, missed[0])}",
        )
