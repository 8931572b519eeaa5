"""The lines of a differential recovery, as rsync's are documented (reference greenplum.md, 7, step 13). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cctrl.replication.copying import Share
from cctrl.replication.steps import Action, Plan

NOTHING_THERE = "there is no data directory to compare with"
_PROGRESS = re.compile(r"(\d+)/(\d+) kB \((\d+)%\)")
_UNITS = ((1 << 30, "GB/s"), (1 << 20, "MB/s"), (1 << 10, "kB/s"))


def reuses(plan: Plan) -> bool:
    """Whether a copy takes anything from the old data directory."""
    return plan.steps[0].action is Action.REUSE


@dataclass(slots=True)
class Narrator:
    """Tells one copy's progress; what it says of itself otherwise stays as it is."""

    began: float = -1.0  # seconds, when it first told how far it was
    first: int = 0  # bytes by then
    share: Share | None = None  # how much came from the source, once that is known

    def line(self, said: str, now: float) -> str:
        """`1,036,923,510  99%   39.90MB/s    0:00:24`: bytes, part of all, rate, time left; at the end the sum."""
        self.share = Share.read(said) or self.share
        match = _PROGRESS.match(said)
        if not match:
            return said if self.share is None else self.sum
        done, total = int(match[1]) << 10, int(match[2]) << 10
        if self.began < 0:
            self.began, self.first = now, done
        rate = (done - self.first) / (now - self.began) if now > self.began else 0.0
        left = int((total - done) / rate) if rate else 0
        unit, name = next((one for one in _UNITS if rate >= one[0]), _UNITS[-1])
        return f"{done:,} {match[3]:>3}% {rate / unit:7.2f}{name} {left // 3600:4}:{left // 60 % 60:02}:{left % 60:02}"

    @property
    def sum(self) -> str:
        """The last line; "" where it is not known, of a copy that somebody else has made."""
        share = self.share
        return f"total size is {share.total:,}  speedup is {share.total / max(1, share.taken):.2f}" if share else ""

    def remark(self, source: str) -> str:
        """What that does not say; "" where it is not known."""
        share = self.share
        if share is None:
            return ""
        part = f"{share.taken:,} of {share.total:,} bytes came from {source}, and {share.log:,} bytes of its log"
        return f"{part}; the rest was in the old data directory"
