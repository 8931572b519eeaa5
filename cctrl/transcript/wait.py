"""`%% wait until …`: conditions, and polling one up to its deadline."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cctrl.outcome import CctrlError
from cctrl.transcript.match import Bindings, match_line
from cctrl.transcript.model import WaitSql, WaitState

# A look gives None once the condition holds, else what was seen instead.
Look = Callable[[], str | None]
_FIRST, _LONGEST = 0.05, 0.5  # seconds between two looks
_STATE = re.compile(r"(?:([a-z ]+):)?([A-Z][A-Z_-]*)(\(.*\))?\Z", re.DOTALL)


def until(look: Look, limit: float, now: Callable[[], float], pause: Callable[[float], object]) -> str | None:
    """Look until the condition holds (None) or `limit` seconds have passed (what was seen last)."""
    end = now() + limit
    between = _FIRST
    while True:
        seen = look()
        left = end - now()
        if seen is None or left <= 0:
            return seen
        if pause(min(between, left)):
            return "interrupted"
        between = min(between * 1.5, _LONGEST)


def same_state(wanted: str, actual: str) -> bool:
    """True where `wanted` describes `actual`; role and reason count only where `wanted` has them."""
    if wanted == actual:
        return True
    want, have = _STATE.match(wanted), _STATE.match(actual)
    if want is None or have is None or want[2] != have[2]:
        return False
    return want[1] in (None, have[1]) and want[3] in (None, have[3])


def state_holds(wait: WaitState, states: Callable[[], Mapping[str, str]]) -> Look:
    """The look for a member's state."""

    def look() -> str | None:
        try:
            known = states()
        except CctrlError as error:
            return error.what
        if wait.host not in known:
            return f"no member {wait.host}; members are {', '.join(known) or 'none'}"
        actual = known[wait.host]
        return None if same_state(wait.state, actual) else f"{wait.host} is {actual}, not {wait.state}"

    return look


def sql_holds(wait: WaitSql, query: Callable[[], str], bindings: Bindings) -> Look:
    """The look for a statement's value; an error of the server is not the end, it may be starting."""

    def look() -> str | None:
        try:
            actual = query().strip()
        except CctrlError as error:
            return error.what
        holds = match_line(wait.value, actual, bindings) is not None
        return None if holds else f"{wait.statement} is {actual!r}, not {wait.value!r}"

    return look
