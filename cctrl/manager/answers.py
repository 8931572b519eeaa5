"""What a health check is answered: may this member take clients that want to write, or to read? Pure.

HAProxy asks for `/primary` or `/replica` and names the server in a header (`http-check send-state`:
`x-haproxy-server-state: UP; address=…; port=…; name=backend/server; node=…; …`); anybody else puts the
member's name into the path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

WRITERS, READERS = "primary", "replica"
ASKED = {"primary": WRITERS, "master": WRITERS, "replica": READERS, "slave": READERS}
"""The first part of a path -> the clients it asks for: those that want to write, and those that only read."""
METHODS = ("GET", "HEAD", "OPTIONS")
PHRASES = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
STATE_HEADER = "x-haproxy-server-state"
PATHS = "/primary, /replica, /primary/HOST, /replica/HOST, /status"


@dataclass(frozen=True, slots=True)
class Shown:
    """One member as the manager saw it last."""

    role: str  # this and the next in the vocabulary's words
    state: str  # as `ls` shows it: `ONLINE`, `SHUNNED(MANUALLY-SHUNNED)`
    at: float  # when it was seen, in seconds on the clock of whoever answers
    takes: str = ""  # WRITERS or READERS: the clients that it is there for; "" where it is for none
    fault: str = ""  # why it takes none of them now


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status and its text."""

    status: int
    text: str
    kind: str = "text/plain"

    def encoded(self, *, body: bool = True) -> bytes:
        """The bytes of it; without its body for HEAD."""
        content = (self.text + "\n").encode()
        head = (
            f"HTTP/1.1 {self.status} {PHRASES[self.status]}\r\nContent-Type: {self.kind}; charset=utf-8\r\n"
            f"Content-Length: {len(content)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (content if body else b"")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, as far as it matters here."""

    method: str
    path: str  # without its query
    server: str = ""  # the name HAProxy gives the server it asks about


def parse(head: bytes) -> Request | None:
    """The request of `head`, all up to the blank line; None where it is no HTTP."""
    first, *fields = head.decode("latin-1").split("\r\n" if b"\r\n" in head else "\n")
    found = re.fullmatch(r"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.[01]", first.rstrip())
    if found is None:
        return None
    state = next((v for f in fields if (v := _field(f, STATE_HEADER))), "")
    named = re.search(r"(?:^|;)\s*name=[^;]*?/([\w.-]+)\s*(?:;|$)", state, re.ASCII)
    return Request(found[1], found[2].partition("?")[0], named[1] if named else "")


def _field(line: str, name: str) -> str:
    key, _, value = line.partition(":")
    return value.strip() if key.strip().lower() == name else ""


def answer(request: Request | None, states: Mapping[str, Shown], now: float, stale: float) -> Answer:
    """What is answered at `now` where what was seen up to `stale` seconds ago still counts."""
    if request is None:
        return Answer(400, "this is no HTTP request")
    if request.method not in METHODS:
        return Answer(405, f"{request.method} is not answered; {', '.join(METHODS)} are")
    word, _, named = request.path.strip("/").partition("/")
    if word == "status" and not named:
        return _status(states, now, stale)
    if word not in ASKED:
        return Answer(404, f"there is no {request.path[:100]}; there are {PATHS}")
    name = named or request.server
    if not name:
        return Answer(400, f"no member is named: ask for /{word}/HOST, or let HAProxy do it with http-check send-state")
    if name not in states:
        return Answer(404, f"there is no member {name[:100]}; there are {', '.join(states)}")
    why = unfit(states[name], word, now, stale)
    shown = f"{name} is {states[name].role}:{states[name].state}"
    return Answer(503, f"{shown}; {why}") if why else Answer(200, shown)


def unfit(shown: Shown, word: str, now: float, stale: float) -> str:
    """Why a member takes no clients of the kind `word`; "" where it does."""
    age = now - shown.at
    if age > stale:
        return f"it was last looked at {age:.1f} s ago, more than {stale:g} s: does the manager stand still?"
    return shown.fault if shown.takes == ASKED[word] else f"not a {ASKED[word]}"


def _status(states: Mapping[str, Shown], now: float, stale: float) -> Answer:
    members = {
        name: {
            "role": shown.role,
            "state": shown.state,
            "fault": shown.fault,
            "age": round(now - shown.at, 3),
            "primary": not unfit(shown, "primary", now, stale),
            "replica": not unfit(shown, "replica", now, stale),
        }
        for name, shown in states.items()
    }
    return Answer(200, json.dumps(members, ensure_ascii=False), "application/json")
