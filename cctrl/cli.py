"""The command line: options, sub-commands, and who does what with them.

Kept cheap to import: everything heavy is imported where it is first needed.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cctrl.outcome import CctrlError, Outcome, Refused

if TYPE_CHECKING:
    from cctrl.config import Config
    from cctrl.lab import Lab
    from cctrl.registry import Command
    from cctrl.shell.console import Terminal
    from cctrl.shell.options import Options
    from cctrl.shell.session import Session
    from cctrl.transcript.contract import Opening, Screen, StageFactory
    from cctrl.transcript.model import Head


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
    except Exception as defect:  # shown as one line with a report behind it, never as a traceback
        from cctrl.config import default_state_dir
        from cctrl.shell.crash import report

        return _fail(report(defect, "cctrl", default_state_dir()), as_json)


def provision(argv: Sequence[str] | None = None) -> int:
    """Run `tprovision` or `tungsten_provision_slave`, whichever this program is called; returns the exit status."""
    import platform

    from cctrl.shell.provision import translated

    name = Path(sys.argv[0]).name
    try:
        words = translated(sys.argv[1:] if argv is None else argv, name, platform.node())
    except CctrlError as error:
        return _fail(error, as_json=False)
    return main(words)


def utility(argv: Sequence[str] | None = None) -> int:
    """Run `gpstate`, `gprecoverseg` or `ttGridAdmin`, whichever this program is called, on the only service of its
    kind that is configured; returns its own exit status."""
    from cctrl.shell.options import Options
    from cctrl.shell.utility import translated

    name = Path(sys.argv[0]).name
    try:
        config = configuration(Options())
        words = translated(config, name, sys.argv[1:] if argv is None else argv)
    except CctrlError as error:
        return _fail(error, as_json=False)
    return main(words)


def _fail(error: CctrlError, as_json: bool) -> int:
    from cctrl.shell.talk import Manner, talk_to

    talk_to(_terminal(), Manner(json=as_json)).finish("", error.outcome, error)
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

        path = lab.find(options.lab).config_path
    config = load(path or default_path())
    return replace(config, timeout=options.timeout) if options.timeout else config


def _stage_commands(config: Config) -> tuple[Command, ...]:
    """`lab VERB HOST` inside a session, where the configuration is a lab's."""
    directory = config.lab
    if directory is None:
        return ()
    from cctrl.shell.stage import commands

    def act(words: Sequence[str]) -> tuple[Sequence[str], bool]:
        from cctrl import lab

        done = lab.act(lab.Lab(directory.name, directory), words)
        return done.lines, done.good

    return commands(act)


class _LabStage:
    """A lab as a stage for transcripts (`transcript.contract.Stage`)."""

    def __init__(self, found: Lab, *, keep: bool = False) -> None:
        self._lab = found
        self._ended = keep  # a lab that was there before the replay stays
        self._ending = threading.Lock()
        self.config_path = found.config_path

    def act(self, words: Sequence[str]) -> str:
        from cctrl import lab

        done = lab.act(self._lab, words)
        if not done.good:
            raise Refused(f"not as it must be: {' '.join(words)}", detail="\n".join(done.lines))
        return "\n".join(done.lines)

    def sql(self, host: str, statement: str) -> str:
        from cctrl import lab

        return lab.sql(self._lab, host, statement)

    def down(self) -> None:
        from cctrl import lab

        with self._ending:
            if not self._ended:
                self._ended = True
                lab.down(self._lab)


# ---------------------------------------------------------------- actions


def _shell(options: Options) -> int:
    from cctrl.shell.start import begin, run

    config = configuration(options)
    record = options.arguments[0] if options.action == "record" else ""
    return int(run(begin(config, options, _stage_commands(config), record), options))


def _lab(options: Options) -> int:
    from cctrl.lab.command import main as lab_main

    words = list(options.arguments)
    named = [] if not options.lab or "--name" in words or words[:1] == ["list"] else ["--name", options.lab]
    return int(lab_main([*words, *named]))


def _demo(options: Options) -> int:
    from cctrl import lab
    from cctrl.shell.demo import demo

    # what the shell needs is imported while the servers start
    threading.Thread(target=importlib.import_module, args=("cctrl.shell.repl",), daemon=True).start()
    name = f"demo{os.getpid()}"
    console = _terminal()

    def say(line: str) -> None:
        if not line.startswith("NEXT:"):
            console.err(line)

    def shell() -> int:
        return _shell(replace(options, lab=name, expert=True))

    return demo(lambda: lab.up(lab.Options(name=name), say), shell, lambda: lab.down(lab.find(name)))


def _replay(options: Options) -> int:
    from cctrl.shell.console import Terminal
    from cctrl.shell.talk import Manner, TextTalk
    from cctrl.transcript.command import ReplayOptions, replay

    jobs = 1 if options.lab else options.jobs
    how = ReplayOptions(jobs=jobs, update=options.update, config=options.config)
    paths = [Path(a) for a in options.arguments]

    def paint(line: str) -> str:
        from cctrl.shell.colours import coloured

        return coloured(line)

    talk = TextTalk(Terminal(paint), Manner())
    return int(replay(paths, how, _stages(options), _transcript_session, talk))


def _stages(options: Options) -> StageFactory:
    """Makes a lab for each transcript; with --lab, all are played on that one."""
    numbers = itertools.count(1)

    def stage(head: Head) -> _LabStage:
        from cctrl import lab

        if options.lab:
            return _LabStage(lab.find(options.lab), keep=True)
        wanted = lab.Options(
            kind=head.lab,
            name=f"replay{os.getpid()}-{next(numbers)}",
            hosts=head.hosts if "hosts" in head.given else None,
            postgresql=head.postgresql,
            sshd=head.sshd,
            manager=head.manager,
            disk=head.disk,
            synchronous=head.synchronous,
            spares=head.spares,
            failure_timeout=head.failure_timeout,
            failover_block=head.failover_block,
        )
        return _LabStage(lab.up(wanted))

    return stage


def _transcript_session(config_path: Path, opening: Opening, screen: Screen) -> Session:
    from cctrl.config import load
    from cctrl.registry import Mode
    from cctrl.shell.session import Session
    from cctrl.shell.talk import Manner

    config = load(config_path)
    mode = Mode[opening.mode.partition(":")[0]]
    manner, extra = Manner(expert=opening.expert, mode=mode), _stage_commands(config)
    return Session(config, screen, service=opening.service, manner=manner, multi=opening.multi, extra=extra)


def _doctor(options: Options) -> int:
    from cctrl import doctor

    return int(doctor.main(configuration(options), options, _terminal().secret))


def _trust(options: Options) -> int:
    from cctrl.shell.talk import Manner, talk_to
    from cctrl.trust import trust

    host = options.arguments[0]
    talk = talk_to(_terminal(), Manner(yes=options.yes, json=options.json, busy=True), f"trust {host}")
    outcome = trust(configuration(options), options.service, host, talk)
    talk.finish(options.service, outcome, None)
    return int(outcome)


def _manager(options: Options) -> int:
    from cctrl.manager.process import run, say
    from cctrl.shell.vocabularies import keeper

    config = configuration(options)
    run([keeper(s.kind)(config, s, say) for s in config.chosen(options.service)])
    return int(Outcome.DONE)


def _complete(options: Options) -> int:
    from cctrl.shell.complete import complete

    if options.complete == "labs":
        from cctrl import lab

        sys.stdout.writelines(f"{name}\ta lab\n" for name in lab.names())
        return 0

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
    "record": _shell,
    "doctor": _doctor,
    "trust": _trust,
    "manager": _manager,
    "complete": _complete,
}
