"""The one place where an argument list becomes a shell's command line."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from shlex import quote as quote_word

from cctrl.outcome import UsageError

_GRACE = 2  # seconds between SIGTERM and SIGKILL for a command that outlives its limit


def quote(argv: Sequence[str]) -> str:
    """`argv` as one POSIX shell command: every word arrives exactly as it is here.

    The first word is always quoted, so that it is neither an assignment nor a keyword nor an alias.
    Raises UsageError for an empty list, for NUL bytes and for what cannot be encoded.
    """
    if not argv:
        raise UsageError("no command to run")
    for word in argv:
        _check(word)
    first = "'" + argv[0].replace("'", "'\"'\"'") + "'"
    return " ".join([first, *(_word(word) for word in argv[1:])])


def readable(argv: Sequence[str]) -> str:
    """The same for people: quoted only where that is needed. To be shown, and typed by hand."""
    return " ".join(_word(word) for word in argv)


def command_line(argv: Sequence[str], *, become: str | None = None, limit: float | None = None) -> str:
    """What sshd is asked to run: `argv`, as user `become`, ended by the host itself after `limit` seconds.

    The limit holds on the host, so that commands nobody waits for any more do not pile up there.
    """
    words = list(argv)
    if limit is not None:
        words = limited(words, limit)
    if become:
        words = ["sudo", "-n", "-u", become, "--", *words]
    quote(argv)  # the caller's own words are judged first
    return "exec " + quote(words)


def limited(argv: Sequence[str], limit: float) -> list[str]:
    """`argv` as the host runs it for at most `limit` seconds."""
    return ["timeout", "-k", str(_GRACE), str(max(1, ceil(limit))), *argv]


def _word(word: str) -> str:
    # zsh expands an unquoted word that begins with '='; shlex takes '=' for harmless.
    return f"'{word}'" if word.startswith("=") and quote_word(word) == word else quote_word(word)


def _check(word: str) -> None:
    if "\0" in word:
        raise UsageError(f"an argument may not contain a NUL byte: {word!r}")
    try:
        word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError(f"an argument cannot be encoded: {word!r}") from None
