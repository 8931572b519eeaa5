"""What a datasource is shown as: role, state with reason, STATUS, from what was decided and what is seen. Pure.

The words are the documented ones (reference tungsten.md, 3.1 to 3.5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from cctrl.replication.diagnosis import Diagnosis, Health
from cctrl.replication.facts import Facts, Ran, Server, View
from cctrl.replication.position import size
from cctrl.replication.synchrony import lacking, waits
from cctrl.store import MemberIntent, ServiceIntent

AUTOMATIC, MANUAL, MAINTENANCE = "AUTOMATIC", "MANUAL", "MAINTENANCE"
POLICIES = (AUTOMATIC, MANUAL, MAINTENANCE)
MASTER, SLAVE, STANDBY, ARCHIVE = "master", "slave", "standby", "archive"
RECEIVE = frozenset({SLAVE, STANDBY, ARCHIVE})  # the roles that receive from the master (tungsten.md 3.1)
BALANCED = frozenset({MASTER, SLAVE, ARCHIVE})  # the roles that client sessions are spread over
ELECTABLE = frozenset({MASTER, SLAVE, STANDBY})  # the roles that may become the master
MANUALLY_SHUNNED = "MANUALLY-SHUNNED"
DRAINED = "DRAIN-CONNECTIONS"
BY_HAND = frozenset({MANUALLY_SHUNNED, DRAINED})  # the reasons for which a person took it out, that `welcome` lifts
NO_MASTER = "SHUNNED"  # the reason every datasource is shunned with where there is no master
MANUALLY_FAILED = "MANUALLY-FAILED"
REMOVED = "REMOVED"  # by `rm`: no member any more, but still in the configuration
PAUSED = "REPLICATOR OFFLINE"  # the fault of one that receives and does not apply
FAILSAFE_SHUN = "FAILSAFE_SHUN"  # the manager reaches no majority and does nothing (tungsten.md 3.4, 6.4)


class State(Enum):
    """A datasource's state (tungsten.md 3.2)."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    FAILED = "FAILED"
    SHUNNED = "SHUNNED"


STATUS = {State.ONLINE: "OK", State.OFFLINE: "WARN", State.FAILED: "CRITICAL", State.SHUNNED: "SHUNNED"}
"""State -> the STATUS word beside it (tungsten.md 3.3); a faulty part of an ONLINE one makes it DIMINISHED."""
_STATES = {state.value: state for state in State}


def failed_over_to(name: str) -> str:
    """The reason an old master is shunned with after a failover."""
    return f"FAILED-OVER-TO-{name}"


@dataclass(frozen=True, slots=True)
class Datasource:
    """One datasource as `ls` shows it."""

    name: str
    role: str
    state: State
    reason: str  # in the parentheses behind FAILED and SHUNNED
    status: str
    fault: str  # what is broken, for the REASON[...] line
    since: float  # seconds since the epoch: decided, else started; of what is only seen, when it was
    master: str  # from whom it receives, where it is a slave
    facts: Facts
    warning: str = ""  # what goes on working, but not as it should: nothing is decided for it

    @property
    def remark(self) -> str:
        """What stands in the REASON[...] line."""
        return self.fault or self.warning

    @property
    def well(self) -> bool:
        """True where nothing about it has to be recovered."""
        return self.state in (State.ONLINE, State.OFFLINE) and not self.fault

    @property
    def word(self) -> str:
        """`ONLINE`, `SHUNNED(MANUALLY-SHUNNED)` …"""
        reasoned = self.reason and self.state in (State.FAILED, State.SHUNNED)
        return f"{self.state.value}({self.reason})" if reasoned else self.state.value


def failsafe(source: Datasource) -> Datasource:
    """The datasource while the manager reaches no majority: out of service, whatever it is else."""
    return replace(
        source, state=State.SHUNNED, reason=FAILSAFE_SHUN, status=STATUS[State.SHUNNED], fault="", warning=""
    )


def policy(intent: ServiceIntent) -> str:
    """The policy mode; AUTOMATIC where none was ever set."""
    return intent.policy or AUTOMATIC


def datasources(
    view: View, diagnosis: Diagnosis, intent: ServiceIntent, service: str, maximum_lag: int | None = None
) -> tuple[Datasource, ...]:
    """Every datasource of the service, in the order of the configuration. `maximum_lag`: bytes; None for no limit."""
    seen = (_datasource(view, diagnosis, intent, service, facts) for facts in view.members)
    return tuple(_warned(source, _warning(view, diagnosis, source, service, maximum_lag)) for source in seen)


