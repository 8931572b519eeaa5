"""Carries out a plan step by step, tells what happens as events, and puts back what can be put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from cctrl.outcome import CctrlError, Incomplete, Interrupted, OutOfSight, Refused
from cctrl.replication.engine import OnText, StepFailed
from cctrl.replication.events import Done, Event, Failed, Progress, Started, Undone
from cctrl.replication.position import Position
from cctrl.replication.steps import DETACHED, Group, Plan, Result, Step
from cctrl.threads import fan_out

Sink = Callable[[Event], None]


class Performer(Protocol):
    """What carries out single steps: an engine, or what watches over one."""

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        """See Engine.perform."""


def execute(plan: Plan, engine: Performer, sink: Sink) -> None:
    """Carry out `plan`. Returns when every step was seen to be done.

    Raises Refused where a step failed and all before it was put back, Incomplete where something stays
    changed, OutOfSight where a step's host went out of sight, Interrupted at Ctrl-C.
    """
    run = _Run(engine, sink)
    for group in plan.groups:
        try:
            run.group(group)
        except (KeyboardInterrupt, Interrupted):
            # What was asked of a host is not taken back by not waiting for it.
            uncertain = not all(step.undoable for step in group)
            left = [step for step in group if uncertain or step.action in DETACHED]
            goes_on = "\n".join(f"goes on by itself: {step.text()}" for step in left)
            detail = "\n".join(t for t in (goes_on, run.put_back(uncertain)[1]) if t)
            raise Interrupted(f"interrupted while it was to {group[0].text()}", detail=detail) from None
        except CctrlError as error:
            uncertain = _uncertain(error, group)
            raise _ended(error, uncertain, *run.put_back(uncertain)) from error
        except BaseException:  # a defect of cctrl itself: leave the service as it was, where that is certain
            run.put_back(not all(step.undoable for step in group))
            raise


def _uncertain(error: CctrlError, group: Group) -> bool:
    """True where a step that cannot be undone may have been done, or may still be."""
    if isinstance(error, StepFailed):
        return error.uncertain
    return not isinstance(error, Refused) and not all(step.undoable for step in group)


def _ended(error: CctrlError, uncertain: bool, changed: bool, detail: str) -> CctrlError:
    changed = changed or (isinstance(error, StepFailed) and error.changed)
    kind = OutOfSight if uncertain else Incomplete if changed else Refused
    return kind(error.what, detail="\n".join(t for t in (error.detail, detail) if t), next=error.next)


class _Run:
    """One execution: what was done so far, and the positions that steps found out."""

    def __init__(self, engine: Performer, sink: Sink) -> None:
        self.engine = engine
        self.sink = sink
        self.done: list[Step] = []
        self.known: dict[str, Position] = {}

    def group(self, group: Group) -> None:
        """Do the steps of a group side by side; the first failure is raised after all have ended."""
        if len(group) == 1:
            self.step(group[0])
            return
        fan_out(group, self.step)

    def step(self, step: Step) -> None:
        """Do one step and tell about it."""
        self.sink(Started(step))
        try:
            result = self.engine.perform(step, self.known, lambda text: self.sink(Progress(step, text)))
        except BaseException as error:  # Ctrl-C and defects too: all are raised on below
            # A step that failed or was left half-way is put back too; undoing what was not done does nothing.
            if step.undoable:
                self.done.append(step)
            if isinstance(error, CctrlError) and not isinstance(error, Interrupted):
                self.sink(Failed(step, error.what))
            raise
        self.done.append(step)
        if result.position is not None:
            self.known[step.member] = result.position
        self.sink(Done(step, result))

    def put_back(self, uncertain: bool) -> tuple[bool, str]:
        """Undo what was done, last first. Returns whether something stays changed, and what was put back."""
        if uncertain or not all(step.undoable for step in self.done):
            return bool(self.done), _list("done so far", self.done)
        for step in reversed(self.done):
            undo = step.undo()
            if undo is None:
                continue
            try:
                self.engine.perform(undo, self.known, lambda _: None)
            except CctrlError as error:
                return True, f"and putting it back failed too: {error.what}\n{error.detail}".strip()
            self.sink(Undone(step))
        return False, _list("put back", [s for s in self.done if s.undo() is not None])


def _list(title: str, steps: list[Step]) -> str:
    return "\n".join(f"{title}: {step.text()}" for step in steps)
