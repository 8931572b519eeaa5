"""The project's own source as data, for the tests that hold its walls."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
TEXT_PLACES = ("cctrl", "tests", "transcripts", "completions", "bench", ".ci")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    """The path as it is named in the lists of exceptions."""
    return path.relative_to(TOP).as_posix()


@cache
def python_files(place: str = "") -> tuple[Path, ...]:
    """All Python files below a place, or in the package, the tests and the bench."""
    places = [place] if place else ["cctrl", "tests", "bench"]
    return tuple(sorted(p for where in places for p in (TOP / where).rglob("*.py")))


def text_files() -> Iterator[Path]:
    """Every file a person may read: those at the top and in the known places."""
    yield from (p for p in TOP.iterdir() if p.is_file() and not p.name.startswith("."))
    for place in TEXT_PLACES:
        for path in (TOP / place).rglob("*"):
            hidden = any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(TOP / place).parts)
            if path.is_file() and not hidden:
                yield path


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules that a file imports anywhere, those for type checking included, by full name.
    `from a import b` yields both `a` and `a.b`."""
    found: set[str] = set()
    package = list(path.relative_to(TOP).with_suffix("").parts[:-1])
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Each function of a file with its dotted name."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield f"{prefix}{child.name}", child
            name = f"{prefix}{child.name}." if isinstance(child, Function | ast.ClassDef) else prefix
            yield from walk(child, name)

    yield from walk(tree(path), "")


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and last name of each call: `time.sleep(1)` is `sleep`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id


def words(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each name and string of a file; comments are left out."""
    kinds = {tokenize.NAME, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    source = io.StringIO(path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type in kinds:
            yield token.start[0], token.string
