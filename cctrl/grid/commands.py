"""The table of the grid's commands: `ttGridAdmin`, each of its commands by itself, and the shell's own verbs."""

from __future__ import annotations

from cctrl.grid.verbs import cleanup, listing, syntax
from cctrl.grid.verbs.utility import CHANGING, utility
from cctrl.registry import Command, Danger


def _command(verb: syntax.Verb) -> Command:
    return Command(
        f"{verb.name} [OPTIONS...]",
        verb.summary,
        utility,
        help="\n".join((f"usage: {verb.usage}", *verb.notes)),
        danger=Danger.CHANGE if verb.name in CHANGING else Danger.LOOK,
        explain=listing.explain,
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "ls",
        "show the databases: replica sets, elements, who takes writes, what to type next",
        listing.ls,
        help="What the active management instance last found. `help STATUS` explains a status: help waiting for seed.",
    ),
    Command(
        "ttGridAdmin [OPTIONS...]",
        "the documented utility; each of its commands can be typed without this word, too",
        utility,
        help="`ttGridAdmin -help` lists its commands, `ttGridAdmin -h COMMAND` their options. Exit status 254: the\n"
        "words are wrong; 255: refused.",
        danger=Danger.CHANGE,
        explain=listing.explain,
    ),
    *(_command(verb) for verb in syntax.VERBS),
    Command(
        "recover",
        "do for every element that needs something what its status advises",
        listing.recover_all,
        help="Starts daemons that are down, and tries again what failed. What gives something up it names, and leaves\n"
        "to you. What a failed element alone had was kept aside: see datasource INSTANCE cleanup.",
        danger=Danger.CHANGE,
        explain=listing.explain_recover,
    ),
    Command(
        "datasource INSTANCE recover",
        "the same for the element of one data instance",
        listing.recover_one,
        help="INSTANCE is host.instance, as host4.instance1.",
        danger=Danger.CHANGE,
        explain=listing.explain_recover,
    ),
    Command(
        "datasource INSTANCE cleanup",
        "remove what was moved or kept aside on a data instance (expert level)",
        cleanup.cleanup,
        help="Old data directories, and logs that only its element had: listed with their sizes and dates, and\n"
        "removed for good when that is confirmed. Refused while the element is not loaded: it may be needed then.\n"
        "What elements left that were destroyed, their databases too, is listed with its place.",
        danger=Danger.EXPERT,
    ),
)
"""Every command, in the order `help` lists them."""
