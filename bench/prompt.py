"""Time to the first prompt, and to the prompt of a demo, on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from bench.figures import Figure, in_turn
from bench.place import Place, milliseconds

WHERE_AM_I = b"\x1b[6n"  # the terminal is asked for the cursor's place, and answers
LONGEST = 60.0  # seconds


class Terminal:
    """A program on a pseudo-terminal: what it shows, and what is typed."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self.shown = b""

    def until(self, text: bytes) -> None:
        """Read until `text` is on the screen. RuntimeError where the program ends before."""
        end = perf_counter() + LONGEST
        while text not in self.shown:
            if perf_counter() > end or not self._read():
                raise RuntimeError(f"no {text.decode()} on the screen: {self.shown[-500:]!r}")

    def leave(self) -> None:
        """Type `quit` and read what comes until the program ends."""
        os.write(self._master, b"quit\r")
        while self._read():
            continue
        self.process.wait(LONGEST)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], LONGEST)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        if WHERE_AM_I in data:
            os.write(self._master, b"\x1b[1;1R")
        self.shown += data
        return bool(data)


@contextmanager
def on_a_terminal(argv: Sequence[str], place: Place) -> Iterator[Terminal]:
    """Start a program on a pseudo-terminal of its own."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, env=place.environ, cwd=place.home, start_new_session=True
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        os.close(master)


def time_to_prompt(argv: Sequence[str], place: Place) -> float:
    """Milliseconds from the start of a shell to its first prompt."""
    began = perf_counter()
    with on_a_terminal(argv, place) as terminal:
        terminal.until(b"[LOGICAL")
        took = (perf_counter() - began) * 1000
        terminal.leave()
    return took


def measure(place: Place, samples: int) -> Iterator[Figure]:
    """The first prompt."""
    lab = place.lab()
    argv = [*place.cctrl, "--config", str(lab.directory / "cctrl.toml")]
    bare = [sys.executable, "-c", "import prompt_toolkit"]
    ours, limit = in_turn(
        2 * samples + 1,
        lambda: time_to_prompt(argv, place),
        lambda: milliseconds(lambda: place.run(bare)),
    )
    yield Figure("first prompt", ours, limit, "import prompt_toolkit", 1.3)
