"""The table of the segments vocabulary's commands (reference greenplum.md, 5 to 8)."""

from __future__ import annotations

from collections.abc import Callable

from cctrl.outcome import Outcome
from cctrl.registry import Command, Danger, Invocation, Talk
from cctrl.segments import cleanup, listing
from cctrl.segments.recover import explaining, gprecoverseg, recover_options
from cctrl.segments.service import Cluster
from cctrl.segments.state import gpstate
from cctrl.segments.utilities.options import remarks


def _speaking(run: Callable[[Cluster, Invocation, Talk], Outcome]) -> Callable[[Cluster, Invocation, Talk], Outcome]:
    """A command whose errors name segments as the catalog does."""

    def command(cluster: Cluster, invocation: Invocation, talk: Talk) -> Outcome:
        with cluster.speaking():
            return run(cluster, invocation, talk)

    return command


COMMANDS: tuple[Command, ...] = (
    Command(
        "ls",
        "show the pairs: who acts as what, who is not in the preferred role, what to type next",
        _speaking(listing.ls),
        help="Looks at every host side by side. What the catalog says stands beside what is seen now.\n"
        "`help status`, `help mode`, `help role`, `help double fault`: what the words mean.",
    ),
    Command(
        "gpstate [OPTIONS...]",
        "show how the cluster is: -e what needs attention, -s everything, -m -c -b -Q -p -i -f -x",
        gpstate.gpstate,
        options=lambda: remarks(gpstate.parser()),
        help="`gpstate --help` lists the options. What the catalog says and what is seen now may differ: roles and\n"
        "Down are the catalog's, Unsynchronized and Process error are seen. Of a pair (status and mode of primary\n"
        "and mirror) only u/s and u/s, u/n and u/n, u/n and d/n are valid. Exit status 1: something is to report.",
    ),
    Command(
        "gprecoverseg [OPTIONS...]",
        "bring failed segments back; -F by a full copy; -r: all into their preferred roles",
        gprecoverseg.gprecoverseg,
        options=lambda: remarks(recover_options.parser()),
        help="`gprecoverseg --help` lists the options. It asks before it begins, unless -a or --yes is given. A\n"
        "segment is started, rewound, or with -F copied; side by side; one that fails stops no other. -p HOST, and\n"
        "-i FILE with a new place, copy onto another host, which is a member's or stands among the spares.\n"
        "What only a failed segment has is kept aside first. When it has ended FTS looks, and marks them up.\n"
        "Ctrl-C asks; it ends copies, and lets rewinds come to their end.\n"
        "Exit status 1: a segment was not recovered; 2: refused; 4: the answer was no.",
        danger=Danger.CHANGE,
        explain=_speaking(explaining.explain),
    ),
    Command(
        "recover",
        "bring every failed segment back (gprecoverseg -a)",
        listing.recover_all,
        help="The same as gprecoverseg -a.",
        danger=Danger.CHANGE,
        explain=_speaking(explaining.explain),
    ),
    Command(
        "datasource SEGMENT recover",
        "bring one failed segment back; SEGMENT is host:port",
        _speaking(listing.recover_one),
        help="The same as gprecoverseg -a -i FILE with a file that names this segment only.",
        danger=Danger.CHANGE,
        explain=_speaking(explaining.explain),
    ),
    Command(
        "datasource SEGMENT cleanup",
        "remove what was moved or kept aside beside a segment (expert level)",
        _speaking(cleanup.cleanup),
        help="What gprecoverseg -F moved aside, and logs that only this segment had; once its pair is in sync also\n"
        "the directories of places that it has left for others (gprecoverseg -p, -i): listed with their sizes and\n"
        "dates, and removed for good when that is confirmed. `cctrl doctor` says where something is kept. Refused\n"
        "where it may still be needed: beside a mirror that is down while its primary takes no writes.",
        danger=Danger.EXPERT,
    ),
)
"""Every command, in the order `help` lists them."""
