"""gprecoverseg's options, and which of them do not go together (reference greenplum.md, 6). Pure."""

from __future__ import annotations

import argparse
import math
import re

from cctrl.segments.utilities.options import Parser, Wrong, common

SUMMARY = "Bring failed segments back, or all into their preferred roles."
REPLAY_LAG = 10.0  # GB that a mirror's replay may be behind at a rebalance
_RATE = re.compile(r"(\d+(?:\.\d+)?)([kM]?)\Z")
_RATES = (32, 1048576)  # kB a second


def parser() -> Parser:
    """The options."""
    made = common("gprecoverseg", SUMMARY)
    add = made.add_argument
    add("-F", dest="full", action="store_true", help="full recovery: copy everything")
    add("--differential", action="store_true", help="copy what differs; the rest comes from the old data directory")
    add("-r", dest="rebalance", action="store_true", help="bring all into their preferred roles")
    add("--replay-lag", type=float, metavar="GB", help="what a mirror may have to replay at a rebalance (10)")
    add("--disable-replay-lag", action="store_true", help="do not look at that")
    add("-i", dest="config", default="", metavar="FILE", help="recover what the file says")
    add("-o", dest="output", default="", metavar="FILE", help="write such a file for what is down, and end")
    add("-p", dest="hosts", default="", metavar="HOST,...", help="recover all that is down onto other hosts, in full")
    add("-B", dest="parallel", type=int, default=16, metavar="N", help="hosts worked on at once (16; 1 to 64)")
    add(
        "-b",
        dest="per_host",
        type=int,
        default=64,
        metavar="N",
        help="segments of a host worked on at once (64; 1 to 128)",
    )
    add("-s", dest="sequential", action="store_true", help="progress line by line")
    add("--no-progress", action="store_true", help="no progress")
    add("--hba-hostnames", action="store_true", help="accepted: pg_hba.conf is never changed")
    add("--max-rate", default="", metavar="RATE", help="kB a second at most for each full copy (suffix k or M)")
    return made


def check(given: argparse.Namespace) -> None:
    """Refuse what does not go together. Raises Wrong."""
    wrong = _together(given) or _ranges(given) or _rate(given.max_rate)
    if wrong:
        raise Wrong("", f"gprecoverseg: error: {wrong}")


def _together(given: argparse.Namespace) -> str:
    if given.full and given.differential:
        return "Only one of -F and --differential may be specified"
    if given.config and (given.hosts or given.rebalance):
        return "Only one of -i, -p and -r may be specified"
    if given.differential and (given.hosts or given.rebalance):
        return "Only one of -p, -r and --differential may be specified"
    if given.hosts and given.rebalance:
        return "Only one of -p and -r may be specified"
    if given.output:
        for flag, there in (("-i", given.config), ("-r", given.rebalance)):
            if there:
                return f"Invalid {flag} provided with -o argument"
        if given.differential:
            return "Invalid -o provided with --differential argument"
    if given.full and (given.rebalance or given.hosts):
        return f"-F option is not supported with {'-r' if given.rebalance else '-p'} option"
    if given.disable_replay_lag and not given.rebalance:
        return "--disable-replay-lag should be used only with -r"
    return ""


def _ranges(given: argparse.Namespace) -> str:
    if not 1 <= given.parallel <= 64:
        return f"Invalid parallelDegree value provided with -B argument: {given.parallel}"
    if not 1 <= given.per_host <= 128:
        return f"Invalid parallelPerHost value provided with -b argument: {given.per_host}"
    if given.replay_lag is not None and not math.isfinite(given.replay_lag):
        return f"Invalid replay lag (--replay-lag <REPLAY_LAG>) value: {given.replay_lag}"
    return ""


def _rate(text: str) -> str:
    if not text:
        return ""
    match = _RATE.match(text)
    if not match:
        unit = re.fullmatch(r"\d+(?:\.\d+)?([A-Za-z]+)", text)
        return f"Invalid --max-rate unit: {unit[1]}" if unit else f"transfer rate {text} is not a valid value"
    rate = float(match[1]) * (1024 if match[2] == "M" else 1)
    if rate <= 0:
        return "Transfer rate must be greater than zero"
    return "" if _RATES[0] <= rate <= _RATES[1] else f"transfer rate {text} is out of range"
