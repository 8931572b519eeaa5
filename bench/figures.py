"""Figures: what was measured, beside its limit, beside the aim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from tabulate import tabulate

Sample = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Both are medians of several samples; a limit of one value is a fixed bound."""

    name: str
    ours: tuple[float, ...]
    limit: tuple[float, ...]
    beside: str  # what the limit is
    aim: float | None = None  # the largest ratio aimed at; None: shown for itself
    unit: str = "ms"
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours to the limit: the median over the pairs, each of which was measured in one breath."""
        limits = self.limit * len(self.ours) if len(self.limit) == 1 else self.limit
        return median(a / b for a, b in zip(self.ours, limits, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        return None if self.aim is None else self.ratio <= self.aim

    def row(self) -> tuple[str, ...]:
        """As the table shows it."""
        aim = "" if self.aim is None else f"{self.aim:g}"
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        limit = f"{shown(median(self.limit), self.unit)} {self.beside}"
        ours = f"{shown(median(self.ours), self.unit)} ({_spread(self.ours, self.unit)})"
        return self.name, ours, limit, f"{self.ratio:.2f}", aim, verdict, self.note

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def shown(value: float, unit: str) -> str:
    """A value with its unit: milliseconds without a fraction from ten on."""
    if unit == "MB":
        return f"{value:.0f} MB"
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"


def _spread(values: Sequence[float], unit: str) -> str:
    low, high = min(values), max(values)
    if low == high:
        return f"n={len(values)}"
    return f"{shown(low, unit)} to {shown(high, unit)}, n={len(values)}"


def in_turn(number: int, *samples: Sample) -> tuple[tuple[float, ...], ...]:
    """`number` samples of each, in turn, so that a drift of the machine is shared. The first round is thrown away."""
    rounds = [[sample() for sample in samples] for _ in range(number + 1)]
    return tuple(zip(*rounds[1:], strict=True))


def table(figures: Iterable[Figure]) -> str:
    """The figures for people."""
    heads = ("figure", "cctrl (range)", "beside", "ratio", "aim", "", "note")
    return tabulate([f.row() for f in figures], heads, tablefmt="github", disable_numparse=True)
