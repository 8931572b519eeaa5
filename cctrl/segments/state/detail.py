"""gpstate's pages that count and list all there is: -b and -s (reference greenplum.md, 5.5 and 5.6). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cctrl.replication.facts import Server
from cctrl.replication.postgresql.asking import Process
from cctrl.segments.catalog import MODES, ROLES, STATUSES, Row
from cctrl.segments.state.pages import STARS, Page
from cctrl.segments.state.status import GOOD, Seen
from cctrl.segments.utilities.gplog import WARNING
from cctrl.segments.utilities.tables import RULE, Cells, Line, Rows, pair, table

UNKNOWN = "Unknown"
COPYING = {
    "full": "Copying files from primary",
    "differential": "Copying files from primary",
    "incremental": "Rewinding history to match primary timeline",
}
NO_STANDBY = "No coordinator standby configured"


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of the coordinator and of all instances, by dbid; None where a host could not be asked."""

    found: Mapping[int, Process | None]

    def of(self, row: Row) -> Process:
        """An instance's; nothing of one that could not be asked is there."""
        return self.found.get(row.dbid) or Process()


def brief(seen: Seen, processes: Processes) -> Page:
    """-b: the counts."""
    rows: list[Cells | str] = [
        pair("Coordinator instance", "Active"),
        pair("Coordinator standby", NO_STANDBY),
        pair("Total segment instance count from metadata", len(seen.catalog.segments)),
        RULE,
    ]
    for role, name in (("p", "Primary"), ("m", "Mirror")):
        here = [row for row in seen.catalog.segments if row.preferred_role == role]
        rows += [Cells((f"{name} Segment Status",)), RULE, *_counts(name.lower(), here, processes)]
        if role == "m":
            acting = sum(row.primary for row in here)
            rows.append(pair("Total number mirror segments acting as primary segments", acting, acting > 0))
            rows.append(pair("Total number mirror segments acting as mirror segments", len(here) - acting))
        rows.append(RULE)
    return [Line("Greenplum instance status summary"), Line(RULE), *table(rows)], 0


def _counts(name: str, rows: list[Row], processes: Processes) -> list[Cells]:
    total, up = len(rows), sum(row.up for row in rows)
    known = [processes.of(row) for row in rows]
    cells = [
        pair(f"Total {name} segments", total),
        pair(f"Total {name} segment valid (at coordinator)", up),
        pair(f"Total {name} segment failures (at coordinator)", total - up, up < total),
    ]
    for what, found in (
        ("number of postmaster.pid files", sum(one.pid_file for one in known)),
        ("number of postmaster.pid PIDs", sum(bool(one.pid) for one in known)),
        ("number of /tmp lock files", sum(one.lock_file for one in known)),
        ("number postmaster processes", sum(one.lives for one in known)),
    ):
        cells += [
            pair(f"Total {what} missing", total - found, found < total),
            pair(f"Total {what} found", found),
        ]
    return cells


def full(seen: Seen, processes: Processes) -> Page:
    """-s: everything about each instance."""
    rows: list[Cells | str] = []
    for row in seen.ordered:
        rows += [*([RULE] if rows else []), *_instance(seen, row, processes.of(row))]
    lines = [Line(RULE), Line("-Coordinator Configuration & Status"), Line(RULE)]
    lines += table(_coordinator(seen, processes))
    lines += [Line(RULE), Line("Segment Instance Status Report"), Line(RULE), *table(rows)]
    if not any(isinstance(row, Cells) and row.warn for row in rows):
        return [*lines, Line(RULE)], 0
    texts = (
        STARS,
        "Warnings have been generated during status processing",
        "Check log file or review screen output",
        STARS,
    )
    return [*lines, *(Line(text, WARNING) for text in texts)], 1


def piped(seen: Seen, processes: Processes, versions: Mapping[int, str]) -> list[str]:
    """A line for each instance, for machines: place, roles, mirror status, states, process, version."""
    return ["|".join(map(str, _fields(seen, row, processes.of(row), versions))) for row in seen.ordered]


