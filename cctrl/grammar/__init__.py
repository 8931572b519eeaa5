"""The parser of command lines: pure functions over the usage lines of `registry.Command`.

`split` turns a typed line into statements and tokens that know where they stand; `parse` finds the one
command that a statement means, or raises a `UsageError` that names the wrong word, points at it and
says what was meant; `expected` tells what may come next. The completer, the highlighter, the toolbar,
`help` and the shell completions all ask here, so that they cannot disagree with the parser.
"""

from cctrl.grammar.complaint import suggestion
from cctrl.grammar.expect import Expected, candidates, completions, expected, typed
from cctrl.grammar.line import Statement, Token, last_word, pointer, scan, shown, split
from cctrl.grammar.match import CLOSED, Words
from cctrl.grammar.parse import parse
from cctrl.grammar.usage import SYNONYMS, Item, Path, compile_usage

__all__ = [
    "CLOSED",
    "SYNONYMS",
    "Expected",
    "Item",
    "Path",
    "Statement",
    "Token",
    "Words",
    "candidates",
    "compile_usage",
    "completions",
    "expected",
    "last_word",
    "parse",
    "pointer",
    "scan",
    "shown",
    "split",
    "suggestion",
    "typed",
]
