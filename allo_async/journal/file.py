"""The journal's file: what is taken for one, and what is refused and left as it is."""

import contextlib
import errno
import sqlite3
import stat
import traceback
from collections.abc import Generator
from importlib import resources
from pathlib import Path
from typing import Literal

from allo_async.errors import AlloError, JournalError

#: The version of the schema that this library writes.
VERSION = 2

# A file of another program's is not to be taken for a journal, and the other way round.
_APPLICATION_ID = 0x416C6C6F

# Where the header of an SQLite file has that, and how long the header is.
_APPLICATION_ID_AT = 68
_HEADER = 100

# Seconds that another program may keep the journal for itself.
_TIMEOUT = 0.5

# The exceptions of reading as a value text that is none.
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link that leads nowhere",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def look(path: Path) -> Literal["absent", "empty", "filled"]:
    """Return whether there is a journal at *path*, or an empty file that may become one; nothing is written.

    Raises:
        JournalError: There is something else, or a journal of another version.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return "absent"
    refuse_irregular(path, mode)
    log = path.with_name(f"{path.name}-wal")
    has_log = bool(path.stat().st_size and log.exists() and log.stat().st_size)
    try:
        # The file alone is read: what SQLite keeps beside another program's file is not to be touched either.
        with contextlib.closing(connected(path, "immutable=1")) as connection:
            if has_tables(connection, path):
                return "filled"
    except sqlite3.DatabaseError:
        # Of a journal whose disk was full, a part stands in the log alone: the file by itself looks damaged.
        if not (has_log and _is_ours(path)):
            raise
    if not has_log:
        return "empty"
    # All that was written so far may stand in there, and may be another program's.
    with contextlib.closing(connected(path, timeout=_TIMEOUT)) as connection:
        return "filled" if has_tables(connection, path) else "empty"


def _is_ours(path: Path) -> bool:
    """Return whether the header of an SQLite file says that it is a journal."""
    with path.open("rb") as file:
        return file.read(_HEADER)[_APPLICATION_ID_AT:].startswith(_APPLICATION_ID.to_bytes(4))


def refuse_irregular(path: Path, mode: int) -> None:
    """Refuse what is no regular file: SQLite would wait for a pipe, and go wherever a link leads.

    Raises:
        JournalError: It is none.
    """
    if not stat.S_ISREG(mode):
        raise JournalError(f"{path} is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}, and no journal of loads")


def holds_nothing(path: Path) -> bool:
    """Return whether what stands at *path* can be no journal, wherever it leads: a directory, or a loop of links."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        return error.errno == errno.ELOOP


def connected(path: Path, how: str = "mode=ro", *, timeout: float = 0.0) -> sqlite3.Connection:
    """Return a connection that reads, and waits *timeout* seconds for a lock."""
    return sqlite3.connect(f"{path.as_uri()}?{how}", uri=True, timeout=timeout)


def reader(path: Path, timeout: float) -> sqlite3.Connection:
    """Return a connection that reads the journal at *path*; of a file that was never filled, an empty journal.

    Raises:
        JournalError: There is none, or something else.
    """
    found = look(path)
    if found == "absent":
        raise JournalError(f"there is no journal {path.name}")
    if found == "empty":
        empty = sqlite3.connect(":memory:", isolation_level=None)
        empty.executescript(schema())
        return empty
    connection = connected(path, timeout=timeout)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
            raise
        # A process was killed while it opened or closed the file. It takes a writer to take back the half of that.
        connection = connected(path, "mode=rw", timeout=timeout)
    return connection


def schema() -> str:
    """Return the statements that make of an empty file a journal; all or none of them are to be done."""
    tables = resources.files("allo_async.journal").joinpath("schema.sql").read_text(encoding="utf-8")
    return (
        f"BEGIN IMMEDIATE; {tables} PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def has_tables(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether it is a journal; a file in which there is nothing may become one.

    Raises:
        JournalError: It is something else, or of another version.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != _APPLICATION_ID:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or tables or version:
            raise JournalError(f"{path} is an SQLite database, but no journal of loads")
        return False
    if version > VERSION:
        raise JournalError(
            f"the journal {path.name} is of version {version}, and this library knows up to {VERSION}: update it"
        )
    if version < VERSION:
        raise JournalError(
            f"the journal {path.name} is of version {version}, which was never released and is no longer read: finish"
            " its loads with the library that began them, or take another file"
        )
    return True


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Turn what SQLite and the file system raise into what it means for a journal."""
    try:
        yield
    except Exception as error:
        # A cursor in there would keep the file locked for as long as somebody keeps the error.
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, AlloError):
            raise
        if isinstance(error, _DAMAGE):
            # Its words may hold somebody's number.
            raise JournalError(f"the journal {path} is damaged: {type(error).__name__}") from error
        if isinstance(error, sqlite3.Error):
            raise JournalError(f"the journal {path} cannot be used: {_meaning(error)}") from error
        if isinstance(error, OSError):
            raise JournalError(f"the journal {path} cannot be used: {error.strerror or error}") from error
        raise


def _meaning(error: sqlite3.Error) -> str:
    told = {
        "SQLITE_FULL": "the disk is full",
        "SQLITE_READONLY": "it is read-only",
        "SQLITE_CORRUPT": "it is damaged",
        "SQLITE_NOTADB": "it is damaged, or no journal at all",
        "SQLITE_BUSY": "another program has it locked",
        "SQLITE_CANTOPEN": "it cannot be opened",
        "SQLITE_IOERR": "the disk failed",
    }
    name = getattr(error, "sqlite_errorname", "")
    meaning = next((meaning for prefix, meaning in told.items() if name.startswith(prefix)), None)
    return f"{meaning} ({error})" if meaning else str(error)
