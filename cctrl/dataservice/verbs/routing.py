"""`router …`: what clients connect through (reference tungsten.md, 1.1 and 6.15; the answers are our own)."""

from __future__ import annotations

from cctrl.dataservice import listing
from cctrl.dataservice.service import Dataservice
from cctrl.outcome import CctrlError, Incomplete, Outcome, Refused
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.router.state import OFFLINE, Seen
from cctrl.router.template import filled_in


def _named(dataservice: Dataservice, invocation: Invocation) -> tuple[str, ...]:
    """The routers that a command names. Raises Refused where none is configured."""
    names = tuple(r.name for r in dataservice.service.routers)
    if not names:
        raise Refused(
            f"no router of {dataservice.name} is configured",
            next=f"add [dataservice.{dataservice.name}.routers.NAME] with kind = 'haproxy' or 'pgbouncer' to "
            f"{dataservice.config.path}",
        )
    return (invocation.arguments["ROUTER"],) if "ROUTER" in invocation.arguments else names


def status(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`router *|NAME status`."""
    names = _named(dataservice, invocation)
    dataservice.fresh()
    seen = dataservice.routers.look(names)
    for line in listing.routers(seen):
        talk.line(line)
    tell(seen, talk)
    return Outcome.DONE


def tell(seen: list[Seen], talk: Talk) -> None:
    """The data of routers, and why one is not seen."""
    talk.data("routers", seen)
    for one in seen:
        if not one.known:
            talk.note(f"router {one.name} is {one.state}: {one.reason}")
            talk.note(f"NEXT: {one.next}")
        elif one.state == OFFLINE:
            talk.note(f"router {one.name} takes no new client")
            talk.note(f"NEXT: router {one.name} online   (when it may)")


def steer(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`router *|NAME online|drain|offline`: one after the other; all are tried."""
    verb = invocation.words[-1]
    failed: list[CctrlError] = []
    done = 0
    dataservice.fresh()
    for name in _named(dataservice, invocation):
        try:
            after = dataservice.routers.steer(name, verb)
        except CctrlError as error:
            failed.append(error)
            continue
        done += 1
        talk.line(f"Router '{name}' is now {after.state}")
        if after.active and verb == "drain":
            talk.note(f"{after.active} client sessions go on; `router {name} offline` ends them")
    if failed:
        raise _not_all(failed, done)
    return Outcome.DONE


def _not_all(failed: list[CctrlError], done: int) -> CctrlError:
    first, *others = failed
    if not others and not done:
        return first
    changed = done or not all(isinstance(error, Refused) for error in failed)
    detail = "\n".join([first.detail, *(error.what for error in others)]).strip()
    return (Incomplete if changed else Refused)(first.what, detail=detail, next=first.next)


def template(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`router template haproxy|pgbouncer`: a configuration for this service."""
    text = filled_in(invocation.words[-1], dataservice.service)
    for line in text.splitlines():
        talk.line(line)
    talk.data("configuration", text)
    return Outcome.DONE


COMMANDS = (
    Command(
        "router ROUTER|* status",
        "which routers take connections, and how many clients they have",
        status,
        help="HAProxy and pgbouncer as [dataservice.NAME.routers.NAME] configures them, asked over SSH.",
    ),
    Command(
        "router ROUTER|* online|drain|offline",
        "open a router, close it to new clients, or to all",
        steer,
        help="drain: no new client gets in, those inside go on. offline: they are ended too. online: undoes both.\n"
        "HAProxy: its frontends whose names begin with the service's and _. pgbouncer: the databases it lists.\n"
        "A restart of the router forgets it.",
        danger=Danger.CHANGE,
    ),
    Command(
        "router template haproxy|pgbouncer",
        "print a configuration of HAProxy or pgbouncer for this service",
        template,
        help="Without colours and talk: cctrl -c 'router template haproxy' > haproxy.cfg",
    ),
)
