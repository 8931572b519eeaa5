"""The commands that every service shares: moving about, modes, help, leaving.

Each is handed the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cctrl import grammar
from cctrl.outcome import Outcome
from cctrl.registry import Command, Danger, Invocation, Mode, Talk
from cctrl.shell.talk import WARNING

if TYPE_CHECKING:
    from cctrl.shell.session import Session

FULL_LINE = 95  # characters in a help text's source: a line that the next word would have made longer than that is full


def _use(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    session.use(typed.arguments.get("SERVICE", ""))
    return Outcome.DONE


def _ls_services(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    services = sorted(session.config.services, key=lambda s: s.name)
    border = "+" + "-" * 76 + "+"
    for line in ("", border, f"|{'DATA SERVICES:':<76}|", border, *(s.name for s in services), ""):
        talk.line(line)
    talk.data("services", [{"name": s.name, "kind": s.kind} for s in services])
    return Outcome.DONE


def _expert(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    if not session.manner.expert:
        talk.confirm(WARNING)
        session.manner.expert = True
    session.manner.mode = Mode.LOGICAL
    return Outcome.DONE


def _mode(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    session.manner.expert = False
    session.manner.mode = Mode[typed.words[0].upper()]
    return Outcome.DONE


def _leave(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    session.leaving = True
    return Outcome.DONE


def _help(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    commands = session.known_commands()
    width = min(44, max(len(c.usage) for c in commands))
    for command in commands:
        if len(command.usage) > width:
            talk.line(command.usage)
            talk.line(" " * width + "  " + command.summary)
        else:
            talk.line(f"{command.usage:<{width}}  {command.summary}")
    talk.line()
    talk.line("help COMMAND tells more about one; explain COMMAND shows what it would do, and changes nothing.")
    talk.data("commands", [_described(c) for c in commands])
    return Outcome.DONE


def _help_command(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    topic = session.topic(" ".join(typed.rest))
    if topic:
        for line in topic:
            talk.line(line)
        return Outcome.DONE
    about = _about(session, typed)
    for number, command in enumerate(about):
        if number:
            talk.line()
        talk.line(command.usage)
        talk.line(f"    {command.summary}")
        for line in _paragraphs(command.help):
            talk.line(f"    {line}".rstrip())
        if command.danger is Danger.EXPERT:
            talk.line("    An expert-level command: asks first, unless in EXPERT mode or with --yes.")
    talk.data("commands", [_described(c) for c in about])
    return Outcome.DONE


def _paragraphs(text: str) -> list[str]:
    """A help text's lines; those that were broken only because they were full are one again, for the terminal to break
    at its own width."""
    found: list[str] = []
    full, last = False, ""
    for line in (line.strip() for line in text.strip().splitlines()):
        if full and len(last) + 1 + len(line.split(" ")[0]) > FULL_LINE:
            found[-1] += f" {line}"
        else:
            found.append(line)
        full, last = bool(line), line
    return found


def _about(session: Session, typed: Invocation) -> list[Command]:
    """The commands that begin with the words given; UsageError where there is none."""
    commands = session.known_commands()
    words = [w.lower() for w in typed.rest]
    named = [c for c in commands if {w.lower() for w in c.usage.split()} >= set(words) and _begins(c, words[0])]
    if named:
        return named
    statement = _inner(typed)
    after = grammar.expected(commands, statement.tokens, session.words).commands
    return list(after) or [grammar.parse(commands, statement, session.words)[0]]


def _begins(command: Command, word: str) -> bool:
    return any(word in [w.lower() for w in p.items[0].words] for p in grammar.compile_usage(command.usage))


def _described(command: Command) -> dict[str, str]:
    return {"usage": command.usage, "summary": command.summary, "danger": command.danger.value}


def _inner(typed: Invocation) -> grammar.Statement:
    """The command after `help` or `explain`."""
    return grammar.split(typed.text.split(None, 1)[1])[0]


def _explain(session: Session, typed: Invocation, talk: Talk) -> Outcome:
    command, invocation = session.parse(_inner(typed))
    if command.explain is None:
        talk.line(f"{command.usage}: {command.summary}")
        talk.note("it changes nothing" if command.danger is Danger.LOOK else "nothing was changed")
        return Outcome.DONE
    outcome = command.explain(session.target(command), invocation, talk)
    talk.note("nothing was changed")
    return outcome


_USE_HELP = """The service's commands then work on that one; the prompt names it.
`cd ..` goes back to the root, where `ls` lists the services."""

_LOGICAL_HELP = "Expert-level commands ask again."
_CD = "go to another service, or back to the root"

COMMON: tuple[Command, ...] = (
    *(Command("cd SERVICE|..", _CD, _use, _USE_HELP, mode=mode) for mode in (Mode.LOGICAL, Mode.ADMIN)),
    Command("use SERVICE", "go to another service", _use, _USE_HELP, mode=None),
    Command(
        "expert",
        "go to EXPERT mode: expert-level commands no longer ask",
        _expert,
        danger=Danger.CHANGE,
        mode=None,
        help="Asks once, with the same warning. `logical` goes back. `cctrl -expert` starts in it.",
    ),
    Command(
        "physical",
        "go to PHYSICAL mode: the tree of what is on the hosts",
        _mode,
        "`ls -lR` shows all of it, `cd PATH` goes about in it, a path that ends in `diag` shows the facts of what it\n"
        "names: */*/replicator/Replicator/diag. It changes nothing. `logical` goes back.",
        mode=None,
    ),
    Command(
        "admin",
        "go to ADMIN mode: who is a member",
        _mode,
        "`ls` shows what is configured and recorded, `rm HOST` removes a member. `logical` goes back.",
        mode=None,
    ),
    Command(
        "logical",
        "go back to LOGICAL mode, out of EXPERT, PHYSICAL or ADMIN",
        _mode,
        "Questions are asked again.",
        mode=None,
    ),
    Command(
        "explain COMMAND...",
        "show what a command would do, and stop",
        _explain,
        "Observes the hosts, decides as the command would, prints its plan and changes nothing.",
        mode=None,
    ),
    Command("help", "list the commands", _help, mode=None),
    Command("help COMMAND...", "tell more about one command", _help_command, mode=None),
    Command("quit", "leave", _leave, mode=None),
    Command("exit", "leave", _leave, mode=None),
)

ROOT: tuple[Command, ...] = (Command("ls", "list the services", _ls_services, mode=None),)
