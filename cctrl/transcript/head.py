"""The `#@ key: value` lines at the head of a transcript, and durations. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any

from cctrl.config import KINDS, NAME, NAME_RULE
from cctrl.outcome import did_you_mean
from cctrl.transcript.model import Head

MODES = ("LOGICAL", "LOGICAL:EXPERT", "PHYSICAL", "ADMIN")
POLICIES = ("automatic", "manual", "maintenance")
LONGEST = 3600.0  # seconds that a timeout may be
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(ms|s|min|m)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0}


class Problem(Exception):
    """Something wrong with one line: what, and what would be right."""

    def __init__(self, what: str, right: str) -> None:
        super().__init__(what)
        self.what = what
        self.right = right


def near(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or the words that there are."""
    words = list(known)
    return did_you_mean(word.lower(), words) or f"one of: {', '.join(words)}"


def seconds(text: str) -> float:
    """A duration as `10s`, `1.5s`, `500ms`, `2min`. Raises Problem."""
    found = _DURATION.match(text)
    if found is None:
        raise Problem(f"{text!r} is not a duration", "a number and its unit: 10s, 500ms, 2min")
    value = float(found[1]) * _SECONDS[found[2]]
    if not 0 < value <= LONGEST:
        raise Problem(f"a timeout of {text} is out of range", f"more than 0s, at most {LONGEST:.0f}s")
    return value


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise Problem(f"{text!r} is not known here", near(text, words))
        return text

    return read


def _name(text: str) -> str:
    if not NAME.match(text):
        raise Problem(f"{text!r} is not a name", NAME_RULE)
    return text


def _hosts(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d?", text):
        raise Problem(f"{text!r} is not a number of hosts", "1 to 99")
    return int(text)


def _flag(text: str) -> bool:
    return _one_of(("yes", "no"))(text) == "yes"


def _number(text: str) -> float:
    if not re.fullmatch(r"\d{1,5}(?:\.\d{1,3})?", text):
        raise Problem(f"{text!r} is not a number of seconds", "4, or 2.5")
    return float(text)


def _text(text: str) -> str:
    return text


KEYS: dict[str, Callable[[str], Any]] = {
    "lab": _one_of(KINDS),
    "service": _name,
    "hosts": _hosts,
    "spares": _hosts,
    "policy": _one_of(POLICIES),
    "timeout": seconds,
    "manager": _flag,
    "mode": _one_of(("logical", "expert", "physical", "admin")),
    "sshd": _flag,
    "synchronous": _flag,
    "failure-timeout": _number,
    "failover-block": _number,
    "disk": _text,
    "postgresql": _text,
}


def read_key(head: Head, line: str) -> Head:
    """`head` with the key of one `#@ key: value` line set. Raises Problem."""
    key, colon, value = line.removeprefix("#@").partition(":")
    key, value = key.strip(), value.strip()
    if not colon or not key or not value:
        raise Problem("a need without its key or value", f"#@ key: value, with key {near(key or '?', KEYS)}")
    if key not in KEYS:
        raise Problem(f"unknown key {key}", near(key, KEYS))
    if key in head.given:
        raise Problem(f"{key} is given twice", "leave one of the two out")
    return dataclasses.replace(head, given=head.given | {key}, **{key.replace("-", "_"): KEYS[key](value)})
