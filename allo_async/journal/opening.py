"""Opening a load: a new one, or one that is taken up again."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from allo_async.clock import Clock
from allo_async.errors import JournalBusyError, JournalError
from allo_async.journal.load_log import JournalLog, PastRuns
from allo_async.journal.records import read_in_flight, read_rows
from allo_async.journal.store import Store


async def open_load(path: Path, load_id: str, terms: Mapping[str, Any], *, clock: Clock, strict: bool) -> JournalLog:
    """Open the load *load_id* in the journal at *path*.

    Raises:
        JournalBusyError: Another process works with the journal, or this load is under way.
        JournalError: The file cannot be used, or the load was begun on other *terms*.
    """
    store = await Store.open(path)
    if load_id in store.loads:
        store.close()
        raise JournalBusyError(f"the load {load_id!r} is under way already")
    store.loads.add(load_id)

    def begin(store: Store) -> PastRuns:
        with store.transaction() as connection:
            try:
                return _begin(connection, load_id, terms, at=clock.time(), strict=strict)
            except (ValueError, TypeError, KeyError) as error:
                raise JournalError(f"the journal {path.name} is damaged: {type(error).__name__}") from error

    try:
        past = await store.run(begin)
    except BaseException:
        store.loads.discard(load_id)
        store.close()
        raise
    return JournalLog(store, load_id, past, clock=clock, strict=strict)


async def forget(path: Path, load_id: str) -> None:
    """Delete all that the journal at *path* has of a load.

    Raises:
        JournalBusyError: Another process works with the journal, or this load is under way.
        JournalError: The file cannot be used.
    """
    store = await Store.open(path)

    def delete(store: Store) -> None:
        of_load = "load IN (SELECT id FROM load WHERE load_id = ?)"
        with store.transaction() as connection:
            connection.execute(f"DELETE FROM input_row WHERE {of_load}", (load_id,))  # noqa: S608 - ours
            connection.execute(f"DELETE FROM chunk WHERE {of_load}", (load_id,))  # noqa: S608 - ours
            connection.execute("DELETE FROM load WHERE load_id = ?", (load_id,))

    try:
        if load_id in store.loads:
            raise JournalBusyError(f"the load {load_id!r} is under way")
        await store.run(delete)
    finally:
        store.close()


def _begin(
    connection: sqlite3.Connection, load_id: str, terms: Mapping[str, Any], *, at: float, strict: bool
) -> PastRuns:
    generations = connection.execute(
        "SELECT id, terms, row_count FROM load WHERE load_id = ? ORDER BY generation", (load_id,)
    ).fetchall()
    if generations:
        _check_terms(load_id, orjson.loads(generations[-1][1]), terms)
    in_flight = read_in_flight(connection, (load for load, _, _ in generations))
    if generations and strict:
        *earlier, (load, _, row_count) = generations
    else:
        earlier, row_count = generations, None
        load = _insert(connection, load_id, len(generations), terms, at)
    older = [row for generation, _, _ in earlier for row in read_rows(connection, generation)]
    return PastRuns(load, read_rows(connection, load), older, in_flight, row_count)


def _insert(connection: sqlite3.Connection, load_id: str, generation: int, terms: Mapping[str, Any], at: float) -> int:
    load = connection.execute(
        "INSERT INTO load (load_id, generation, terms, begun_at) VALUES (?, ?, ?, ?)",
        (load_id, generation, orjson.dumps(terms).decode(), at),
    ).lastrowid
    assert load is not None  # noqa: S101 - for the type checker
    return load


def _check_terms(load_id: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name, value in now.items():
        if before.get(name) != value:
            # What it was is somebody's address, maybe.
            raise JournalError(
                f"the load {load_id!r} was begun with another {name}: take it up as it was, or give it another load_id"
            )
