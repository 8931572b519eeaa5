"""known_hosts: whether a host's key is the known one. Each file is read once per process.

A file is indexed by name without decoding a single key, so that 3000 lines cost a few
milliseconds; only the lines of the host asked for are looked at more closely.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import translate
from pathlib import Path
from re import compile as compile_pattern
from threading import Lock

SSH_PORT = 22
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a known_hosts file."""

    file: Path
    number: int
    marker: str  # "", "@revoked" or "@cert-authority"
    names: tuple[str, ...]  # as they stand there: plain, hashed or patterns
    key_type: str
    key: str  # base64

    @property
    def place(self) -> str:
        """Where it stands, as `file:line`."""
        return f"{self.file}:{self.number}"

    @property
    def fingerprint(self) -> str:
        """The key's type and fingerprint, or what is wrong with it."""
        try:
            return f"{self.key_type} {fingerprint(b64decode(self.key, validate=True))}"
        except (Base64Error, ValueError):
            return f"{self.key_type} (not a key)"


class Standing(Enum):
    """What known_hosts says of a key."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What known_hosts says of a host's key; `lines` are those that name the host."""

    standing: Standing
    name: str  # under which the host stands, or would stand, in the file
    fingerprint: str
    lines: tuple[Line, ...] = ()

    @property
    def reason(self) -> str:
        """Why the key is refused, in words; empty for the known key."""
        places = ", ".join(line.place for line in self.lines if line.marker != "@cert-authority")
        if self.standing is Standing.REVOKED:
            return f"the host key {self.fingerprint} of {self.name} is revoked ({places})"
        if self.standing is Standing.CHANGED:
            return (
                f"the host key of {self.name} has changed: it is now {self.fingerprint}, another stands in {places}; "
                "the host was set up anew, or somebody is in between"
            )
        if self.standing is Standing.UNKNOWN:
            by = next((line.place for line in self.lines if line.marker == "@cert-authority"), "")
            known = f" (known by a certificate authority only, {by}, which is not checked here)" if by else ""
            return f"the host key of {self.name} is not known: {self.fingerprint}{known}"
        return ""


def fingerprint(key: bytes) -> str:
    """The SHA256 fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def entry_name(host: str, port: int) -> str:
    """The name of a host in known_hosts: bare on port 22, `[host]:port` otherwise."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def judge(files: Sequence[Path], name: str, key: bytes) -> Verdict:
    """What `files` say of `key`, offered by the host known as `name` (see `entry_name`).

    As in OpenSSH a host on another port is also known by its bare name, if the key is the same.
    Raises OSError where a file cannot be read; a file that is not there is an empty one.
    """
    lines = lookup(files, name)
    shown = fingerprint(key)
    wanted = b64encode(key).decode()
    same = [line for line in lines if line.key == wanted]
    if any(line.marker == "@revoked" for line in same):
        return Verdict(Standing.REVOKED, name, shown, tuple(line for line in same if line.marker == "@revoked"))
    if any(not line.marker for line in same):
        return Verdict(Standing.KNOWN, name, shown, tuple(same))
    if any(not line.marker for line in lines):
        return Verdict(Standing.CHANGED, name, shown, tuple(line for line in lines if not line.marker))
    if name.startswith("["):
        bare = judge(files, name[1:].partition("]")[0], key)
        if bare.standing in (Standing.KNOWN, Standing.REVOKED):
            return bare
    return Verdict(Standing.UNKNOWN, name, shown, tuple(lines))


def lookup(files: Iterable[Path], name: str) -> list[Line]:
    """The lines that name the host, in the files' order. Raises OSError."""
    return [line for file in files for line in _index(file).find(name)]


def known_algorithms(lines: Iterable[Line], all_algorithms: Sequence[str]) -> list[str]:
    """`all_algorithms`, those of keys already known first: a host with several keys shows that one."""
    known: set[str] = set()
    for line in lines:
        if not line.marker:
            known.update(_RSA if line.key_type == "ssh-rsa" else (line.key_type,))
    return sorted(all_algorithms, key=lambda algorithm: algorithm not in known)


@dataclass(slots=True)
class _Index:
    """One file: lines by plain name, and apart those that must be tried one by one."""

    plain: dict[str, list[Line]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, Line]] = field(default_factory=list)
    patterns: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        for name in line.names:
            if name.startswith("|1|"):
                try:
                    salt, digest = (b64decode(part, validate=True) for part in name[3:].split("|", 1))
                except (Base64Error, ValueError):
                    continue
                self.hashed.append((salt, digest, line))
            elif any(letter in name for letter in "*?!"):
                if line not in self.patterns:
                    self.patterns.append(line)
            else:
                self.plain.setdefault(name.lower(), []).append(line)

    def find(self, name: str) -> list[Line]:
        found = list(self.plain.get(name, ()))
        sought = name.encode()
        found += [line for salt, digest, line in self.hashed if hmac.digest(salt, sought, "sha1") == digest]
        found += [line for line in self.patterns if line not in found]
        found = [line for line in found if not _excluded(line, name)]
        return sorted(found, key=lambda line: line.number)


def _excluded(line: Line, name: str) -> bool:
    """True where the line's patterns, if it has any, do not match the name or rule it out."""
    patterns = [entry for entry in line.names if not entry.startswith("|1|")]
    if not any(letter in entry for entry in patterns for letter in "*?!"):
        return False
    if any(entry[0] == "!" and _matches(entry[1:], name) for entry in patterns if entry):
        return True
    return not any(_matches(entry, name) for entry in patterns if entry and entry[0] != "!")


def _matches(pattern: str, name: str) -> bool:
    literal = pattern.lower().replace("[", "[[]")  # known_hosts knows only * and ?
    return compile_pattern(translate(literal)).match(name) is not None


_indexes: dict[Path, tuple[tuple[int, int, int], _Index]] = {}
_reading = Lock()


def _index(file: Path) -> _Index:
    with _reading:  # a hundred connections begin at once; one of them reads
        try:
            state = file.stat()
        except FileNotFoundError:
            return _Index()
        version = (state.st_mtime_ns, state.st_size, state.st_ino)
        if file not in _indexes or _indexes[file][0] != version:
            _indexes[file] = (version, _read(file))
        return _indexes[file][1]


def _read(file: Path) -> _Index:
    index = _Index()
    for number, text in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        line = _parse(file, number, text)
        if line is not None:
            index.add(line)
    return index


def _parse(file: Path, number: int, text: str) -> Line | None:
    """One line of a known_hosts file; None for comments and for what is no entry."""
    words = text.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    if len(words) < 3:
        return None
    names, key_type, key = words[:3]
    return Line(file, number, marker, tuple(names.split(",")), key_type, key)
