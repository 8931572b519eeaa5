"""Reads what the probe script printed. Pure.

The output is a row of parts, each begun by a line `@name rest`; what a server that is up says comes as
one JSON object, what is known of one that is down comes from pg_controldata.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cctrl.replication.facts import Downstream, Facts, Fence, Fork, Ran, Server, Upstream
from cctrl.replication.position import ZERO, Position
from cctrl.replication.postgresql import conninfo

Parts = dict[str, tuple[str, list[str]]]
Space = tuple[int | None, int]


def parts(output: str) -> Parts:
    """Split the script's output: part name -> (rest of its line, the lines after it)."""
    found: Parts = {}
    current: list[str] = []
    for line in output.splitlines():
        match = re.match(r"@([a-z]+) ?(.*)", line)
        if match:
            name = f"history {match[2]}" if match[1] == "history" else match[1]
            current = []
            found[name] = (match[2], current)
        else:
            current.append(line)
    return found


def read(name: str, output: str, at: float) -> Facts | None:
    """Facts of one member from the probe's output; None where that is not a probe's output."""
    found = parts(output)
    if "cctrl" not in found or "psql" not in found:
        return None
    status, answer = found["psql"]
    space = _space(found.get("space", ("", []))[1])
    if status == "0" and "nodata" in found:
        return Facts(name, at, Server.MISCONFIGURED, reason=_no_data(name, found), free=space[0], disk=space[1])
    if status == "0" and answer and answer[0].startswith("{"):
        seen = json.loads("\n".join(answer))
        return _up(name, seen, at, _now(found, seen) - at, space)
    skew = _now(found, {"now": at}) - at
    return _not_up(name, found, at, skew, space)


def _now(found: Parts, seen: dict[str, Any]) -> float:
    """The host's time: a server that is up tells it itself."""
    return float(found["now"][0] if "now" in found else seen["now"])


def _space(lines: list[str]) -> Space:
    """Bytes free, None where that is not known, and bytes in all, from `df -Pk`; some file systems tell neither."""
    fields = lines[-1].split() if len(lines) > 1 else []
    if len(fields) < 4 or not (fields[1].isdigit() and fields[3].isdigit()) or int(fields[1]) == 0:
        return None, 0
    return int(fields[3]) * 1024, int(fields[1]) * 1024


def _position(text: Any) -> Position:
    return Position.parse(text) if text else ZERO


def _up(name: str, seen: dict[str, Any], at: float, skew: float, space: Space) -> Facts:
    receiver = seen["receiver"]
    received = max(_position(seen["received"]), _position(seen["replayed"]), _position(seen["current"]))
    replayed = _position(seen["replayed"]) if seen["recovery"] else received
    wal_segment = int(seen["wal_segment"])
    settings = {key: str(value) for key, value in seen["settings"].items()}
    settings["wal_segment"] = str(wal_segment)
    return Facts(
        name=name,
        at=at,
        server=Server.UP,
        writable=not seen["recovery"],
        ran=Ran.STANDBY if seen["recovery"] else Ran.PRIMARY,
        version=int(seen["version"]),
        system=seen["system"],
        timeline=int(seen["timeline"]),
        received=received,
        replayed=replayed,
        lag=_lag(seen, received, replayed),
        replay_paused=bool(seen["paused"]),
        promoting=_promoting(seen),
        standby_mark=bool(seen["recovery"]),
        upstream=_upstream(receiver),
        assigned=_assigned(settings["primary_conninfo"]) if seen["recovery"] else None,
        downstreams=tuple(_downstream(s) for s in seen["senders"]),
        history=history(seen["history"] or ""),
        oldest_log=wal_start(seen["oldest"] or "", wal_segment),
        restores_log=bool(settings["restore_command"]),
        rewindable="on" in (settings["wal_log_hints"], settings["data_checksums"]),
        free=space[0],
        disk=space[1],
        started=float(seen["started"]),
        clock_skew=skew,
        sessions=int(seen["sessions"]),
        sessions_ever=int(seen["sessions_ever"] or 0),
        settings=settings,
    )


def _promoting(seen: dict[str, Any]) -> bool:
    """Asked for, and not seen to by the server yet, or under way: it takes the mark off before it accepts writes."""
    files = seen["files"]
    under_way = not files["standby.signal"] and not files["recovery.signal"] and seen["receiver"] is None
    return bool(seen["recovery"]) and (bool(files["promote"]) or under_way)


def _lag(seen: dict[str, Any], received: Position, replayed: Position) -> float | None:
    """Seconds the replay is behind: 0 where all that was received is replayed while it streams."""
    if not seen["recovery"]:
        return 0.0
    streaming = seen["receiver"] is not None and seen["receiver"]["state"] == "streaming"
    if streaming and received == replayed:
        return 0.0
    age = seen["replay_age"]
    return max(0.0, float(age)) if age is not None else None


def _upstream(receiver: dict[str, Any] | None) -> Upstream | None:
    if receiver is None or not receiver["host"]:
        return None
    age = receiver["age"]
    return Upstream(receiver["host"], int(receiver["port"]), receiver["state"], None if age is None else float(age))


def _assigned(text: str) -> tuple[str, int] | None:
    parameters = conninfo.split(text)
    if "host" not in parameters:
        return None
    port = parameters.get("port", "5432")
    return parameters["host"], int(port) if port.isdigit() else 0


def _downstream(sender: dict[str, Any]) -> Downstream:
    return Downstream(
        name=sender["name"],
        state=sender["state"],
        flushed=_position(sender["flushed"]),
        replayed=_position(sender["replayed"]),
        flush_lag=None if sender["flush_lag"] is None else float(sender["flush_lag"]),
        sync=sender["sync"],
        pid=int(sender["pid"]),
        address=sender["address"] or "",
        logical=bool(sender["logical"]),
    )


