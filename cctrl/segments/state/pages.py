"""gpstate's pages that show who acts as what: -e, -m, -c, -Q, -p, -i, -f (reference greenplum.md, 5). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cctrl.replication.facts import Server
from cctrl.segments.catalog import MODES, STATUSES, Catalog, Pair, Row
from cctrl.segments.state.status import GOOD, Seen
from cctrl.segments.utilities.gplog import WARNING
from cctrl.segments.utilities.tables import RULE, Cells, Line, table

Page = tuple[list[Line], int]
"""The lines, and the exit status."""

STARS = "*" * 53
LONG, LONGER = "-" * 58, "-" * 61
SWITCHED = "Segments with Primary and Mirror Roles Switched"
UNSYNCHRONIZED = "Unsynchronized Segment Pairs"
DOWNED = "Downed Segments (may include segments where status could not be retrieved)"
IN_RECOVERY = "Segments in recovery"


def problems(seen: Seen) -> Page:
    """-e: the pairs that need attention."""
    primaries = [pair.primary for pair in seen.catalog.pairs]
    unasked = [Line(_unasked(row), WARNING) for row in primaries if not seen.queried(row)]
    gathered = [Line(text, WARNING) for row in primaries if (text := _gathered(seen, row))]
    lines = [*gathered, Line(RULE), Line("Segment Mirroring Status Report")]
    blocks = [
        _block(SWITCHED, _switched(seen)),
        [*unasked, *_block(UNSYNCHRONIZED, _unsynchronized(seen))],
        _block(DOWNED, _downed(seen)),
        _unavailable(seen),
        _block(IN_RECOVERY, _in_recovery(seen)),
    ]
    shown = [line for block in blocks for line in block]
    if any(line.text == RULE for line in shown):
        return [*lines, *shown], 1
    return [*lines, *shown, Line(RULE), Line("All segments are running normally")], 0


def _gathered(seen: Seen, row: Row) -> str:
    """What is told of an acting primary before the report."""
    if not seen.queried(row):
        return _unasked(row)
    return "" if seen.receiver(row) else "pg_stat_replication shows no standby connections"


def _unasked(row: Row) -> str:
    return f"could not query segment {row.dbid} ({row.address}:{row.port})"


def _block(title: str, rows: list[Cells]) -> list[Line]:
    return [Line(RULE), Line(title), *table(rows)] if len(rows) > 1 else []


def _both(pair: Pair, *between: str) -> Cells:
    first, second = pair.rows
    return Cells((first.address, str(first.port), *between, second.address, str(second.port)))


def _switched(seen: Seen) -> list[Cells]:
    head = Cells(("Current Primary", "Port", "Mirror", "Port"))
    return [head, *(_both(pair) for pair in seen.catalog.pairs if not pair.primary.balanced)]


def _unsynchronized(seen: Seen) -> list[Cells]:
    rows = [Cells(("Current Primary", "Port", "WAL sync remaining bytes", "Mirror", "Port"))]
    for pair in seen.catalog.pairs:
        found = seen.receiver(pair.primary)
        if not seen.queried(pair.primary) or (found is not None and found.sync == "sync"):
            continue
        rows.append(_both(pair, "Unknown" if found is None else str(int(seen.behind(pair.primary)))))
    return rows


def _downed(seen: Seen) -> list[Cells]:
    rows = [Cells(("Segment", "Port", "Config status", "Status"))]
    for row in seen.ordered:
        if (word := seen.word(row)) != GOOD:
            rows.append(Cells((row.address, str(row.port), STATUSES[row.status], word)))
    return rows


def _unavailable(seen: Seen) -> list[Line]:
    if all(any(seen.word(row) == GOOD for row in pair.rows) for pair in seen.catalog.pairs):
        return []
    texts = (
        STARS,
        "DATABASE IS PROBABLY UNAVAILABLE",
        "Review Instance Status in log file or screen output for more information",
        STARS,
    )
    return [Line(text, WARNING) for text in texts]


def _in_recovery(seen: Seen) -> list[Cells]:
    """The first one's kind decides the columns."""
    ordered = ((row, seen.recovering.get(row.dbid)) for row in seen.ordered)
    told = [(row, found) for row, found in ordered if found is not None and found.percent]
    staged = bool(told and told[0][1].stage)
    middle = ("Stage", "Completed bytes (kB)") if staged else ("Completed bytes (kB)", "Total bytes (kB)")
    rows = [Cells(("Segment", "Port", "Recovery type", *middle, "Percentage completed"))]
    for row, found in told:
        stage = f"Syncing {found.stage} of dbid {row.dbid}" if found.stage else ""
        numbers = (stage, found.done) if staged else (found.done, found.total)
        rows.append(Cells((row.address, str(row.port), found.kind, *numbers, found.percent)))
    return rows


def _head(catalog: Catalog, what: str) -> list[Line]:
    return [Line(LONGER), Line(what), Line(f"-Type = {_spread(catalog)}"), Line(LONGER)]


def _spread(catalog: Catalog) -> str:
    """`Group` where the mirrors of one host's primaries are all on one other host."""
    partners: dict[str, set[str]] = {}
    primaries: dict[str, int] = {}
    for pair in catalog.pairs:
        host = pair.preferred("p").hostname
        partners.setdefault(host, set()).add(pair.preferred("m").hostname)
        primaries[host] = primaries.get(host, 0) + 1
    spread = any(len(hosts) > 1 for hosts in partners.values())
    return "Spread" if spread or max(primaries.values(), default=0) == 1 else "Group"


