"""The user's ssh_config without an `ssh` binary: paramiko's parser, with Include added."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from cctrl.config import Host
from cctrl.ssh.failure import CannotReach
from cctrl.ssh.tokens import in_home

_DEPTH = 16  # as in OpenSSH
_LONGEST = 5.0  # seconds a command of Match exec may take


def parsed_options(host: Host) -> dict[str, list[str]]:
    """Keyword -> values for `host`, as `ssh -G` would print them. Raises CannotReach."""
    from cctrl.ssh.wire import paramiko

    text = _text(host)
    if "match" in text.lower() and "exec" in text.lower():
        _allow_match_exec()
    try:
        found = paramiko.SSHConfig.from_text(text).lookup(host.address)
    except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize, ValueError, KeyError, OSError) as error:
        raise CannotReach(f"the SSH configuration cannot be read without an ssh binary: {error}") from None
    options = {key: value if isinstance(value, list) else [value or "none"] for key, value in found.items()}
    options.setdefault("user", [host.ssh_user or getpass.getuser()])
    return options


def _text(host: Host) -> str:
    if host.ssh_config:
        file = Path(host.ssh_config).expanduser()
        try:
            return _with_includes(file.absolute(), file.absolute().parent, 0)
        except OSError as error:
            raise CannotReach(f"cannot read the SSH configuration {file}: {error.strerror}") from None
    own = in_home("~/.ssh/config")
    system = Path("/etc/ssh/ssh_config")
    parts = [_with_includes(file, file.parent, 0) for file in (own, system) if file.is_file()]
    return "\nHost *\n".join(parts)


def _with_includes(file: Path, base: Path, depth: int) -> str:
    if depth > _DEPTH:
        raise CannotReach(f"the SSH configuration includes itself: {file}")
    lines: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.replace("=", " ", 1).split()
        if not words or words[0].lower() != "include":
            lines.append(line)
            continue
        for pattern in words[1:]:
            place = base / in_home(pattern.strip('"'))
            found = sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
            lines += [_with_includes(name, base, depth + 1) for name in found]
    return "\n".join(lines)


def _allow_match_exec() -> None:
    """Give paramiko's parser what it runs the commands of `Match exec` with (see wire.py).

    Its own choice, invoke, would read our terminal.
    """
    import paramiko.config

    paramiko.config.invoke = _Runner  # type: ignore[attr-defined]


class _Runner:
    """The one function of invoke that paramiko's parser calls."""

    def __init__(self, ok: bool) -> None:
        self.ok = ok

    @classmethod
    def run(cls, command: str, **_: object) -> _Runner:
        """Whether `command` ends with 0."""
        argv = ["/bin/sh", "-c", command]
        null = subprocess.DEVNULL
        try:
            return cls(subprocess.run(argv, stdin=null, stdout=null, stderr=null, timeout=_LONGEST).returncode == 0)
        except subprocess.TimeoutExpired:
            return cls(False)
