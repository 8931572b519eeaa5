"""The options and sub-commands of `cctrl`, in the documented spelling (one dash) and with two dashes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cctrl import __version__
from cctrl.config import LONGEST_TIMEOUT, SHORTEST_TIMEOUT
from cctrl.outcome import UsageError, did_you_mean
from cctrl.registry import Mode

SUBCOMMANDS = {
    "demo": "three servers on this machine, a shell on them, and all of it gone at the end",
    "doctor": "check configuration, SSH, privileges, binaries and clocks",
    "lab": "hosts on this machine to learn, rehearse and test on",
    "manager": "the watching process: in the foreground, until SIGTERM",
    "record": "a shell whose session is kept as a transcript",
    "replay": "run transcripts and show differences",
    "trust": "accept a host's SSH key after showing its fingerprint",
}

SHELLS = ("demo", "record")  # the sub-commands that give a shell
OF_A_SHELL = ("sources", "expert", "logical", "physical", "admin", "multi", "no_history", "yes")
"""Options that mean nothing to the other sub-commands: their help leaves them out."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was given on the command line."""

    action: str = ""  # a sub-command, `complete`, or empty: the shell
    arguments: tuple[str, ...] = ()  # of the sub-command
    sources: tuple[tuple[str, str], ...] = ()  # ("command", text) and ("file", path) in the order given
    config: Path | None = None
    lab: str = ""
    service: str = ""
    expert: bool = False
    multi: bool = False
    mode: Mode = Mode.LOGICAL
    history: bool = True
    yes: bool = False
    verbose: bool = False
    json: bool = False
    timeout: float | None = None  # seconds
    update: bool = False  # replay --update
    jobs: int = 2  # replay --jobs
    complete: str = ""  # what to list for a shell's completion


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"cctrl: {message}", next=f"{self.prog} --help")


class _Source(argparse.Action):
    """-c and -f keep their order."""

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, value: Any, option_string: str | None = None
    ) -> None:
        namespace.sources = [*namespace.sources, (self.const, value)]


def _seconds(text: str) -> float:
    seconds = float(text)
    if not SHORTEST_TIMEOUT <= seconds <= LONGEST_TIMEOUT:
        raise ValueError
    return seconds


_seconds.__name__ = "number of seconds"


