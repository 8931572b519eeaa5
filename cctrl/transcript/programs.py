"""Programs at the operating system's prompt in a transcript: `% cctrl -c ls`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrl.outcome import CctrlError, UsageError, in_words

# Program -> the beginning of the command that runs it here. Another vocabulary adds its programs.
_UTILITY = "import sys; from cctrl.cli import utility; del sys.argv[0]; sys.exit(utility())"
PROGRAMS: dict[str, tuple[str, ...]] = {
    "cctrl": (sys.executable, "-m", "cctrl"),
    **{name: (sys.executable, "-c", _UTILITY, name) for name in ("gpstate", "gprecoverseg", "ttGridAdmin")},
}
_SHELL = set("|&;<>()`")
_SLICE = 0.2  # seconds after which a running program looks whether it is to be given up


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program wrote (stdout and stderr, in order) and its exit status."""

    lines: tuple[str, ...]
    status: int


def argv_of(command: str) -> list[str]:
    """The argument list for a transcript's command line. Raises UsageError for what is not run here."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars="".join(_SHELL))
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"cannot read the command {command!r}: {error}") from None
    special = next((w for w in words if w and set(w) <= _SHELL), None)
    if special is not None:
        raise UsageError(
            f"{special!r}: a transcript's programs are run without a shell",
            next="quote it, or write one program with its arguments",
        )
    if not words or words[0] not in PROGRAMS:
        raise UsageError(
            f"cannot run {words[0] if words else command!r} in a transcript", next=f"one of: {', '.join(PROGRAMS)}"
        )
    return [*PROGRAMS[words[0]], *words[1:]]


def environment(config: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a program: the stage's configuration, no colour, lines at once."""
    kept = {key: value for key, value in environ.items() if not key.startswith("CCTRL_")}
    return {**kept, "CCTRL_CONFIG": str(config), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def run(argv: Sequence[str], stdin: str, env: Mapping[str, str], timeout: float, given_up: Callable[[], bool]) -> Ended:
    """Run a program to its end, at most `timeout` seconds. Raises CctrlError when it is ended by us."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CctrlError(f"cannot run {argv[0]}: {in_words(error)}") from None
    with process:
        left = timeout
        text: bytes | None = stdin.encode("utf-8", "surrogateescape")
        while True:
            try:
                output, _ = process.communicate(text, min(_SLICE, left))
                break
            except subprocess.TimeoutExpired:
                text, left = None, left - _SLICE
                if left <= 0 or given_up():
                    _end(process)
                    raise CctrlError(f"{Path(argv[0]).name} had not ended after {timeout:g} s") from None
            except BaseException:
                _end(process)
                raise
    lines = output.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    status = process.returncode
    return Ended(tuple(lines), status if status >= 0 else 128 - status)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
