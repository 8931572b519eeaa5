"""One changing operation of any vocabulary: the lock on its hosts, the journal, and its steps under both.

    with lock(engine, service, members, "recover host2") as held:      # one at a time, whoever gives it and wherever
        operation = LiveOperation(engine, store, service, held, "recover", "recover host2", look)
        left = broken_off(store, service)                              # what was killed before it came to its end
        with operation.entered(source, target):                        # in the journal; its end is entered too
            execute(plan, operation, sink)                             # each step is entered before it begins

`held.facts` is the first look, taken as the hosts were locked. A vocabulary that does more at the beginning and at the
end of its commands calls `begin` and `finish` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from cctrl.outcome import CctrlError, Interrupted, Outcome
from cctrl.replication.engine import Engine, OnText, StepFailed
from cctrl.replication.lock import Lock
from cctrl.replication.position import Position
from cctrl.replication.steps import UNDO, Action, Result, Step
from cctrl.store import Operation, ServiceIntent, Store
from cctrl.store.errors import StoreError

NO_END = (None, Outcome.INCOMPLETE, Outcome.UNKNOWN, Outcome.INTERRUPTED)  # outcomes of what may be finished later


class LiveOperation:
    """An operation that is carried out now: an executor.Performer. `store.Operation` is its record.

    Steps may be performed side by side.
    """

    def __init__(self, engine: Engine, store: Store, service: str, held: Lock, verb: str, text: str, look: str) -> None:
        """`text`: as it was typed; `look`: the vocabulary's command that shows how things stand."""
        self._engine = engine
        self._store = store
        self._service = service
        self.held = held
        self.verb = verb
        self.text = text
        self._look = look
        self.id = ""  # in the journal; "" until it is entered
        self.changed = False  # whether a step was done that cannot be put back
        self.promoted = ""  # the member that was made the primary
        self._unwritable = False  # that the journal could not be written
        self._open = False

    def begin(
        self,
        source: str = "",
        target: str = "",
        policy: str = "",
        change: Callable[[ServiceIntent], ServiceIntent] = lambda intent: intent,
    ) -> None:
        """Enter it into the journal, before its first step (see Store.begin). Raises StoreError."""
        self.id = self._store.begin(self._service, self.verb, self.text, source, target, policy, change)
        self._engine.operation = self.id
        self._open = True

    def finish(self, outcome: Outcome, message: str = "") -> None:
        """Enter how it ended, where it was begun; the first end counts. Raises StoreError."""
        if self._open:
            self._store.finish(self.id, outcome, message)
            self._open = False

    @contextmanager
    def entered(self, source: str = "", target: str = "") -> Iterator[None]:
        """Within this it stands in the journal as begun; how the block ends is its outcome, where nothing was said of
        that before. Raises StoreError, in place of no other error."""
        self.begin(source, target)
        try:
            yield
        except BaseException as error:  # Ctrl-C and defects too: the journal says how it ended, then raised on
            with suppress(StoreError):  # without its end it counts as broken off, which is as well
                self.finish(self._outcome(error), getattr(error, "what", "") or str(error))
            raise
        self.finish(Outcome.DONE)

    def _outcome(self, error: BaseException) -> Outcome:
        if isinstance(error, Interrupted | KeyboardInterrupt):
            return Outcome.INTERRUPTED
        outcome = error.outcome if isinstance(error, CctrlError) else Outcome.INCOMPLETE
        return Outcome.INCOMPLETE if outcome is Outcome.REFUSED and self.changed else outcome

    def perform(self, step: Step, known: Mapping[str, Position], on_text: OnText) -> Result:
        """Carry out a step (see executor.Performer) while the lock is ours. Raises StepFailed, StoreError."""
        if not self.held.held:
            what = f"{self.text}: the lock was lost, so nothing more is done: this process stood still, or was cut off"
            following = f"{self._look}   (another may be at work; then, if it is still wanted: {self.text})"
            raise StepFailed(what, detail=f"it was to {step.text()}", next=following, uncertain=True)
        self._note(step)
        with self.held.acting():
            result = self._engine.perform(step, known, on_text)
        self.changed = self.changed or not step.undoable
        if step.action in (Action.PROMOTE, Action.PROMOTE_NOW):
            self.promoted = step.member
        return result

    def _note(self, step: Step) -> None:
        """Enter a step into the journal. What puts a step back, or follows a promotion, is done also without it."""
        goes_on = self.promoted or step.action in UNDO.values()
        if goes_on and self._unwritable:
            return  # to wait for it again would only make the outage longer
        try:
            self._store.note_step(self.id, step.text())
        except StoreError:
            self._unwritable = True
            if not goes_on:
                raise


def broken_off(store: Store, service: str) -> Operation | None:
    """The last operation, where it did not come to its end. Whoever holds the lock knows that it does not run."""
    last = next(iter(store.operations(service, 1)), None)
    return last if last is not None and last.outcome in NO_END else store.unfinished(service)
