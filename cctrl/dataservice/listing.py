"""The `ls` pages: boxes exactly as documented (reference tungsten.md, 4.1 to 4.3). Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from textwrap import wrap

from cctrl.dataservice.states import MASTER, Datasource, dataserver, replicator
from cctrl.router.state import Seen

WIDTH = 76
RULE = "+" + "-" * WIDTH + "+"
TIMES = frozenset({"alertTime", "observedAt"})  # properties in seconds since the epoch


def listing(
    coordinator: str, sources: tuple[Datasource, ...], watched: bool, routing: Sequence[Seen] = ()
) -> list[str]:
    """The whole page: COORDINATOR, ROUTERS where there are any, then a box for each datasource. `watched`: a manager is
    at work."""
    lines = [coordinator, "", *(["ROUTERS:", *routers(routing), ""] if routing else []), "DATASOURCES:"]
    for number, source in enumerate(sources):
        lines += ([""] if number else []) + box(source, watched)
    return lines


def coordinator(host: str, policy: str, state: str) -> str:
    """The first line of `ls`."""
    return f"COORDINATOR[{host}:{policy}:{state}]"


def routers(seen: Sequence[Seen]) -> list[str]:
    """The routers, one row each: `connector@host1[8805](ONLINE, created=0, active=0)`."""
    rows = [row for one in seen for row in _rows(_router(one), 2)]
    return [RULE, *rows, RULE]


def _router(seen: Seen) -> str:
    pid = f"[{seen.pid}]" if seen.pid else ""
    created = f", created={seen.created}" if seen.created is not None else ""
    return f"connector@{seen.name}{pid}({seen.state}" + (f"{created}, active={seen.active})" if seen.known else ")")


def box(source: Datasource, watched: bool) -> list[str]:
    """One datasource."""
    rows = [row for text in _components(source, watched) for row in _rows(f"  {text}", 4)]
    return [RULE, *_head(source), RULE, *rows, RULE]


def _row(text: str) -> str:
    return f"|{text:<{WIDTH}}|"


def _rows(text: str, indent: int) -> list[str]:
    """A row, and where it is too long more of them, broken at blanks."""
    return [_row(row) for row in wrap(text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)]


def _head(source: Datasource) -> list[str]:
    status = f"STATUS [{source.status}] [{stamp(source.since)}]"
    reason = _rows(f"REASON[{source.remark}]", 7) if source.remark else []
    return [*_rows(header(source), len(source.name) + 1), _row(status), *reason]


def header(source: Datasource) -> str:
    """`host1(slave:ONLINE, progress=0/3000148, latency=0.000)`; progress only where the server answers."""
    facts = source.facts
    text = f"{source.name}({source.role}:{source.word}"
    if facts.up:
        text += f", progress={facts.replayed}"
        name = "THL latency" if source.role == MASTER else "latency"
        seconds = latency(source)
        if seconds is not None:
            text += f", {name}={seconds:.3f}"
    return text + ")"


def manager_state(watched: bool) -> str:
    """The MANAGER row's state (tungsten.md 3.5)."""
    return "ONLINE" if watched else "STOPPED"


def latency(source: Datasource) -> float | None:
    """Seconds: of a slave how far its replay is behind, of a master until what it writes is on the disk of the
    quickest standby; None where not known."""
    if source.role != MASTER:
        return source.facts.lag
    return min((d.flush_lag for d in source.facts.downstreams if d.flush_lag is not None), default=0.0)


def stamp(at: float) -> str:
    """`2013/05/03 09:11:10 PM BST`, in the administrator's time zone."""
    return time.strftime("%Y/%m/%d %I:%M:%S %p %Z", time.localtime(at))


def age(seconds: float) -> str:
    """`12s`, `4m`, `3h`, `2d`: how long ago, in one unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(0.0, seconds))}s"


def _components(source: Datasource, watched: bool) -> list[str]:
    facts = source.facts
    rows = [f"MANAGER(state={manager_state(watched)})", replicator(source), dataserver(facts)]
    if facts.up:
        rows.append(f"CONNECTIONS(created={facts.sessions_ever}, active={facts.sessions})")
    return rows


def long_box(source: Datasource) -> list[str]:
    """`ls -l`: every property, sorted, the keys right-aligned to 30 columns."""
    server = dataserver(source.facts)
    tables = (
        (header(source), properties(source)),
        (f"{source.name}:{replicator(source)}", replicator_properties(source)),
        (f"{source.name}:{server}", dict(source.facts.settings)),
    )
    return [line for title, values in tables for line in table(title, values, len(source.name) + 1)]


def replicator_box(source: Datasource) -> list[str]:
    """Every property of a replicator."""
    title = f"{source.name}:{replicator(source)}"
    return table(title, replicator_properties(source), len(source.name) + 1)


def table(title: str, values: Mapping[str, object], indent: int = 2) -> list[str]:
    """A box with a title and sorted `key: value` rows."""
    rows = [row for key, value in sorted(values.items()) for row in _property(key, _shown(key, value))]
    return [RULE, *_rows(title, indent), RULE, *map(_row, rows), RULE]


def _shown(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return stamp(value) if key in TIMES and isinstance(value, float) else str(value)


def _property(key: str, value: str) -> list[str]:
    first, *rest = wrap(value, WIDTH - 32, break_on_hyphens=False) or [""]
    return [f"{key:>30}: {first}", *(" " * 32 + row for row in rest)]


def properties(source: Datasource) -> dict[str, object]:
    """A datasource's properties, for `ls -l` and JSON."""
    facts = source.facts
    return {
        "name": source.name,
        "role": source.role,
        "state": source.state.value,
        "reason": source.reason,
        "alertStatus": source.status,
        "alertMessage": source.remark,
        "alertTime": source.since,
        "isAvailable": facts.up,
        "server": facts.server.name,
        "serverMessage": facts.reason,
        "appliedLatency": facts.lag,
        "latency": latency(source),
        "highWater": str(facts.received),
        "sequence": str(facts.replayed),
        "timeline": facts.timeline,
        "systemIdentifier": facts.system,
        "version": facts.version,
        "freeBytes": facts.free,
        "activeConnectionCount": facts.sessions,
        "connectionsCreatedCount": facts.sessions_ever,
        "observedAt": facts.at,
    }


def replicator_properties(source: Datasource) -> Mapping[str, object]:
    """What is known of a datasource's replication, for `ls -l`, `replicator HOST status` and `diag`."""
    facts = source.facts
    upstream = facts.upstream
    return {
        "host": source.name,
        "master": source.master,
        "upstream": f"{upstream.address}:{upstream.port} {upstream.state}" if upstream else "",
        "appliedLatency": facts.lag,
        "appliedLastSeqno": str(facts.replayed),
        "storedLastSeqno": str(facts.received),
        "replayPaused": facts.replay_paused,
        "receivers": ", ".join(f"{d.name} {d.state} {d.sync} {d.flushed}" for d in facts.downstreams),
    }
