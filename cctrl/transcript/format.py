r"""The transcript file: what each line means, and the parser.

The first rule that applies decides::

    #@ key: value             a need, at the head: lab, service, hosts, spares, policy, timeout, manager,
                              mode, sshd, disk, postgresql, synchronous, failure-timeout, failover-block
    # …                       comment ('#' alone too); anywhere, and no part of what is expected
    %% …                      stage direction: kill|stop|start|cut|heal|freeze|thaw|wipe|
                              fill|unfill|exhaust|release HOST,
                              cut HOST --in|--out|--from HOST, traffic start|stop|report,
                              sql HOST STATEMENT, wait until …
    [MODE] /service > …       typed at the shell's prompt; with nothing after it, only the prompt is checked
    % … | $ … | shell> …      a program
    < text                    the answer to a question of the command above; for a program, a line of its stdin
    ? N                       the exit status of the command above, 0 where there is none; ends what it prints
    anything else             an expected line of the command, `%% sql` or `%% traffic report` above (
                              `match` says how it is compared)

A question with its answer on the same line, as a terminal shows it (`… (y/n)> y`), is read as both.

Blank lines: those at the end of what is expected (before the next input, stage direction or `? N`,
and at the end of the file) separate and expect nothing, as blank lines at the end of actual output do not
count either; every other blank line below a command is expected literally.

`%% sql` with no lines below it is not compared, only run; an SQL error is always a failure. Its lines
are those of `psql -XAtq`. So it is with `%% traffic report`: lost rows, or two servers that took writes at once, are
always a failure. The other stage directions print nothing.

An output line that begins like one of the above is written with ` (glob)` and a backslash:
`\# not a comment (glob)`. `literally` does that.

Every character is kept, so `render(parse(text)) == text`, whatever the line endings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from cctrl.config import NAME, NAME_RULE
from cctrl.outcome import UsageError, in_words
from cctrl.transcript.directions import direction
from cctrl.transcript.head import MODES, Problem, near, read_key
from cctrl.transcript.model import Action, Expected, Head, Program, Sql, Step, Traffic, Transcript, Typed
from cctrl.transcript.values import KINDS

LARGEST = 8 * 1024 * 1024  # bytes that a transcript may have
_PROMPT = re.compile(r"\[([A-Za-z]+(?::[A-Za-z]+)?)\] /(\S*) >(?: +(.*)| *)\Z", re.DOTALL)
_ALMOST = re.compile(r"\[(?:LOGICAL|PHYSICAL|ADMIN)\b[^]]*\]\s*/")
_PROGRAM = re.compile(r"(?:%|\$|shell>) +(\S.*)\Z", re.DOTALL)
_INLINE = re.compile(r"(.*\(y/n\)> ?)([A-Za-z]{1,5})\Z", re.DOTALL)
_MARKED = re.compile(r"#@|#(?: |\Z)|%%|<(?: |\Z)|\? |\[[A-Za-z]+(?::[A-Za-z]+)?\]\s*/|(?:%|\$|shell>) +\S")


class TranscriptError(UsageError):
    """A file that is no transcript; `what` begins with FILE:LINE."""


@dataclass(slots=True)
class _Open:
    """The step being read."""

    step: Step
    expected: list[Expected] = field(default_factory=list)

    def closed(self) -> Step:
        while self.expected and not self.expected[-1].answer and not self.expected[-1].text.strip():
            self.expected.pop()
        return replace(self.step, expected=tuple(self.expected))


def read(path: Path) -> Transcript:
    """Parse the file at `path`. Raises TranscriptError."""
    try:
        if path.exists() and not path.is_file():
            raise TranscriptError(f"{path} is not a file", next="name a transcript or a directory of them")
        if path.stat().st_size > LARGEST:
            size = path.stat().st_size
            raise TranscriptError(f"{path} is too large for a transcript", detail=f"{size} bytes; limit {LARGEST}")
        return parse(path.read_bytes().decode("utf-8"), str(path))
    except OSError as error:
        raise TranscriptError(
            f"cannot read {path}: {in_words(error)}", next="name a transcript that is there"
        ) from None
    except ValueError as error:
        reason = f"byte {error.start} is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise TranscriptError(f"cannot read {path}: {reason}") from None


def parse(text: str, path: str = "transcript") -> Transcript:
    """Parse a transcript's text. Raises TranscriptError with `path`, line, text and what would be right."""
    lines = tuple(re.findall(r"[^\n]*\n|[^\n]+", text))
    parser = _Parser()
    for at, raw in enumerate(lines):
        line = raw.removesuffix("\n").removesuffix("\r")
        try:
            parser.line(at, line)
        except Problem as problem:
            shown = line if len(line) <= 160 else line[:157] + "..."
            raise TranscriptError(
                f"{path}:{at + 1}: {problem.what}", detail=f"the line is {shown!r}", next=problem.right
            ) from None
    return Transcript(path, lines, parser.head, parser.finished())


