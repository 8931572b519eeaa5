"""How a script gets to a server's host, and what is made of its end: shared by all that the engine does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from cctrl.config import Server
from cctrl.replication.engine import StepFailed
from cctrl.replication.facts import Server as ServerState
from cctrl.replication.postgresql.scripts import script
from cctrl.ssh import CommandResult, Ended

TIMED_OUT_THERE = (124, 137)  # exit statuses of timeout(1)
STILL = re.compile(r"at (\S+) for ([\d.]+) s, wanted (\S+)")  # what queries.WAIT raises
FULL = re.compile("No space left|printf: I/O error|write error|quota exceeded")


def command(name: str, server: Server, words: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs the script of that name for a server."""
    return ("sh", "-c", script(name), f"cctrl-{name}", *arguments(server), *words)


def arguments(server: Server) -> tuple[str, ...]:
    """What every script is told of a server, in the order in which its prelude reads it."""
    log = str(beside(server, "log"))
    data = str(PurePosixPath(server.data_dir))
    port, user = str(server.port), server.user
    return (server.bin_dir, data, server.config_file, server.socket_dir, port, user, server.database, log)


def beside(server: Server, what: str) -> PurePosixPath:
    """A place of our own beside a data directory."""
    data = PurePosixPath(server.data_dir)
    return data.parent / f".cctrl-{data.name}.{what}"


def last_line(text: str) -> str:
    """The last line that says anything."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def check(result: CommandResult, what: str, said: str = "") -> None:
    """Raise StepFailed unless the command ended well."""
    if result.ok:
        return
    uncertain = result.ended in (Ended.TIMED_OUT, Ended.UNREACHABLE)
    lines = (said or result.stderr).strip().splitlines()[-6:]
    ended = f"{result.host}: {result.ended.value}" + (f" {result.status}" if result.status is not None else "")
    reason = f", {result.reason}" if result.reason else ""
    detail = "\n".join([*lines, f"{ended}{reason} after {result.duration:.1f} s"])
    if any(FULL.search(line) for line in lines):
        what = f"{what}: no space is left on {result.host}"
    raise StepFailed(what, detail=detail, next=result.next, uncertain=uncertain)


def given_up(error: StepFailed, member: str, ask: Callable[[], str]) -> StepFailed | None:
    """The error of a wait that queries.WAIT gave up, in words; `ask` finds out why nothing moves. None for another."""
    found = STILL.search(error.detail)
    if found is None:
        return None
    what = f"{member} does not come as far as {found[3]}"
    return StepFailed(what, detail=f"it has been at {found[1]} for {found[2]} s\n{ask()}".strip())


def not_looked_at(result: CommandResult) -> ServerState:
    """What is known of a server whose host ran no look to its end: one that took the command is there."""
    if result.ended is Ended.TIMED_OUT or result.status in TIMED_OUT_THERE:
        return ServerState.FROZEN  # something on it hangs
    return ServerState.MISCONFIGURED if result.ended is Ended.EXITED else ServerState.UNSEEN