def _warned(source: Datasource, warning: str) -> Datasource:
    if not warning or source.fault or source.state in (State.SHUNNED, State.FAILED):
        return source
    status = "DIMINISHED" if source.state is State.ONLINE else source.status
    return replace(source, warning=warning, status=status, since=source.facts.at)


def _warning(view: View, diagnosis: Diagnosis, source: Datasource, service: str, limit: int | None) -> str:
    facts = source.facts
    if facts.up and facts.full:
        return f"DATASERVER '{facts.name}@{service}' HAS NO DISK SPACE LEFT"
    if limit is None or not (behind := lagging(view, diagnosis, facts, limit)):
        return ""
    return f"REPLICATOR IS {size(behind)} BEHIND, LIMIT {size(limit)}"


def lagging(view: View, diagnosis: Diagnosis, facts: Facts, limit: int) -> int:
    """Bytes by which a slave that is up is behind a master that works; 0 where they are no more than `limit`."""
    if not diagnosis.healthy or not facts.standby:
        return 0
    behind = view[diagnosis.primary].received - facts.replayed
    return behind if behind > limit else 0


def _caught_up(view: View, diagnosis: Diagnosis, facts: Facts) -> Facts:
    """A slave that has replayed all its master wrote is not behind, also where it does not receive just now."""
    master = view[diagnosis.primary] if diagnosis.primary else None
    known = master is not None and (master.writable or master.clean)
    receives = facts.upstream is not None and facts.upstream.state == "streaming"
    if master and known and not receives and facts.standby and facts.received == facts.replayed >= master.received:
        return replace(facts, lag=0.0)
    return facts


def _datasource(view: View, diagnosis: Diagnosis, intent: ServiceIntent, service: str, facts: Facts) -> Datasource:
    facts = _caught_up(view, diagnosis, facts)
    told = intent.member(facts.name)
    role = _role(diagnosis, told, facts)
    fault = _fault(view, diagnosis, facts, service)
    state, reason = _state(told, facts, fault, policy(intent), diagnosis)
    if state is not State.SHUNNED and headless(view, diagnosis, intent):
        state, reason = State.SHUNNED, NO_MASTER
    status = "DIMINISHED" if state is State.ONLINE and fault else STATUS[state]
    decided = status == STATUS[_STATES.get(told.state, State.ONLINE)]
    since = (told.since or facts.started or facts.at) if decided else facts.at
    told_all = state is State.SHUNNED and facts.name not in diagnosis.strays and not facts.half_rewound
    shown = "" if told_all else fault
    return Datasource(facts.name, role, state, reason, status, shown, since, view.follows(facts.name), facts)


def adrift(view: View, diagnosis: Diagnosis) -> bool:
    """True where nobody accepts writes and `failover` has nobody to promote in the master's place."""
    if view.writable or diagnosis.health in (Health.NOTHING_SEEN, Health.PRIMARY_SEEN_BY_OTHERS):
        return False
    return diagnosis.health is Health.NO_PRIMARY or not any(m.standby for m in view.members)


def headless(view: View, diagnosis: Diagnosis, intent: ServiceIntent) -> bool:
    """True where there is no master at all: nobody is it, and who last was cannot go on as it.

    Its data or its programs are gone, or it was taken out of service by a failover or by hand (tungsten.md 5.2).
    """
    if not adrift(view, diagnosis):
        return False
    if not diagnosis.primary:
        return True
    former, told = view[diagnosis.primary], intent.member(diagnosis.primary)
    gone = former.server in (Server.NO_DATA, Server.NO_BINARIES) or former.half_rewound or former.fence is not None
    return gone or told.state in (State.SHUNNED.value, State.FAILED.value)


def _role(diagnosis: Diagnosis, told: MemberIntent, facts: Facts) -> str:
    if facts.name == diagnosis.primary or facts.writable:
        return MASTER
    if facts.standby:
        return told.role if told.role in RECEIVE else SLAVE
    if told.role:
        return told.role
    return MASTER if facts.ran is Ran.PRIMARY else SLAVE


