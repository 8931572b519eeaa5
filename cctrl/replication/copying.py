"""When and how a member gets a full copy of another: what is at stake, from whom, whether there is room. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cctrl.replication.divergence import Relation, Tail, parting
from cctrl.replication.facts import WAL_SEGMENT, Facts, Server, View
from cctrl.replication.position import size
from cctrl.replication.recovery import Remedy, Way, comparable, misconfigured, nothing_at_stake
from cctrl.replication.rejection import Rejected, Why
from cctrl.replication.steps import Action, Group, Plan, Step

CLOSE = 16 << 20  # bytes a standby may be behind its primary to be copied in its place
MARGIN = 0.1  # of the size: what a server that works on adds while it is copied
LOG_FILES = 4  # that come with a copy at least


@dataclass(frozen=True, slots=True)
class Tablespace:
    """A part of a server that lies outside its data directory."""

    location: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a server is."""

    size: int  # bytes of everything but the log
    tablespaces: tuple[Tablespace, ...] = ()
    log_file: int = WAL_SEGMENT  # bytes of one file of the log
    log_options: str = ""  # further options that its settings demand of a copy


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a member's host where a directory is to be made, and what is there now."""

    path: str
    content: str = "absent"  # `absent`, `empty`, `full`; `file` where it is no directory, `orphan`: no parent either
    writable: bool = True
    mounted: bool = False  # a file system of its own: nothing can be moved into its place
    device: str = ""  # the file system it would lie on
    free: int = 0  # bytes free there


@dataclass(frozen=True, slots=True)
class Survey:
    """What a member's host has to offer to a copy of a source."""

    version: int  # major version of its programs; 0 where there are none
    extent: Extent
    data: Spot
    log: Spot | None = None  # where the log lies outside the data directory
    tablespaces: tuple[Spot, ...] = ()
    refused: str = ""  # why it cannot receive from the source, in the server's words
    system: str = ""  # system identifier of what answers there
    timeline: int = 0
    running: str = ""  # from whom a copy is being made just now
    whole: str = ""  # the end of the log in a copy that was made and not yet used
    half: int = 0  # bytes of one that was broken off: they are cleared away
    copied: str = ""  # the operation that moved the present data directory into its place


@dataclass(frozen=True, slots=True)
class Working:
    """Long work that goes on by itself on a member's host: a copy, or a rewind."""

    action: Action
    since: float  # seconds since the epoch
    said: str  # the last that its program said of how far it is: `75538/660036 kB (11%)…`, or ""


@dataclass(frozen=True, slots=True)
class Aside:
    """What was moved or kept aside beside a member's data directory."""

    name: (
        str  # `aside-` or `kept-` and the operation; `copy`: one that was made and not used; `left`: see engine.Copying
    )
    size: int  # bytes
    since: float  # seconds since the epoch
    outside: tuple[str, ...] = ()  # directories elsewhere that belong to it
    place: str = ""  # `sdw1:/data/gpseg0`: the data directory that it lies beside, or is, where that was left


def choose_source(view: View, primary: str, name: str, asked: str, unfit: Mapping[str, str]) -> str:
    """From whom `name` is copied: the one asked for, else a standby that is close, else the primary. Raises Rejected.

    `unfit`: members that are out of service, with the reason.
    """
    if asked:
        problem = "it cannot be its own source" if asked == name else _no_source(view, primary, view[asked])
        if problem:
            raise Rejected(Why.SOURCE, asked, f"{asked} cannot be copied: {problem}")
        return asked
    near = [m for m in view.members if m.name not in (name, *unfit) and _near(view, primary, m)]
    if view[primary].settings.get("full_page_writes") == "off" or not near:
        return primary
    return max(near, key=lambda m: m.received).name


def _near(view: View, primary: str, member: Facts) -> bool:
    behind = view[primary].received - member.replayed
    return member.name != primary and behind <= CLOSE and not _no_source(view, primary, member)


def _no_source(view: View, primary: str, member: Facts) -> str:
    """Why a member cannot be copied; "" where it can."""
    if not member.up:
        return f"its server {member.server.value}"
    if member.name == primary:
        return ""
    if member.writable or not view.streams(member.name, primary):
        return f"it does not receive from {primary}"
    return "its replay is paused" if member.replay_paused else ""


def at_stake(view: View, primary: str, name: str, tail: Tail | None, *, force: bool) -> Group:
    """Refuse where a member needs no copy, or one would take something away; the step that keeps it. Raises Rejected.

    `tail` is what `recovery.unread` asked for. `force` accepts all that is kept aside.
    """
    member, source = view[name], view[primary]
    _takes_one(view, primary, member, force)
    if member.server is Server.NO_DATA:
        return ()
    if member.system and source.system and member.system != source.system:
        if force:
            return ()
        detail = f"system identifier {member.system}, {primary} has {source.system}; is it the right server?"
        raise Rejected(Why.FOREIGN, name, f"{name} holds another database system", detail=detail)
    part = parting(member, source)
    try:
        if not (part.relation is Relation.AHEAD and member.up):
            comparable(member, source, part)
        if tail is not None and not force:
            nothing_at_stake(member, source, part, tail)
    except Rejected:
        if force:
            return ()  # where its log leaves the primary's cannot be told: the whole directory is kept
        raise
    more = member.writable or (tail is not None and bool(tail.own or tail.problem))
    return (Step(Action.KEEP, name, primary, part.at),) if more else ()


