"""The journal's file: one SQLite connection, on a thread of its own, held by one process at a time."""

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import resources
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from allo_async.errors import JournalBusyError, JournalError
from allo_async.journal.lock import locked, unlock
from allo_async.private_file import keep_private, make_private

#: The version of the schema that this library writes.
VERSION = 2

# A file of another program's is not to be taken for a journal, and the other way round.
_APPLICATION_ID = 0x416C6C6F

# Seconds that another program may keep the journal for itself.
_BUSY_PATIENCE = 5.0

_Result = TypeVar("_Result")


class Store:
    """A journal that is open for writing.

    All loads of a process that use the same file share one store; `open` and `close` count them.

    Attributes:
        path: The file.
        loads: The loads that are under way.
        users: How many need it.
        closing: Done once its file is closed; `None` before anybody closes it.
    """

    _open: ClassVar[dict[Path, "Store"]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()
    # Those whose file is open, also while they close.
    _alive: ClassVar[set["Store"]] = set()
    # Those of the process that this one was forked from; kept, because collecting one would close its connections.
    _inherited: ClassVar[set["Store"]] = set()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loads: set[str] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="allo-journal")
        self.users = 0
        self.closing: Future[None] | None = None
        self._lock: sqlite3.Connection | None = None
        self._connection: sqlite3.Connection | None = None

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the journal at *path*, a resolved one, which is made where there is none.

        Raises:
            JournalBusyError: Another process has it open.
            JournalError: It cannot be used.
        """
        refuse_inherited(path)
        with cls._guard:
            store = cls._open.setdefault(path, cls(path))
            store.users += 1
            cls._alive.add(store)
        try:
            await store.run(Store._connect)
        except BaseException:
            store.close()
            raise
        return store  # type: ignore[return-value] # one class, one dictionary

    @classmethod
    def loads_here(cls, path: Path) -> set[str] | None:
        """Return the loads of the journal at *path* that this process runs, `None` where it does not have it open."""
        store = cls._open.get(path)
        return None if store is None else store.loads

    @classmethod
    def inherits(cls, path: Path) -> bool:
        """Return whether the journal at *path* was open in the process that this one was forked from."""
        return any(store.path == path for store in cls._inherited)

    @classmethod
    def forking(cls) -> None:
        """Wait until the files of loads that have ended are closed: a child could not use them otherwise."""
        wait([store.closing for store in tuple(cls._alive) if store.closing is not None], _BUSY_PATIENCE)

    @classmethod
    def forked(cls) -> None:
        """Begin anew in a forked child, which has no thread of any store, and whose locks may never be released."""
        cls._guard = threading.Lock()
        cls._inherited |= cls._alive
        cls._alive, cls._open = set(), {}

    def close(self) -> None:
        """Let go of it; the file is closed when nobody in this process needs it any more."""
        if self in self._inherited:
            return
        with self._guard:
            self.users -= 1
            if self.users:
                return
            del self._open[self.path]
        self.closing = self._thread.submit(self._disconnect)
        # What was handed to the thread is still done.
        self._thread.shutdown(wait=False)

    def done(self, load_id: str, load: int) -> None:
        """Let others have a load that was under way; `load` is its own id in the file."""
        if self in self._inherited:
            return
        self.loads.discard(load_id)
        self._thread.submit(self._mark_done, load)

    async def run(self, work: Callable[["Store"], _Result]) -> _Result:
        """Do *work* on the store's thread.

        Raises:
            JournalBusyError: This process was forked since the store was opened.
            JournalError: SQLite failed.
        """
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Callable[["Store"], _Result]) -> Future[_Result]:
        """Hand *work* to the store's thread; also a caller who is cancelled does not take it back.

        Raises:
            JournalBusyError: This process was forked since the store was opened.
        """
        refuse_inherited(self.path)
        done: Future[_Result] = Future()
        done.set_running_or_notify_cancel()
        self._thread.submit(self._do, work, done)
        return done

    @classmethod
    def catch_up(cls, path: Path) -> None:
        """Wait until what was handed to the threads of the journal at *path* is on the disk."""
        for store in tuple(cls._alive):
            if store.path == path:
                # A thread that takes nothing more is closing the file.
                with contextlib.suppress(RuntimeError):
                    wait([store.closing or store._thread.submit(_nothing)], _BUSY_PATIENCE)  # noqa: SLF001 - its own

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Write all of the block or nothing; when it is left, it is on the disk."""
        connection = self._connection
        if connection is None:
            raise JournalError(f"the journal {self.path.name} is closed")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def _do(self, work: Callable[["Store"], _Result], done: Future[_Result]) -> None:
        try:
            with translated(self.path):
                done.set_result(work(self))
        except BaseException as error:  # noqa: BLE001 - for the caller to judge
            done.set_exception(error)

    def _connect(self) -> None:
        if self._connection is not None:
            return
        self._lock = locked(self.path)
        make_private(self.path)
        for beside in ("-wal", "-shm", "-journal"):
            keep_private(self.path.with_name(f"{self.path.name}{beside}"))
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=_BUSY_PATIENCE)
        try:
            check_version(connection, self.path)
            # FULL: what was written is there after the power failed, too.
            connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                connection.executescript(f"BEGIN; {_schema()} COMMIT;")
            # Whoever ran these is gone, or the journal would be locked.
            connection.execute("UPDATE load SET running = 0 WHERE running")
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _mark_done(self, load: int) -> None:
        connection = self._connection
        if connection is None:
            return
        # Others must not wait for it: a load that stays marked is only told of with more doubt than it needs.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("UPDATE load SET running = 0 WHERE id = ?", (load,))
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_PATIENCE * 1_000)}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            # A journal at rest is one file; where somebody reads it just now, it stays three.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.close()
        if self._lock is not None:
            unlock(self.path, self._lock)
        self._alive.discard(self)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=Store.forking, after_in_child=Store.forked)


def refuse_inherited(path: Path) -> None:
    """Refuse a journal that was open in the process that this one was forked from.

    The child has no thread that works with it, and SQLite has kept in the child what it held locked in the parent.

    Raises:
        JournalBusyError: It was.
    """
    if Store.inherits(path):
        raise JournalBusyError(
            f"the journal {path.name} was open in the process that this one was forked from: use it in a process that"
            " is started anew, such as one of multiprocessing's 'spawn'"
        )


def _schema() -> str:
    tables = resources.files("allo_async.journal").joinpath("schema.sql").read_text(encoding="utf-8")
    return f"{tables} PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {VERSION};"


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is no journal, or one of another version.

    Raises:
        JournalError: It is.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != _APPLICATION_ID and (tables or version):
        raise JournalError(f"{path.name} is an SQLite database, but no journal of loads")
    if version > VERSION:
        raise JournalError(
            f"the journal {path.name} is of version {version}, and this library knows up to {VERSION}: update it"
        )
    if 0 < version < VERSION:
        raise JournalError(
            f"the journal {path.name} is of version {version}, which was never released and is no longer read: finish"
            " its loads with the library that began them, or take another file"
        )


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Turn what SQLite and the file system raise into what it means for a journal."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"the journal {path.name} cannot be used: {_meaning(error)}") from error
    except OSError as error:
        raise JournalError(f"the journal {path.name} cannot be used: {error.strerror or error}") from error


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


def _nothing() -> None:
    pass
