"""The parser of command lines: pure functions over the usage lines of `registry.Command`.

`split` turns a typed line into statements and tokens that know where they stand; `parse` finds the one
command that a statement means, or raises a `UsageError` that names the wrong word, points at it and
says what was meant; `expected` tells what may come next. The completer, the highlighter, the toolbar,
`help` and the shell completions all ask here, so that they cannot disagree with the parser.
"""

from cctrl.grammar.expect import completions, expected, typed
from cctrl.grammar.line import Statement, last_word, scan, shown, split
from cctrl.grammar.parse import parse, whole
from cctrl.grammar.usage import Path, compile_usage

__all__ = [
    "Path",
    "Statement",
    "compile_usage",
    "completions",
    "expected",
    "last_word",
    "parse",
    "scan",
    "shown",
    "split",
    "typed",
    "whole",
]
