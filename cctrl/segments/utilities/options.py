"""The options of gpstate and gprecoverseg, as their documented programs take them (reference greenplum.md, 5.1, 6)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from cctrl import __version__


class Wrong(Exception):
    """The options are not right: `text` is what is printed on stdout, `error` on stderr."""

    def __init__(self, text: str, error: str = "", status: int = 2) -> None:
        super().__init__(error)
        self.text = text
        self.error = error
        self.status = status


class Parser(argparse.ArgumentParser):
    """Never prints or exits by itself."""

    def error(self, message: str) -> NoReturn:
        """Raise Wrong with the usage, as the documented parser does."""
        raise Wrong(self.format_usage().rstrip("\n"), f"{self.prog}: error: {message}")

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Read the options. Raises Wrong, also for --help and --version."""
        given, others = self.parse_known_args(argv)
        if given.help:
            raise Wrong(self.format_help().rstrip("\n"), status=0)
        if given.version:
            raise Wrong(f"{self.prog} (cctrl) {__version__}", status=0)
        unknown = [word for word in others if word.startswith("-")]
        if unknown:
            self.error(f"no such option: {unknown[0]}")
        if others:
            raise Wrong(
                self.format_help().rstrip("\n"),
                f"{self.prog}: error: too many arguments: only options may be specified",
            )
        return given


def remarks(parser: Parser) -> dict[str, str]:
    """Each option with what it means, for completion."""
    return {o: action.help or "" for action in parser._actions for o in action.option_strings if o != "-?"}


def common(program: str, summary: str) -> Parser:
    """A parser with the options that both programs have."""
    parser = Parser(prog=program, description=summary, add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("-h", "-?", "--help", action="store_true", help="show this and end")
    add("--version", action="store_true", help="show the version and end")
    add("-v", "--verbose", action="store_true", help="debug lines too")
    add("-q", "--quiet", action="store_true", help="no lines below WARNING on the screen")
    add("-l", dest="logdir", default="", metavar="DIR", help="where the log file is (~/gpAdminLogs)")
    add(
        *("-d", "--coordinator_data_directory"),
        dest="coordinator",
        default="",
        metavar="DIR",
        help="data directory of the coordinator, where it is not to be another one's",
    )
    add("-a", dest="no_prompt", action="store_true", help="ask nothing")
    return parser
