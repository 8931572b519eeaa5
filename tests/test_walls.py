"""The walls between the rooms, and the ceilings. The lists of exceptions may only shrink."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.source import TOP, calls, functions, imports, python_files, relative, text_files, tree, words

# From the bottom up: a room may import itself and what stands in an earlier line.
FLOORS = (
    ("cctrl", "outcome", "threads"),  # "cctrl" is the package's own __init__
    ("config",),
    ("registry",),
    ("grammar",),
    ("ssh",),
    ("store",),
    ("replication",),
    ("router",),
    ("manager",),
    ("dataservice", "segments", "grid"),
    ("transcript",),
    ("shell",),
    ("doctor", "trust"),
    ("cli",),
    ("__main__",),
)
VOCABULARIES = ("dataservice", "segments", "grid")
LAB_MAY_IMPORT = {"cctrl", "outcome", "config", "lab"}

PURE = (
    *(
        "facts",
        "synchrony",
        "assurance",
        "beat",
        "diagnosis",
        "divergence",
        "candidates",
        "plan",
        "recovery",
        "rejection",
        "position",
        "steps",
        "copying",
        "appointment",
        "backups",
        "consistency",
        "inquiry",
        "strangers",
    ),
    *("events", "checkup", "postgresql/probe_parse", "postgresql/wal", "postgresql/conninfo", "postgresql/copyparse"),
)
DOES_IO = {
    *("os", "io", "subprocess", "socket", "select", "selectors", "threading", "asyncio", "sqlite3", "paramiko"),
    *("pathlib", "shutil", "tempfile", "glob", "fcntl", "signal", "time", "urllib", "http", "logging", "getpass"),
    *("cctrl.ssh", "cctrl.store", "cctrl.lab"),
}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONG_FILES: set[str] = set()
LONG_FUNCTIONS = {  # each is the text of one script
    "cctrl/shell/completions.py:bash",
    "cctrl/shell/completions.py:zsh",
}
CLOCKS = {"cctrl/lab/processes.py"}  # the only places that wait for time to pass, between two looks


def room(module: str) -> str:
    """The room of `cctrl.ssh.result` is `ssh`; of the package itself `cctrl`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and known(parts[1]) else "cctrl"


def known(name: str) -> bool:
    return (TOP / "cctrl" / name).is_dir() or (TOP / "cctrl" / f"{name}.py").is_file()


def room_of(path: Path) -> str:
    part = path.relative_to(TOP / "cctrl").parts[0].removesuffix(".py")
    return "cctrl" if part == "__init__" else part


def rooms_imported(path: Path) -> set[str]:
    return {room(m) for m in imports(path) if m == "cctrl" or m.startswith("cctrl.")} - {"cctrl"}


FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
PACKAGE = python_files("cctrl")
PURE_FILES = [TOP / "cctrl" / "replication" / f"{name}.py" for name in PURE]


def test_every_room_has_its_place() -> None:
    unplaced = {room_of(p) for p in PACKAGE} - set(FLOOR) - {"lab"}
    assert not unplaced, f"say in FLOORS where these stand: {sorted(unplaced)}"


def test_imports_point_downwards() -> None:
    upward = [
        f"{relative(path)} imports {other}"
        for path in PACKAGE
        if (own := room_of(path)) not in ("lab", "cli", "__main__")
        for other in sorted(rooms_imported(path) - {own, "lab"})
        if FLOOR[other] >= FLOOR[own]
    ]
    assert not upward


def test_only_the_command_line_knows_the_lab() -> None:
    assert not [relative(p) for p in PACKAGE if room_of(p) not in ("lab", "cli") and "lab" in rooms_imported(p)]


def test_the_lab_stands_alone() -> None:
    wrong = {relative(p): sorted(w) for p in python_files("cctrl/lab") if (w := rooms_imported(p) - LAB_MAY_IMPORT)}
    assert not wrong


def test_no_vocabulary_knows_another() -> None:
    for own in VOCABULARIES:
        others = {other for other in VOCABULARIES if other != own}
        assert not [relative(p) for p in python_files(f"cctrl/{own}") if rooms_imported(p) & others]


