"""The fault verbs: what each does to a server, or to a whole host."""

from __future__ import annotations

from cctrl.lab import control, servers
from cctrl.lab.layout import HostPlan, Lab, Plan, ServerPlan, read_plan
from cctrl.lab.postgresql import SUPERUSER
from cctrl.outcome import UsageError

VERBS = {
    "kill": ("the data server dies at once (SIGKILL, all its processes)", "killed", "does not run"),
    "stop": ("the data server is shut down cleanly", "stopped", "does not run"),
    "start": ("the data server is started as it lies", "started", "runs already"),
    "cut": ("the host cannot be reached by anyone, and reaches no one", "cut off", "is cut off already"),
    "heal": ("the host can be reached again", "healed", "is not cut off"),
    "freeze": ("the data server is suspended; its sockets stay open", "frozen", "is frozen already"),
    "thaw": ("the data server goes on", "thawed", "is not frozen"),
    "wipe": ("the data directory is lost", "wiped", ""),
}  # verb -> what happens; what is said when it has; what is said when it was so already


def fault(lab: Lab, verb: str, where: str) -> list[str]:
    """Let a fault happen and return when it has, with a line about each server (or the host).

    Raises UsageError for an unknown verb or host, Refused where the lab does not run or it cannot
    be done, OutOfSight where its effect does not show in time."""
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is no fault", detail=f"faults: {', '.join(VERBS)}")
    plan = read_plan(lab)
    found = plan.servers(where)
    if not control.is_up(plan):
        raise control.not_running(plan)
    if verb in ("cut", "heal"):
        if where not in plan.host_names:
            raise UsageError(
                f"{verb} is for a whole host, not for {where}", next=f"cctrl lab {verb} {found[0][0].name}"
            )
        return [_line(verb, where, _switch(plan, verb, where))]
    return [_line(verb, server.name, _do(plan, verb, host, server)) for host, server in found]


def _switch(plan: Plan, verb: str, host: str) -> bool:
    before = control.ask(plan, "status")["cut"]
    control.ask(plan, verb, host=host)
    return (host in before) != (verb == "cut")


def _do(plan: Plan, verb: str, host: HostPlan, server: ServerPlan) -> bool:
    """True where the fault changed anything."""
    if verb == "start":
        return servers.start(plan, host, server)
    if verb == "stop":
        return servers.stop(plan, host, server)
    act = {"kill": servers.kill, "freeze": servers.freeze, "thaw": servers.thaw, "wipe": servers.wipe}
    return act[verb](server)


def _line(verb: str, name: str, changed: bool) -> str:
    _, done, was = VERBS[verb]
    return f"{name} {done}" if changed else f"{name} {was}: nothing to do"


def dsn(lab: Lab, where: str) -> str:
    """A libpq URI of a server as superuser, password and all, through its published address."""
    plan = read_plan(lab)
    host, server = plan.server(where)
    password = (lab.dir / "superuser").read_text()
    return f"postgresql://{SUPERUSER}:{password}@{host.address}:{server.port}/postgres"


def sql(lab: Lab, where: str, statement: str) -> str:
    """What a statement prints (psql -At) on a server, run as superuser on that host itself, so that
    it works on one that is cut off. Raises Refused with what psql said, OutOfSight after a minute."""
    plan = read_plan(lab)
    host, server = plan.server(where)
    return servers.psql(plan, host, server, statement).rstrip("\n")
