"""The journal's file: one SQLite connection, on a thread of its own, held by one process at a time."""

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from allo_async.errors import JournalBusyError, JournalError
from allo_async.journal.file import has_tables, look, schema, translated
from allo_async.journal.lock import JournalLock, locked
from allo_async.journal.presence import Presence
from allo_async.private_file import keep_private, make_private

# Seconds that another program may keep the journal for itself; less once nobody waits for what is written.
_BUSY_TIMEOUT = 5.0
_CLOSING_TIMEOUT = 0.5

# Seconds; another process, or another thread, that has just ended its load may still be closing the file.
_FILE_LOCK_TIMEOUT = 1.0

# Seconds between two tries.
_POLL = 0.01

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
        self._lock: JournalLock | None = None
        self._connection: sqlite3.Connection | None = None
        self._presence: Presence | None = None

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
            await store.close()
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
        wait([store.closing for store in tuple(cls._alive) if store.closing is not None], _BUSY_TIMEOUT)

    @classmethod
    def forked(cls) -> None:
        """Begin anew in a forked child, which has no thread of any store, and whose locks may never be released."""
        cls._guard = threading.Lock()
        cls._inherited |= cls._alive
        cls._alive, cls._open = set(), {}

    async def close(self) -> None:
        """Release the store, and return once the file is closed, unless another load in this process needs it."""
        if self in self._inherited:
            return
        with self._guard:
            self.users -= 1
            if self.users:
                return
            del self._open[self.path]
        self.closing = self._thread.submit(self._disconnect)
        # Work that the thread has is still done.
        self._thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(self.closing))

    def done(self, load_id: str, load: int) -> None:
        """Release a load that was under way to others; `load` is its own id in the file."""
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
        """Pass *work* to the store's thread; a caller that is cancelled does not take it back.

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
        """Wait until the work of the threads of the journal at *path* is on the disk."""
        for store in tuple(cls._alive):
            if store.path == path:
                # A thread that takes nothing more is closing the file.
                with contextlib.suppress(RuntimeError):
                    wait([store.closing or store._thread.submit(_nothing)], _BUSY_TIMEOUT)  # noqa: SLF001 - its own

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Write all of the block or nothing; when it is left, it is on the disk.

        Raises:
            JournalError: The file is closed, or no longer where it was.
        """
        connection = self._connection
        if connection is None or self._presence is None:
            raise JournalError(f"the journal {self.path.name} is closed")
        lost = self._presence.first_lost()
        if lost is not None:
            raise JournalError(
                f"{lost} was moved, deleted or replaced during a load, and nothing was sent after that: put the journal"
                " back before you load again, or load only the rows that are pending"
            )
        with connection:
            self._retrying(lambda: connection.execute("BEGIN IMMEDIATE"), _BUSY_TIMEOUT)
            yield connection

    def _do(self, work: Callable[["Store"], _Result], done: Future[_Result]) -> None:
        try:
            with translated(self.path):
                done.set_result(work(self))
        except BaseException as error:  # noqa: BLE001 - for the caller to judge
            done.set_exception(error)

    def _retrying(self, work: Callable[[], _Result], timeout: float) -> _Result:
        """Do *work*, again and again for *timeout* seconds while another process has the file locked."""
        begun = time.monotonic()
        while True:
            try:
                return work()
            except (sqlite3.OperationalError, JournalBusyError) as error:
                if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                # A caller whose deadline has passed waits no longer for a file to be opened.
                still = timeout if self.users else _CLOSING_TIMEOUT if self._connection else 0.0
                if time.monotonic() - begun >= min(timeout, still):
                    raise
            time.sleep(_POLL)

    def _connect(self) -> None:
        if self._connection is not None:
            return
        self._retrying(lambda: look(self.path), _BUSY_TIMEOUT)
        with contextlib.ExitStack() as opened:
            lock = self._retrying(lambda: locked(self.path), _FILE_LOCK_TIMEOUT)
            opened.callback(lock.release)
            make_private(self.path)
            for beside in ("-wal", "-shm", "-journal"):
                keep_private(self.path.with_name(f"{self.path.name}{beside}"))
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0)
            opened.callback(connection.close)
            self._retrying(lambda: self._prepare(connection), _BUSY_TIMEOUT)
            self._lock, self._connection, self._presence = lock, connection, Presence(self.path)
            opened.pop_all()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        is_journal = has_tables(connection, self.path)
        # FULL: what was written is there after the power failed, too.
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        if not is_journal:
            connection.executescript(schema())
        # The process that ran these is gone, or the journal would be locked.
        connection.execute("UPDATE load SET running = 0 WHERE running")

    def _mark_done(self, load: int) -> None:
        # Others must not wait for it: a load that stays marked is only reported with more doubt than it needs.
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("UPDATE load SET running = 0 WHERE id = ?", (load,))

    def _disconnect(self) -> None:
        if self._connection is not None and self._presence is not None:
            with contextlib.suppress(sqlite3.Error):
                self._tidy(self._connection, self._presence)
            self._connection.close()
            self._presence.remove_rest()
        if self._lock is not None:
            self._lock.release()
        self._alive.discard(self)

    def _tidy(self, connection: sqlite3.Connection, presence: Presence) -> None:
        if presence.first_lost() is None:
            # A journal at rest is one file; where somebody reads it just now, it stays three.
            self._retrying(lambda: connection.execute("PRAGMA journal_mode = DELETE"), _CLOSING_TIMEOUT)
        else:
            # Wherever the file is now, it has all that was written.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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


def _nothing() -> None:
    pass
