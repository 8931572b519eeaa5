"""The table of the segments vocabulary's commands (reference greenplum.md, 5 to 8)."""

from __future__ import annotations

from cctrl.registry import Command

COMMANDS: tuple[Command, ...] = ()
"""Every command, in the order `help` lists them."""
