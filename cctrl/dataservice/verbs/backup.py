"""`datasource HOST backup [AGENT]` and `datasource HOST restore` (tungsten.md 6.13)."""

from __future__ import annotations

from dataclasses import asdict
from time import monotonic

from cctrl.dataservice.advice import advised
from cctrl.dataservice.service import Dataservice, Picture
from cctrl.dataservice.verbs.provision import Planner, explain_replacing, replace_data
from cctrl.dataservice.ways import nothing_changed
from cctrl.outcome import Outcome, OutOfSight, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication.backups import AGENTS, can_back_up, usable
from cctrl.replication.copying import Pace, fits, restore_plan
from cctrl.replication.engine import StepFailed
from cctrl.replication.rejection import Rejected
from cctrl.replication.steps import Group, Plan

URI = "storage://file-system/{}"


def backup(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST backup [AGENT]`. Changes nothing of the service, so it takes no lock: others may go on."""
    name, agent = invocation.arguments["HOST"], invocation.arguments.get("AGENT", AGENTS[0])
    engine, facts = dataservice.engine, dataservice.look().view[name]
    if not facts.up:
        what = f"{name} cannot be backed up: its server {facts.server.value}"
        raise Refused(what, detail=facts.reason, next=facts.next or f"datasource {name} recover")
    try:
        with nothing_changed():
            extent = engine.copies.extent(name)
            stanza = can_back_up(facts, extent, engine.backups.stores(name, extent.log_file), agent)
    except Rejected as rejected:
        raise advised(rejected) from None
    talk.line(f"Using the '{agent}' backup agent.")
    talk.line(f"Replicator '{name}' starting backup")
    pace = Pace()

    def show(text: str) -> None:
        talk.progress(f"{name}: {pace.read(text, monotonic())}")

    try:
        store = engine.backups.backup(name, agent, extent, facts.system, stanza, show)
    except StepFailed as error:
        kind = OutOfSight if error.uncertain else Refused
        raise kind(error.what, detail=error.detail, next=error.next or invocation.text) from error
    talk.line(f"Backup of dataSource '{name}' succeeded; uri={URI.format(store)}")
    made = engine.backups.stores(name, extent.log_file)
    talk.data("backup", next(asdict(b) for b in made.backups if b.name == store))
    return Outcome.DONE


def restore(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`datasource HOST restore [--force]`: from the newest backup on its host that is usable."""
    return replace_data(dataservice, invocation, talk, "restore", _planner(dataservice, invocation))


def explain_restore(dataservice: Dataservice, invocation: Invocation, talk: Talk) -> Outcome:
    """`explain datasource HOST restore`: from which backup, and the steps."""
    return explain_replacing(dataservice, invocation, talk, _planner(dataservice, invocation))


def _planner(dataservice: Dataservice, invocation: Invocation) -> Planner:
    name = invocation.arguments["HOST"]

    def plan(picture: Picture, primary: str, keep: Group) -> Plan:
        view, engine = picture.view, dataservice.engine
        survey = engine.copies.survey(name, primary)
        fits(view[name], view[primary], survey)
        chosen = usable(name, view[primary], engine.backups.stores(name, survey.extent.log_file))
        return restore_plan(view, primary, chosen.place, name, keep)

    return plan
