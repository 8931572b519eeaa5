"""The steps that plans are made of: a table of actions and how each is undone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cctrl.replication.position import Position

if TYPE_CHECKING:
    from cctrl.replication.copying import Survey


class Action(Enum):
    """What a step does to `member`; `other` is the member it does it with. `{}` are filled in for `explain`."""

    CHECKPOINT = "checkpoint {member}, so that it stops quickly"
    STOP = "end {member}'s client sessions and shut its server down; all it has written goes to its standbys first"
    END = "end {member}'s server at once, without a shutdown, which would write to its log"
    MARK = "mark {member} as a standby of {other}, so that it cannot start writable"
    ISOLATE = "mark {member} as a standby of nobody, with no fence on it, so that it starts read-only"
    START = "start {member} and wait until it accepts connections"
    SYNCHRONISE = "let {member} acknowledge a commit only once a quorum of the members has it"
    FENCE = "fence {member}: end its server if one runs, and mark it so that it cannot start writable"
    CATCH_UP = "let {member} receive from {other} what it does not have yet"
    PROMOTE = "promote {member}, once it has all that {other} wrote, and wait until it accepts writes"
    PROMOTE_NOW = "promote {member} and wait until it accepts writes"
    FOLLOW = "let {member} follow {other}"
    LEAVE = "see that {member} receives from nobody but {other}, and has nothing that {other} has not"
    KEEP = "keep the log that only {member} has aside, in its data directory's parent"
    REWIND = "rewind {member} to {other}, mark it as its standby"
    COPY = "copy all of {other} to {member}, beside its data directory, which is left as it is"
    REUSE = "copy {other} to {member}, beside its data directory, from which all comes that is the same there"
    RESTORE = "verify {member}'s backup {other} and copy it beside its data directory, which is left as it is"
    SWAP = "move {member}'s data directory aside and the copy into its place, as a standby of {other}"
    CONFIGURE = "give {member} a configuration of its own in its new place, after {other}'s"
    PAUSE = "pause the replay of {member}; it goes on receiving, and what it receives is kept"
    RESUME = "let {member} replay again"
    RECONNECT = "end {member}'s receiver, so that it connects anew"
    STREAM = "wait until {member} streams from {other} and has caught up"
    UNMARK = "take the standby mark off {member} and start it again as it was"


UNDO = {
    Action.STOP: Action.UNMARK,
    Action.MARK: None,
    Action.CHECKPOINT: None,
    Action.SYNCHRONISE: None,
    Action.CATCH_UP: None,
    Action.COPY: None,
    Action.REUSE: None,
    Action.CONFIGURE: None,
    Action.PAUSE: Action.RESUME,
    Action.RESUME: Action.PAUSE,
    Action.RECONNECT: None,
    Action.LEAVE: None,
    Action.RESTORE: None,
}
"""Action -> what undoes it; None: nothing to undo. An action not named here cannot be undone."""

DETACHED = frozenset({Action.COPY, Action.REUSE, Action.RESTORE, Action.REWIND})
"""What goes on by itself on its host when nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one member."""

    action: Action
    member: str
    other: str = ""
    position: Position | None = None
    keep: tuple[str, ...] = ()  # STOP: the standbys worth waiting for; a silent one would hold the shutdown up
    rate: str = ""  # COPY: bytes a second at most, as the engine's programs take it: `20M`
    survey: Survey | None = None  # COPY: what was seen of its place, where that was just now; else it looks itself

    def text(self) -> str:
        """What the step does, for `explain`."""
        return self.action.value.format(member=self.member, other=self.other)

    @property
    def undoable(self) -> bool:
        """True where a failure after this step can be put back."""
        return self.action in UNDO

    def undo(self) -> Step | None:
        """The step that puts this one back; None where there is nothing to put back."""
        action = UNDO.get(self.action)
        return Step(action, self.member, self.other) if action else None


@dataclass(frozen=True, slots=True)
class Result:
    """What a step found out while it was done."""

    position: Position | None = None  # STOP: the end of the log; PROMOTE: where the new timeline began
    count: int = 0  # STOP: client sessions ended; REWIND: 0 where none was needed
    text: str = ""


Group = tuple[Step, ...]
"""Steps on different members that are done side by side."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a verb will do, in order; groups are done side by side."""

    groups: tuple[Group, ...] = ()
    warnings: tuple[str, ...] = ()  # what is at risk; a question is asked before the first step

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, flattened."""
        return tuple(step for group in self.groups for step in group)

    def lines(self) -> list[str]:
        """The plan as `explain` prints it."""
        lines = []
        for number, group in enumerate(self.groups, 1):
            for step in group:
                undo = step.undo()
                back = f"undo: {undo.text()}" if undo else "nothing to undo" if step.undoable else "cannot be undone"
                lines.append(f"{number:>2}  {step.text()}  [{back}]")
        return lines
