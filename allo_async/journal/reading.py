"""Reading a journal: what each load came to, without disturbing one that is under way."""

import asyncio
import contextlib
import csv
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from allo_async.errors import JournalError
from allo_async.journal.damage import refuse_damage
from allo_async.journal.file import look, reader, translated
from allo_async.journal.records import read_queue
from allo_async.journal.store import Store, refuse_inherited
from allo_async.models import Assignee, JournaledLoad, JournaledRow, Totals
from allo_async.private_file import replacing
from allo_async.spreadsheet_guard import guarded

_Result = TypeVar("_Result")

# Seconds that another program may keep the journal for itself.
_TIMEOUT = 5.0

_COLUMNS = ("index", "number", "fate", "reason", "position", "queue")

# The latest word on a row; one that was on its way when the run ended is in doubt.
_FATE = """
    CASE WHEN chunk.state = 'sending' THEN 'in_doubt'
         WHEN skip IS NOT NULL THEN 'skipped'
         ELSE coalesce(sent_row.fate, 'pending') END
"""

# The rows of a load's input, each with what was sent of it, by whichever load.
_ROWS = """
    input_row LEFT JOIN sent_row ON sent_row.chunk = input_row.chunk AND sent_row.place = input_row.place
              LEFT JOIN chunk ON chunk.id = input_row.chunk
"""


async def read_fates(path: Path, load_id: str) -> list[JournaledRow]:
    """Read the rows of a load, in the order of its input; of each row, the latest generation that has it.

    Raises:
        JournalError: There is no such load, or the journal cannot be read.
    """
    return await reading(path, lambda connection: _journaled(connection, load_id))


async def read_loads(path: Path) -> list[JournaledLoad]:
    """Read the loads of the journal at *path*.

    Raises:
        JournalError: It cannot be read.
    """

    def read(connection: sqlite3.Connection) -> list[JournaledLoad]:
        refuse_damage(connection)
        return [_load(connection, *row) for row in _loads(connection)]

    return await reading(path, read)


async def write_csv(path: Path, load_id: str, to: Path) -> int:
    """Write the fates of a load's rows to the file *to*, and return how many there are.

    Raises:
        JournalError: There is no such load, or the journal cannot be read.
        OSError: The file cannot be written.
    """
    rows = await read_fates(path, load_id)

    def write() -> None:
        with replacing(to, encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(_COLUMNS)
            writer.writerows([_cell(getattr(row, column)) for column in _COLUMNS] for row in rows)

    await asyncio.to_thread(write)
    return len(rows)


def _cell(value: object) -> object:
    return guarded(value) if isinstance(value, str) else value


async def reading(
    path: Path,
    work: Callable[[sqlite3.Connection], _Result],
    *,
    absent: _Result | None = None,
    busy_timeout: float = _TIMEOUT,
) -> _Result:
    """Do *work* on the journal at *path*, on a thread, without disturbing a load that is under way.

    Args:
        path: The file; one in which there is nothing yet is read as a journal without loads.
        work: Reads from the connection.
        absent: Returned where there is no such file.
        busy_timeout: Seconds that another program may keep the journal for itself.

    Raises:
        JournalBusyError: It was open in the process that this one was forked from.
        JournalError: It cannot be read, or there is none and no *absent*.
    """
    refuse_inherited(path)

    def read() -> _Result:
        Store.catch_up(path)
        with translated(path):
            if absent is not None and look(path) == "absent":
                return absent
            with contextlib.closing(reader(path, busy_timeout)) as connection:
                return work(connection)

    return await asyncio.to_thread(read)


def _loads(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT id, load_id, begun_at, ended_at FROM load ORDER BY begun_at, id").fetchall()


def _load(
    connection: sqlite3.Connection, load: int, load_id: str, begun_at: float, ended_at: float | None
) -> JournaledLoad:
    counts = dict(
        connection.execute(
            f"SELECT {_FATE}, count(*) FROM {_ROWS} WHERE input_row.load = ? GROUP BY 1",  # noqa: S608 - ours
            (load,),
        ).fetchall()
    )
    queues = connection.execute(
        f"SELECT DISTINCT chunk.queue FROM {_ROWS} WHERE input_row.load = :load AND chunk.queue IS NOT NULL"  # noqa: S608 - ours
        " UNION SELECT queue FROM chunk WHERE load = :load ORDER BY 1",
        {"load": load},
    ).fetchall()
    return JournaledLoad(
        load_id=load_id,
        begun_at=datetime.fromtimestamp(begun_at, UTC),
        ended_at=None if ended_at is None else datetime.fromtimestamp(ended_at, UTC),
        totals=Totals(**counts),
        queues=tuple(queue_name_of(read_queue(queue)) for (queue,) in queues),
    )


def _fate(index: int, number: str | None, fate: str, entry: str | None, queue: str | None) -> tuple[Any, ...]:
    told: dict[str, Any] = {} if entry is None else orjson.loads(entry)
    queue_name = None if queue is None else queue_name_of(read_queue(queue))
    return index, told.get("number_to", number), fate, told.get("reason"), told.get("position"), queue_name


def _journaled(connection: sqlite3.Connection, load_id: str) -> list[JournaledRow]:
    refuse_damage(connection)
    loads = [row[0] for row in _loads(connection) if row[1] == load_id]
    if not loads:
        raise JournalError(f"the journal has no load {load_id!r}")
    found = connection.execute(
        f"SELECT input_row.digest, idx, coalesce(sent_row.number, input_row.number), {_FATE},"  # noqa: S608 - ours
        f" coalesce(skip, entry), chunk.queue FROM {_ROWS} WHERE input_row.load = ? ORDER BY idx",
        loads,
    )
    rows: list[JournaledRow] = []
    for digest, *rest in found:
        index, number, fate, reason, position, queue = _fate(*rest)
        rows.append(
            JournaledRow(
                index=index, digest=digest, number=number, fate=fate, reason=reason, position=position, queue=queue
            )
        )
    return rows


def queue_name_of(queue: Assignee) -> str:
    """Return how to call a queue: by its rep's user id or e-mail address, or `(key owner)`."""
    return queue.user_id or queue.email or "(key owner)"