def parser(prog: str = "cctrl") -> argparse.ArgumentParser:
    """The options that every form of `cctrl` takes."""
    made = _Parser(
        prog=prog,
        description="See, fail over and recover replicated databases over SSH.",
        epilog="sub-commands:\n" + "\n".join(f"  {n:<9} {s}" for n, s in SUBCOMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("-c", dest="sources", action=_Source, const="command", default=[], metavar="COMMAND",
        help="run a command and leave; may be given again")  # fmt: skip
    add("-f", dest="sources", action=_Source, const="file", default=[], metavar="FILE",
        help="run the commands of a file and leave; - is standard input")  # fmt: skip
    add("-expert", "--expert", action="store_true", help="start in EXPERT mode")
    add("-logical", "--logical", action="store_true", help="start in LOGICAL mode (the default)")
    add("-physical", "--physical", action="store_true", help="start in PHYSICAL mode: the tree of what is on the hosts")
    add("-admin", "--admin", action="store_true", help="start in ADMIN mode: who is a member")
    add("-multi", "--multi", action="store_true", help="start at the root: several services")
    add("-no-history", "--no-history", action="store_true", help="neither read nor keep the history")
    add("-service", "--service", default="", metavar="NAME", help="the service to work on")
    add("-config", "--config", type=Path, metavar="FILE", help="the configuration")
    add("-lab", "--lab", default="", metavar="NAME", help="use the configuration of a lab")
    add("-format", "--format", choices=("text", "json"), default="text", help="the form of the output")
    add("-yes", "--yes", action="store_true", help="answer every question with yes")
    add("-v", "--verbose", dest="verbose", action="store_true", help="show each remote command as it runs")
    add("-timeout", "--timeout", type=_seconds, metavar="SECONDS", help="how long one host may take to answer")
    add("-version", "--version", action="version", version=f"cctrl {__version__}", help="show the version")
    add("--complete", default="", metavar="WHAT", help=argparse.SUPPRESS)
    return made


def parse(argv: Sequence[str]) -> Options:
    """The options in `argv`. Raises UsageError (SystemExit for --help and --version)."""
    front, action, tail = _divide(argv, parser())
    given = parser().parse_args(front)
    arguments: list[str] = list(tail)
    if action and action != "lab":
        sub = _subparser(action)
        sub.parse_args(tail, namespace=given)
        arguments = list(getattr(given, "arguments", []))
    if given.complete:
        action = "complete"
    return Options(
        action=action,
        arguments=tuple(arguments),
        sources=tuple(given.sources),
        config=given.config,
        lab=given.lab,
        service=given.service,
        expert=given.expert and not given.logical and _mode(given) is Mode.LOGICAL,
        multi=given.multi,
        mode=_mode(given),
        history=not given.no_history,
        yes=given.yes,
        verbose=given.verbose,
        json=given.format == "json",
        timeout=given.timeout,
        update=getattr(given, "update", False),
        jobs=getattr(given, "jobs", 2),
        complete=given.complete,
    )


def _mode(given: argparse.Namespace) -> Mode:
    if given.logical:
        return Mode.LOGICAL
    return Mode.ADMIN if given.admin else Mode.PHYSICAL if given.physical else Mode.LOGICAL


def _divide(argv: Sequence[str], known: argparse.ArgumentParser) -> tuple[list[str], str, list[str]]:
    """The options before the sub-command, the sub-command, and what comes after it."""
    takes_value = {o for a in known._actions if a.nargs is None for o in a.option_strings}
    index = 0
    while index < len(argv):
        word = argv[index]
        if word in takes_value:
            index += 2
        elif word == "--":
            return list(argv[:index]), "", list(argv[index + 1 :])
        elif word.startswith("-") and word != "-":
            _known(word, known)
            index += 1
        else:
            return list(argv[:index]), _subcommand(word), list(argv[index + 1 :])
    return list(argv), "", []


def _known(word: str, known: argparse.ArgumentParser) -> None:
    """An option that is none is said to be that, before its value is taken for a sub-command."""
    options = known._option_string_actions
    name = word.partition("=")[0]
    if name in options or (not word.startswith("--") and word[:2] in options):
        return
    near = did_you_mean(name, [o for o in options if o.startswith("--")])
    raise UsageError(f"cctrl: there is no option {name}", detail=near, next="cctrl --help")


def _subcommand(word: str) -> str:
    if word in SUBCOMMANDS:
        return word
    hint = did_you_mean(word, SUBCOMMANDS) or f"cctrl -c {word!r}   if that is a command of the shell"
    raise UsageError(f"cctrl: {word!r} is not a sub-command", detail=f"there are: {', '.join(SUBCOMMANDS)}", next=hint)


def _subparser(action: str) -> argparse.ArgumentParser:
    made = parser(f"cctrl {action}")
    made.epilog = None
    made.description = SUBCOMMANDS[action]
    for option in made._actions:
        if action not in SHELLS and option.dest in OF_A_SHELL:
            option.help = argparse.SUPPRESS
    if action == "replay":
        made.add_argument("arguments", nargs="+", metavar="FILE|DIR")
        made.add_argument("--update", action="store_true", help="rewrite the lines that differ")
        made.add_argument("--jobs", type=int, default=2, metavar="N", help="play so many at a time (2)")
    elif action == "record":
        made.add_argument("arguments", nargs=1, metavar="FILE")
    elif action == "trust":
        made.add_argument("arguments", nargs=1, metavar="HOST")
    return made
