"""Reading what earlier runs did: the rows that they sent or dealt, as far as they concern a load."""

import itertools
import sqlite3
from array import array
from collections.abc import Collection, Iterator
from functools import cache

import orjson

from allo_async.journal.damage import check_entry
from allo_async.journal.input_digests import InputDigests
from allo_async.journal.known import KnownRows, ReadRow
from allo_async.journal.known_chunks import KnownChunks
from allo_async.journal.records import read_queue
from allo_async.models import Assignee


def find_load(connection: sqlite3.Connection, load_id: str) -> tuple[int, str, int | None] | None:
    """Return a load's own id, its terms, and how many rows its input had."""
    found: tuple[int, str, int | None] | None = connection.execute(
        "SELECT id, terms, row_count FROM load WHERE load_id = ?", (load_id,)
    ).fetchone()
    return found


def read_input(connection: sqlite3.Connection, load: int) -> InputDigests:
    """Read the digest of each row of a load's input."""
    return InputDigests(connection.execute("SELECT idx, digest FROM input_row WHERE load = ? ORDER BY idx", (load,)))


def read_known(
    connection: sqlite3.Connection,
    load: int | None,
    *,
    server: str | None = None,
    queues: Collection[Assignee] = (),
    leave_out: Collection[int] = (),
) -> KnownRows:
    """Read the rows that *load* sent or dealt, and those that other loads sent to *queues* of *server*.

    Of other loads' rows, those that the server skipped do not count: another load may try them anew.

    Args:
        connection: Reads.
        load: The load's own id, `None` for one that was not begun.
        server: The server of the load.
        queues: The queues that it goes to.
        leave_out: Chunks that do not count.
    """
    wanted = {queue.identity for queue in queues}
    chunks = KnownChunks()
    found = connection.execute(
        "SELECT chunk.id, chunk.load, chunk.queue, load.terms, state = 'sending', coalesce(settled_at, first_used_at)"
        " FROM chunk JOIN load ON load.id = chunk.load WHERE state != 'refused' ORDER BY chunk.id"
    )
    queue_of, server_of = cache(read_queue), cache(_server)
    for chunk, sender, queue_text, terms, sending, at in found:
        own, queue = sender == load, queue_of(queue_text)
        counts = own or (queue.identity in wanted and server_of(terms) == server)
        if counts and chunk not in leave_out:
            chunks.add(chunk, queue, own=own, sending=bool(sending), at=at)
    return KnownRows(chunks, _rows(connection, load, chunks))


def read_skipped(connection: sqlite3.Connection, load: int | None) -> list[bytes]:
    """Read the digests of the rows that a load skipped without sending them."""
    found = connection.execute("SELECT digest FROM input_row WHERE load = ? AND skip IS NOT NULL", (load,))
    return [digest for (digest,) in found]


def read_skips(connection: sqlite3.Connection, load: int) -> "array[int]":
    """Read which rows of a load's input were skipped without being sent: their indexes, in order."""
    found = connection.execute("SELECT idx FROM input_row WHERE load = ? AND skip IS NOT NULL ORDER BY idx", (load,))
    return array("I", (index for (index,) in found))


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


def _server(terms: str) -> object:
    return orjson.loads(terms).get("server")


def _rows(connection: sqlite3.Connection, load: int | None, chunks: KnownChunks) -> Iterator[ReadRow]:
    for row in itertools.chain(_input_rows(connection, load, chunks), _other_rows(connection, load, chunks)):
        check_entry(row.fate, row.entry)
        if chunks.is_own(row.chunk) or chunks.is_sending(row.chunk) or row.fate != "skipped":
            yield row
    yield from _dealt_rows(connection, load, chunks)


def _input_rows(connection: sqlite3.Connection, load: int | None, chunks: KnownChunks) -> Iterator[ReadRow]:
    """Read the rows that stand in the input of *load*."""
    found = connection.execute(
        """
        SELECT sent_row.digest, sent_row.chunk, sent_row.place, idx, sent_row.number, fate, CAST(entry AS BLOB)
          FROM input_row CROSS JOIN sent_row ON sent_row.chunk = input_row.chunk AND sent_row.place = input_row.place
         WHERE load = ? ORDER BY idx
        """,
        (load,),
    )
    for digest, chunk, *rest in found:
        known = chunks.find(chunk)
        if known is not None:
            yield ReadRow(digest, known, *rest)


def _other_rows(connection: sqlite3.Connection, load: int | None, chunks: KnownChunks) -> Iterator[ReadRow]:
    """Read the rows that do not: those of other loads, and those of an input that was another one."""
    for known, chunk in enumerate(chunks.ids):
        found = connection.execute(
            """
            SELECT digest, place, number, fate, CAST(entry AS BLOB) FROM sent_row
             WHERE chunk = :chunk AND NOT EXISTS (
                   SELECT 1 FROM input_row
                    WHERE input_row.chunk = :chunk AND input_row.place = sent_row.place AND load = :load)
             ORDER BY place
            """,
            {"load": load, "chunk": chunk},
        )
        for digest, place, number, fate, entry in found:
            yield ReadRow(digest, known, place, None, number, fate, entry)


def _dealt_rows(connection: sqlite3.Connection, load: int | None, chunks: KnownChunks) -> Iterator[ReadRow]:
    """Read the rows that were dealt to a queue, and not sent."""
    found = connection.execute(
        "SELECT digest, queue, idx FROM input_row WHERE load = ? AND queue IS NOT NULL AND chunk IS NULL ORDER BY idx",
        (load,),
    )

    @cache
    def known_of(queue_text: str) -> int:
        return chunks.add(0, read_queue(queue_text), own=True)

    for digest, queue_text, index in found:
        yield ReadRow(digest, known_of(queue_text), index=index)