def _takes_one(view: View, primary: str, member: Facts, force: bool) -> None:
    name = member.name
    if name == primary:
        raise Rejected(Why.IS_PRIMARY, name, f"{name} is the {view.called}: nothing is copied over it")
    if member.server is Server.UNSEEN:
        raise Rejected(Why.UNREACHABLE, name, f"{name} cannot be reached: {member.reason}", next=member.next)
    if member.server is Server.MISCONFIGURED:
        raise misconfigured(member)
    if member.server is Server.NO_BINARIES:
        raise Rejected(Why.NO_BINARIES, name, f"{name} {member.server.value}", detail=member.reason)
    if member.standby and view.streams(name, primary) and not force:
        raise Rejected(Why.STREAMS, name, f"{name} streams from {primary}: it needs no copy")


def fits(member: Facts, source: Facts, survey: Survey) -> None:
    """Refuse where the copy could not be made, or not be put into its place. Raises Rejected."""
    name = member.name
    if not survey.version:
        raise Rejected(Why.NO_BINARIES, name, f"{name} {Server.NO_BINARIES.value}")
    if survey.version != source.version:
        what = f"{name} has programs of major version {survey.version}, {source.name} runs {source.version}"
        raise Rejected(Why.OTHER_VERSION, name, what)
    if survey.refused:
        raise Rejected(Why.SOURCE, name, f"{name} cannot receive from {source.name}", detail=survey.refused)
    if survey.system != source.system:
        detail = f"system identifier {survey.system}, {source.name} has {source.system}"
        raise Rejected(Why.SOURCE, name, f"another server answers {name} at {source.name}'s address", detail=detail)
    for spot in (survey.data, *([survey.log] if survey.log else []), *survey.tablespaces):
        problem = _no_place(spot, survey)
        if problem:
            raise Rejected(Why.NO_PLACE, name, f"{name} has no place for a copy: {problem}")
    if not survey.running and not survey.whole:
        _room(name, survey)


def reusable(member: Facts, source: Facts, survey: Survey, lacks: str) -> None:
    """Refuse where what a member has could not be reused (see Action.REUSE); `lacks`: see Engine. Raises Rejected."""
    name = source.name
    if lacks:
        what = f"{name} lets {member.name} copy all of it, but not compare"
        said = "its replication role lacks the rights for that"
        raise Rejected(Why.SOURCE, member.name, what, detail=said, next=f"on it, as superuser: {lacks}")
    if survey.extent.tablespaces:
        place = survey.extent.tablespaces[0].location
        detail = f"{len(survey.extent.tablespaces)} outside its data directory, in {place}"
        raise Rejected(Why.NO_PLACE, member.name, f"{name} has tablespaces: it is copied in full only", detail=detail)


def _no_place(spot: Spot, survey: Survey) -> str:
    moved = spot is survey.data or spot is survey.log or spot.content == "full"
    if spot.content == "file":
        return f"{spot.path} is no directory"
    if spot.content == "orphan":
        return f"{spot.path} is in no directory that is there"
    if spot.mounted and moved:
        return f"{spot.path} is a file system of its own, and a copy cannot be moved into its place"
    if not spot.writable:
        return f"{spot.path} cannot be made: its directory is not writable"
    return ""


def _room(name: str, survey: Survey) -> None:
    """Compare what is needed with what is free, on each file system."""
    extent = survey.extent
    outside = sum(t.size for t in extent.tablespaces)
    log = LOG_FILES * extent.log_file
    needs = [(survey.data, extent.size - outside, survey.half), (survey.log or survey.data, log, 0)]
    needs += [(spot, t.size, 0) for spot, t in zip(survey.tablespaces, extent.tablespaces, strict=True)]
    for device in dict.fromkeys(spot.device for spot, _, _ in needs):
        here = [(spot, need, back) for spot, need, back in needs if spot.device == device]
        wanted = sum(need + (0 if need is log else int(need * MARGIN)) for _, need, _ in here)
        free = max(spot.free for spot, _, _ in here) + sum(back for _, _, back in here)
        if free < wanted:
            what = f"{name} has no room for a copy"
            detail = f"{size(wanted)} needed where {here[0][0].path} lies, {size(free)} free"
            raise Rejected(Why.NO_ROOM, name, what, detail=detail)


