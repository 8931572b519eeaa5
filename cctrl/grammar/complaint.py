"""What is said of a line that means nothing: the wrong word, where it stands, what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cctrl.grammar.line import Statement, Token, pointer, shown
from cctrl.grammar.match import CLOSED, Match, Words
from cctrl.grammar.usage import SYNONYMS, Item, literal
from cctrl.outcome import UsageError


def complaint(statement: Statement, matches: list[Match], words: Words) -> UsageError:
    """The error for tokens that no path takes: about the first word that none can take."""
    if not statement.tokens:
        return UsageError("no command was given", next="help")
    far = max((m.reached for m in matches), default=0)
    reached = [m for m in matches if m.reached == far]
    if far == len(statement.tokens):
        return _incomplete(statement, reached)
    wrong = statement.tokens[far]
    items = [m.next for m in reached if m.next]
    choices = _choices(items, reached, words)
    near = _suggestion(wrong.text, choices)
    error = f"{_kind_of(wrong, items, far)} {shown(wrong.text)}"
    detail = pointer(statement.text, wrong.start, wrong.end)
    if far:
        error += f" in {shown(statement.text.strip())}"
        detail += _listed(items, choices)
    meant = _rest_fits(reached, statement.tokens[far + 1 :]) if far else matches
    return UsageError(error, detail=detail, next=_next(near, _usages(meant, near, far)))


def _rest_fits(reached: list[Match], after: Sequence[Token]) -> list[Match]:
    """Those that the words after the wrong one belong to; all of them where that tells nothing."""
    rest = {t.text.lower() for t in after}
    fitting = [m for m in reached if any(rest & set(i.words) for i in m.path.items[m.position :])]
    return fitting or reached


def _incomplete(statement: Statement, reached: list[Match]) -> UsageError:
    text = statement.text.strip()
    missing = _one_of(m.next.shown for m in reached if m.next)
    return UsageError(
        f"{shown(text)} is not complete: {missing} is missing",
        detail=pointer(text + " ", len(text) + 1, len(text) + 1),
        next=_next("", _usages(reached, "", 1)),
    )


def _choices(items: list[Item], reached: list[Match], words: Words) -> list[str]:
    """The words that could stand at the wrong place."""
    spelled = [w for i in items for w in i.words]
    closed = [w for i in items if i.argument in CLOSED for w in words(i.argument)]
    flags = [f for m in reached for f in sorted(m.free_flags())]
    return list(dict.fromkeys([*closed, *spelled, *flags]))


def _kind_of(wrong: Token, items: list[Item], far: int) -> str:
    """What to call the wrong word."""
    if not far:
        return "unknown command"
    if wrong.text.startswith("-") and not wrong.quoted:
        return "unknown option"
    closed = [i.argument for i in items if i.argument in CLOSED]
    if closed and not any(w[:1].isalpha() for i in items for w in i.words):
        return f"unknown {closed[0].lower()}"
    return "unknown word" if items else "nothing may follow, but there is"


def _listed(items: list[Item], choices: list[str]) -> str:
    """What could have been there, so that the next try can be right."""
    free = list(dict.fromkeys(i.argument for i in items if i.argument and i.argument not in CLOSED))
    names = [*(c for c in choices if not c.startswith("-")), *free] or choices
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return "\nexpected here: " + ", ".join(names[:12]) + more if names else ""


def _suggestion(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant, or the few that are as near; empty where none is."""
    import difflib  # here, for a quick start of the shell

    lower = {k.lower(): k for k in known}
    lower.update({s: s for s, meant in SYNONYMS.items() if meant in lower})
    wanted = word.lower()[:64]
    near = difflib.get_close_matches(wanted, lower, 3, 0.6)
    if not near:
        return ""
    best = difflib.SequenceMatcher(None, near[0], wanted).ratio()
    equally = [n for n in near if difflib.SequenceMatcher(None, n, wanted).ratio() == best]
    return _one_of(lower[n] for n in lower if n in equally)


def _usages(matches: list[Match], near: str, far: int) -> list[str]:
    """The usage lines to show: of what was typed so far, or of the command that was meant."""
    fitting = matches if far else [m for m in matches if near and literal(m.path.items[0], near)]
    return list(dict.fromkeys(m.command.usage for m in fitting))


def _next(near: str, usages: list[str]) -> str:
    lines = [f"did you mean {near}?"] if near else []
    lines += [f"usage: {u}" for u in usages[:3]]
    if not usages:
        lines.append("help")
    elif len(usages) > 3:
        lines.append(f"help {usages[0].split()[0]}   (lists {len(usages) - 3} more)")
    return "\n".join(lines)


def _one_of(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " or ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
