"""One SQLite file that several processes share: made whole, opened late, every failure put in words."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cctrl.outcome import in_words
from cctrl.store import errors

APPLICATION = 0x63637472  # "cctr": tells cctrl's file from any other SQLite file
VERSION = 3
_LOG = 32  # pages of the write-ahead log, which are used again and again: with them it goes on also on a full disk

_WATCHING = """
CREATE TABLE leader (
    service TEXT PRIMARY KEY, holder TEXT NOT NULL, host TEXT NOT NULL, since REAL NOT NULL, until REAL NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, at REAL NOT NULL, source TEXT NOT NULL,
    member TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX event_service ON event (service, number);
"""
_DOCUMENTS = """
CREATE TABLE document (
    service TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (service, name)
);
"""
_NEWER = {2: _WATCHING, 3: _DOCUMENTS}  # version -> what it added to the one before
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE intent (service TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE operation (
    id TEXT PRIMARY KEY, service TEXT NOT NULL, verb TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL,
    target TEXT NOT NULL, policy TEXT NOT NULL, who TEXT NOT NULL, started REAL NOT NULL,
    finished REAL, outcome TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT ''
);
CREATE INDEX operation_service ON operation (service);
CREATE TABLE step (
    n INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL REFERENCES operation, name TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX step_operation ON step (operation, n);
{_WATCHING}
{_DOCUMENTS}
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""


class Database:
    """The file and this process's connection to it, which threads take in turns."""

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self.timeout = timeout
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)  # which one it is connected to

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query; none where there is no file, and no room for one."""
        with self._turn:
            try:
                with self._explaining():
                    return list(self._open().execute(statement, values))
            except errors.Full:
                return self._read_only(statement, values) if self.path.exists() else []
            except errors.Unwritable:
                if not self.path.is_file():
                    raise
                return self._read_only(statement, values)

    def _read_only(self, statement: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        """Read without making any file beside the store, where that cannot be done: looking needs no room."""
        alone = not Path(f"{self.path}-wal").exists()  # who has it open has a log beside it
        unwritable = alone and not os.access(self.path, os.W_OK)
        first, mode = ((), "ro&immutable=1") if unwritable else (("PRAGMA locking_mode = EXCLUSIVE",), "rw")
        with self._explaining(), closing(self._connect(*first, mode=mode)) as connection:
            return list(connection.execute(statement, values))

    def room(self, needed: int) -> None:
        """Raises Full where fewer bytes are left."""
        with suppress(OSError):
            there = os.statvfs(self.path.parent)
            free = there.f_bavail * there.f_frsize
            if free < needed:
                raise errors.full(self.path, free, needed)

    def writable(self) -> None:
        """Raises StoreError where too little space is left, or nothing can be written for another reason."""
        self.room(errors.RESERVE)
        with self.transaction() as connection:
            connection.execute(f"PRAGMA user_version = {VERSION}")  # a write that changes nothing

    def kept(self) -> None:
        """Write what the log has into the file itself, as far as nobody reads there: a log that finds no room in it
        later, because the disk is full, can take nothing more, not even the lease."""
        with self._turn, suppress(sqlite3.Error):
            self._open().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside; undone where the body raises."""
        with self._turn, self._opened_again(), self._explaining():
            connection = self._open()
            with _whole(connection):
                yield connection

    @contextmanager
    def _opened_again(self) -> Iterator[None]:
        """A connection that found its file read-only stays so: the next use makes a new one. One that found no room is
        kept, with its log, in which it goes on."""
        try:
            yield
        except errors.Unwritable as error:
            if not isinstance(error, errors.Full):
                self.close()
            raise

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Around what reads kept documents: one that makes no sense is a damaged store."""
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.damaged(self.path, f"a record in it makes no sense ({error})") from None

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            explained = errors.explained(error, self.path, self.timeout)
            if explained is None:
                raise
            raise explained from None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._file != _identity(self.path):
            self.close()  # it was moved aside: whoever comes later must not have another store than we
        if self._connection is None:
            self._ensure()
            self._file = _identity(self.path)
            self._connection = self._connect()
        return self._connection

    def _ensure(self) -> None:
        """Make the file where there is none."""
        try:
            leftover = Path(f"{self.path}-wal").exists()  # asked first: the file is there before its log is
            if self.path.exists():
                return
            if leftover:  # SQLite would play it into the new file
                raise errors.damaged(self.path, "its write-ahead log is there without it")
            _create(self.path)
        except OSError as error:
            raise _os_error(self.path, error) from None

    def _connect(self, *first: str, mode: str = "rw") -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",  # never make a file here: `_create` makes it whole
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma in first:
                connection.execute(pragma)
            connection.execute("PRAGMA synchronous = FULL")  # a journal that forgets its last line is none
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG}")
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION:
            raise errors.damaged(self.path, "it lacks cctrl's mark")
        if version > VERSION:
            raise errors.newer(self.path, version, VERSION)
        if version < VERSION:
            self._bring_up_to_date(connection)

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        """Add what later versions added; of several processes that do this at once one does it."""
        with _whole(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for number in range(version + 1, VERSION + 1):
                for statement in _NEWER[number].split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _whole(connection: sqlite3.Connection) -> Iterator[None]:
    """All that the body writes, with nobody beside it; nothing where it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # Ctrl-C and defects too: what is half written is undone, then raised on
        if connection.in_transaction:  # SQLite has undone it by itself after some errors
            connection.execute("ROLLBACK")
        raise


def _create(path: Path) -> None:
    """Make the file under another name and link it into place: nobody ever sees half of it, and of
    several processes that do this at once one wins and the others use its file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    os.close(handle)
    try:
        connection = sqlite3.connect(made)
        try:
            connection.executescript(_SCHEMA)
        finally:
            connection.close()
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(made + suffix).unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _os_error(path: Path, error: OSError) -> errors.StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.full(path)
    return errors.unwritable(path, in_words(error))
