"""One process at a time works with a journal: a lock of SQLite's own, on a file beside it."""

import contextlib
import sqlite3
from pathlib import Path

import attrs

from allo_async.errors import JournalBusyError
from allo_async.private_file import make_private

_Identity = tuple[int, int, int]


@attrs.frozen(eq=False)
class JournalLock:
    """A lock that this process holds; it ends with the process however that ends.

    Attributes:
        beside: Its file, which is not the journal, so that the journal can be read while a load runs.
    """

    beside: Path
    _identity: _Identity
    _connection: sqlite3.Connection

    def release(self) -> None:
        """Release the lock, and delete its file while no other process can have locked that."""
        if _identity(self.beside) == self._identity:
            with contextlib.suppress(OSError):
                self.beside.unlink()
        self._connection.close()


def is_held(path: Path) -> bool:
    """Return whether another process works with the journal at *path*, which this one does not have open."""
    try:
        locked(path).release()
    except JournalBusyError:
        return True
    except (sqlite3.Error, OSError):
        return False
    return False


def locked(path: Path) -> JournalLock:
    """Lock the journal at *path* for this process.

    Raises:
        JournalBusyError: Another process has locked it.
        OSError: The lock's file is a link or no plain file, or cannot be made.
    """
    beside = path.with_name(f"{path.name}-lock")
    while True:
        make_private(beside)
        identity = _identity(beside)
        connection = _lock(beside, path.name)
        # A lock on a file that its last holder has deleted meanwhile is none.
        if identity is not None and identity == _identity(beside):
            return JournalLock(beside, identity, connection)
        connection.close()


def _lock(beside: Path, name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(beside, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        # Nothing is ever written to it, and no file is to be left beside it.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise JournalBusyError(f"another process works with the journal {name}") from error
        raise
    return connection


def _identity(path: Path) -> _Identity | None:
    """Return the identity of the file at *path*, which one of the same name later does not have."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
