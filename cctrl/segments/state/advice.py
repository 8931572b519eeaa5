"""What to type next, of all that one look shows: for `ls` and `gpstate -e`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cctrl.replication.facts import Facts
from cctrl.segments import catalog_sql
from cctrl.segments.catalog import Pair, Row
from cctrl.segments.state.status import GOOD, NOT_RUNNING, Seen
from cctrl.segments.watch import fts

MANAGER = "NEXT: cctrl manager   (in a terminal of its own, or as a service)"
UNWATCHED = "no manager runs, so nothing is detected and no status changes"


@dataclass(frozen=True, slots=True)
class Ways:
    """The commands that depend on the configuration, and on what lies on the hosts."""

    starting: Callable[[Row], str]  # what starts an instance's server, and where
    room: Callable[[Row, str], str]  # what makes room on the disk of an instance; and what is done then
    spare: str = ""  # a host without a segment, "" where there is none


def advised(seen: Seen, ways: Ways, *, watched: bool) -> Iterator[str]:
    """Lines of talk, the next commands last."""
    if not watched:
        yield UNWATCHED
        yield MANAGER
    if old := [text for pair in seen.catalog.pairs for text in _turned(seen, pair)]:
        yield from old
        return
    stuck = [pair for pair in seen.catalog.pairs if not seen.facts[pair.primary.dbid].writable]
    if stuck:
        for pair in stuck:
            yield from _stuck(seen, pair, ways, watched=watched)
    elif seen.down:
        yield from _down(seen, ways.spare)
    elif seen.recovering:
        yield f"NEXT: gpstate -e   ({len(seen.recovering)} being recovered)"
    elif unwell := [row.place for row in seen.catalog.segments if row.up and seen.word(row) != GOOD]:
        yield f"NEXT: gpstate -e   (FTS marks {', '.join(unwell)} down where it is not well within its grace period)"
    elif any(not pair.balanced for pair in seen.catalog.pairs):
        together = all(pair.synchronized for pair in seen.catalog.pairs)
        following = "gprecoverseg -r   (to bring all into their preferred roles)"
        yield f"NEXT: {following}" if together else "NEXT: gpstate -e   (when all are in sync: gprecoverseg -r)"


def _turned(seen: Seen, pair: Pair) -> Iterator[str]:
    if how := fts.outrun(pair, seen.facts[pair.primary.dbid], seen.facts[pair.mirror.dbid]):
        yield f"content {pair.content}: {how}"
        statement = catalog_sql.turned(pair.content)
        yield f"NEXT: psql on the coordinator, database postgres: {statement}; then gprecoverseg"


def promoted(pair: Pair, seen: Seen) -> bool:
    """True where FTS does what is to be done for an acting primary that takes no writes."""
    return pair.synchronized or seen.facts[pair.primary.dbid].up


def short_of_room(pair: Pair, primary: Facts, mirror: Facts) -> Row | None:
    """The instance that would take the writes of a pair if its disk had room; None where that is not what it lacks."""
    if not primary.writable and primary.full:
        return pair.primary
    return pair.mirror if pair.synchronized and mirror.standby and mirror.full else None


def after_room(row: Row, facts: Facts, starting: Callable[[Row], str]) -> str:
    """What is done once there is room."""
    return "then FTS promotes it by itself" if facts.may_run else f"then {starting(row)}; the rest FTS does by itself"


def _stuck(seen: Seen, pair: Pair, ways: Ways, *, watched: bool) -> Iterator[str]:
    row, alone = pair.primary, f"no other one has all of content {pair.content}"
    if short := short_of_room(pair, seen.facts[row.dbid], seen.facts[pair.mirror.dbid]):
        facts = seen.facts[short.dbid]
        what = f"{short.place} cannot take the writes of content {pair.content}"
        yield f"{what}: the disk of {short.hostname} is full: {facts.room}"
        yield f"NEXT: {ways.room(short, after_room(short, facts, ways.starting))}"
    elif promoted(pair, seen):
        if watched:
            yield f"NEXT: gpstate -e   (FTS promotes the mirror of content {pair.content})"
    elif seen.facts[row.dbid].server in NOT_RUNNING:
        yield f"NEXT: {ways.starting(row)}   ({alone}; then gprecoverseg)"
    else:
        yield f"NEXT: gpstate -e   (when {row.place} answers again: {alone})"


def _down(seen: Seen, spare: str) -> Iterator[str]:
    away = list(dict.fromkeys(row.hostname for row in seen.down if not seen.facts[row.dbid].seen))
    if away:
        yield f"{', '.join(away)} cannot be reached; what is down there can be recovered onto another host"
    if any(seen.facts[row.dbid].seen for row in seen.down):
        yield f"NEXT: gprecoverseg   ({len(seen.down)} down)"
    elif away:
        hosts = ",".join(_hosts(seen, away, spare)[: len(away)]) or "HOST"
        yield f"NEXT: gprecoverseg -p {hosts}   (when {', '.join(away)} can be reached: gprecoverseg)"


def _hosts(seen: Seen, away: list[str], spare: str) -> list[str]:
    """Where what is down could go: one that has nothing, others that do not have its sources, the rest."""
    sources = {seen.catalog.pair(row.content).primary.hostname for row in seen.down}
    there = sorted((row.hostname for row in seen.catalog.segments), key=lambda host: host in sources)
    return [host for host in dict.fromkeys((spare, *there)) if host and host not in away]
