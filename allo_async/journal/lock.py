"""One process at a time works with a journal: a lock of SQLite's own, on a file beside it."""

import contextlib
import sqlite3
from pathlib import Path

from allo_async.errors import JournalBusyError
from allo_async.private_file import make_private

_SUFFIX = "-lock"

# Seconds; a load of this process that has just ended may still be closing the file.
_LOCK_PATIENCE = 1.0


def is_held(path: Path) -> bool:
    """Return whether another process works with the journal at *path*, which this one does not have open.

    A load of this process that has just ended may still be closing it, and is waited for.
    """
    try:
        unlock(path, locked(path))
    except JournalBusyError:
        return True
    except (sqlite3.Error, OSError):
        return False
    return False


def locked(path: Path) -> sqlite3.Connection:
    """Lock the journal for this process: a lock of SQLite's own, which ends with the process however it ends.

    It is on a file beside the journal, so that the journal can be read while a load runs.
    """
    beside = _beside(path)
    while True:
        make_private(beside)
        before = _identity(beside)
        lock = _lock(beside)
        # A lock on a file that its last holder has deleted meanwhile is none.
        if before is not None and before == _identity(beside):
            return lock
        lock.close()


def unlock(path: Path, lock: sqlite3.Connection) -> None:
    """Give back the lock of the journal at *path*, and delete its file, while no other process can have locked that."""
    with contextlib.suppress(OSError):
        _beside(path).unlink()
    lock.close()


def _lock(beside: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(beside, isolation_level=None, check_same_thread=False, timeout=_LOCK_PATIENCE)
    try:
        # Nothing is ever written to it, and no file is to be left beside it.
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            name = beside.name.removesuffix(_SUFFIX)
            raise JournalBusyError(f"another process works with the journal {name}") from error
        raise
    return lock


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{_SUFFIX}")


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return what tells the file at *path* from one that has its name later, and maybe its number."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
