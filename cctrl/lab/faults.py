"""The fault verbs: what each does to a server, or to a whole host."""

from __future__ import annotations

from dataclasses import asdict

from cctrl.lab import control, disks, holding, managers, servers
from cctrl.lab.cuts import MANAGERS, Cut
from cctrl.lab.layout import HostPlan, Lab, Plan, ServerPlan, read_plan
from cctrl.lab.moved import address, with_moved
from cctrl.lab.postgresql import SUPERUSER
from cctrl.outcome import UsageError

VERBS = {
    "kill": ("the data server dies at once (SIGKILL, all its processes)", "killed", "does not run"),
    "stop": ("the data server is shut down cleanly", "stopped", "does not run"),
    "start": ("the data server is started as it lies", "started", "runs already"),
    "cut": ("the host cannot be reached by anyone, and reaches no one", "", ""),
    "heal": ("the host can be reached again", "healed", "is not cut off"),
    "freeze": ("the data server is suspended; its sockets stay open", "frozen", "is frozen already"),
    "thaw": ("the data server goes on", "thawed", "is not frozen"),
    "wipe": ("the data directory is lost", "wiped", ""),
    "fill": ("the file system that the data directory is on is full (lab up --disk)", "filled", "is filled already"),
    "unfill": ("the file system has its room again", "has room again", "was not filled"),
    "exhaust": ("all connections that the data server allows are taken", "exhausted", "is exhausted already"),
    "release": ("they are given back", "released", "is not exhausted"),
}  # verb -> what happens; what is said when it has; what is said when it was so already


def fault(lab: Lab, verb: str, where: str, cut: Cut | None = None) -> list[str]:
    """Let a fault happen and return when it has, with a line about each server (or the host); `cut` says for the verb
    of that name that it is not whole.

    Raises UsageError for an unknown verb or host, Refused where the lab does not run or it cannot
    be done, OutOfSight where its effect does not show in time."""
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is no fault", detail=f"faults: {', '.join(VERBS)}")
    plan = with_moved(read_plan(lab))
    if verb in ("cut", "heal"):
        return [_cut(plan, cut or Cut(where))] if verb == "cut" else [_heal(plan, where)]
    if where in MANAGERS:
        return [_line(verb, where, managers.fault(plan, verb, where))]
    found = plan.servers(where)
    if not control.is_up(plan):
        raise control.not_running(plan)
    if verb in ("fill", "unfill"):
        disk = disks.fill if verb == "fill" else disks.unfill
        return [_line(verb, host.name, disk(plan, host)) for host in dict.fromkeys(host for host, _ in found)]
    return [_line(verb, server.called, _do(plan, verb, host, server)) for host, server in found]


def _cut(plan: Plan, cut: Cut) -> str:
    for node in filter(None, (cut.node, cut.other)):
        _check_node(plan, "cut", node)
    if cut.node == cut.other:
        raise UsageError(f"{cut.node} cannot be cut off from itself")
    changed = control.ask(plan, "cut", cut=asdict(cut))["changed"]
    return f"{cut.node} is {cut.words}" if changed else f"{cut.node} is {cut.words} already: nothing to do"


def _heal(plan: Plan, node: str) -> str:
    _check_node(plan, "heal", node)
    return _line("heal", node, control.ask(plan, "heal", node=node)["changed"])


def _check_node(plan: Plan, verb: str, node: str) -> None:
    """Refuse what is neither a manager nor a whole host. Raises UsageError."""
    if node in (*plan.host_names, *MANAGERS):
        return
    host = plan.servers(node)[0][0].name
    raise UsageError(f"{verb} is for a whole host, not for {node}", next=f"cctrl lab {verb} {host}")


def _do(plan: Plan, verb: str, host: HostPlan, server: ServerPlan) -> bool:
    """True where the fault changed anything."""
    if verb == "start":
        return servers.start(plan, host, server)
    if verb == "stop":
        return servers.stop(plan, host, server)
    if verb in ("exhaust", "release"):
        return (holding.exhaust if verb == "exhaust" else holding.release)(plan, server)
    act = {"kill": servers.kill, "freeze": servers.freeze, "thaw": servers.thaw, "wipe": servers.wipe}
    return act[verb](server)


def _line(verb: str, name: str, changed: bool) -> str:
    _, done, was = VERBS[verb]
    return f"{name} {done}" if changed else f"{name} {was}: nothing to do"


def dsn(lab: Lab, where: str) -> str:
    """A libpq URI of a server as superuser, password and all, through its published address."""
    plan = with_moved(read_plan(lab))
    host, server = plan.server(where)
    password = (lab.dir / "superuser").read_text()
    return f"postgresql://{SUPERUSER}:{password}@{address(host, server)}:{server.port}/postgres"


def sql(lab: Lab, where: str, statement: str) -> str:
    """What a statement prints (psql -At) on a server, run as superuser on that host itself, so that
    it works on one that is cut off. Raises Refused with what psql said, OutOfSight after a minute."""
    plan = with_moved(read_plan(lab))
    host, server = plan.server(where)
    return servers.psql(plan, host, server, statement).rstrip("\n")
