"""Which command helps next: for refusals of the core, and for a datasource that is not ONLINE. Pure."""

from __future__ import annotations

import re

from cctrl.dataservice.states import BY_HAND, FAILSAFE_SHUN, MASTER, NO_MASTER, PAUSED, REMOVED, Datasource, State
from cctrl.replication.diagnosis import Diagnosis, Health
from cctrl.replication.facts import Server as ServerState
from cctrl.replication.rejection import COPY_NEEDED, Rejected, Why
from cctrl.replication.synchrony import waits

NO_MASTER_HELP = "ls   (it ranks the candidates; then: recover using HOST)"
WAIT = "ls {member}   (again, until it accepts writes: it is being promoted)"
DOCTOR = "cctrl doctor   (checks the configuration on every host)"
FULL = re.compile("too many clients|remaining connection slots|too many connections")
ROOM = (
    "ls {member}   (when client sessions have ended there, or max_connections is larger; "
    "superuser_reserved_connections keeps some for cctrl)"
)
ROOM_ON_DISK = "datasource {member} cleanup   (removes what is kept aside; or make room on its host)"
_NEXT = {
    Why.PRIMARY_HEALTHY: "switch   (moves the master while it is well)",
    Why.PRIMARY_FAILED: "failover",
    Why.PRIMARY_SEEN_BY_OTHERS: "ping   (the master lives; find out why it cannot be reached from here)",
    Why.NO_PRIMARY: NO_MASTER_HELP,
    Why.NO_STANDBY: NO_MASTER_HELP,
    Why.TWO_PRIMARIES: "datasource {member} recover   (makes it a slave of the later master)",
    Why.PROMOTING: WAIT,
    Why.IS_PRIMARY: "ls",
    Why.NOT_ELIGIBLE: "ls {member}",
    Why.NO_CANDIDATE: "ls",
    Why.NOT_CERTAIN: "ls   (when another datasource is back it is done by itself; to do it as it is: failover)",
    Why.NOT_FOLLOWED: "ls",
    Why.WOULD_LOSE: "recover using {member} --force   (what only others have is kept aside first)",
    Why.UNREACHABLE: "ping   (then, when {member} answers: datasource {member} recover)",
    Why.NO_BINARIES: "cctrl doctor   (bin_dir in the configuration must name the directory that holds them)",
    Why.MISCONFIGURED: DOCTOR,
    Why.OTHER_VERSION: "give {member} the master's PostgreSQL version",
    Why.ORPHANS: "datasource {member} recover --force   (their log is kept aside first)",
    Why.TAIL_UNREADABLE: "datasource {member} recover --force   (the whole log is kept aside first)",
    Why.STREAMS: "ls {member}",
    Why.SOURCE: "ls",
    Why.NO_PLACE: "ls {member}   (give its data directory a place beside which another one can be made)",
    Why.NO_ROOM: ROOM_ON_DISK,
    Why.NO_AGENT: "datasource {member} backup",
    Why.NO_BACKUP: "tprovision {member}   (a full copy of another datasource)",
    **dict.fromkeys(COPY_NEEDED, "tprovision {member}   (a full copy; its data directory is moved aside)"),
}


def next_command(rejected: Rejected) -> str:
    """The literal next command after a refusal."""
    if rejected.next:
        return rejected.next
    return _NEXT[rejected.why].format(member=rejected.member or "HOST")


def advised(rejected: Rejected) -> Rejected:
    """The refusal with its next command filled in."""
    rejected.next = next_command(rejected)
    return rejected


def for_datasource(source: Datasource, diagnosis: Diagnosis) -> str:
    """What to type for a datasource that is not well; "" where nothing is needed."""
    if source.reason == FAILSAFE_SHUN and source.facts.seen:
        return "cluster validate"
    if source.reason == NO_MASTER:
        return NO_MASTER_HELP
    if source.warning:
        return for_warning(source)
    return "" if source.state is State.ONLINE and not source.fault else _for_one_that_is_out(source, diagnosis)


