"""A session: the open services, the current one, the mode, and `execute(line)`.

Everything that reads commands uses it: the shell, `-c`, `-f`, standard input, transcripts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from cctrl import grammar
from cctrl.config import Config
from cctrl.grammar import Statement
from cctrl.outcome import CctrlError, ConfigError, Interrupted, Outcome, UsageError
from cctrl.registry import Command, Danger, Invocation, Mode, ServiceHandle, Vocabulary
from cctrl.shell import crash
from cctrl.shell.common import COMMON, ROOT
from cctrl.shell.console import Console
from cctrl.shell.stage import direction
from cctrl.shell.talk import WARNING, Manner, TextTalk, talk_to
from cctrl.shell.vocabularies import vocabulary


class Session:
    """Runs command lines against the services of one configuration.

    `service` is the one to begin in (UsageError where there is none of that name); empty means the
    only one, or the root `/` where there are several or `multi` is given. `extra` are commands beside
    the common ones; like those they are handed the session. Nothing is connected before a command
    needs it or `warm` is called.
    """

    def __init__(
        self,
        config: Config,
        console: Console,
        *,
        service: str = "",
        manner: Manner | None = None,
        multi: bool = False,
        extra: Sequence[Command] = (),
        vocabularies: Callable[[str], Vocabulary] = vocabulary,
    ) -> None:
        self.config = config
        self.console = console
        self.manner = manner or Manner()
        self.current = ""
        self.leaving = False  # `quit` was given
        self._extra = tuple(extra)
        self._vocabularies = vocabularies
        self._handles: dict[str, ServiceHandle] = {}
        self._opening = threading.Lock()
        if service:
            self.use(service)
        elif len(config.services) == 1 and not multi:
            self.use(config.services[0].name)

    # ------------------------------------------------------------ where we are

    @property
    def prompt(self) -> str:
        """The prompt as documented: `[LOGICAL:EXPERT] /alpha > `."""
        mode = self.manner.mode
        handle = self._handles.get(self.current) if mode is Mode.PHYSICAL else None
        shown = f"{mode.value}:EXPERT" if self.manner.expert else mode.value
        return f"[{shown}] /{self.current}{handle.place if handle else ''} > "

    def use(self, name: str) -> None:
        """Make the service of that name the current one; `""` is the root. Raises UsageError."""
        if name:
            self.config.chosen(name)
        self.current = name

    def commands(self) -> tuple[Command, ...]:
        """What can be typed here, the service's own commands first."""
        own = self._service_commands() if self.current else ROOT
        return (*self._here(own), *self._extra, *self._here(COMMON))

    def known_commands(self) -> tuple[Command, ...]:
        """As `commands`, for what must not fail while somebody types."""
        try:
            return self.commands()
        except ConfigError:
            return (*self._extra, *self._here(COMMON))

    def _here(self, commands: Sequence[Command]) -> tuple[Command, ...]:
        """Those of the commands that the mode has."""
        return tuple(c for c in commands if c.mode in (None, self.manner.mode))

    def _service_commands(self) -> tuple[Command, ...]:
        service = self.config.service(self.current)
        return tuple(self._vocabularies(service.kind).commands) if service else ()

    def topic(self, words: str) -> Sequence[str]:
        """What `help` tells of these words beside commands; empty where nothing."""
        service = self.config.service(self.current)
        return self._vocabularies(service.kind).topics.get(words.lower(), ()) if service else ()

    def words(self, kind: str) -> Mapping[str, str]:
        """Known words of an argument type, each with a remark; never touches the network."""
        if kind == "SERVICE":
            return {s.name: f"{s.kind}, {len(s.members)} members" for s in self.config.services}
        service = self.config.service(self.current)
        if service is None:
            return {}
        handle = self._handles.get(self.current)
        known = dict(handle.words(kind)) if handle else {}
        configured = {"HOST": service.places, "ROUTER": tuple(r.name for r in service.routers)}
        return known or dict.fromkeys(configured.get(kind, ()), "")

    # ------------------------------------------------------------ services

    def handle(self) -> ServiceHandle:
        """The current service, opened if it was not. Raises UsageError at the root."""
        service = self.config.service(self.current)
        if service is None:
            names = [s.name for s in self.config.services]
            raise UsageError("no service is chosen", detail=f"services: {', '.join(names)}", next=f"use {names[0]}")
        with self._opening:
            if service.name not in self._handles:
                talk = TextTalk(self.console, self.manner)
                self._handles[service.name] = self._vocabularies(service.kind).open(self.config, service, talk)
            return self._handles[service.name]

    def warm(self) -> None:
        """Begin to connect to the current service's hosts in the background; returns at once."""
        if self.current:
            self.handle().warm()

    def states(self) -> Mapping[str, str]:
        """Member -> state of the current service, and its manager's; observed afresh."""
        return self.handle().states()

    def close(self) -> None:
        """Close all connections; idempotent."""
        with self._opening:
            handles, self._handles = list(self._handles.values()), {}
        for handle in handles:
            handle.close()

    # ------------------------------------------------------------ commands

    def execute(self, line: str) -> Outcome:
        """Run the commands of a line up to the first that is not done; its outcome is the line's.

        Never raises: every error is shown, and is in the outcome.
        """
        line = line.strip()
        if line.startswith("#"):  # a comment, as in a file of commands
            return Outcome.DONE
        if line.startswith("?"):
            line = f"help {line[1:]}"
        try:
            statements = grammar.split(self._direction(line))
        except UsageError as error:
            self._talk(line.strip()).finish(self.current, error.outcome, error)
            return error.outcome
        self.manner.busy = True
        try:
            for number, statement in enumerate(statements, 1):
                outcome = self._run(statement)
                if outcome is not Outcome.DONE or self.leaving:
                    self._say_left_out(statements[number:])
                    return outcome
        finally:
            self.manner.busy = False
        return Outcome.DONE

    def _say_left_out(self, statements: Sequence[Statement]) -> None:
        """That what stands behind a command that was not done was not begun."""
        texts = [grammar.shown(text) for statement in statements if (text := statement.text.strip())]
        if texts and not (self.leaving or self.manner.json):
            self.console.err(f"not begun: {'; '.join(texts)}")

    def _direction(self, line: str) -> str:
        return direction(line) if self._extra else line

    def _talk(self, text: str) -> TextTalk:
        return talk_to(self.console, self.manner, text)

    def _run(self, statement: Statement) -> Outcome:
        text = statement.text.strip()
        talk = self._talk(text)
        service = self.current
        error: CctrlError | None = None
        danger = Danger.LOOK
        try:
            command, invocation = self.parse(statement)
            danger = command.danger
            outcome = self._perform(command, invocation, talk)
        except CctrlError as raised:
            error, outcome = raised, self._outcome(raised, statement)
        except KeyboardInterrupt:
            error = _interrupted(text, danger)
            outcome = error.outcome
        except Exception as defect:  # a defect of one command does not end the shell; it is reported
            error, outcome = crash.report(defect, text, self.config.state_dir), Outcome.INTERNAL
        talk.finish(service, outcome, error)
        return outcome

    def _outcome(self, error: CctrlError, statement: Statement) -> Outcome:
        """How a line with an error ends: where its first word means nothing, as the service's kind has it."""
        service = self.config.service(self.current)
        if not isinstance(error, UsageError) or service is None or not statement.tokens:
            return error.outcome
        known = grammar.expected(self.known_commands(), statement.tokens[:1], self.words).commands
        return error.outcome if known else self._vocabularies(service.kind).unknown

    def parse(self, statement: Statement) -> tuple[Command, Invocation]:
        """The command that a statement means here. Raises UsageError, and ConfigError for a service
        whose kind has no commands (the common ones work all the same)."""
        try:
            return grammar.parse(self.known_commands(), statement, self.words)
        except UsageError:
            self.commands()
            self._say_if_it_needs_a_service(statement)
            self._say_if_it_needs_another_mode(statement)
            raise

    def _say_if_it_needs_a_service(self, statement: Statement) -> None:
        """At the root: raise a better error for a command that some service would know."""
        if self.current or not statement.tokens:
            return
        for service in self.config.services:
            commands = [c for c in self._vocabularies(service.kind).commands if c.mode is not Mode.PHYSICAL]
            if grammar.expected(commands, statement.tokens[:1], self.words).commands:
                verb = grammar.shown(statement.tokens[0].text)
                raise UsageError(f"{verb} works on a service, and none is chosen", next=f"use {service.name}")

    def _say_if_it_needs_another_mode(self, statement: Statement) -> None:
        """Raise a better error for a command that can be given in another mode."""
        for command in self._service_commands():
            elsewhere = command.mode not in (None, self.manner.mode, Mode.PHYSICAL)
            if elsewhere and command.mode and grammar.whole(command, statement, self.words):
                raise UsageError(
                    f"{grammar.shown(statement.text.strip())} is a command of the {command.mode.value} mode",
                    next=f"{command.mode.value.lower()}   (then: {statement.text.strip()})",
                )

    def _perform(self, command: Command, invocation: Invocation, talk: TextTalk) -> Outcome:
        if command.danger is Danger.EXPERT and not self.manner.expert:
            talk.confirm(WARNING)
        return command.run(self.target(command), invocation, talk)

    def target(self, command: Command) -> Session | ServiceHandle:
        """What a command works on: this session for the common ones, else the current service."""
        return self if command in (*COMMON, *ROOT, *self._extra) else self.handle()


def _interrupted(text: str, danger: Danger) -> Interrupted:
    if danger is Danger.LOOK:
        return Interrupted(f"interrupted: {grammar.shown(text)}; nothing was changed")
    return Interrupted(
        f"interrupted: {grammar.shown(text)}; cctrl no longer waits for it",
        detail="work already begun on a host (a stop, a rewind, a copy) goes on there by itself",
        next=f"ls   to see where it stands, then the same again: {text}",
    )
