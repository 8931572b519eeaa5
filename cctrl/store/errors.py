"""What can go wrong with the store, in words a person can act on."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from cctrl.outcome import Refused


class StoreError(Refused):
    """The store cannot be read or written; the message names its file and the next step."""


class Unwritable(StoreError):
    """The store cannot be written where it lies; what is in it may be readable."""


class Full(Unwritable):
    """No space is left where it lies."""


_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")
RESERVE = 512 << 10  # bytes that must be free before a command begins which has to be able to write down its end
EVENT_RESERVE = 192 << 10  # and before an event is written: the rest is for what the lease needs
_UNWRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")


def damaged(path: Path, why: str) -> StoreError:
    """The file is no store of cctrl, or no longer one; it is kept, moved aside with its write-ahead log."""
    aside = shlex.quote(str(path.parent / "damaged.XXXXXX"))
    return StoreError(
        f"the store {path} is damaged or not cctrl's: {why}",
        detail="It holds what cctrl was told (shunned members, policy, journal); the servers are not touched.",
        next=f'mv {shlex.quote(str(path))}* "$(mktemp -d {aside})"   (cctrl then starts a new one)',
    )


def newer(path: Path, found: int, known: int) -> StoreError:
    """The file was written by a later cctrl."""
    return StoreError(
        f"the store {path} was written by a newer cctrl",
        detail=f"its schema is {found}, this cctrl knows up to {known}",
        next="use the newer cctrl, or another state_dir in the configuration",
    )


def unwritable(path: Path, why: str) -> Unwritable:
    """The file or its directory cannot be made, opened or written."""
    directory = shlex.quote(str(path.parent))
    return Unwritable(
        f"cannot open or write the store {path}: {why}",
        next=f"ls -ld {directory}   (make it a directory you may write, or set state_dir in the configuration)",
    )


def full(path: Path, free: int = 0, needed: int = RESERVE) -> Full:
    """No space is left where the file is, or too little of it (`free`, `needed`: bytes)."""
    left = f"only {free >> 10} kB left on its file system, {needed >> 10} kB needed" if free else ""
    return Full(
        f"cannot write the store {path}: {left or 'no space left on its file system'}",
        next=f"df -h {shlex.quote(str(path.parent))}   (make room, then give the command again)",
    )


def busy(path: Path, limit: float) -> StoreError:
    """Another process kept the file locked for too long."""
    return StoreError(
        f"the store {path} is locked by another process",
        detail=f"waited {limit:g} s of {limit:g} s",
        next=f"fuser -v {shlex.quote(str(path))}   (who has it open), then give the command again",
    )


def explained(error: sqlite3.Error, path: Path, limit: float) -> StoreError | None:
    """The error that SQLite's `error` is for a person; None where it would be a defect of cctrl."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return busy(path, limit)
    if name.startswith("SQLITE_FULL"):
        return full(path)
    if name.startswith(_UNWRITABLE):
        return unwritable(path, str(error))
    if name.startswith("SQLITE_IOERR"):
        return unwritable(path, f"{error} ({name})")
    if name.startswith(_DAMAGED):
        return damaged(path, str(error))
    return None
