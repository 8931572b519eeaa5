"""`instanceExec` and `hostExec`: a command on instances or hosts, and how its ends are shown (timesten.md, 2.5)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cctrl.config import text_of
from cctrl.grid.model import GridError, Status, UnknownName
from cctrl.grid.service import Ran
from cctrl.grid.verbs import documents
from cctrl.grid.verbs.running import Run
from cctrl.outcome import in_words

PARALLEL = 10
MOST = 100


def instance_exec(run: Run) -> None:
    """`instanceExec`."""
    names = [i.name for i in run.grid.instances] if run.call.value("type", "all") != "management" else []
    only, out = ([run.instance(v).name for v in run.call.values(o)] for o in ("only", "exclude"))
    names = [n for n in names if (not only or n in only) and n not in out]
    if run.call.has("up"):
        down = {e.instance for d in run.grid.databases() for e in d.elements if e.status is Status.DOWN}
        names = [n for n in names if n not in down]
    _execute(run, names)


def host_exec(run: Run) -> None:
    """`hostExec`."""
    known = list(dict.fromkeys(i.host for i in run.grid.instances))
    for option in ("only", "exclude"):
        for name in run.call.values(option):
            if name not in known:
                raise UnknownName(f"Host {name} does not exist", detail=f"hosts: {', '.join(known)}",
                                next="ttGridAdmin hostList")  # fmt: skip
    only, out = run.call.values("only"), run.call.values("exclude")
    _execute(run, [n for n in known if (not only or n in only) and n not in out])


def _execute(run: Run, targets: Sequence[str]) -> None:
    if not targets:
        raise GridError("No target is left", next=f"ttGridAdmin -h {run.call.verb.name}")
    script = _script(run.call.value("script")) if run.call.has("script") else ""
    ran = run.grid.execute(targets, run.call.command, parallel=_parallel(run), script=script, limit=run.call.timeout)
    run.page(shown(ran))
    ends = [{"name": r.target, "rc": r.status, "output": r.output} for r in ran]
    failed = [r for r in ran if r.status]
    if failed:
        raise GridError(
            f"The command failed on {len(failed)} of {len(ran)} targets",
            detail=", ".join(f"{r.target} rc {r.status}" for r in failed),
            more={"rc": worst(ran), "targets": ends},
        )
    run.document(documents.done(rc=0, targets=ends))


def _parallel(run: Run) -> int:
    text = run.call.value("parallel", str(PARALLEL))
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise GridError(f"-parallel is {text}", detail=f"a number from 1 to {MOST}")
    return int(text)


def _script(path: str) -> str:
    try:
        return text_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise GridError(f"Script {path} cannot be read: {in_words(error)}", next=f"ls -l {shlex.quote(path)}") from None


def worst(ran: Sequence[Ran]) -> int:
    """The overall return code: 0 where all are (how it is made where some fail is not documented: the highest)."""
    return max((r.status for r in ran), default=0)


def shown(ran: Sequence[Ran]) -> list[str]:
    """The documented layout."""
    lines = [f"Overall return code: {worst(ran)}", "Commands executed on:"]
    lines += [f"  {r.target} rc {r.status}" for r in ran]
    for one in ran:
        lines += [f"Return code from {one.target}: {one.status}", f"Output from {one.target}:"]
        lines += one.output.rstrip("\n").split("\n") if one.output.strip("\n") else []
    return lines
