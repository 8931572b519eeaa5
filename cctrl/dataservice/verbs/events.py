"""`show events`: what the manager saw and did, and what was commanded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from cctrl.dataservice.listing import age
from cctrl.dataservice.service import Dataservice
from cctrl.outcome import Outcome, UsageError
from cctrl.registry import Invocation, Talk
from cctrl.store import Event
from cctrl.threads import paused

SHOWN = 20  # the newest, where no number is given
MOST = 10_000
WATCH = "--watch"
_AGAIN = 0.5  # seconds between two looks for new ones


def show_events(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`show events [NUMBER] [--watch]`: oldest first, each with its age; with --watch until Ctrl-C."""
    events = dataservice.store.events(dataservice.name, _number(invocation))
    talk.data("events", list(events))
    _tell(events, talk)
    if not events:
        talk.note("no events yet: the manager writes them, and every command that changes something")
    last = events[-1].number if events else 0
    if WATCH not in invocation.flags:
        return Outcome.DONE
    with suppress(KeyboardInterrupt):  # the way to end it, and no error
        _follow(dataservice, last, talk)
    return Outcome.INTERRUPTED


def _follow(dataservice: Dataservice, last: int, talk: Talk) -> None:
    while not paused(_AGAIN):
        new = dataservice.store.events(dataservice.name, MOST, after=last)
        _tell(new, talk)
        last = new[-1].number if new else last


def _number(invocation: Invocation) -> int:
    text = invocation.arguments.get("NUMBER", str(SHOWN))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise UsageError(f"{text!r} is no number of events from 1 to {MOST}", next="show events 20")
    return int(text)


def _tell(events: Sequence[Event], talk: Talk) -> None:
    now = time.time()
    for event in events:
        member = f" {event.member}" if event.member else ""
        at = time.strftime("%Y/%m/%d %I:%M:%S %p %Z", time.localtime(event.at))
        talk.line(f"{at} ({age(now - event.at)} ago){member} {event.kind}: {event.text}")
