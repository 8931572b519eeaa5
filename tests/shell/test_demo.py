"""`cctrl demo` at a terminal: the lab is there, can be broken from inside, and is gone at the end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from cctrl.lab import layout
from tests.shell.test_repl import EXPERT, Typist


@pytest.fixture
def demo(environ: dict[str, str]) -> Typist:
    typist = Typist([sys.executable, "-m", "cctrl", "demo"], environ)
    typist.sees("Break one:", "cctrl 0.1.0\n", EXPERT)
    return typist


def gone(name: str) -> bool:
    """True where no lab is listed and no process has its name in its command line."""
    return not layout.names() and not any(name in command_line(entry) for entry in Path("/proc").glob("[0-9]*"))


def command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:  # it has just ended
        return ""


def test_break_one_from_inside_and_leave(demo: Typist) -> None:
    (name,) = layout.names()
    assert "host2(slave:ONLINE" in demo.says("ls", "host3(slave:ONLINE", EXPERT)
    demo.says("%% kill host1", "host1 killed", EXPERT)
    demo.says("show events --watch", "WAS COMPLETED")
    demo.types("\x03")
    demo.sees(EXPERT)
    demo.says("ls host1", "host1(master:SHUNNED(FAILED-OVER-TO-host", EXPERT)
    assert demo.leaves() == 0
    assert gone(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_takes_the_lab_down_too(demo: Typist, number: signal.Signals) -> None:
    (name,) = layout.names()
    demo.child.kill(number)
    assert demo.ended() == 128 + number
    assert gone(name)
