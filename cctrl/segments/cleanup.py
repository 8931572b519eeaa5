"""`datasource SEGMENT cleanup`: what was moved or kept aside beside a segment, and what lies at the places that it has
left for others, is listed, and removed when that is confirmed."""

from __future__ import annotations

from cctrl.config import Server as Place
from cctrl.outcome import CctrlError, Outcome, Refused
from cctrl.registry import Invocation, Talk
from cctrl.replication import aside
from cctrl.replication.copying import Aside
from cctrl.replication.facts import Facts, Server
from cctrl.replication.lock import lock
from cctrl.replication.operation import LiveOperation
from cctrl.segments import catalog_sql, left
from cctrl.segments.catalog import MODES, STATUSES, Pair, Row
from cctrl.segments.recover import gprecoverseg
from cctrl.segments.service import Cluster
from cctrl.segments.watch import fts

Left = list[tuple[Place, tuple[Aside, ...]]]


def cleanup(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
    """List, ask, remove. The lock is not held while a person thinks."""
    cluster.fresh()
    row = gprecoverseg.row_of(cluster.catalog(), invocation.arguments["SEGMENT"])
    name = cluster.member(row)
    _can_be_done_without(cluster, row)
    here = cluster.engine.copies.aside(name)
    system = _system(cluster, row)
    there = _left(cluster, row, system, talk) if system else []
    every = (*here, *(one for _, some in there for one in some))
    where = f"{row.place} and the places that it has left" if there else row.place
    if not aside.offered(every, where, talk):
        return Outcome.DONE
    with lock(cluster.engine, cluster.name, (cluster.coordinator.name,), invocation.text) as held:
        operation = LiveOperation(
            cluster.engine, cluster.store, cluster.name, held, "cleanup", invocation.text, "gpstate -e"
        )
        with operation.entered(target=row.place), held.acting():
            _can_be_done_without(cluster, row)
            _left_still(cluster, row, system, there)
            if here:
                cluster.engine.copies.remove_aside(name, here)
            for place, some in there:
                cluster.at(place).copies.remove_aside(place.name, some, system, left.used(cluster.service, place))
                cluster.write(catalog_sql.forgotten(place.host.name, place.data_dir))
            talk.line(aside.removed(every, where))
    return Outcome.DONE


def _can_be_done_without(cluster: Cluster, row: Row) -> None:
    """Raises Refused where what is kept aside may still be needed. One that is in sync has all that its pair has. So
    has an acting primary, which was in sync when it became one, and a mirror whose primary takes the writes has
    nothing that was acknowledged for itself alone."""
    catalog = cluster.catalog()
    pair, current = catalog.pair(row.content), catalog.row(row.dbid)
    if pair.synchronized:
        return
    seen = cluster.probe(pair.rows)
    if why := needed(pair, current, seen[pair.primary.dbid], seen[pair.mirror.dbid]):
        state = f"{row.place} is {STATUSES[current.status]}, {MODES[current.mode]}"
        raise Refused(f"{state}: what is kept aside may still be needed", detail=why, next="gpstate -e")


def needed(pair: Pair, row: Row, primary: Facts, mirror: Facts) -> str:
    """Why what is kept aside beside one of a pair that is not in sync may be the only copy of something; "" where it
    is not. Pure."""
    own = primary if row.primary else mirror
    if own.half_rewound:
        return "its data is half rewound"
    if not own.seen or own.server in (Server.NO_DATA, Server.NO_BINARIES, Server.MISCONFIGURED):
        return f"its server {own.server.value}"
    if older := fts.outrun(pair, primary, mirror):
        return older
    return "" if row.primary or primary.writable else f"its primary {pair.primary.place} takes no writes"


def _system(cluster: Cluster, row: Row) -> str:
    """The database system that a pair in sync holds: what it has left is then needed no more. "" where it is not."""
    pair = cluster.catalog().pair(row.content)
    seen = cluster.probe((pair.primary,))[pair.primary.dbid]
    return seen.system if pair.synchronized and seen.writable else ""


def _places(cluster: Cluster, row: Row) -> tuple[Place, ...]:
    return tuple(place for place in cluster.left_behind() if place.dbid == row.dbid)


def _left(cluster: Cluster, row: Row, system: str, talk: Talk) -> Left:
    """What lies at the places that a segment has left; of hosts that do not answer it is told."""
    found: Left = []
    for place in _places(cluster, row):
        try:
            found.append((place, left.looked_at(cluster.at(place), place, system)))
        except CctrlError as error:
            talk.note(f"{left.where(place)}, which {row.place} has left: {error.what}")
    return [(place, some) for place, some in found if some]


def _left_still(cluster: Cluster, row: Row, system: str, there: Left) -> None:
    """Raises Refused where the pair is no more in sync, or a segment uses one of the places again."""
    if not there:
        return
    still = _places(cluster, row) if _system(cluster, row) == system else ()
    for place, _ in there:
        if place not in still:
            raise Refused(f"{left.where(place)} may be needed again: it is left alone", next="gpstate -e")
