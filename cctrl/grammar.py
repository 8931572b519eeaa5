"""The parser of command lines: pure functions over the usage lines of `registry.Command`.

`split` turns a typed line into statements and tokens that know where they stand; `parse` finds the one
command that a statement means, or raises a `UsageError` that names the wrong word, points at it and
says what was meant; `expected` tells what may come next. The completer, the highlighter, the toolbar,
`help` and the shell completions all ask here, so that they cannot disagree with the parser.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cctrl.outcome import UsageError
from cctrl.registry import Command, Invocation

Words = Callable[[str], Mapping[str, str]]  # argument type -> known words, each with a remark

CLOSED = frozenset({"HOST", "SERVICE"})  # types whose words must be known ones
SYNONYMS = {"primary": "master", "replica": "slave", "primaries": "masters", "replicas": "slaves"}

_ARGUMENT = re.compile(r"[A-Z][A-Z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """One word as typed: its text without quotes, and where it stands in the line."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One command of a line; `start` is its place in the line, tokens' places are within `text`."""

    text: str
    tokens: tuple[Token, ...]
    start: int = 0
    open: bool = False  # a quote is not closed: only from `scan`


@dataclass(frozen=True, slots=True)
class Item:
    """One place in a usage line: any of `words`, or an argument, or the rest of the line."""

    words: tuple[str, ...] = ()
    argument: str = ""
    rest: bool = False

    @property
    def shown(self) -> str:
        """The place as the usage line writes it."""
        names = [*self.words, *([self.argument] if self.argument else [])]
        return "|".join(names) + ("..." if self.rest else "")


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a usage line: its places in order, and the flags that may stand anywhere."""

    items: tuple[Item, ...]
    flags: frozenset[str] = frozenset()


# ---------------------------------------------------------------- the line


def split(line: str) -> list[Statement]:
    """The statements of a line, empty ones left out. Raises UsageError for a quote never closed."""
    statements = scan(line)
    if statements and statements[-1].open:
        last = statements[-1]
        raise UsageError(
            f"a quote is not closed in {shown(last.text)}",
            detail=pointer(last.text, last.tokens[-1].start, len(last.text)),
            next="close the quote, or put a backslash before it",
        )
    return [s for s in statements if s.tokens]


def scan(line: str) -> list[Statement]:
    """As `split`, for a line still being typed: empty statements are kept, an open quote is marked."""
    statements: list[Statement] = []
    begin = 0
    while True:
        tokens, end, is_open = _tokens(line, begin)
        shifted = tuple(Token(t.text, t.start - begin, t.end - begin, t.quoted) for t in tokens)
        statements.append(Statement(line[begin:end], shifted, begin, is_open))
        if end >= len(line):
            return statements
        begin = end + 1


def _tokens(line: str, position: int) -> tuple[list[Token], int, bool]:
    """The tokens from `position` to the next `;` or the end; where that is; whether a quote is open."""
    tokens: list[Token] = []
    while position < len(line) and line[position] != ";":
        if line[position].isspace():
            position += 1
            continue
        token, is_open = _token(line, position)
        tokens.append(token)
        position = token.end
        if is_open:
            return tokens, position, True
    return tokens, position, False


def _token(line: str, start: int) -> tuple[Token, bool]:
    text: list[str] = []
    quote = ""
    quoted = False
    position = start
    while position < len(line):
        char = line[position]
        if quote:
            if char == quote:
                quote = ""
            else:
                text.append(char)
        elif char in "'\"":
            quote, quoted = char, True
        elif char == "\\" and position + 1 < len(line):
            position += 1
            quoted = True
            text.append(line[position])
        elif char.isspace() or char == ";":
            break
        else:
            text.append(char)
        position += 1
    return Token("".join(text), start, position, quoted), bool(quote)


def shown(text: str) -> str:
    """Typed text as it may be shown on a terminal: quoted, control characters escaped, not too long."""
    return "'" + _printable(text if len(text) <= 80 else text[:77] + "...") + "'"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def pointer(text: str, start: int, end: int) -> str:
    """Two lines: the text and carets under text[start:end]."""
    left, wrong = _printable(text[:start]), _printable(text[start:end])
    line = f"{left}{wrong}{_printable(text[end:])}".rstrip()
    return f"{line}\n{' ' * _width(left)}{'^' * max(1, _width(wrong))}"


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


# ---------------------------------------------------------------- usage lines


@functools.lru_cache(maxsize=1024)
def compile_usage(usage: str) -> tuple[Path, ...]:
    """All ways through a usage line, the fullest first. Raises ValueError for a line against the grammar."""
    flags: set[str] = set()

    def alone(found: re.Match[str]) -> str:
        flags.add(found[1])
        return " "

    fixed = re.sub(r"\[\s*(-[^\s\[\]|]+)\s*\]", alone, usage)  # a flag alone in brackets may stand anywhere
    words = re.findall(r"\[|\]|[^\s\[\]]+", fixed)
    paths, rest = _expand(words)
    if rest or not all(paths):
        raise ValueError(f"usage line {usage!r}: brackets or words missing")
    longest_first = sorted(set(paths), key=len, reverse=True)
    return tuple(Path(items, frozenset(flags)) for items in longest_first)


def _expand(words: Sequence[str]) -> tuple[list[tuple[Item, ...]], Sequence[str]]:
    ways: list[tuple[Item, ...]] = [()]
    while words and words[0] != "]":
        word, words = words[0], words[1:]
        if word == "[":
            inner, words = _expand(words)
            if not words:
                raise ValueError("usage line: a bracket is not closed")
            words = words[1:]
            ways = [way + more for way in ways for more in [*inner, ()]]
        else:
            ways = [(*way, _item(word)) for way in ways]
    return ways, words


def _item(word: str) -> Item:
    rest = word.endswith("...")
    names = word.removesuffix("...").split("|") if word != "..." else []
    arguments = [n for n in names if _ARGUMENT.match(n)]
    if not names or not all(names) or len(arguments) > 1:
        raise ValueError(f"usage word {word!r}: at most one argument, and no empty alternative")
    return Item(tuple(n for n in names if n not in arguments), "".join(arguments), rest)


# ---------------------------------------------------------------- matching


@dataclass(slots=True)
class _Match:
    """How far one path goes along some tokens."""

    command: Command
    path: Path
    reached: int = 0  # tokens taken
    position: int = 0  # places filled
    arguments: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    rest: tuple[str, ...] = ()
    literal: list[bool] = field(default_factory=list)

    @property
    def next(self) -> Item | None:
        """The place that comes next, None at the end of the path."""
        return self.path.items[self.position] if self.position < len(self.path.items) else None

    def free_flags(self) -> frozenset[str]:
        """Flags that may still be given here."""
        return self.path.flags - self.flags if self.position else frozenset()

    def take(self, tokens: Sequence[Token], words: Words) -> None:
        """Go along the tokens as far as the path allows."""
        while self.reached < len(tokens) and self._step(tokens, words):
            pass

    def _step(self, tokens: Sequence[Token], words: Words) -> bool:
        token, item = tokens[self.reached], self.next
        if token.text in self.free_flags():
            self.flags.add(token.text)
            self.reached += 1
            return True
        if item is None:
            return False
        word = _literal(item, token.text)
        if word is not None:
            self.words.append(word)
            if word.startswith("-"):
                self.flags.add(word)
        elif not item.argument or not _fits(item.argument, token, words):
            return False
        elif item.rest:
            self.rest = tuple(t.text for t in tokens[self.reached :])
        else:
            self.arguments[self._key(item.argument)] = token.text
        self.literal.append(word is not None)
        self.position += 1
        self.reached = len(tokens) if item.rest else self.reached + 1
        return True

    def _key(self, kind: str) -> str:
        number = sum(1 for key in self.arguments if key.rstrip("0123456789") == kind) + 1
        return kind if number == 1 else f"{kind}{number}"


def _literal(item: Item, text: str) -> str | None:
    """The word of `item` that `text` stands for; flags keep their case, words do not."""
    if text in item.words:
        return text
    if text.startswith("-"):
        return None
    lower = text.lower()
    lower = lower if lower in (w.lower() for w in item.words) else SYNONYMS.get(lower, lower)
    return next((w for w in item.words if w.lower() == lower and not w.startswith("-")), None)


def _fits(kind: str, token: Token, words: Words) -> bool:
    if kind in CLOSED:
        return token.text in words(kind)
    return bool(token.text) and (token.quoted or not token.text.startswith("-"))


def _matches(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> list[_Match]:
    found = [_Match(c, path) for c in commands for path in compile_usage(c.usage)]
    for match in found:
        match.take(tokens, words)
    return found


def parse(commands: Iterable[Command], statement: Statement, words: Words) -> tuple[Command, Invocation]:
    """The command that a statement means, with its arguments. Raises UsageError, and nothing else."""
    commands = tuple(commands)
    matches = _matches(commands, statement.tokens, words)
    count = len(statement.tokens)
    whole = [m for m in matches if m.reached == count and m.next is None]
    if not whole or not count:
        raise _complaint(statement, matches, words)
    best = max(whole, key=lambda m: m.literal)
    return best.command, Invocation(
        text=statement.text.strip(),
        arguments=best.arguments,
        flags=frozenset(best.flags),
        words=tuple(best.words),
        rest=best.rest,
    )


# ---------------------------------------------------------------- what may come next


@dataclass(frozen=True, slots=True)
class Expected:
    """What may follow some tokens."""

    words: Mapping[str, str]  # literal words, each with the summary of its (first) command
    kinds: frozenset[str]  # argument types
    flags: frozenset[str]
    commands: tuple[Command, ...]  # the commands that are still possible
    complete: bool  # the tokens alone are a whole command
    nested: frozenset[str] = frozenset()  # types of which the rest of the line is made


def expected(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> Expected:
    """What may come after `tokens`; nothing where they already are wrong."""
    commands = tuple(commands)
    alive = [m for m in _matches(commands, tokens, words) if m.reached == len(tokens)]
    inner = next((m for m in alive if m.rest and m.path.items[-1].argument == "COMMAND"), None)
    if inner is not None:
        return expected(commands, tokens[len(tokens) - len(inner.rest) :], words)
    nexts: dict[str, str] = {}
    for match in alive:
        for word in match.next.words if match.next else ():
            nexts.setdefault(word, match.command.summary)
    items = [m.next for m in alive if m.next]
    return Expected(
        words=nexts,
        kinds=frozenset(i.argument for i in items if i.argument),
        flags=frozenset(f for m in alive for f in m.free_flags()),
        commands=tuple(dict.fromkeys(m.command for m in alive)),
        complete=any(m.next is None for m in alive) and bool(tokens),
        nested=frozenset(i.argument for i in items if i.rest),
    )


def candidates(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> dict[str, str]:
    """The words that may come after `tokens`, each with a remark: what is completed."""
    commands = tuple(commands)
    after = expected(commands, tokens, words)
    found = dict(after.words)
    if "COMMAND" in after.kinds:
        found.update(expected(commands, (), words).words)
    for kind in sorted(after.kinds - {"COMMAND"}):
        found.update(words(kind))
    found.update(dict.fromkeys(sorted(after.flags), ""))
    return found


def completions(commands: Iterable[Command], text: str, words: Words) -> list[tuple[str, str]]:
    """The words that may end `text`, which is typed so far, each with its remark."""
    statement = scan(text)[-1]
    if statement.open:
        return []
    begun = last_word(text)
    tokens = statement.tokens[:-1] if begun else statement.tokens
    fitting = [(w, r) for w, r in candidates(commands, tokens, words).items() if w.lower().startswith(begun.lower())]
    words_alone = [(w, r) for w, r in fitting if not w.startswith("-")]
    return fitting if begun.startswith("-") else words_alone or fitting


def last_word(text: str) -> str:
    """The word that `text` ends in the middle of; empty after a blank or `;`."""
    statement = scan(text)[-1]
    last = statement.tokens[-1] if statement.tokens else None
    return statement.text[last.start :] if last and last.end == len(statement.text) else ""


# ---------------------------------------------------------------- complaints


def _complaint(statement: Statement, matches: list[_Match], words: Words) -> UsageError:
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
    near = suggestion(wrong.text, choices)
    error = f"{_kind_of(wrong, items, far)} {shown(wrong.text)}"
    detail = pointer(statement.text, wrong.start, wrong.end)
    if far:
        error += f" in {shown(statement.text.strip())}"
        detail += _listed(items, choices)
    meant = _rest_fits(reached, statement.tokens[far + 1 :]) if far else matches
    return UsageError(error, detail=detail, next=_next(near, _usages(meant, near, far)))


def _rest_fits(reached: list[_Match], after: Sequence[Token]) -> list[_Match]:
    """Those that the words after the wrong one belong to; all of them where that tells nothing."""
    rest = {t.text.lower() for t in after}
    fitting = [m for m in reached if any(rest & set(i.words) for i in m.path.items[m.position :])]
    return fitting or reached


def _incomplete(statement: Statement, reached: list[_Match]) -> UsageError:
    text = statement.text.strip()
    missing = _one_of(m.next.shown for m in reached if m.next)
    return UsageError(
        f"{shown(text)} is not complete: {missing} is missing",
        detail=pointer(text + " ", len(text) + 1, len(text) + 1),
        next=_next("", _usages(reached, "", 1)),
    )


def _choices(items: list[Item], reached: list[_Match], words: Words) -> list[str]:
    """The words that could stand at the wrong place."""
    literal = [w for i in items for w in i.words]
    closed = [w for i in items if i.argument in CLOSED for w in words(i.argument)]
    flags = [f for m in reached for f in sorted(m.free_flags())]
    return list(dict.fromkeys([*closed, *literal, *flags]))


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


def suggestion(word: str, known: Iterable[str]) -> str:
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


def _usages(matches: list[_Match], near: str, far: int) -> list[str]:
    """The usage lines to show: of what was typed so far, or of the command that was meant."""
    fitting = matches if far else [m for m in matches if near and _literal(m.path.items[0], near)]
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


# ---------------------------------------------------------------- for the highlighter


def typed(commands: Iterable[Command], tokens: Sequence[Token], words: Words) -> Iterator[tuple[Token, str]]:
    """Each token with what it is, for the highlighter: `word`, `argument`, `flag` or `wrong`."""
    commands = tuple(commands)
    for index, token in enumerate(tokens):
        after = expected(commands, tokens[:index], words)
        if "COMMAND" in after.kinds:
            yield from typed(commands, tokens[index:], words)
            return
        yield token, _what(after, token, words)


def _what(after: Expected, token: Token, words: Words) -> str:
    if token.text in after.flags:
        return "flag"
    if _literal(Item(tuple(after.words)), token.text) is not None:
        return "word"
    fits = any(_fits(kind, token, words) for kind in after.kinds)
    return "argument" if fits else "wrong"