def _for_one_that_is_out(source: Datasource, diagnosis: Diagnosis) -> str:
    if source.reason == REMOVED and source.state is State.SHUNNED:
        return f"delete its table from the configuration; to have it back: datasource {source.name} recover"
    if diagnosis.promoting and (diagnosis.promoting == source.name or not diagnosis.healthy):
        return WAIT.format(member=diagnosis.promoting)
    if not source.facts.up or _was_master(source, diagnosis):
        following = _of_one_that_fails(source, diagnosis)
        if following:
            return following
    if source.state is State.OFFLINE and not source.fault and source.facts.up:
        return f"datasource {source.name} online"
    if diagnosis.health is Health.TWO_PRIMARIES and source.name in diagnosis.strays:
        return two_masters(diagnosis)
    if not diagnosis.healthy:
        return ""
    if source.name == diagnosis.primary and waits(source.facts):
        return "recover   (brings its slaves back; or, on it: alter system reset synchronous_standby_names)"
    if source.reason in BY_HAND and (source.name == diagnosis.primary or source.master == diagnosis.primary):
        return f"datasource {source.name} welcome"
    if source.state is State.ONLINE and source.fault == PAUSED:
        return f"replicator {source.name} online"
    return f"datasource {source.name} recover"


def for_warning(source: Datasource) -> str:
    """What helps one that works, but not as it should."""
    if source.facts.full:
        return ROOM_ON_DISK.format(member=source.name)
    return f"replicator {source.name} status   (again: whether it catches up)"


def next_for(source: Datasource, diagnosis: Diagnosis) -> str:
    """The same; a look at it where nothing is known to help."""
    return for_datasource(source, diagnosis) or f"ls {source.name}"


def _of_one_that_fails(source: Datasource, diagnosis: Diagnosis) -> str:
    """What helps where a server does not answer as it should, or the master fails; "" where a recovery does."""
    alive = diagnosis.health is Health.PRIMARY_SEEN_BY_OTHERS
    for_master = _NEXT[Why.PRIMARY_SEEN_BY_OTHERS] if alive else "failover"
    if source.facts.server is ServerState.UNSEEN:
        return source.facts.next or (for_master if _was_master(source, diagnosis) else "ping")
    if source.facts.server is ServerState.MISCONFIGURED:
        return DOCTOR
    if source.facts.server is ServerState.NO_DATA and diagnosis.healthy:
        return _NEXT[Why.NO_DATA].format(member=source.name)
    if source.facts.server is ServerState.REJECTING and FULL.search(source.facts.reason):
        return ROOM.format(member=source.name)
    return for_master if _was_master(source, diagnosis) else ""


def two_masters(diagnosis: Diagnosis) -> str:
    """The way out where two accept writes and neither is later: only a person can tell which is right."""
    right = diagnosis.recorded or diagnosis.strays[0]
    other = next(name for name in diagnosis.strays if name != right)
    known = "the master on record, " if diagnosis.recorded else ""
    return f"datasource {other} recover   (if {right}, {known}is right; first stop the server of {other})"


def for_one_left_behind(master: Datasource, candidate: str) -> str:
    """What helps where the last master is gone and the candidate has not followed it."""
    name, give_up = master.name, f"recover using {candidate} --force"
    if master.facts.server is ServerState.DOWN:
        return f"recover using {name}   (starts it again as the master; to give up what it has: {give_up})"
    if not master.facts.seen:
        return when_it_answers(name, give_up)
    if master.facts.server is ServerState.NO_DATA:
        return f"recover using {candidate}   (what {name} had is gone; all that is left is ranked)"
    return f"ls {name}   (again: its server {master.facts.server.value})"


def when_it_answers(name: str, give_up: str) -> str:
    """What helps where the last master is out of sight and nobody in sight has what it has."""
    return f"ping   (when {name} answers: ls; to give up what it has: {give_up})"


def _was_master(source: Datasource, diagnosis: Diagnosis) -> bool:
    failed = diagnosis.health not in (Health.HEALTHY, Health.TWO_PRIMARIES, Health.STALE_PRIMARY)
    return source.role == MASTER and diagnosis.primary == source.name and failed