def _fields(seen: Seen, row: Row, process: Process, versions: Mapping[int, str]) -> list[object]:
    unseen = seen.facts[row.dbid].server is Server.UNSEEN
    mirroring = {cell.cells[0]: cell.cells[1].removeprefix("= ") for cell in _mirroring(seen, row)}
    return [
        *(row.dbid, row.content, row.hostname, row.address, row.datadir, row.port),
        *(ROLES[row.role], ROLES[row.preferred_role]),
        *(mirroring["Mirror status"], mirroring.get("Mirror recovery start", "")),
        *(STATUSES[row.status], seen.word(row)),
        *("ft"[unseen], f"Error getting status from host {row.hostname}" if unseen else ""),
        *("ft"[process.pid_file], process.pid or "", "ft"[process.lock_file], process.pid if process.lock_file else ""),
        versions.get(row.dbid, ""),
    ]


def _coordinator(seen: Seen, processes: Processes) -> Rows:
    row, version = seen.catalog.coordinator, seen.catalog.version
    number = re.match(r"PostgreSQL (\S+)", version)
    return [
        pair("Coordinator host", row.hostname),
        pair("Coordinator postgres process ID", processes.of(row).pid),
        pair("Coordinator data directory", row.datadir),
        pair("Coordinator port", row.port),
        pair("Coordinator current role", "dispatch"),
        pair("Greenplum current version", version),
        pair("Postgres version", number[1] if number else UNKNOWN),
        pair("Coordinator standby", NO_STANDBY),
    ]


def _group(title: str, *rows: Cells) -> list[Cells]:
    return [Cells((title,)), *(Cells((f"   {row.cells[0]}", *row.cells[1:]), row.warn) for row in rows)]


def _known(key: str, value: object | None) -> Cells:
    return pair(key, UNKNOWN if value is None else value, value is None)


def _instance(seen: Seen, row: Row, process: Process) -> list[Cells]:
    word, facts = seen.word(row), seen.facts[row.dbid]
    status = [pair("PID", process.pid)] if process.lives else []
    status += [
        pair("Configuration reports status as", STATUSES[row.status], not row.up),
        pair("Database status" if row.primary else "Segment status", word, word != GOOD),
    ]
    error = f"Error getting status from host {row.hostname}"
    trouble = facts.server is Server.UNSEEN
    return [
        *_group(
            "Segment Info",
            pair("Hostname", row.hostname),
            pair("Address", row.address),
            pair("Datadir", row.datadir),
            pair("Port", row.port),
        ),
        *_group("Mirroring Info", *_mirroring(seen, row)),
        *(_group("Error Getting Segment Status", pair("Error Getting Segment Status", error)) if trouble else []),
        *_group("Replication Info", *(_sending(seen, row) if row.primary else _receiving(seen, row))),
        *_group("Status", *status),
    ]


def _mirroring(seen: Seen, row: Row) -> list[Cells]:
    both = seen.catalog.pair(row.content)
    found, work = seen.receiver(both.primary), seen.recovering.get(both.mirror.dbid)
    state = found.state.capitalize() if found is not None and not row.primary else MODES[row.mode]
    cells = [pair("Current role", ROLES[row.role]), pair("Preferred role", ROLES[row.preferred_role])]
    if work is None or not row.primary:
        return [*cells, pair("Mirror status", state)]
    began = datetime.fromtimestamp(work.since, UTC).strftime("%Y-%m-%d %H:%M:%S+00")
    return [*cells, pair("Mirror status", COPYING[work.kind]), pair("Mirror recovery start", began)]


def _sending(seen: Seen, row: Row) -> list[Cells]:
    facts = seen.facts[row.dbid]
    left = int(seen.behind(row)) if seen.receiver(row) is not None else None
    return [
        _known("Current write location", facts.received if facts.writable else None),
        _known("Bytes remaining to send to mirror", left),
    ]


def _receiving(seen: Seen, row: Row) -> list[Cells]:
    primary = seen.catalog.pair(row.content).primary
    found, sent = seen.receiver(primary), seen.facts[primary.dbid].received
    return [
        _known("WAL Sent Location", sent if found else None),
        _known("WAL Flush Location", found.flushed if found else None),
        _known("WAL Replay Location", found.replayed if found else None),
        _known("Bytes received but remain to flush", max(0, sent - found.flushed) if found else None),
        _known("Bytes received but remain to replay", max(0, found.flushed - found.replayed) if found else None),
    ]
