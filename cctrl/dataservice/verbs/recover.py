"""`recover` and `datasource HOST recover`: members are brought back under the master."""

from __future__ import annotations

from cctrl.dataservice.advice import next_command
from cctrl.dataservice.change import Change, changing, member, receiver
from cctrl.dataservice.recovering import REWIND, Narrator, recovered, then_online
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.states import MASTER, Datasource, State
from cctrl.dataservice.together import bring_all_back, to_recover
from cctrl.dataservice.ways import choose, present_master
from cctrl.outcome import Incomplete, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.executor import execute
from cctrl.replication.recovery import Remedy, Way
from cctrl.replication.rejection import Rejected, Why

ORPHANS = """\
Recovery failed because the failed master has unextracted events in
the binlog. Please run the tungsten_find_orphaned script to inspect
this events. Provided you have a recent backup available, you can
try to restore the data source by issuing the following command:
datasource {} restore"""
"""The documented refusal (tungsten.md 6.2 e); the numbers follow it."""


def recover_one(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST recover [--force]`."""
    name = invocation.arguments["HOST"]
    with changing(dataservice, "recover", invocation.text) as change:
        picture = change.look()
        source = picture.source(name)
        if picture.diagnosis.healthy and name == picture.diagnosis.primary and source.state is State.FAILED:
            return _unmark(change, name, talk)
        primary = present_master(picture, name)
        if source.well and not (change.broken_off and change.broken_off.target == name):
            raise _nothing_to_do(source, primary)
        change.begin(primary, name, hold_policy=True)
        if source.state is State.SHUNNED and picture.view.streams(name, primary):
            if source.facts.replay_paused:
                execute(choose(dataservice, picture, name, primary).plan, change, lambda event: None)
            change.record(receiver(name, State.OFFLINE))
            talk.line(f"DataSource '{name}' is now OFFLINE")
        else:
            _one(change, picture, name, primary, talk, invocation.flags)
            talk.line(f"RECOVERY OF '{name}@{dataservice.name}' WAS SUCCESSFUL")
        then_online(change, name, talk)
    return Outcome.DONE


def _unmark(change: Change, name: str, talk: Talk) -> Outcome:
    """A master that was set to FAILED by hand and accepts writes: nothing but that is to be undone."""
    change.begin(name, name)
    change.record(member(name, State.ONLINE, role=MASTER))
    talk.line(f"DataSource '{name}' is now ONLINE")
    return Outcome.DONE


def explain_one(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain datasource HOST recover`: the way back and its steps, and nothing done."""
    name, picture = invocation.arguments["HOST"], dataservice.look()
    _explain(
        choose(dataservice, picture, name, present_master(picture, name), force=dataservice.forced(invocation.flags)),
        name,
        talk,
    )
    return Outcome.DONE


def explain_all(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain recover`: the same for every member that needs it."""
    picture = dataservice.look()
    primary = present_master(picture, "")
    names = to_recover(picture, primary, talk.note)
    if not names:
        talk.line("nothing to recover")
    for name in names:
        try:
            _explain(choose(dataservice, picture, name, primary), name, talk)
        except Rejected as rejected:
            talk.line(f"{name}: {rejected.what}; next: {next_command(rejected)}")
    return Outcome.DONE


def _explain(chosen: Remedy, name: str, talk: Talk) -> None:
    reason = [f"{name}: {chosen.reason}"] if chosen.reason else []
    for line in (f"{name}: {chosen.way.text(MASTER)}", *reason, *chosen.plan.lines()):
        talk.line(line)


def _one(change: Change, picture: Picture, name: str, primary: str, talk: Talk, flags: frozenset[str]) -> None:
    narrator = Narrator(change.dataservice.name, name, primary, talk.line, talk.note)
    narrator.begin()
    try:
        force, rewind = change.dataservice.forced(flags), REWIND in flags
        chosen = recovered(change, picture, name, primary, narrator, force=force, rewind=rewind)
    except (Rejected, Incomplete) as error:
        reason = error.__cause__ if isinstance(error, Incomplete) else error
        if isinstance(reason, Rejected) and reason.why is Why.ORPHANS:
            for line in ORPHANS.format(name).splitlines():
                talk.line(line)
        raise
    if narrator.unneeded:
        talk.note(f"{name}: nothing had to be rewound: it was marked as a slave, and catches up")
    elif chosen.way in (Way.REWIND, Way.COPY):
        talk.note(f"{name}: {chosen.way.text(MASTER)}")


def _nothing_to_do(source: Datasource, primary: str) -> Refused:
    what = f"{source.name} is {source.state.value} and receives from {primary}: there is nothing to recover"
    online = f"datasource {source.name} online" if source.state is State.OFFLINE else f"ls {source.name}"
    return Refused(what, next=online)


def recover_all(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`recover`: every datasource that needs it and can be recovered."""
    with changing(dataservice, "recover", invocation.text) as change:
        picture = change.look()
        primary = present_master(picture, "")
        change.begin(primary, "", hold_policy=True)
        bring_all_back(change, picture, primary, talk)
    return Outcome.DONE
