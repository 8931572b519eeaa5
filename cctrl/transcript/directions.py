"""The stage directions: `%% …` lines. Pure."""

from __future__ import annotations

import re

from cctrl.transcript.head import Problem, near, seconds
from cctrl.transcript.model import FAULTS, MANAGER, TRAFFIC, Action, Fault, Sql, Traffic, WaitSql, WaitState

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,126}(?::\d{1,5})?\Z")
_TIMEOUT = re.compile(r"\A(.*?)(?:\s+timeout(?:\s+(.*))?)?\Z", re.DOTALL)
_WAITS = (
    "wait until HOST state is STATE timeout 10s, or: wait until manager is ONLINE timeout 10s, "
    "or: wait until sql HOST STATEMENT is VALUE timeout 10s"
)
_VERBS = (*FAULTS, "traffic", "sql", "wait")


def direction(line: str) -> Action:
    """The action of a line that begins with `%%`. Raises Problem."""
    text = line.removeprefix("%%").strip()
    verb, _, rest = text.partition(" ")
    rest = rest.strip()
    if not line.startswith("%% ") or not verb:
        raise Problem("not a stage direction", f"%% and a verb: {', '.join(_VERBS)}")
    if verb in ("sleep", "pause", "wait") and (verb != "wait" or re.match(r"\d|for\b", rest)):
        raise Problem("a bare sleep is no stage direction", _WAITS)
    if verb in FAULTS:
        return _cut(rest) if verb == "cut" else Fault(verb, host(rest, f"%% {verb} HOST"))
    if verb == "traffic":
        if rest not in TRAFFIC:
            raise Problem(f"traffic can do no {rest!r}", f"%% traffic {'|'.join(TRAFFIC)}")
        return Traffic(rest)
    if verb == "sql":
        where, _, statement = rest.partition(" ")
        if not statement.strip():
            raise Problem("sql without a statement", "%% sql HOST STATEMENT")
        return Sql(host(where, "%% sql HOST STATEMENT"), statement.strip())
    if verb == "wait":
        return _wait(rest)
    raise Problem(f"unknown stage direction {verb}", near(verb, _VERBS))


def _cut(rest: str) -> Fault:
    usage = "%% cut HOST, %% cut HOST --in, %% cut HOST --out, or %% cut HOST --from HOST"
    match rest.split():
        case [one, ("--in" | "--out") as way]:
            return Fault("cut", host(one, usage), (way,))
        case [one, "--from", other]:
            return Fault("cut", host(one, usage), ("--from", host(other, usage)))
    return Fault("cut", host(rest, usage))


def host(text: str, usage: str) -> str:
    """`text` if it can name a host: HOST, host:port or host.instance. Raises Problem."""
    if not _HOST.match(text):
        raise Problem(f"{text!r} is not one host" if text else "no host is named", usage)
    return text


def _wait(rest: str) -> Action:
    words = rest.split(maxsplit=2)
    if len(words) < 3 or words[0] != "until":
        raise Problem("wait for what?", _WAITS)
    split = _TIMEOUT.match(rest[len("until") :].strip())
    condition, limit = (split[1], split[2]) if split else (rest, None)
    if limit is None and re.search(r"\stimeout\s*\Z", rest):
        raise Problem("timeout without a duration", "timeout 10s")
    timeout = seconds(limit.strip()) if limit is not None else None
    if words[1] == "sql":
        found = re.fullmatch(r"sql\s+(\S+)\s+(.+)\s+is\s+(.+)", condition, re.DOTALL)
        if found is None:
            raise Problem("not a condition", _WAITS)
        return WaitSql(host(found[1], _WAITS), found[2].strip(), found[3].strip(), timeout)
    managed = re.fullmatch(r"manager\s+is\s+(ONLINE|OFFLINE)", condition)
    if managed:
        return WaitState(MANAGER, managed[1], timeout)
    found = re.fullmatch(r"(\S+)\s+state\s+is\s+(.+)", condition, re.DOTALL)
    if found is None:
        raise Problem("not a condition", _WAITS)
    return WaitState(host(found[1], _WAITS), found[2].strip(), timeout)