def _state(told: MemberIntent, facts: Facts, fault: str, mode: str, diagnosis: Diagnosis) -> tuple[State, str]:
    """State and reason: what was decided stands; what is seen to be broken is FAILED, but for MAINTENANCE."""
    if told.state == State.SHUNNED.value:
        return State.SHUNNED, told.reason
    if facts.fence is not None:
        if facts.name == diagnosis.primary and not facts.up:  # it is fenced first: nobody has taken over yet
            return State.FAILED, fault
        return State.SHUNNED, failed_over_to(facts.fence.successor)
    if told.state == State.FAILED.value:
        return State.FAILED, told.reason
    if mode != MAINTENANCE and not facts.up:
        return State.FAILED, fault
    return (State.OFFLINE if told.state == State.OFFLINE.value else State.ONLINE), ""


_NOT_UP = {
    Server.DOWN: "DATASERVER '{}' STOPPED",
    Server.NO_DATA: "DATASERVER '{}' HAS NO DATA DIRECTORY",
    Server.MISCONFIGURED: "DATASERVER '{}' IS NOT AS CONFIGURED",
    Server.NO_BINARIES: "DATASERVER '{}' HAS NO BINARIES",
    Server.STARTING: "DATASERVER '{}' IS STARTING",
    Server.REJECTING: "DATASERVER '{}' REFUSES CONNECTIONS",
    Server.FROZEN: "DATASERVER '{}' DOES NOT ANSWER",
}


def _fault(view: View, diagnosis: Diagnosis, facts: Facts, service: str) -> str:
    """What is wrong with a datasource, in the documented manner; "" where nothing is."""
    if facts.server is Server.UNSEEN:
        return f"NODE '{facts.name}' IS UNREACHABLE"
    if facts.half_rewound and not facts.up:
        return f"DATA OF '{facts.name}@{service}' IS HALF REWOUND"
    if not facts.up:
        return _NOT_UP[facts.server].format(f"{facts.name}@{service}")
    if facts.name in diagnosis.strays:
        beside = diagnosis.primary or next((name for name in diagnosis.strays if name != facts.name), "")
        return f"ACCEPTS WRITES BESIDE '{beside}@{service}'" if beside else "ACCEPTS WRITES, BUT WAS SUPERSEDED"
    if facts.writable and facts.name in lacking(view):
        return "ACKNOWLEDGES WRITES THAT NOBODY ELSE HAS"
    if waited := waits(facts):
        return f"WRITES HANG: {waited[0]} SYNCHRONOUS SLAVES ARE WAITED FOR, {waited[1]} RECEIVE"
    if facts.promoting:
        return f"DATASERVER '{facts.name}@{service}' IS BEING PROMOTED"
    if facts.standby and facts.upstream is None:
        return "REPLICATOR STOPPED"
    if facts.standby and diagnosis.healthy and not view.streams(facts.name, diagnosis.primary):
        return f"REPLICATOR DOES NOT FOLLOW '{diagnosis.primary}@{service}'"
    return PAUSED if facts.standby and facts.replay_paused else ""


def replicator_state(source: Datasource) -> str:
    """The replicator's state (tungsten.md 3.5): of a failed master DEGRADED, of a slave without server STOPPED."""
    if source.role == MASTER:
        return "ONLINE" if source.facts.writable else "DEGRADED"
    if not source.facts.up:
        return "STOPPED"
    upstream = source.facts.upstream
    if upstream is None or source.facts.replay_paused:
        return "OFFLINE"
    return "ONLINE" if upstream.state == "streaming" else "SYNCHRONIZING"


def replicator(source: Datasource) -> str:
    """The REPLICATOR row."""
    state = replicator_state(source)
    if state == "STOPPED":
        return "REPLICATOR(state=STOPPED)"
    master = f", master={source.master}" if source.role in RECEIVE and source.master else ""
    return f"REPLICATOR(role={source.role}{master}, state={state})"


def dataserver_state(facts: Facts) -> str:
    """The database server's state, in the documented words."""
    if facts.server in (Server.STARTING, Server.REJECTING, Server.MISCONFIGURED):
        return "SUSPECT"
    return {Server.UP: "ONLINE", Server.UNSEEN: "UNKNOWN", Server.FROZEN: "TIMEOUT"}.get(facts.server, "STOPPED")


def dataserver(facts: Facts) -> str:
    """The DATASERVER row."""
    return f"DATASERVER(state={dataserver_state(facts)})"
