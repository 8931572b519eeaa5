"""What is said of a line that means nothing: the wrong word, where it stands, what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cctrl.grammar.line import Statement, Token, pointer, scan, shown
from cctrl.grammar.match import CLOSED, Match, Words, matches
from cctrl.grammar.usage import SYNONYMS, Item, literal
from cctrl.outcome import UsageError

OWN = "cctrl"  # the program itself, which is no command of its own shell
NEAR, NEARER = 0.6, 0.65  # how like a word must be to be meant; among commands, which differ more


def complaint(statement: Statement, found: list[Match], words: Words) -> UsageError:
    """The error for tokens that no path takes: about the first word that none can take."""
    if not statement.tokens:
        return UsageError("no command was given", next="help")
    far = max((m.reached for m in found), default=0)
    reached = [m for m in found if m.reached == far]
    if far == len(statement.tokens):
        return _incomplete(statement, reached)
    wrong = statement.tokens[far]
    if not far and wrong.text.lower() == OWN:
        return _of_another_shell(statement)
    items = [m.next for m in reached if m.next]
    choices = _choices(items, reached, words)
    near = _suggestion(wrong.text, choices, NEAR if far else NEARER)
    error = f"{_kind_of(wrong, items, far)} {shown(wrong.text)}"
    detail = pointer(statement.text, wrong.start, wrong.end)
    if far:
        error += f" in {shown(statement.text.strip())}"
        detail += _listed(items, choices)
    meant = _rest_fits(reached, statement.tokens[far + 1 :]) if far else found
    usages = _usages(meant, near, far)
    next = (
        _turned(statement, found, words)
        or _mended(statement, wrong, [near, *_one_word(items, wrong)], found, words)
        or _help(usages)
    )
    return UsageError(error, detail=detail + _meant("" if far and " or " in near else near, usages), next=next)


def _rest_fits(reached: list[Match], after: Sequence[Token]) -> list[Match]:
    """Those that the words after the wrong one belong to; all of them where that tells nothing."""
    rest = {t.text.lower() for t in after}
    fitting = [m for m in reached if any(rest & set(i.words) for i in m.path.items[m.position :])]
    return fitting or reached


def _incomplete(statement: Statement, reached: list[Match]) -> UsageError:
    text = statement.text.strip()
    missing = _one_of(m.next.shown for m in reached if m.next)
    usages = _usages(reached, "", 1)
    return UsageError(
        f"{shown(text)} is not complete: {missing} is missing",
        detail=pointer(text + " ", len(text) + 1, len(text) + 1) + _meant("", usages),
        next=_help(usages),
    )


def _of_another_shell(statement: Statement) -> UsageError:
    text = statement.text.strip()
    return UsageError(f"{shown(text)} is given to your system's shell, not here", next=f"quit   (then: {text})")


def _one_word(items: list[Item], wrong: Token) -> list[str]:
    """The wrong word behind the one that is missing before it, where only that one can stand there."""
    only = {w for i in items for w in i.words} if all(i.words for i in items) else set()
    return [f"{word} {wrong.text}" for word in only] if len(only) == 1 else []


def _turned(statement: Statement, found: list[Match], words: Words) -> str:
    """A verb given before the name it works on, the other way round: `datasource host1 recover` for `recover host1`."""
    verb, *names = (t.text for t in statement.tokens)
    for items in (m.path.items for m in found if len(names) == 1 and len(m.path.items) == 3):
        if items[1].argument in CLOSED and names[0] in words(items[1].argument) and literal(items[2], verb):
            return " ".join((items[0].words[0], names[0], verb)) if items[0].words else ""
    return ""


def _mended(statement: Statement, wrong: Token, instead: list[str], found: list[Match], words: Words) -> str:
    """The line as it was probably meant, where that is a command; "" where nothing is near enough."""
    commands = list({m.command.usage: m.command for m in found}.values())
    for words_instead in instead:
        text = (statement.text[: wrong.start] + words_instead + statement.text[wrong.end :]).strip()
        tokens = scan(text)[0].tokens if words_instead and text.isprintable() and not wrong.quoted else ()
        if any(m.next is None and m.reached == len(tokens) for m in matches(commands, tokens, words)):
            return text
    return ""


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


def _suggestion(word: str, known: Iterable[str], cutoff: float = NEAR) -> str:
    """The known word that was most likely meant, or the few that are as near; empty where none is.

    `cutoff` is the least likeness, from 0 to 1.
    """
    import difflib  # here, for a quick start of the shell

    lower = {k.lower(): k for k in known}
    lower.update({s: s for s, meant in SYNONYMS.items() if meant in lower})
    wanted = word.lower()[:64]
    near = difflib.get_close_matches(wanted, lower, 3, cutoff)
    if not near:
        return ""
    best = difflib.SequenceMatcher(None, near[0], wanted).ratio()
    equally = [n for n in near if difflib.SequenceMatcher(None, n, wanted).ratio() == best]
    return _one_of(lower[n] for n in lower if n in equally)


def _usages(matches: list[Match], near: str, far: int) -> list[str]:
    """The usage lines to show: of what was typed so far, or of the command that was meant."""
    fitting = matches if far else [m for m in matches if near and literal(m.path.items[0], near)]
    return list(dict.fromkeys(m.command.usage for m in fitting))


def _meant(near: str, usages: list[str]) -> str:
    """What is added to the details: the word that was meant, and how the command is written."""
    lines = [f"did you mean {near}?"] if near else []
    lines += [f"usage: {u}" for u in usages[:3]]
    if len(usages) > 3:
        lines.append(f"and {len(usages) - 3} more")
    return "".join(f"\n{line}" for line in lines)


def _help(usages: list[str]) -> str:
    return f"help {usages[0].split()[0]}" if usages else "help"


def _one_of(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    return " or ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