def history(text: str) -> tuple[Fork, ...]:
    """Read a timeline history file: `1\\t0/3000148\\treason` a line, oldest first."""
    found = (re.match(r"\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)", line) for line in text.splitlines())
    return tuple(Fork(int(m[1]), Position.parse(m[2])) for m in found if m)


def wal_start(name: str, wal_segment: int) -> Position:
    """Where a WAL file begins, from the last 16 digits of its name."""
    if len(name) != 16:
        return ZERO
    return Position((int(name[:8], 16) << 32) + int(name[8:], 16) * wal_segment)


def wal_name(timeline: int, position: Position, wal_segment: int) -> str:
    """The WAL file that holds a position."""
    number = position // wal_segment
    a_log = 0x100000000 // wal_segment
    return f"{timeline:08X}{number // a_log:08X}{number % a_log:08X}"


_STATES = {
    "shut down": (Ran.PRIMARY, True),
    "in production": (Ran.PRIMARY, False),
    "shutting down": (Ran.PRIMARY, False),
    "in crash recovery": (Ran.PRIMARY, False),
    "shut down in recovery": (Ran.STANDBY, True),
    "in archive recovery": (Ran.STANDBY, False),
}
"""pg_controldata's cluster state -> what it ran as, whether it was shut down in an orderly way."""


def control(lines: list[str]) -> dict[str, str]:
    """Read pg_controldata's `name: value` lines."""
    return {key.strip(): value.strip() for key, sep, value in (line.partition(":") for line in lines) if sep}


def _server(found: Parts, known: dict[str, str], words: str) -> Server:
    """The state of a server that psql could not talk to."""
    if "running" in found:
        if "programs" in found:
            return Server.MISCONFIGURED
        if "starting up" in words or "shutting down" in words or "recovery" in words:
            return Server.STARTING
        return Server.FROZEN if "timeout expired" in words or not words else Server.REJECTING
    if "(PostgreSQL)" not in found.get("binaries", ("", []))[0]:
        return Server.NO_BINARIES
    return Server.DOWN if "Database system identifier" in known else Server.NO_DATA


def _not_up(name: str, found: Parts, at: float, skew: float, space: Space) -> Facts:
    known = control(found.get("control", ("", []))[1])
    words = " ".join(found["psql"][1]).strip()
    server = _server(found, known, words)
    ran, clean = _STATES.get(known.get("Database cluster state", ""), (Ran.UNKNOWN, False))
    if ran is Ran.UNKNOWN and "standby" in found:
        ran = Ran.STANDBY
    timeline = _timeline(found, known)
    reached = max(
        _position(known.get("Latest checkpoint location")), _position(known.get("Minimum recovery ending location"))
    )
    checksums = known.get("Data page checksum version", "0") != "0"
    return Facts(
        name=name,
        at=at,
        server=server,
        reason=_reason(name, server, found, words),
        ran=ran,
        version=_version(found),
        system=known.get("Database system identifier", ""),
        timeline=timeline,
        received=reached,
        replayed=reached,
        clean=clean and server is Server.DOWN,
        suspended="suspended" in found,
        replaying=found.get("replaying", ("", []))[0],
        standby_mark="standby" in found,
        fence=_fence(found),
        promoting="promote" in found and "running" in found,
        host_crashed="rebooted" in found and not clean and server is Server.DOWN,
        half_rewound="rewinding" in found,
        history=_histories(found, timeline),
        rewindable=checksums or known.get("wal_log_hints setting") == "on",
        free=space[0],
        disk=space[1],
        clock_skew=skew,
        settings={"wal_segment": known["Bytes per WAL segment"]} if "Bytes per WAL segment" in known else {},
    )


def _timeline(found: Parts, known: dict[str, str]) -> int:
    """Of a server that ended without a checkpoint the control data may still name the timeline before its last."""
    keys = ("Latest checkpoint's TimeLineID", "Min recovery ending loc's timeline")
    of_files = found.get("timeline", ("", []))[0]
    in_files = int(of_files, 16) if re.fullmatch(r"[0-9A-F]{8}", of_files) else 0
    return max(in_files, *(int(known.get(key, "0") or 0) for key in keys))


def _version(found: Parts) -> int:
    text = found.get("version", ("", []))[0]
    return int(text) if text.isdigit() else 0


_LIBPQ_ASKS = "Is the server running locally and accepting connections on that socket?"


def _no_data(name: str, found: Parts) -> str:
    return f"{found['nodata'][0]} is not a data directory on {name}"


def _reason(name: str, server: Server, found: Parts, words: str) -> str:
    if "programs" in found:
        return f"no PostgreSQL programs in {found['programs'][0]} on {name}"
    if server is Server.NO_BINARIES:
        return found.get("binaries", ("", []))[0]
    if server is Server.NO_DATA:
        if "missing" in found:
            return "the data directory does not exist"
        return _no_data(name, found) if "nodata" in found else " ".join(found.get("control", ("", []))[1])
    said = words.replace("psql: error: ", "").replace(_LIBPQ_ASKS, "")
    return " ".join(said.split())


def _fence(found: Parts) -> Fence | None:
    if "fenced" not in found:
        return None
    operation, _, rest = " ".join(found["fenced"][1]).partition(" ")
    successor, _, when = rest.partition(" ")
    return Fence(operation, successor, when)


def _histories(found: Parts, timeline: int) -> tuple[Fork, ...]:
    return history("\n".join(found.get(f"history {timeline:08X}.history", ("", []))[1]))
