"""A journal of loads: a file that lets a load be taken up again where it ended, however it ended."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allo_async._loading.load_log import LoadLog, LogOpener, UnreadLog
from allo_async.choices import OnChangedInput
from allo_async.clock import Clock
from allo_async.errors import ConfigurationError
from allo_async.models import Assignee, JournaledLoad, JournaledRow
from allo_async.validators import file_path

if TYPE_CHECKING:
    from allo_async.journal.opening import LoadKey

#: The name of a load in its journal, if its caller gives none.
DEFAULT_LOAD_ID = "load"


class Journal:
    """An SQLite file that records loads as they go.

    Before a chunk is sent, its bytes, its key, its rows and the time are on the disk, and after its reply the fate of
    each row. A load that is started again with the same input and `load_id` does not send settled rows again, settles
    the rows that were on their way, and sends the rest. Nothing is sent that is not on the disk.

    One process at a time may load with a journal; it may run several loads at once. The file holds phone numbers, and
    is made readable by its owner alone. Its tables are described in `allo_async/journal/schema.sql`.

    Args:
        path: The file; it is made at the first load.

    Raises:
        ConfigurationError: *path* is no path.

    Example:
        ```python
        journal = Journal("monday.db")
        result = await queue.append(rows, journal=journal, load_id="monday-leads")
        ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _resolved(file_path("path", path))

    def __repr__(self) -> str:
        return f"<Journal {self.path.name}>"

    async def loads(self) -> list[JournaledLoad]:
        """Return the journal's loads, also while one is under way.

        Raises:
            JournalError: It cannot be read.
        """
        from allo_async.journal.reading import read_loads  # noqa: PLC0415 - sqlite3 is loaded where it is needed

        return await read_loads(self.path)

    async def rows(self, load_id: str = DEFAULT_LOAD_ID) -> list[JournaledRow]:
        """Return each row of a load as the journal has it, in the order of the input.

        Raises:
            JournalError: There is no such load, or the journal cannot be read.
        """
        from allo_async.journal.reading import read_fates  # noqa: PLC0415 - as above

        return await read_fates(self.path, load_id)

    async def to_csv(self, path: str | os.PathLike[str], load_id: str = DEFAULT_LOAD_ID) -> int:
        """Write the fate of every row that the journal has of a load as CSV, and return how many those are.

        A cell that a spreadsheet would run is guarded by an apostrophe.

        Args:
            path: The file, which is replaced, and readable by its owner alone.
            load_id: The load.

        Raises:
            ConfigurationError: *path* is no path, or that of the journal itself.
            JournalError: There is no such load, or the journal cannot be read.
            OSError: The file cannot be written.
        """
        from allo_async.journal.reading import write_csv  # noqa: PLC0415 - as above

        to = file_path("path", path)
        if _resolved(to) == self.path:
            raise ConfigurationError("path must be another file than the journal itself")
        return await write_csv(self.path, load_id, to)

    async def forget(self, load_id: str = DEFAULT_LOAD_ID) -> None:
        """Delete a load from the journal, so that it would be loaded from its beginning.

        Raises:
            JournalBusyError: Another process works with the journal, or this load is under way.
            JournalError: The file cannot be used.
        """
        from allo_async.journal.opening import forget  # noqa: PLC0415 - as above

        await forget(self.path, load_id)

    async def _open_load(
        self,
        load_id: str,
        terms: Mapping[str, Any],
        *,
        clock: Clock,
        on_changed_input: OnChangedInput,
        queues: Sequence[Assignee] = (),
    ) -> LoadLog:
        """Open a load for writing.

        Args:
            load_id: The caller's name for it.
            terms: The terms that must be the same when it is taken up again.
            clock: The source of time.
            on_changed_input: The reaction to an input that has changed.
            queues: The queues that it goes to.

        Raises:
            JournalBusyError: Another process works with the journal, or this load is under way.
            JournalError: The file cannot be used, or the load was begun on other terms.
        """
        # In a thread: the first load of a process loads a score of modules, and others are not to wait for that.
        await asyncio.to_thread(import_module, "allo_async.journal.opening")
        from allo_async.journal.opening import open_load  # noqa: PLC0415 - as above

        key = self._key(load_id, terms, queues)
        return await open_load(self.path, key, clock=clock, strict=on_changed_input == "raise")

    async def _read_load(self, load_id: str, terms: Mapping[str, Any], queues: Sequence[Assignee] = ()) -> LoadLog:
        """Read as much as possible of a load that could not be opened."""
        from allo_async.journal.opening import read_load  # noqa: PLC0415 - as above

        return await read_load(self.path, self._key(load_id, terms, queues))

    def _key(self, load_id: str, terms: Mapping[str, Any], queues: Sequence[Assignee]) -> "LoadKey":  # noqa: ARG002 - for journals of one list
        from allo_async.journal.opening import LoadKey  # noqa: PLC0415 - as above

        return LoadKey(load_id, terms)


def log_of(
    journal: Journal,
    load_id: str,
    on_changed_input: OnChangedInput,
    terms: Mapping[str, Any],
    queues: Sequence[Assignee] = (),
    *,
    clock: Clock,
) -> LogOpener:
    """Return the opener of the log of a load into *queues*."""
    # Private, because how a load is opened is nothing that a journal's owner needs.
    open_load = journal._open_load  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    read_load = journal._read_load  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return LogOpener(
        UnreadLog() if os.path.lexists(journal.path) else LoadLog(),
        lambda: open_load(load_id, terms, clock=clock, on_changed_input=on_changed_input, queues=queues),
        lambda: read_load(load_id, terms, queues),
    )


def _resolved(path: Path) -> Path:
    """Return *path* with every link followed; one that leads nowhere is left, because no file is made through it."""
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError):
        return Path(os.path.realpath(path.parent), path.name)
