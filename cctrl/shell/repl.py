"""The interactive shell: prompt, history, completion, highlighting, toolbar.

The prompt is there before anything is connected or imported that it does not need; connections are
begun in the background once it has been drawn.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import is_dumb_terminal

from cctrl import __version__
from cctrl.outcome import CctrlError, Outcome
from cctrl.shell import crash
from cctrl.shell.editing import Highlighter, Suggestions, WordCompleter, keys, toolbar
from cctrl.shell.history import open_history
from cctrl.shell.session import Session

STYLE = Style.from_dict(
    {
        "word": "bold",
        "argument": "ansicyan",
        "flag": "ansiyellow",
        "wrong": "ansired",
        "bottom-toolbar": "noreverse ansibrightblack",
        "prompt.expert": "ansiyellow",
    }
)


def repl(session: Session, *, history: bool = True) -> Outcome:
    """Read commands at the terminal and run them until the user leaves."""
    for line in banner(session):
        session.console.out(line)
    warming = _Warming(session)
    read = _plain_reader(session, warming) if is_dumb_terminal() else _reader(session, warming, history=history)
    while not session.leaving:
        warming.report()
        try:
            line = read()
        except KeyboardInterrupt:
            continue
        except EOFError:
            session.console.out("Exiting...")
            break
        try:
            session.execute(line)
        except KeyboardInterrupt:  # it came when the command had just ended
            continue
    return Outcome.DONE


def _reader(session: Session, warming: _Warming, *, history: bool) -> Callable[[], str]:
    """Reads a line with everything that helps to type it."""
    prompt: PromptSession[str] = PromptSession(
        history=open_history(session.config.state_dir, session.console.err, keep=history),
        completer=WordCompleter(session),
        lexer=Highlighter(session),
        auto_suggest=Suggestions(session),
        bottom_toolbar=lambda: toolbar(session, prompt_text()),
        key_bindings=keys(),
        style=STYLE,
        reserve_space_for_menu=5,
    )
    prompt.app.after_render += lambda _app: warming.begin()
    return lambda: prompt.prompt(lambda: FormattedText([("", session.prompt)]))


def _plain_reader(session: Session, warming: _Warming) -> Callable[[], str]:
    """Reads a line from a terminal that understands no control sequence."""

    def read() -> str:
        sys.stdout.write(session.prompt)
        sys.stdout.flush()
        warming.begin()
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            raise
        if not line:
            sys.stdout.write("\n")
            raise EOFError
        return line

    return read


def prompt_text() -> str:
    """What is typed at the prompt now, up to the cursor."""
    from prompt_toolkit.application import get_app

    return get_app().current_buffer.document.text_before_cursor


def banner(session: Session) -> list[str]:
    """What is said at the start: only what is true by then."""
    lines = [f"cctrl {__version__}"]
    service = session.config.service(session.current)
    if service is not None:
        lines.append(f"{service.name}: {len(service.members)} members, connecting")
    else:
        names = ", ".join(s.name for s in session.config.services)
        lines.append(f"services: {names}; `use NAME` chooses one")
    return lines


class _Warming:
    """Begins to connect once the first prompt is on the screen; keeps what went wrong for the next one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._begun: set[str] = set()  # services
        self._problem: CctrlError | None = None

    def begin(self) -> None:
        """Called whenever a prompt has been drawn; acts on the first for each service."""
        if self._session.current not in self._begun:
            self._begun.add(self._session.current)
            threading.Thread(target=self._warm, name="warm", daemon=True).start()

    def _warm(self) -> None:
        try:
            self._session.commands()  # imported here, so that the first key need not wait for it
            self._session.warm()
        except CctrlError as error:
            self._problem = error
        except Exception as defect:
            self._problem = crash.report(defect, "connecting in the background", self._session.config.state_dir)

    def report(self) -> None:
        """Show, once, what went wrong."""
        problem, self._problem = self._problem, None
        for line in problem.lines() if problem else ():
            self._session.console.err(line)
