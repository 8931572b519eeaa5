"""`bench/run [--json FILE] [--samples N] [--postgresql BINDIR] [NAME…]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import automatic, gpstate, grid, hundred, move, prompt, provision, recover, segments, up, warm, watching
from bench.figures import Figure, table
from bench.place import Place

ITEMS: dict[str, Callable[[Place, int], Iterator[Figure]]] = {
    "prompt": prompt.measure,
    "ls": warm.measure_ls,
    "command": warm.measure_command,
    "hundred": hundred.measure,
    "switch": move.measure_switch,
    "failover": move.measure_failover,
    "automatic": automatic.measure,
    "recover": recover.measure,
    "provision": provision.measure,
    "manager": watching.measure,
    "segments": segments.measure,
    "pairs": segments.measure_pairs,
    "gpstate": gpstate.measure,
    "grid": grid.measure,
    "up": up.measure,
}


def main() -> int:
    """Measure what is asked for; 0 where every aim is met, 1 where one is missed or something failed."""
    given = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a time limit's: the labs are taken down first
    place = Place(given.postgresql)
    figures: list[Figure] = []
    failed: list[str] = []
    try:
        print(_machine(place), flush=True)
        for name in given.names or ITEMS:
            _measure(name, place, given.samples, figures, failed)
    finally:
        place.close()
    print("\n" + table(figures))
    for problem in failed:
        print(f"not measured: {problem}")
    if given.json:
        document = {"machine": _machine(place), "figures": [f.document() for f in figures], "failed": failed}
        Path(given.json).write_text(json.dumps(document, indent=1) + "\n")
    return int(bool(failed) or any(f.met is False for f in figures))


def _measure(name: str, place: Place, samples: int, figures: list[Figure], failed: list[str]) -> None:
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        for figure in ITEMS[name](place, samples):
            figures.append(figure)
            print("  " + "  ".join(filter(None, figure.row())), file=sys.stderr, flush=True)
    except Exception as error:  # the other figures are worth having
        traceback.print_exc()
        failed.append(f"{name}: {error}".splitlines()[0])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description="What cctrl costs, beside its limits.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(ITEMS)}")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--samples", type=int, default=5, metavar="N", help="at least (5)")
    parser.add_argument("--postgresql", default=_newest(), metavar="BINDIR", help="PostgreSQL's programs")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in ITEMS]
    if unknown:
        parser.error(f"no figure {unknown[0]!r}; there are: {', '.join(ITEMS)}")
    return given


def _newest() -> str:
    """Debian's PostgreSQL where there is one; the wheel's otherwise."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    return str(found[-1].parent) if found else ""


def _machine(place: Place) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    server = subprocess.run([place.bin_dir / "postgres", "-V"], capture_output=True, text=True, check=True)
    programs = f"Python {platform.python_version()}; {server.stdout.strip()}"
    return f"{os.cpu_count()} cores, load {load}; {programs}; labs: {' '.join(place.likeness)}"


if __name__ == "__main__":
    sys.exit(main())
