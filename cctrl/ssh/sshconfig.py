"""The user's ssh_config without an `ssh` binary: paramiko's parser, with Include added."""

from __future__ import annotations

import getpass
from pathlib import Path

from cctrl.config import Host
from cctrl.ssh.failure import CannotReach

_DEPTH = 16  # as in OpenSSH
_LISTS = ("identityfile",)


def parsed_options(host: Host) -> dict[str, list[str]]:
    """Keyword -> values for `host`, as `ssh -G` would print them. Raises CannotReach."""
    from cctrl.ssh.wire import paramiko

    text = _text(host)
    if "match" in text.lower() and "exec" in text.lower():
        _load_invoke()
    try:
        found = paramiko.SSHConfig.from_text(text).lookup(host.address)
    except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize, ValueError, KeyError, OSError) as error:
        raise CannotReach(f"the SSH configuration cannot be read without an ssh binary: {error}") from None
    options = {key: value if isinstance(value, list) else [value or "none"] for key, value in found.items()}
    options.setdefault("user", [host.ssh_user or getpass.getuser()])
    options.setdefault("identityfile", ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"])
    return options


def _text(host: Host) -> str:
    if host.ssh_config:
        file = Path(host.ssh_config).expanduser()
        try:
            return _with_includes(file.absolute(), file.absolute().parent, 0)
        except OSError as error:
            raise CannotReach(f"cannot read the SSH configuration {file}: {error.strerror}") from None
    own = Path("~/.ssh/config").expanduser()
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
            place = base / Path(pattern.strip('"')).expanduser()
            found = sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
            lines += [_with_includes(name, base, depth + 1) for name in found]
    return "\n".join(lines)


def _load_invoke() -> None:
    """Give paramiko's parser what `Match exec` needs; it was left out at import (see wire.py)."""
    import paramiko.config

    if paramiko.config.invoke is None:  # type: ignore[attr-defined]
        import invoke

        paramiko.config.invoke = invoke  # type: ignore[attr-defined]
