"""`replay --update`: a transcript rewritten to what came. Pure.

Only lines that differ are rewritten: what matched stays as it is written, matcher and all, and `...`
keeps the lines it took. A line that differs keeps those of its placeholders whose values are still
there; a new line gets placeholders as in a recording, so that the file replays. Comments, blank lines,
inputs and stage directions are never touched; an answer that was not asked for goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cctrl.transcript.diff import Line, Verdict
from cctrl.transcript.format import literally
from cctrl.transcript.match import Bindings, Slot, match_line, tokenize
from cctrl.transcript.model import Program, Transcript
from cctrl.transcript.replay import Played
from cctrl.transcript.values import KINDS, fit
from cctrl.transcript.writing import written


def rewritten(transcript: Transcript, played: Sequence[Played]) -> str:
    """The transcript's text with the steps that were played as they came."""
    edits = _Edits()
    bindings: Bindings = {}
    for step in played:
        _block(step, bindings, edits)
        bindings = step.comparison.bindings
    lines: list[str] = []
    for at, raw in enumerate(transcript.lines):
        lines += [raw] if at not in edits.instead else [text + _ending(raw) for text in edits.instead[at]]
        added = edits.after.get(at, [])
        if added and lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines += [text + _ending(raw) for text in added]
    return "".join(lines)


@dataclass(slots=True)
class _Edits:
    instead: dict[int, list[str]] = field(default_factory=dict)  # index in the file -> its new lines
    after: dict[int, list[str]] = field(default_factory=dict)  # index in the file -> lines added below


def _ending(raw: str) -> str:
    return "\r\n" if raw.endswith("\r\n") else "\n"


def _block(played: Played, bindings: Bindings, edits: _Edits) -> None:
    step, comparison = played.step, played.comparison
    wanted = [e for e in step.expected if not (e.answer and isinstance(step.action, Program))]
    texts: dict[int, list[str]] = {}  # what becomes of each line of the file
    changed: set[int] = set()
    last = step.at
    for line in comparison.lines:
        if line.expected is None:
            edits.after.setdefault(last, []).append(_added(comparison.actual, line))
            continue
        last = wanted[line.expected].at
        kept = texts.setdefault(last, [])
        if line.holds:
            kept.append(comparison.expected[line.expected])
            continue
        changed.add(last)
        if line.verdict is Verdict.DIFFERENT and line.actual is not None:
            kept.append(carried(comparison.expected[line.expected], comparison.actual[line.actual], bindings))
    edits.instead |= {at: texts[at] for at in changed}
    if played.status != step.status:
        _status(played, max([last, *(e.at for e in step.expected)]), edits)


def _added(actual: Sequence[str], line: Line) -> str:
    text = actual[line.actual] if line.actual is not None else ""
    return text if _is_answer(text) else written(text)


def _is_answer(text: str) -> bool:
    return text == "<" or text.startswith("< ")


def _escaped(text: str) -> str:
    """An actual line as it is written; `< text` is an answer here, and stays one."""
    return text if _is_answer(text) else literally(text)


def _status(played: Played, last: int, edits: _Edits) -> None:
    text = [f"? {played.status}"] if played.status else []
    if played.step.status_at is not None:
        edits.instead[played.step.status_at] = text
    else:
        edits.after.setdefault(last, []).extend(text)


def carried(expected: str, actual: str, bindings: Mapping[str, str]) -> str:
    """`actual` as an expected line, with the placeholders of `expected` where their values still stand.

    A value is known again by what stands directly before it (`progress=`), in the old order.
    """
    if expected.endswith(" (re)"):
        return _escaped(actual)
    line = ""
    at = 0
    before = ""
    for token in tokenize(expected):
        if isinstance(token, Slot):
            found = _again(token, before, actual, at, bindings)
            if found is not None:
                line += actual[at : found[0]] + str(token)
                at = found[1]
            before = ""
        elif isinstance(token, str):
            before = token
    line = fit(line + actual[at:], len(actual))
    sound = at > 0 and literally(line) == line and match_line(line, actual, bindings) is not None
    return line if sound else _escaped(actual)


def _again(slot: Slot, before: str, actual: str, at: int, bindings: Mapping[str, str]) -> tuple[int, int] | None:
    """Where in `actual`, from `at` on, the value of `slot` stands now: its beginning and end."""
    value = re.escape(bindings[slot.key]) if slot.name and slot.key in bindings else KINDS[slot.kind].matches
    hint = before.rsplit(" ", 1)[-1] or before[-2:]
    found = re.compile(f"{re.escape(hint)}({value})(?![\\w/])").search(actual, at) if hint else None
    return found.span(1) if found else None
