"""Reading what earlier runs did: the rows that they sent or dealt, as far as they concern a load."""

import sqlite3
from collections.abc import Collection, Sequence

import orjson

from allo_async._wire.requests import Assignee
from allo_async.journal.known import KnownRow
from allo_async.journal.records import read_queue


def find_load(connection: sqlite3.Connection, load_id: str) -> tuple[int, str, int | None] | None:
    """Return a load's own id, its terms, and how many rows its input had."""
    found: tuple[int, str, int | None] | None = connection.execute(
        "SELECT id, terms, row_count FROM load WHERE load_id = ?", (load_id,)
    ).fetchone()
    return found


def read_input(connection: sqlite3.Connection, load: int) -> dict[int, bytes]:
    """Read the digest of each row of a load's input, by its index."""
    return dict(connection.execute("SELECT idx, digest FROM input_row WHERE load = ?", (load,)).fetchall())


def read_known(
    connection: sqlite3.Connection, load: int | None, *, server: str | None = None, queues: Collection[Assignee] = ()
) -> list[KnownRow]:
    """Read the rows that *load* sent or dealt, and those that other loads sent to *queues* of *server*.

    Of other loads' rows, those that the server skipped do not count: another load may try them anew.
    """
    wanted = {queue.identity for queue in queues}
    rows: list[KnownRow] = []
    chunks = connection.execute(
        "SELECT chunk.id, chunk.load, chunk.queue, load.terms FROM chunk JOIN load ON load.id = chunk.load"
        " WHERE state != 'refused' ORDER BY chunk.id"
    ).fetchall()
    for chunk, sender, queue_text, terms in chunks:
        own, queue = sender == load, read_queue(queue_text)
        if own or (queue.identity in wanted and orjson.loads(terms).get("server") == server):
            sent = _sent_rows(connection, load, chunk, queue, own=own)
            rows += [row for row in sent if own or row.in_flight or row.fate != "skipped"]
    return rows if load is None else rows + _dealt_rows(connection, load)


def read_skipped(connection: sqlite3.Connection, load: int | None) -> list[bytes]:
    """Read the digests of the rows that a load skipped without sending them."""
    found = connection.execute("SELECT digest FROM input_row WHERE load = ? AND skip IS NOT NULL", (load,))
    return [digest for (digest,) in found]


def read_skips(connection: sqlite3.Connection, load: int) -> set[int]:
    """Read which rows of a load's input were skipped without being sent, by their indexes."""
    return {
        idx for (idx,) in connection.execute("SELECT idx FROM input_row WHERE load = ? AND skip IS NOT NULL", (load,))
    }


def first_begun(connection: sqlite3.Connection, loads: Collection[int]) -> float | None:
    """Return when the first of *loads* was begun, `None` for no load."""
    begun = dict(connection.execute("SELECT id, begun_at FROM load").fetchall())
    return min((begun[load] for load in loads), default=None)


def queues_of(connection: sqlite3.Connection) -> list[Assignee]:
    """Return all queues that rows were sent to, by whichever load."""
    return [read_queue(text) for (text,) in connection.execute("SELECT DISTINCT queue FROM chunk ORDER BY id")]


def chunks_to(connection: sqlite3.Connection, queues: Collection[tuple[str, str]]) -> list[int]:
    """Return the chunks that were sent to *queues*, which are given by their identity."""
    found = connection.execute("SELECT id, queue FROM chunk")
    return [chunk for chunk, text in found if read_queue(text).identity in queues]


def chunks_of(rows: Sequence[KnownRow]) -> set[int]:
    """Return the chunks in which *rows* were being sent."""
    return {row.chunk for row in rows if row.in_flight and row.chunk is not None}


def _sent_rows(
    connection: sqlite3.Connection, load: int | None, chunk: int, queue: Assignee, *, own: bool
) -> list[KnownRow]:
    found = connection.execute(
        """
        SELECT sent_row.digest, input_row.idx, sent_row.place, sent_row.number, fate, CAST(entry AS BLOB),
               state = 'sending', coalesce(settled_at, first_used_at)
          FROM sent_row JOIN chunk ON chunk.id = sent_row.chunk
          LEFT JOIN input_row ON input_row.chunk = sent_row.chunk AND input_row.place = sent_row.place
                             AND input_row.load = :load
         WHERE sent_row.chunk = :chunk ORDER BY sent_row.place
        """,
        {"load": load, "chunk": chunk},
    )
    return [
        KnownRow(digest, own, queue, index, chunk, place, number, fate, entry, bool(in_flight), at)
        for digest, index, place, number, fate, entry, in_flight, at in found
    ]


def _dealt_rows(connection: sqlite3.Connection, load: int) -> list[KnownRow]:
    found = connection.execute(
        "SELECT digest, queue, idx FROM input_row WHERE load = ? AND queue IS NOT NULL AND chunk IS NULL", (load,)
    )
    return [KnownRow(digest, own=True, queue=read_queue(queue), index=index) for digest, queue, index in found]
