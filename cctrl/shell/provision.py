"""`tungsten_provision_slave` and `tprovision` as programs (tungsten.md 6.14): their options, as cctrl takes them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from cctrl.config import NAME
from cctrl.outcome import UsageError

_RATE = re.compile(r"[0-9A-Za-z]{1,12}\Z")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", next=f"{self.prog} --help")


def translated(argv: Sequence[str], prog: str, here: str) -> list[str]:
    """The command line of cctrl that does the same. `here` is this host's name: the member where none is named, as the
    documented program works on its own host. Raises UsageError (SystemExit for --help)."""
    given = _parser(prog).parse_args(argv)
    host = given.host or here.split(".")[0]
    for word in (host, given.source or host):
        if not NAME.match(word):
            raise UsageError(f"{prog}: {word!r} is not a name of a member", next=f"{prog} --help")
    if given.max_rate and not _RATE.match(given.max_rate):
        raise UsageError(f"{prog}: {given.max_rate!r} is no rate", next=f"{prog} --max-rate=50M {host}")
    words = ["tprovision", host]
    words += ["--source", given.source] if given.source else []
    words += ["--max-rate", given.max_rate] if given.max_rate else []
    words += ["--force"] if given.force else []
    return [*_options(given), "-c", " ".join(words)]


def _options(given: argparse.Namespace) -> list[str]:
    """What is cctrl's own of the options."""
    named = ("service", "config", "lab", "timeout", "format")
    values = [f"--{name}={getattr(given, name)}" for name in named if getattr(given, name)]
    return values + [f"--{name}" for name in ("yes", "verbose") if getattr(given, name)]


def _parser(prog: str) -> argparse.ArgumentParser:
    made = _Parser(
        prog=prog,
        description="Make a slave of a datasource by a full copy of another, from host to host.",
        epilog=f"The same as `{prog} HOST …` in the shell of cctrl; `help {prog}` there says when it is refused.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("host", nargs="?", default="", metavar="HOST", help="the datasource (this host)")
    add("-s", "--source", default="", metavar="HOST", help="whom to copy (the slave closest to the master, else that)")
    add("-f", "--force", action="store_true", help="where it is refused for what the copy would replace")
    add("--max-rate", default="", metavar="RATE", help="bytes a second at most, from 32k to 1024M")
    add("--service", default="", metavar="NAME", help="the service (the only one)")
    add("--config", default="", metavar="FILE", help="cctrl's configuration")
    add("--lab", default="", metavar="NAME", help="use the configuration of a lab")
    add("--timeout", default="", metavar="SECONDS", help="how long one host may take to answer")
    add("--format", default="", choices=("text", "json"), help="the form of the output")
    add("--yes", action="store_true", help="answer every question with yes")
    add("-v", "--verbose", action="store_true", help="show each remote command as it runs")
    return made
