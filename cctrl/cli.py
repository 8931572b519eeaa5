"""The command line: options, sub-commands, and who does what with them.

Kept cheap to import: everything heavy is imported where it is first needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cctrl.outcome import CctrlError, Outcome, UsageError

if TYPE_CHECKING:
    from cctrl.config import Config
    from cctrl.registry import Command
    from cctrl.shell.console import Terminal
    from cctrl.shell.options import Options


def main(argv: Sequence[str] | None = None) -> int:
    """Run cctrl; returns the exit status (see `outcome.Outcome`)."""
    from cctrl.shell.options import parse

    as_json = False
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        as_json = options.json
        return _ACTIONS[options.action](options)
    except CctrlError as error:
        return _fail(error, as_json)
    except KeyboardInterrupt:
        return int(Outcome.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Outcome.DONE)
    except Exception as defect:
        from cctrl.config import default_state_dir
        from cctrl.shell.crash import report

        return _fail(report(defect, "cctrl", default_state_dir()), as_json)


def _fail(error: CctrlError, as_json: bool) -> int:
    from cctrl.shell.talk import JsonTalk, Manner, TextTalk

    talk = (JsonTalk if as_json else TextTalk)(_terminal(), Manner(json=as_json))
    talk.finish("", error.outcome, error)
    return int(error.outcome)


def _terminal() -> Terminal:
    from cctrl.shell.console import Terminal

    return Terminal()


# ---------------------------------------------------------------- configuration


def configuration(options: Options) -> Config:
    """The configuration that the options name. Raises ConfigError."""
    from cctrl.config import default_path, load

    path = options.config
    if options.lab:
        from cctrl import lab

        path = Path(lab.find(options.lab).config_path)
    config = load(path or default_path())
    return replace(config, timeout=options.timeout) if options.timeout else config


def lab_commands(config: Config) -> tuple[Command, ...]:
    """`lab VERB HOST` inside a session, where the configuration is a lab's."""
    if config.lab is None:
        return ()
    from cctrl.shell.stage import commands

    return commands(config.lab.name, _lab_main)


def _lab_main(argv: Sequence[str]) -> int:
    from cctrl.lab.command import main as lab_main

    return int(lab_main(list(argv)))


# ---------------------------------------------------------------- actions


def _shell(options: Options) -> int:
    from cctrl.shell.start import run

    config = configuration(options)
    return int(run(config, options, extra=lab_commands(config)))


def _lab(options: Options) -> int:
    return _lab_main(options.arguments)


def _demo(options: Options) -> int:
    from cctrl.shell.demo import demo

    def shell(name: str) -> int:
        return _shell(replace(options, lab=name, expert=True, greet=False))

    return demo(_lab_main, shell)


def _replay(options: Options) -> int:
    from cctrl.shell.transcripts import replay

    return replay(options, _lab_main)


def _record(options: Options) -> int:
    from cctrl.shell.transcripts import record

    config = configuration(options)
    return record(config, options, extra=lab_commands(config))


def _doctor(options: Options) -> int:
    from cctrl import doctor

    return int(doctor.main(configuration(options), options))


def _trust(options: Options) -> int:
    from cctrl.shell.talk import JsonTalk, Manner, TextTalk
    from cctrl.trust import trust

    host = options.arguments[0]
    talk = (JsonTalk if options.json else TextTalk)(_terminal(), Manner(yes=options.yes), f"trust {host}")
    outcome = trust(configuration(options), options.service, host, talk)
    talk.finish(options.service, outcome, None)
    return int(outcome)


def _manager(options: Options) -> int:
    raise UsageError(
        "cctrl manager comes with a later version; no process watches the service yet",
        next="cctrl   (recover, switch and failover are given by hand)",
    )


def _complete(options: Options) -> int:
    from cctrl.shell.complete import complete

    def load() -> Config | None:
        try:
            return configuration(options)
        except CctrlError:
            return None  # completion goes on with what needs no configuration

    for line in complete(options, load):
        sys.stdout.write(line + "\n")
    return 0


_ACTIONS: dict[str, Callable[[Options], int]] = {
    "": _shell,
    "lab": _lab,
    "demo": _demo,
    "replay": _replay,
    "record": _record,
    "doctor": _doctor,
    "trust": _trust,
    "manager": _manager,
    "complete": _complete,
}
