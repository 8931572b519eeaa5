"""What happens when cctrl itself is wrong: a report in a file, one line on the screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cctrl import __version__
from cctrl.outcome import CctrlError


class InternalError(CctrlError):
    """A defect of cctrl, as it is shown to the user."""


def report(defect: BaseException, doing: str, state_dir: Path) -> InternalError:
    """Keep the traceback of `defect` in a file (0600) under `state_dir`; the error to show, which names it."""
    import platform
    import traceback
    from datetime import UTC, datetime

    text = "".join(traceback.format_exception(defect))
    if os.environ.get("CCTRL_DEBUG"):
        sys.stderr.write(text)
    now = datetime.now(UTC)
    head = f"cctrl {__version__}, Python {platform.python_version()}, {now:%Y-%m-%d %H:%M:%S} UTC\ncommand: {doing}\n\n"
    place = _keep(head + text, state_dir / "crashes" / f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt")
    where = f"the report is in {place}" if place else "the report could not be written; CCTRL_DEBUG=1 shows it"
    return InternalError(f"internal error ({type(defect).__name__}); {where}")


def _keep(text: str, path: Path) -> Path | None:
    try:
        private_dir(path.parent.parent)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", errors="replace") as file:
            file.write(text)
    except OSError:
        return None
    return path


def private_dir(path: Path) -> None:
    """Make the directory, for its owner alone, if it is not there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
