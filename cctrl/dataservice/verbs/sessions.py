"""`datasource HOST drain [SECONDS]`, `datasource HOST connections [-l]` (reference tungsten.md, 1.4 and 6.5)."""

from __future__ import annotations

import time

from cctrl.dataservice.advice import next_for
from cctrl.dataservice.change import changing, member
from cctrl.dataservice.service import Dataservice
from cctrl.dataservice.states import DRAINED, State
from cctrl.dataservice.verbs.decide import NOBODY_WRITES
from cctrl.outcome import Interrupted, Outcome, Refused, UsageError
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.threads import paused

LONG = "-l"
LONGEST = 86400  # seconds
PAUSE = 0.3  # seconds from one look at the sessions to the next
NOT_SHUT = (
    "new sessions are kept away only by routers that ask the manager; who connects to the server itself still gets in"
)


def drain(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST drain [SECONDS]`: out of service, then wait for the client sessions to end."""
    name, limit = invocation.arguments["HOST"], _seconds(invocation)
    _out_of_service(dataservice, invocation, talk)
    talk.note(NOT_SHUT)
    try:
        left = _wait(dataservice, name, limit, talk)
    except (KeyboardInterrupt, Interrupted):
        what = f"{name} stays SHUNNED({DRAINED}); its client sessions are no longer waited for"
        raise Interrupted(what, next=f"datasource {name} connections   (or, to undo it: welcome)") from None
    if left:
        _end(dataservice, invocation, talk)
    talk.note(f"{name} serves no client session")
    talk.note(f"NEXT: datasource {name} welcome   (when it may serve again)")
    talk.data("drained", True)
    return Outcome.DONE


def _out_of_service(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> None:
    name = invocation.arguments["HOST"]
    with changing(dataservice, "drain", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        if source.state is State.SHUNNED and source.reason != DRAINED:
            raise Refused(f"{name} already is {source.word}", next=next_for(source, picture.diagnosis))
        if not source.facts.up:
            raise Refused(
                f"{name} cannot be drained: its server {source.facts.server.value}",
                next=next_for(source, picture.diagnosis),
            )
        change.begin("", name)
        if source.state is not State.SHUNNED:
            change.record(member(name, State.SHUNNED, DRAINED, source.role))
        talk.line(f"DataSource '{name}' set to SHUNNED")
        if name == picture.diagnosis.primary and source.facts.writable:
            talk.note(NOBODY_WRITES.format(name))


def _wait(dataservice: Dataservice, name: str, limit: int | None, talk: Talk) -> int:
    """Wait until no client session is left, or the limit has passed; how many are left then."""
    until = None if limit is None else time.monotonic() + limit
    told = -1
    while True:
        left = sum(clients.count for clients in dataservice.engine.inquiries.clients(name))
        if told < 0 and left:
            how = "until they end" if limit is None else f"{limit} s, then they are ended"
            talk.note(f"{name} still serves {left} client session{'' if left == 1 else 's'}; they get {how}")
        elif left != told:
            talk.progress(f"{name}: {left} client sessions are left")
        told = left
        if not left or (until is not None and time.monotonic() >= until):
            return left
        rest = PAUSE if until is None else max(0.0, min(PAUSE, until - time.monotonic()))
        paused(rest)


def _end(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> None:
    """End the sessions that are left, unless the drain was undone meanwhile."""
    name = invocation.arguments["HOST"]
    with changing(dataservice, "drain", invocation.text) as change:
        source = change.look().source(name)
        if source.reason != DRAINED:
            raise Refused(f"{name} is {source.word} now: its sessions are left", next=f"ls {name}")
        change.begin("", name)
        ended = dataservice.engine.inquiries.end_clients(name)
        talk.note(f"{name}: {ended} client session{'' if ended == 1 else 's'} ended")
        talk.data("ended", ended)


def _seconds(invocation: Invocation) -> int | None:
    """How long the sessions get; None without a limit. Raises UsageError."""
    text = invocation.arguments.get("SECONDS")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST:
        what = f"{text!r} is no time: it must be whole seconds, 0 to {LONGEST}"
        raise UsageError(what, next=f"datasource {invocation.arguments['HOST']} drain 30")
    return int(text)


def connections(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST connections [-l]`: how many client sessions there are; with -l from where."""
    name = invocation.arguments["HOST"]
    picture = dataservice.look()
    source = picture.source(name)
    if not source.facts.up:
        what = f"{name} cannot be asked: its server {source.facts.server.value}"
        raise Refused(what, detail=source.facts.reason, next=next_for(source, picture.diagnosis))
    found = dataservice.engine.inquiries.clients(name)
    talk.line(str(sum(clients.count for clients in found)))
    if LONG in invocation.flags:
        for clients in found:
            talk.line(f"{clients.application or '-'}@{clients.address} ({clients.count})")
    talk.data("connections", sum(clients.count for clients in found))
    talk.data("clients", list(found))
    return Outcome.DONE


COMMANDS = (
    Command(
        "datasource HOST drain [SECONDS]",
        "take a datasource out of service and wait until its client sessions have ended",
        drain,
        help="It is SHUNNED(DRAIN-CONNECTIONS): replication goes on, and it does not become the master by switch or\n"
        "failover. After SECONDS the sessions that are left are ended; without SECONDS they are waited for without\n"
        "limit. Ctrl-C ends the wait only. Routers that ask the manager send nobody there any more; a client that\n"
        "connects to the server itself still gets in. Undo: datasource HOST welcome.",
        danger=Danger.CHANGE,
    ),
    Command(
        "datasource HOST connections [-l]",
        "how many client sessions a datasource serves; -l: from where",
        connections,
        help="-l shows them by application and client address. Sessions of cctrl itself do not count.",
    ),
)
"""The commands about client sessions."""
