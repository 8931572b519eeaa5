"""The history file: one for the user, readable by nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from cctrl.outcome import in_words
from cctrl.shell.crash import private_dir

LIMIT = 1_000_000  # bytes; a longer file is cut to its newer half when the shell starts


def open_history(state_dir: Path, tell: Callable[[str], None], *, keep: bool) -> History:
    """The history in `state_dir`, or one that ends with the shell where none shall or can be kept."""
    if not keep:
        return InMemoryHistory()
    path = state_dir / "history"
    try:
        private_dir(state_dir)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        if path.stat().st_size > LIMIT:
            _cut(path)
    except OSError as error:
        tell(f"No history is kept: {path}: {in_words(error)}")
        return InMemoryHistory()
    return _Careful(str(path), tell)


def _cut(path: Path) -> None:
    newer = path.read_bytes()[-LIMIT // 2 :]
    path.write_bytes(newer[newer.find(b"\n#") + 1 :])


class _Careful(FileHistory):
    """A history file that a full disk cannot turn into a crash."""

    def __init__(self, filename: str, tell: Callable[[str], None]) -> None:
        super().__init__(filename)
        self._tell = tell

    def load_history_strings(self) -> Iterable[str]:
        """As in the file; nothing where it can no longer be read."""
        try:
            return list(super().load_history_strings())
        except OSError as error:
            self._tell(f"The history cannot be read: {in_words(error)}")
            return []

    def store_string(self, string: str) -> None:
        """Append to the file; said, not raised, where that fails."""
        try:
            super().store_string(string)
        except OSError as error:
            self._tell(f"The history is not kept: {in_words(error)}")