def render(transcript: Transcript) -> str:
    """The text of a transcript; the very one it was parsed from."""
    return "".join(transcript.lines)


def literally(line: str) -> str:
    """`line` as it must be written to be expected: itself, or escaped where it begins like an instruction."""
    if not (_MARKED.match(line) or _INLINE.match(line)):
        return line
    escaped = re.sub(r"[\\*?]", r"\\\g<0>", line)
    return f"{escaped if escaped.startswith(chr(92)) else chr(92) + escaped} (glob)"


class _Parser:
    def __init__(self) -> None:
        self.head = Head()
        self.steps: list[Step] = []
        self.open: _Open | None = None

    def line(self, at: int, line: str) -> None:
        if line.startswith("#@"):
            if self.open:
                raise Problem("a need below the first step", "write the #@ lines at the head of the file")
            self.head = read_key(self.head, line)
            return
        if line == "#" or line.startswith("# "):
            return
        action = _action(line)
        if action is not None:
            self.begin(at, action)
        elif line == "<" or line.startswith("< "):
            self.answer(at, line[2:])
        elif line.startswith("? "):
            self.status(at, line[2:])
        else:
            self.expect(at, line)

    def begin(self, at: int, action: Action) -> None:
        if self.open:
            self.steps.append(self.open.closed())
        self.open = _Open(Step(at, action))

    def block(self, what: str) -> _Open:
        """The command that a line belongs to. Raises Problem where there is none."""
        if self.open is None or not isinstance(self.open.step.action, Typed | Program):
            raise Problem(f"{what} without a command above it", "a line with a prompt first: [LOGICAL] /alpha > ls")
        if self.open.step.status_at is not None:
            raise Problem(f"{what} after the exit status", "write ? N as the last line of what the command prints")
        return self.open

    def answer(self, at: int, text: str) -> None:
        self.block("an answer").expected.append(Expected(at, text, answer=True))

    def status(self, at: int, text: str) -> None:
        block = self.block("an exit status")
        if not re.fullmatch(r"\d{1,3} *", text) or int(text) > 255:
            raise Problem(f"{text!r} is not an exit status", "? and a number from 0 to 255")
        block.step = replace(block.step, status=int(text), status_at=at)

    def expect(self, at: int, line: str) -> None:
        if not line.strip() and (self.open is None or not _prints(self.open.step.action)):
            return
        if not line.strip() and self.open and self.open.step.status_at is not None:
            return
        if self.open is None:
            raise Problem("output without a command above it", "begin a comment with '# ', an input with its prompt")
        if not _prints(self.open.step.action):
            raise Problem("a stage direction prints nothing", "begin a comment with '# ', an input with its prompt")
        if not isinstance(self.open.step.action, Typed | Program):
            self.open.expected.append(Expected(at, line))
            return
        block = self.block("an expected line")
        inline = _INLINE.match(line)
        if inline and isinstance(block.step.action, Typed):
            block.expected += [Expected(at, inline[1]), Expected(at, inline[2], answer=True)]
        else:
            block.expected.append(Expected(at, line))

    def finished(self) -> tuple[Step, ...]:
        return (*self.steps, self.open.closed()) if self.open else ()


def _prints(action: Action) -> bool:
    return isinstance(action, Typed | Program | Sql) or action == Traffic("report")


def _action(line: str) -> Action | None:
    if line.startswith("%%"):
        return direction(line)
    program = _PROGRAM.match(line)
    if program:
        return Program(program[1].rstrip())
    prompt = _PROMPT.match(line)
    if prompt is None or prompt[1] in KINDS:
        if _ALMOST.match(line):
            raise Problem("almost a prompt", "[MODE] /service > command, with the blanks as here")
        return None
    mode, service, command = prompt[1], prompt[2], (prompt[3] or "").rstrip()
    if mode not in MODES:
        raise Problem(f"unknown mode {mode}", near(mode, MODES) if mode.upper() not in MODES else f"[{mode.upper()}]")
    elements = service.split("/") if mode == "PHYSICAL" else [service]  # there the prompt names a place in the tree
    if service and not all(NAME.match(element) for element in elements):
        raise Problem(f"{service!r} is not a service's name", NAME_RULE)
    return Typed(mode, service, command)
