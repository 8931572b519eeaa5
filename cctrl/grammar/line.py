"""The typed line: statements and tokens that know where they stand, and how to show them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cctrl.outcome import UsageError


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


def last_word(text: str) -> str:
    """The word that `text` ends in the middle of; empty after a blank or `;`."""
    statement = scan(text)[-1]
    last = statement.tokens[-1] if statement.tokens else None
    return statement.text[last.start :] if last and last.end == len(statement.text) else ""
