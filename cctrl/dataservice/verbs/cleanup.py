"""`datasource HOST cleanup`: what was moved or kept aside on a host is listed, and removed when that is confirmed."""

from __future__ import annotations

from cctrl.dataservice.change import changing
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.ways import nothing_changed
from cctrl.outcome import Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication import aside
from cctrl.replication.facts import Server


def cleanup(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """List, ask, remove. The lock is not held while a person thinks: a failover need not wait for the answer."""
    name = invocation.arguments["HOST"]
    _can_be_done_without(dataservice.look(), name)
    with nothing_changed():
        found = dataservice.engine.copies.aside(name)
    if not aside.offered(found, name, talk):
        return Outcome.DONE
    with changing(dataservice, "cleanup", invocation.text) as change:
        _can_be_done_without(change.look(), name)
        change.begin("", name)
        dataservice.engine.copies.remove_aside(name, found)
        talk.line(aside.removed(found, name))
    return Outcome.DONE


def _can_be_done_without(picture: Picture, name: str) -> None:
    """Raises Refused where what is kept aside may still be needed."""
    facts = picture.view[name]
    if not facts.seen:
        raise Refused(f"{name} cannot be reached: {facts.reason}", next=facts.next or "ping")
    if facts.server is Server.NO_DATA:
        what = f"{name} {facts.server.value}: what is kept aside may be all there is"
        raise Refused(what, next=f"tprovision {name}")