def mirrors(catalog: Catalog) -> Page:
    """-m: those that were built as mirrors."""
    rows, acting, failed, behind = [Cells(("Mirror", "Datadir", "Port", "Status", "Data Status", ""))], 0, 0, 0
    for pair in catalog.pairs:
        row = pair.preferred("m")
        place = (row.address, row.datadir, str(row.port))
        if row.primary:
            acting += 1
            behind += not pair.synchronized
            rows.append(Cells((*place, "Acting as Primary", MODES[row.mode])))
        elif row.up:
            rows.append(Cells((*place, "Passive", MODES[row.mode])))
        else:
            failed += 1
            rows.append(Cells((*place, "Failed", ""), warn=True))
    warnings = _warnings(
        (acting, "segment(s) configured as mirror(s) are acting as primaries"),
        (failed, "segment(s) configured as mirror(s) have failed"),
        (behind, "mirror segment(s) acting as primaries are not synchronized"),
    )
    lines = [*_head(catalog, "-Current GPDB mirror list and status"), *table(rows), Line(LONGER), *warnings]
    return lines, int(failed > 0)


def mapping(catalog: Catalog) -> Page:
    """-c: which mirror belongs to which primary, as they were built."""
    head = ("Status", "Data State", "Primary", "Datadir", "Port", "Mirror", "Datadir", "Port")
    rows, acting, behind = [Cells(head)], 0, 0
    for pair in catalog.pairs:
        first, second = pair.preferred("p"), pair.preferred("m")
        acting += second.primary
        behind += not pair.synchronized
        state = (_activity(pair), MODES[first.mode])
        places = (first.address, first.datadir, str(first.port), second.address, second.datadir, str(second.port))
        rows.append(Cells((*state, *places), warn=not pair.synchronized))
    warnings = _warnings(
        (acting, "segment(s) configured as mirror(s) are acting as primaries"),
        (behind, "primary segment(s) are not synchronized"),
    )
    return [*_head(catalog, "-Current GPDB mirror list and status"), *table(rows), Line(LONGER), *warnings], 0


def _activity(pair: Pair) -> str:
    built = pair.primary.preferred_role == "p"
    active, other = ("Primary", "Mirror") if built else ("Mirror", "Primary")
    return f"{active} Active, {other} {'Available' if pair.mirror.up else 'Failed'}"


def _warnings(*counted: tuple[int, str]) -> list[Line]:
    return [Line(f"{number} {text}", WARNING) for number, text in counted if number]


def quick(catalog: Catalog) -> Page:
    """-Q: the catalog alone."""
    up = [row for row in catalog.segments if row.up]
    down = [row for row in catalog.segments if not row.up]
    lines = [
        Line("-Quick Greenplum database status from Coordinator instance only"),
        Line(LONG),
        Line(f"# of up segments, from configuration table     = {len(up)}"),
    ]
    if down:
        lines.append(Line(f"# of down segments, from configuration table   = {len(down)}"))
        places = [Cells((row.address, row.datadir, str(row.port))) for row in down]
        lines += table([Cells(("Down Segment", "Datadir", "Port")), *places])
    return [*lines, Line(LONG)], int(bool(down))


def ports(catalog: Catalog) -> Page:
    """-p: the ports."""
    first = catalog.coordinator
    rows = [row for pair in catalog.pairs for row in pair.rows]
    lines = [
        Line(f"-Coordinator segment instance  {first.datadir}  port = {first.port}"),
        Line("-Segment instance port assignments"),
        Line("-" * 34),
    ]
    places = [Cells((row.address, row.datadir, str(row.port))) for row in rows]
    return [*lines, *table([Cells(("Host", "Datadir", "Port")), *places])], 0


def versions(seen: Seen, known: Mapping[int, str]) -> Page:
    """-i: the version of each instance, by dbid; one that is not known could not be asked."""
    rows, lines = [Cells(("Host", "Datadir", "Port", "Version", ""))], [Line("Loading version information")]
    hosts = dict.fromkeys(row.hostname for row in seen.ordered if seen.facts[row.dbid].server is Server.UNSEEN)
    lines += [Line(f"Error getting status from host {host}", WARNING) for host in hosts]
    for row in (seen.catalog.coordinator, *seen.ordered):
        place, version = (row.address, row.datadir, str(row.port)), known.get(row.dbid, "")
        rows.append(Cells((*place, version or "unable to retrieve version"), warn=not version))
    lines += table(rows)
    if not all(known.get(row.dbid) for row in seen.ordered):
        text = "Unable to retrieve version data from all segments.  Review table above for details."
        return [*lines, Line(text, WARNING)], 0
    if len(set(known.values())) > 1:
        text = "Versions for some segments do not match.  Review table above for details."
        return [*lines, Line(text, WARNING)], 0
    return [*lines, Line("All segments are running the same software version")], 0


def standby(catalog: Catalog) -> Page:
    """-f: the standby of the coordinator. No cluster has one here yet."""
    return [Line("Standby coordinator instance not configured")], 0
