"""Where the configuration and the state are looked for, where nobody says."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path


def expanded(path: str) -> Path:
    """A path with `~` for the user's home; as it is where there is no such user, or none that has a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def text_of(path: str, encoding: str = "utf-8") -> str:
    """The text of a file that a command names. Raises OSError, also for a pipe or a device, which might never end, and
    UnicodeDecodeError."""
    found = expanded(path)
    if found.exists() and not found.is_file() and not found.is_dir():
        raise OSError(errno.EINVAL, "not a regular file", str(found))
    return found.read_text(encoding=encoding)


def default_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration is looked for without `--config`: the first that exists, else the
    user's own place (`$CCTRL_CONFIG`, `$XDG_CONFIG_HOME/cctrl/cctrl.toml`, `/etc/cctrl/cctrl.toml`)."""
    if environ.get("CCTRL_CONFIG"):
        return Path(environ["CCTRL_CONFIG"])
    home = Path(environ.get("XDG_CONFIG_HOME") or expanded(environ.get("HOME", "~")) / ".config")
    places = (home / "cctrl" / "cctrl.toml", Path("/etc/cctrl/cctrl.toml"))
    return next((p for p in places if p.exists()), places[0])


def default_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/cctrl`, where history, intended state and audit are kept."""
    home = environ.get("XDG_STATE_HOME") or expanded(environ.get("HOME", "~")) / ".local/state"
    return Path(home) / "cctrl"
