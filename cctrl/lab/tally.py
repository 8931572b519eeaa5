"""What a writer's record says: outages, rows lost, two servers at a time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import combinations

NOTICED = 0.100  # seconds without an acknowledged row that count as a gap
_LISTED = 10  # lost rows that are named


@dataclass(frozen=True, slots=True)
class Row:
    """An acknowledged row. Times are monotonic seconds."""

    id: int
    client: int  # 0 is the application, whose gaps count; the others stay with one server each
    server: str  # address:port
    timeline: str
    sent: float
    at: float  # when it was acknowledged


@dataclass(frozen=True, slots=True)
class Record:
    """All that a writer kept."""

    begun: float
    rows: tuple[Row, ...] = ()
    ended: float | None = None  # None while it writes, or where it was killed


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which no row of the application was acknowledged."""

    since: float
    until: float
    over: bool = True  # false where it lasts

    @property
    def milliseconds(self) -> float:
        """How long it is."""
        return (self.until - self.since) * 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """What a record says, beside what the primary has."""

    rows: int
    servers: tuple[str, ...]  # that acknowledged any, in the order in which they began
    gaps: tuple[Gap, ...]  # those longer than NOTICED
    longest: Gap
    lost: tuple[int, ...]
    overlaps: tuple[tuple[str, str], ...]  # servers that took writes at the same time

    @property
    def clean(self) -> bool:
        """True where nothing is lost and never two servers took writes."""
        return not self.lost and not self.overlaps


def parse(text: str) -> Record:
    """The record in a file's text; a last line that is not finished is left out."""
    *lines, _unfinished = text.split("\n")
    begun, ended, rows = 0.0, None, []
    for word, *values in (line.split() for line in lines):
        if word == "row":
            number, client, server, timeline, sent, at = values
            rows.append(Row(int(number), int(client), server, timeline, float(sent), float(at)))
        elif word == "begin":
            begun = float(values[0])
        else:
            ended = float(values[0])
    return Record(begun, tuple(rows), ended)


def tally(record: Record, there: Collection[int], now: float) -> Tally:
    """What the record says at the time `now`; `there` are the rows that the primary has."""
    gaps = _gaps(record, now)
    return Tally(
        rows=len(record.rows),
        servers=tuple(dict.fromkeys(row.server for row in record.rows)),
        gaps=tuple(gap for gap in gaps if gap.until - gap.since > NOTICED),
        longest=max(gaps, key=lambda gap: gap.until - gap.since),
        lost=tuple(sorted(row.id for row in record.rows if row.id not in there)),
        overlaps=_overlaps(record.rows),
    )


def _gaps(record: Record, now: float) -> list[Gap]:
    times = [record.begun, *(row.at for row in record.rows if row.client == 0)]
    last = Gap(times[-1], now if record.ended is None else record.ended, over=False)
    return [*(Gap(a, b) for a, b in zip(times, times[1:], strict=False)), last]


def _overlaps(rows: Iterable[Row]) -> tuple[tuple[str, str], ...]:
    """The pairs of servers that both took writes in some stretch of time.

    A primary's term is a server with a timeline: one that comes back after a promotion elsewhere has another. A row
    was committed between its sending and its acknowledgement: terms overlap for certain where each began,
    by its first acknowledgement, before the last row of the other was sent."""
    terms: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        terms[row.server, row.timeline].append(row)
    spans = {term: (min(r.at for r in found), max(r.sent for r in found)) for term, found in terms.items()}
    found = [
        (one[0], other[0])
        for one, other in combinations(spans, 2)
        if one[0] != other[0] and spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]
    ]
    return tuple(dict.fromkeys(found))


def lines(found: Tally, primary: str, name: Callable[[str], str], clock: Callable[[float], str]) -> list[str]:
    """A tally in words. `name` gives a server's name, `clock` the time of day of a monotonic time."""
    servers = ", ".join(name(server) for server in found.servers) or "no server"
    told = [f"{found.rows} rows acknowledged, by {servers}", _longest(found.longest, clock)]
    told.append(f"gaps over {NOTICED * 1000:.0f} ms: {len(found.gaps)}")
    named = ", ".join(map(str, found.lost[:_LISTED])) + (", …" if len(found.lost) > _LISTED else "")
    told.append(f"acknowledged but missing on {primary}: {len(found.lost)}" + (f" ({named})" if found.lost else ""))
    pairs = "; ".join(f"{name(a)} and {name(b)}" for a, b in found.overlaps)
    told.append(f"two servers took writes at the same time: {pairs or 'never'}")
    return told


def _longest(gap: Gap, clock: Callable[[float], str]) -> str:
    end = f"to {clock(gap.until)}" if gap.over else "until now"
    return f"longest gap: {gap.milliseconds:.0f} ms, from {clock(gap.since)} {end}"