def outside(survey: Survey, operation: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where the parts of a copy go that lie outside the data directory: of its log ("" where that lies within), and of
    each tablespace from where to where. One whose place is taken goes beside it: the old directory keeps its own."""
    log = f"{survey.log.path}.cctrl-{operation}" if survey.log else ""
    old = (t.location for t in survey.extent.tablespaces)
    return log, tuple(
        (location, f"{spot.path}.cctrl-{operation}" if spot.content == "full" else spot.path)
        for location, spot in zip(old, survey.tablespaces, strict=True)
    )


def copy_plan(view: View, primary: str, source: str, name: str, keep: Group, rate: str = "") -> Plan:
    """The plan: the copy first, while everything is as it was; then it takes the place of what is there."""
    copy = Step(Action.COPY, name, source, view[primary].oldest_log, rate=rate)
    return _replacing(view, primary, copy, keep)


def restore_plan(view: View, primary: str, directory: str, name: str, keep: Group) -> Plan:
    """The same from a backup that lies in `directory` on the member's own host."""
    return _replacing(view, primary, Step(Action.RESTORE, name, directory, view[primary].oldest_log), keep)


def _replacing(view: View, primary: str, making: Step, keep: Group) -> Plan:
    name, member = making.member, view[making.member]
    stop: tuple[Group, ...] = ()
    if member.up:
        stop = ((Step(Action.STOP, name, primary),),)
    elif member.may_run:
        stop = ((Step(Action.FENCE, name, primary),),)
    rest = (Step(Action.SWAP, name, primary), Step(Action.START, name, primary), Step(Action.STREAM, name, primary))
    return Plan(((making,), *stop, *((keep,) if keep else ()), *((step,) for step in rest)))


COPY_TAKES = (0.2, 4.4)  # seconds, whatever the size, and for each GB: measured on a local disk
REWIND_TAKES = (2.3, 0.2)  # a rewind writes all of the target to disk at its end
CRASHED = 0.9  # seconds more, where the target must recover first


@dataclass(frozen=True, slots=True)
class Cost:
    """How long the two ways back take, in seconds, as far as the size tells."""

    size: int  # bytes
    copy: float
    rewind: float

    def __str__(self) -> str:
        return f"{size(self.size)}: a full copy takes about {self.copy:.1f} s, a rewind about {self.rewind:.1f} s"


def estimate(total: int, *, crashed: bool) -> Cost:
    """What a copy of so many bytes costs, beside a rewind of a server as large."""
    gigabytes = total / (1 << 30)
    copy, rewind = (fixed + each * gigabytes for fixed, each in (COPY_TAKES, REWIND_TAKES))
    return Cost(total, copy, rewind + (CRASHED if crashed else 0.0))


def instead_of_rewind(
    view: View, primary: str, source: str, name: str, rewinding: Remedy, cost: Cost, obstacle: str
) -> Remedy:
    """A full copy where it is quicker than the rewind that was chosen and nothing stands against it, else that."""
    if cost.copy >= cost.rewind:
        return replace(rewinding, reason=str(cost))
    if obstacle:
        return replace(rewinding, reason=f"{cost}, but {obstacle}")
    keep = tuple(step for step in rewinding.plan.steps if step.action is Action.KEEP)
    return Remedy(Way.COPY, copy_plan(view, primary, source, name, keep), str(cost))


def picked_up(view: View, primary: str, source: str, name: str, survey: Survey) -> Remedy | None:
    """What is left to do for a member whose data directory was moved aside for a copy that is whole; else None."""
    if not survey.whole or survey.data.content != "absent":
        return None
    return Remedy(Way.COPY, copy_plan(view, primary, source, name, ()), "a copy that is whole takes its place")


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a copy came from its source, in bytes; the rest was there."""

    taken: int
    total: int
    log: int

    @staticmethod
    def read(line: str) -> Share | None:
        """From the last line of such a copy; None for another line."""
        match = _SHARE.fullmatch(line.strip())
        return Share(*map(int, match.groups())) if match else None


_SHARE = re.compile(r"took (\d+) of (\d+) bytes, and (\d+) of log")
_PROGRESS = re.compile(r"\s*(\d+)/(\d+) kB \(\d+%\)")


@dataclass(slots=True)
class Pace:
    """How fast a copy grows, from what its program says once a second."""

    at: float = -1.0  # when it was first heard of, in seconds
    first: int = 0  # bytes it had by then

    def read(self, line: str, now: float) -> str:
        """The line as people read it: `1200 MB of 10 GB (12%), 85 MB/s, 1:43 left`; other lines as they are."""
        match = _PROGRESS.match(line)
        if not match:
            return line
        done, total = int(match[1]) << 10, max(int(match[1]), int(match[2])) << 10
        if self.at < 0:
            self.at, self.first = now, done
        text = f"{size(done)} of {size(total)} ({100 * done // max(1, total)}%)"
        rate = (done - self.first) / (now - self.at) if now > self.at else 0.0
        return f"{text}, {size(int(rate))}/s, {_clock((total - done) / rate)} left" if rate >= 1 else text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
