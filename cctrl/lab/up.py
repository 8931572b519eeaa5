"""`lab up`: make a lab, or leave nothing of it behind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from cctrl.lab import instances, making, managers, planning
from cctrl.lab.down import down
from cctrl.lab.layout import Lab, name_option
from cctrl.lab.planning import Options
from cctrl.outcome import CctrlError, Interrupted


def up(options: Options, say: Callable[[str], None] = lambda _: None) -> Lab:
    """Make a lab and return when all its standbys stream and its manager leads. `say` is told of the progress, a line
    at a time. Raises UsageError, ConfigError, Refused, Interrupted; what was made is taken away again then."""
    began = time.monotonic()
    planning.check(options)
    with planning.claimed(options) as (directory, made), planning.planned(options, directory, made) as found:
        plan, listeners = found
        say(f"lab {plan.name}: {len(plan.hosts)} hosts in {directory}, PostgreSQL from {plan.bin_dir}")
        for outside in plan.scratch:
            say(f"the servers run as {plan.run_as.name}; their files are in {outside}, where it can enter")
        try:
            making.make(plan, listeners, say)
            if options.manager:
                managers.begin(plan, say)
            if options.manager and plan.kind == "segments":
                making.wait_for_catalog(plan, say)
            if options.manager and plan.kind == "grid":
                instances.wait_for_database(plan, say)
        except BaseException as error:
            with contextlib.suppress(CctrlError):
                down(plan.lab)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(f"lab {plan.name} was not made") from None
            raise
    say(f"lab {plan.name} is up after {time.monotonic() - began:.1f} s")
    say(f"NEXT: cctrl --lab {plan.name}   (and in the end: cctrl lab down{name_option(plan.name)})")
    return plan.lab
