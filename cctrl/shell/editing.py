"""What helps while a line is typed: completion, colours, suggestions, the toolbar.

All of it comes from the grammar and from words that are known already; none of it waits for a host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer

from cctrl import grammar
from cctrl.outcome import UsageError
from cctrl.registry import Danger
from cctrl.shell.session import Session

LOOK_BACK = 500  # history lines looked at for a suggestion


class WordCompleter(Completer):
    """The words that may come next, with a remark beside each."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """See `prompt_toolkit.completion.Completer`."""
        text = document.text_before_cursor
        begun = len(grammar.last_word(text))
        for word, remark in completions(self._session, text):
            yield Completion(word, start_position=-begun, display_meta=remark)


def keys() -> KeyBindings:
    """Tab at once does what can be done: finishes the word, or what the choices share, or lists them.

    The words are known without waiting, so unlike prompt_toolkit's own Tab it is never lost to a menu
    that is just being made while somebody types fast.
    """
    bindings = KeyBindings()

    @bindings.add("tab")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_next()
            return
        event_kind = CompleteEvent(completion_requested=True)
        found = list(buffer.completer.get_completions(buffer.document, event_kind))
        shared = get_common_complete_suffix(buffer.document, found)
        buffer.insert_text(shared + " " if len(found) == 1 else shared)
        if len(found) > 1:
            buffer.start_completion()

    return bindings


def completions(session: Session, text: str) -> list[tuple[str, str]]:
    """The words that may end `text`, which is typed so far, each with its remark."""
    return grammar.completions(session.known_commands(), text, session.words)


class Highlighter(Lexer):
    """Colours from the grammar: what cannot be right is red before Enter is pressed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """See `prompt_toolkit.lexers.Lexer`."""
        return lambda number: highlighted(self._session, document.lines[number])


def highlighted(session: Session, line: str) -> StyleAndTextTuples:
    """The line in pieces, each with its style class."""
    pieces: StyleAndTextTuples = []
    done = 0
    for statement in grammar.scan(line) if line.strip() else ():  # an empty prompt needs no vocabulary
        for token, what in grammar.typed(session.known_commands(), statement.tokens, session.words):
            start, end = statement.start + token.start, statement.start + token.end
            pieces.append(("", line[done:start]))
            begun = what == "wrong" and end == len(line) and completions(session, line)
            pieces.append(("" if begun else f"class:{what}", line[start:end]))
            done = end
    pieces.append(("", line[done:]))
    return pieces


class Suggestions(AutoSuggest):
    """The rest of an earlier line that begins alike, if all it does is look.

    A command that changes something is never offered: one key too many would run it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """See `prompt_toolkit.auto_suggest.AutoSuggest`."""
        text = document.text
        if not text.strip() or "\n" in text:
            return None
        for line in reversed(buffer.history.get_strings()[-LOOK_BACK:]):
            if line.startswith(text) and line != text and looks_only(self._session, line):
                return Suggestion(line[len(text) :])
        return None


def looks_only(session: Session, line: str) -> bool:
    """True where every command of the line is understood and changes nothing."""
    try:
        statements = grammar.split(line)
        parsed = [grammar.parse(session.known_commands(), s, session.words)[0] for s in statements]
    except UsageError:
        return False
    return all(command.danger is Danger.LOOK for command in parsed)


def toolbar(session: Session, text: str) -> FormattedText:
    """The usage of the command being typed; at an empty prompt, how to go on."""
    statement = grammar.scan(text)[-1]
    if not statement.tokens:
        return FormattedText([("", " help   help COMMAND   explain COMMAND   Tab completes   Ctrl-D leaves")])
    tokens = statement.tokens[:-1] if grammar.last_word(text) else statement.tokens
    after = grammar.expected(session.known_commands(), tokens, session.words)
    last = statement.tokens[-1].text.lower() if grammar.last_word(text) else ""
    usages = [c.usage for c in after.commands if tokens or c.usage.lower().startswith(last)]
    shown = "   ".join(usages[:3]) + (f"   and {len(usages) - 3} more" if len(usages) > 3 else "")
    return FormattedText([("", f" {shown}" if shown else " unknown command: help lists them")])
