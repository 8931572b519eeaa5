"""Several members are brought back under the master: worked on side by side, told one after the other."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass

from cctrl.dataservice.advice import for_datasource
from cctrl.dataservice.change import Change
from cctrl.dataservice.recovering import Narrator, recovered, then_online
from cctrl.dataservice.service import Picture
from cctrl.dataservice.states import BY_HAND, REMOVED, Datasource, State
from cctrl.outcome import CctrlError, Incomplete, Refused
from cctrl.registry import Talk


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    data: bool  # a line of data, or talk


@dataclass(frozen=True, slots=True)
class _Ended:
    error: CctrlError | None


class _Member:
    """One member's recovery in the background; its lines wait until it is their turn."""

    def __init__(self, change: Change, picture: Picture, name: str, primary: str, force: bool) -> None:
        self.change = change
        self.picture = picture
        self.name = name
        self.primary = primary
        self.force = force
        self.said: queue.SimpleQueue[_Said | _Ended] = queue.SimpleQueue()

    def work(self) -> None:
        """Bring the member back; never raises."""
        service = self.change.dataservice.name
        narrator = Narrator(service, self.name, self.primary, self.line, self.note)
        try:
            self.line(f"FOUND PHYSICAL DATASOURCE TO RECOVER: '{self.name}@{service}'")
            narrator.begin()
            recovered(self.change, self.picture, self.name, self.primary, narrator, force=self.force)
            self.line(f"DataSource '{self.name}' is now OFFLINE")
            self.line(f"RECOVERY OF DATA SERVICE '{service}' SUCCEEDED")
            self.said.put(_Ended(None))
        except CctrlError as error:
            self.said.put(_Ended(error))
        except BaseException as error:  # a defect, but nobody may wait for this member's end in vain
            self.said.put(_Ended(Incomplete(f"{self.name}: internal error: {error!r}")))
            raise

    def line(self, text: str) -> None:
        """A line of data, when it is this member's turn."""
        self.said.put(_Said(text, data=True))

    def note(self, text: str) -> None:
        """A line of talk, when it is this member's turn."""
        self.said.put(_Said(text, data=False))

    def tell(self, talk: Talk) -> CctrlError | None:
        """Say this member's lines as they come, up to its end; returns what it failed with."""
        while isinstance(said := self.said.get(), _Said):
            (talk.line if said.data else talk.note)(said.text)
        return said.error


def bring_all_back(change: Change, picture: Picture, primary: str, talk: Talk, *, force: bool = False) -> None:
    """Bring every member that needs it back under the master, side by side. Raises CctrlError where one was not."""
    names = to_recover(picture, primary, talk.note)
    members = [_Member(change, picture, name, primary, force) for name in names]
    errors = _side_by_side(members, talk)
    recovered = len(members) - len(errors)
    if recovered or not errors:
        talk.line(f"RECOVERED {recovered} DATA SOURCES IN SERVICE '{change.dataservice.name}'")
    for name in names:
        if name not in errors:
            then_online(change, name, talk)
    if errors:
        raise _not_all(errors, recovered)


def _side_by_side(members: list[_Member], talk: Talk) -> dict[str, CctrlError]:
    from threading import Thread

    threads = [Thread(target=m.work, name=f"recover {m.name}", daemon=True) for m in members]
    for thread in threads:
        thread.start()
    errors: dict[str, CctrlError] = {}
    for m in members:
        error = m.tell(talk)
        if error is not None:
            errors[m.name] = error
            for line in error.lines():
                talk.note(line)
    return errors


def _not_all(errors: dict[str, CctrlError], recovered: int) -> CctrlError:
    what = f"not recovered: {', '.join(errors)}"
    changed = recovered or any(not isinstance(e, Refused) for e in errors.values())
    kind = Incomplete if changed else Refused
    first = next(iter(errors.values()))
    return kind(what, detail=f"{recovered} recovered, {len(errors)} not; the reasons stand above", next=first.next)


def to_recover(picture: Picture, primary: str, note: Callable[[str], None]) -> list[str]:
    """The members that need it: the most advanced one first, ties by name."""
    wanted: list[Datasource] = []
    for source in picture.sources:
        if source.well:
            continue
        if source.name == primary:
            note(f"{source.name} is the master, accepts writes and is {source.word}")
            note(f"NEXT: {for_datasource(source, picture.diagnosis)}")
            continue
        if source.state is State.SHUNNED and (source.reason in BY_HAND or source.reason == REMOVED):
            how = "removed" if source.reason == REMOVED else "shunned"
            note(f"{source.name} was {how} by hand and is left as it is")
            back = f"datasource {source.name} recover"
            note(f"NEXT: {back if source.reason == REMOVED else for_datasource(source, picture.diagnosis)}")
            continue
        wanted.append(source)
    return [s.name for s in sorted(wanted, key=lambda s: (-s.facts.timeline, -s.facts.received, s.name))]
