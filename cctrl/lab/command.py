"""`cctrl lab …`: the words of the command line."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import NoReturn

from cctrl.lab import Options, act, control, down, dsn, find, managers, up
from cctrl.lab.cuts import MANAGERS
from cctrl.lab.faults import VERBS
from cctrl.lab.layout import names, read_plan
from cctrl.lab.traffic import WHAT
from cctrl.outcome import CctrlError, Outcome, UsageError, did_you_mean

_SUMMARIES = {
    "up": "make hosts with replicated servers on this machine",
    "down": "end a lab and remove it",
    "list": "the labs there are",
    "env": "print `export CCTRL_CONFIG=…` for eval",
    "dsn": "print a libpq URI of a server, as superuser",
    **{verb: meaning for verb, (meaning, _, _) in VERBS.items()},
    "traffic": "a writer that keeps every acknowledged row and reports outages and losses",
}
_PLACES = ("a host, host:port or host.instance", f"a host, host:port, host.instance, {', '.join(MANAGERS)}")


def main(argv: Sequence[str]) -> int:
    """Run `cctrl lab ARGV…`; the exit status."""
    try:
        return int(_run(_parse(argv)))
    except CctrlError as error:
        _say("\n".join(error.lines()))
        return int(error.outcome)
    except KeyboardInterrupt:
        return int(Outcome.INTERRUPTED)


class _Parser(argparse.ArgumentParser):
    """Complains as cctrl does."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", next=f"{self.prog} --help")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    words = [word for word in argv if not word.startswith("-")]
    if words and argv[0] == words[0] and words[0] not in _SUMMARIES:
        near = did_you_mean(words[0], _SUMMARIES)
        raise UsageError(f"cctrl lab: unknown verb {words[0]!r}", detail=near, next="cctrl lab --help")
    parser = _Parser(
        prog="cctrl lab", description="Hosts on this machine to learn, rehearse and test on.", allow_abbrev=False
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in _SUMMARIES.items():
        one = verbs.add_parser(verb, help=summary, description=summary, allow_abbrev=False)
        default = "" if verb == "list" else "lab"
        one.add_argument("--name", default=default, help=f"the lab's name ({default or 'all'})")
        if verb == "up":
            _up_arguments(one)
        elif verb == "traffic":
            one.description = "\n".join(f"{what:<6}  {meaning}" for what, meaning in WHAT.items())
            one.formatter_class = argparse.RawDescriptionHelpFormatter
            one.add_argument("what", choices=WHAT, help="see above")
        elif verb == "dsn" or verb in VERBS:
            one.add_argument("host", metavar="HOST", help=_PLACES[verb in VERBS])
            if verb == "cut":
                _cut_arguments(one)
    return parser.parse_args(argv)


def _cut_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        f"HOST and OTHER may also be {' or '.join(MANAGERS)}; heal HOST undoes all cuts that HOST has part in."
    )
    less = parser.add_mutually_exclusive_group()
    less.add_argument("--from", dest="other", default="", metavar="OTHER", help="only the two do not reach each other")
    less.add_argument("--in", dest="way", action="store_const", const="--in", help="only: nothing reaches it")
    less.add_argument("--out", dest="way", action="store_const", const="--out", help="only: nothing it sends arrives")


def _up_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", default="dataservice", help="dataservice, segments or grid")
    parser.add_argument("--hosts", type=int, metavar="N", help="how many hosts (3; of segments 4, of a grid 8)")
    parser.add_argument("--dir", default="", metavar="DIR", help="where to make it (the state directory)")
    parser.add_argument("--postgresql", default="", metavar="BINDIR", help="PostgreSQL's programs (the wheel's)")
    parser.add_argument("--sshd", action="store_true", help="OpenSSH's server instead of the built-in one")
    parser.add_argument("--netns", action="store_true", help="hosts as network namespaces (root)")
    parser.add_argument("--disk", default="", metavar="SIZE", help="a file system of that size for each host (root)")
    parser.add_argument("--synchronous", action="store_true", help="a commit waits for a quorum of the members")
    parser.add_argument("--spares", type=int, default=0, metavar="N", help="of segments: hosts without one (0)")
    for option, usual, meaning in (
        ("--failure-timeout", 4.0, "without an answer, then a host is gone"),
        ("--failover-block", 60.0, "from one automatic failover to the next at least"),
    ):
        told = f"{meaning} ({usual:g})"
        parser.add_argument(option, type=float, default=usual, metavar="SECONDS", help=told)
    parser.add_argument("--no-manager", dest="manager", action="store_false", help="without a manager")


def _run(given: argparse.Namespace) -> Outcome:
    if given.verb == "up":
        up(_options(given), _say)
    elif given.verb == "list":
        _list([find(given.name).name] if given.name else names())
    elif given.verb == "down":
        down(find(given.name))
        _say(f"lab {given.name} is down")
    elif given.verb == "env":
        _print(f"export CCTRL_CONFIG={shlex.quote(str(find(given.name).config_path))}")
    elif given.verb == "dsn":
        _print(dsn(find(given.name), given.host))
    else:
        return _act(given)
    return Outcome.DONE


def _act(given: argparse.Namespace) -> Outcome:
    words = [given.verb, given.what if given.verb == "traffic" else given.host]
    if given.verb == "cut":
        words += ["--from", given.other] if given.other else [given.way] if given.way else []
    done = act(find(given.name), words)
    for line in done.lines:
        (_print if words == ["traffic", "report"] else _say)(line)  # a report is data
    return Outcome.DONE if done.good else Outcome.INTERNAL


def _options(given: argparse.Namespace) -> Options:
    return Options(
        kind=given.kind,
        name=given.name,
        hosts=given.hosts,
        directory=given.dir,
        postgresql=given.postgresql,
        sshd=given.sshd,
        netns=given.netns,
        manager=given.manager,
        disk=given.disk,
        synchronous=given.synchronous,
        spares=given.spares,
        failure_timeout=given.failure_timeout,
        failover_block=given.failover_block,
    )


def _list(chosen: list[str]) -> None:
    """One line a lab: name, kind, up or dead, hosts, managers that run, directory."""
    from tabulate import tabulate

    if chosen:
        _print(tabulate([_row(name) for name in chosen], tablefmt="plain", disable_numparse=True))
    else:
        _say("no labs; make one with: cctrl lab up")


def _row(name: str) -> tuple[str, ...]:
    lab = find(name)
    try:
        plan = read_plan(lab)
    except CctrlError:
        return name, "?", "dead", "-", "-", str(lab.dir)
    up = control.is_up(plan)
    watching = ",".join(managers.running(plan)) if up else ""
    return name, plan.kind, "up" if up else "dead", ",".join(plan.host_names), watching or "-", str(lab.dir)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