def test_no_vocabulary_speaks_to_a_server() -> None:
    for own in VOCABULARIES:
        for path in python_files(f"cctrl/{own}"):
            assert not {m for m in imports(path) if m.split(".")[0] in ("paramiko", "subprocess", "socket")}, path


def test_a_vocabulary_reaches_hosts_through_the_core() -> None:
    """It may show how a person logs in; no more."""
    allowed = {"cctrl.ssh.by_hand", "cctrl.ssh.by_hand.login"}
    for own in VOCABULARIES:
        for path in python_files(f"cctrl/{own}"):
            found = {m for m in imports(path) if m.split(".")[:2] == ["cctrl", "ssh"]}
            assert found <= (allowed if path.name == "status.py" else set()), path


def test_the_shell_speaks_to_no_host() -> None:
    wrong = {
        relative(p): found
        for p in [*python_files("cctrl/shell"), TOP / "cctrl" / "cli.py"]
        if (found := [m for m in imports(p) if m == "cctrl.ssh" or m.startswith(("cctrl.ssh.", "paramiko"))])
    }
    assert not wrong


@pytest.mark.parametrize("path", PURE_FILES, ids=relative)
def test_a_pure_module_does_no_io(path: Path) -> None:
    done = {
        m for m in imports(path) if m in DOES_IO or m.split(".")[0] in DOES_IO or ".".join(m.split(".")[:2]) in DOES_IO
    }
    assert not done
    assert not [f"line {line}: {name}" for line, name in calls(path) if name in ("open", "print", "input", "exec")]
    pure = {relative(p).removesuffix(".py").replace("/", ".") for p in PURE_FILES}
    core = {m for m in imports(path) if m.startswith("cctrl.replication.") and is_module(m)}
    assert core <= pure | {"cctrl.replication.postgresql"}, "a pure module rests on pure modules"


def is_module(name: str) -> bool:
    return (TOP / (name.replace(".", "/") + ".py")).is_file()


def test_the_core_knows_no_vocabulary() -> None:
    """PostgreSQL's own term, the segment of its log, may be named in full."""
    said = [
        f"{relative(path)}:{line}: {word[0]}"
        for path in python_files("cctrl/replication")
        for line, text in words(path)
        if (word := re.search(r"data_?source|segment|element", re.sub(r"wal[_ -]?segment", "", text.lower())))
    ]
    assert not said


def test_no_file_is_too_long() -> None:
    long = {relative(p) for p in python_files() if len(p.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE}
    assert long == LONG_FILES, f"more than {LONGEST_FILE} lines, or no longer so: {sorted(long ^ LONG_FILES)}"


def test_no_function_is_too_long() -> None:
    long = {
        f"{relative(path)}:{name}"
        for path in python_files()
        for name, node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == LONG_FUNCTIONS, f"over {LONGEST_FUNCTION} lines, or no longer: {sorted(long ^ LONG_FUNCTIONS)}"


def test_only_clocks_sleep() -> None:
    asleep = {relative(p) for p in python_files() for _, name in calls(p) if name == "sleep"}
    assert asleep == CLOCKS, f"wait for a condition with a deadline instead: {sorted(asleep ^ CLOCKS)}"


def test_what_is_public_says_what_for() -> None:
    silent = []
    for path in PACKAGE:
        module = tree(path)
        if module.body and not ast.get_docstring(module):
            silent.append(relative(path))
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not (
                node.name.startswith("_") or ast.get_docstring(node)
            ):
                silent.append(f"{relative(path)}:{node.name}")
    assert not silent


def test_no_line_names_the_machine_it_was_written_on() -> None:
    private = re.compile("|".join(("/wo" + "rk/", "/tmp/" + "dev/", "/root/[.]py" + "env")))
    named = [
        f"{relative(path)}:{number}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if private.search(line)
    ]
    assert not named


def test_the_prompt_needs_nothing_heavy_at_import() -> None:
    """Every import of these stands in a function, outside the rooms that are themselves imported late."""
    heavy = ("paramiko", "prompt_toolkit", "pygments", "tabulate", "sqlite3")
    eager = []
    for path in (p for p in PACKAGE if room_of(p) in ("cli", "config", "outcome", "registry", "grammar")):
        for node in tree(path).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                eager += [f"{relative(path)}:{node.lineno}" for n in names if n.split(".")[0] in heavy]
    assert not eager
