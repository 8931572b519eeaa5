"""The interactive shell: prompt, history, completion, highlighting, toolbar.

The prompt is there before anything is connected or imported that it does not need; connections are
begun in the background once it has been drawn.
"""

from __future__ import annotations

import threading

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.styles import Style

from cctrl import __version__
from cctrl.outcome import CctrlError, Outcome
from cctrl.shell import crash
from cctrl.shell.editing import Highlighter, Suggestions, WordCompleter, toolbar
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


def repl(session: Session, *, history: bool = True, greet: bool = True) -> Outcome:
    """Read commands at the terminal and run them until the user leaves."""
    if greet:
        for line in banner(session):
            session.console.out(line)
    prompt = _prompt_session(session, open_history(session.config.state_dir, session.console.err, keep=history))
    warming = _Warming(session)
    prompt.app.after_render += warming.begin
    while not session.leaving:
        warming.report()
        try:
            line = prompt.prompt(lambda: FormattedText([("", session.prompt)]))
        except KeyboardInterrupt:
            continue
        except EOFError:
            session.console.out("Exiting...")
            break
        session.execute(line)
    return Outcome.DONE


def _prompt_session(session: Session, history: History) -> PromptSession[str]:
    return PromptSession(
        history=history,
        completer=WordCompleter(session),
        lexer=Highlighter(session),
        auto_suggest=Suggestions(session),
        bottom_toolbar=lambda: toolbar(session, prompt_text()),
        style=STYLE,
        reserve_space_for_menu=5,
    )


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
    """Begins to connect when the first prompt has been drawn; keeps what went wrong for the next one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._begun = False
        self._problem: CctrlError | None = None

    def begin(self, _app: Application[str]) -> None:
        """Called after each drawing; acts on the first."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._warm, name="warm", daemon=True).start()

    def _warm(self) -> None:
        try:
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
