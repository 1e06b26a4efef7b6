"""One process at a time works with a journal: a lock of SQLite's own, on a file beside it."""

import contextlib
import os
import sqlite3
from pathlib import Path

from allo_async.errors import JournalBusyError, JournalError
from allo_async.journal.file import refuse_irregular


def is_held(path: Path) -> bool:
    """Return whether another process works with the journal at *path*, which this one does not have open."""
    try:
        locked(path).close()
    except JournalBusyError:
        return True
    except (sqlite3.Error, OSError, JournalError):
        return False
    return False


def locked(path: Path) -> sqlite3.Connection:
    """Lock the journal for this process: a lock of SQLite's own, which ends with the process however it ends.

    It is on a file beside the journal, so that the journal can be read while a load runs.
    """
    beside = path.with_name(f"{path.name}-lock")
    make_private(beside)
    lock = sqlite3.connect(beside, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        # Nothing is ever written to it, and no file is to be left beside it.
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise JournalBusyError(f"another process works with the journal {path.name}") from error
        raise
    return lock


def make_private(path: Path) -> None:
    """Make the file, readable by its owner alone, if there is none.

    Raises:
        JournalError: There is something else, such as a link to another file.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    refuse_irregular(path, path.lstat().st_mode)
