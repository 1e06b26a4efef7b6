"""The rows of the journal's tables, as values; each knows how to read and write itself."""

import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import inf
from types import NoneType
from typing import Any
from uuid import UUID

import attrs
import orjson

from allo_async._loading.load_log import Batch, Outcome
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._numbers.plans import Number
from allo_async._numbers.reading import first_number
from allo_async._sending.verdict import Timestamp
from allo_async._wire.answers import KnownEnd, QueueEnd
from allo_async._wire.requests import Request, append_again
from allo_async.errors import JournalError
from allo_async.journal.damage import check_sent
from allo_async.models import Assignee, SkippedNumber


def read_in_flight(connection: sqlite3.Connection, chunks: Iterable[int]) -> list[Batch]:
    """Read those of *chunks* that were being sent when the run ended, in the order in which they began.

    Raises:
        JournalError: The bytes are not those that were written, or its rows are not.
    """
    batches: list[Batch] = []
    for chunk in sorted(chunks):
        found = connection.execute(
            "SELECT queue, idempotency_key, body_sha256, body, first_used_at, queue_end FROM chunk"
            " WHERE id = ? AND state = 'sending'",
            (chunk,),
        ).fetchone()
        if found is None:
            continue
        queue, key, body_sha256, body, first_used_at, queue_end = found
        if not isinstance(body, bytes) or sha256(body).hexdigest() != body_sha256:
            raise JournalError(f"the journal is damaged: chunk {chunk} does not hold what was sent")
        # A reply is found again by the key that it was asked with.
        again = append_again(body, str(UUID(key)))
        rows = _rows(body)
        written = connection.execute("SELECT number FROM sent_row WHERE chunk = ? ORDER BY place", (chunk,))
        check_sent(chunk, [row.wire for row in rows], [number for (number,) in written])
        batches.append(
            Batch(
                read_queue(queue),
                rows,
                _before(orjson.loads(queue_end)),
                again,
                Timestamp(first_used_at),
                chunk,
            )
        )
    return batches


_END_KINDS = {"exists": (bool,), "number_to": (str, NoneType), "position": (int, NoneType), "queue_id": (str, NoneType)}


def _before(queue_end: Mapping[str, Any] | None) -> KnownEnd | None:
    if queue_end is None:
        return None
    if any(type(queue_end[name]) not in kinds for name, kinds in _END_KINDS.items() if name in queue_end):
        raise TypeError("no end of a queue")
    # The monotonic time of another process says nothing here.
    return KnownEnd(QueueEnd(**queue_end), -inf)


def _rows(body: bytes) -> list[PreparedRow]:
    """Read the rows of a chunk of an earlier run; the index of each is its place in the chunk."""
    rows: list[PreparedRow] = []
    for place, content in enumerate(orjson.loads(body)["numbers"]):
        wire = content["number"]
        number = first_number(wire, None)
        e164 = number.e164 if isinstance(number, Number) else None
        rows.append(PreparedRow(place, content, e164, wire))
    return rows


def write_sending(
    connection: sqlite3.Connection,
    load: int,
    batch: Batch,
    *,
    request: Request,
    first_used: Timestamp,
    digests: Mapping[int, bytes],
) -> int:
    """Write a chunk that is about to be sent, and return its id."""
    body = request.body or b""
    chunk = connection.execute(
        "INSERT INTO chunk (load, queue, state, idempotency_key, body_sha256, body, first_used_at, queue_end)"
        " VALUES (?, ?, 'sending', ?, ?, ?, ?, ?)",
        (
            load,
            queue_text(batch.assignee),
            request.idempotency_key,
            sha256(body).hexdigest(),
            body,
            first_used.time,
            orjson.dumps(batch.before and batch.before.end, default=attrs.asdict).decode(),
        ),
    ).lastrowid
    assert chunk is not None  # noqa: S101 - for the type checker
    rows = PreparedRows.of(batch.rows)
    named = enumerate(zip(rows.indexes, rows.entries, strict=True))
    places = [(place, index, digests[index], entry["number"]) for place, (index, entry) in named]
    connection.executemany(
        "INSERT INTO sent_row (chunk, place, digest, number) VALUES (?, ?, ?, ?)",
        [(chunk, place, digest, number) for place, _, digest, number in places],
    )
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, number, chunk, place) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET digest = excluded.digest, number = excluded.number,"
        " chunk = excluded.chunk, place = excluded.place, skip = NULL",
        [(load, index, digest, number, chunk, place) for place, index, digest, number in places],
    )
    return chunk


def write_settled(
    connection: sqlite3.Connection, chunk: int, at: float, outcomes: Iterable[tuple[int, Outcome]]
) -> None:
    """Write that a chunk was settled, and what became of the rows at its places."""
    connection.execute("UPDATE chunk SET state = 'settled', body = NULL, settled_at = ? WHERE id = ?", (at, chunk))
    connection.executemany(
        "UPDATE sent_row SET fate = ?, entry = ? WHERE chunk = ? AND place = ?",
        [
            (outcome.fate, orjson.dumps(outcome.entry, default=str).decode(), chunk, place)
            for place, outcome in outcomes
        ],
    )


def write_refused(connection: sqlite3.Connection, chunk: int, at: float) -> None:
    """Write that a chunk was refused: its rows may be sent again."""
    connection.execute("UPDATE chunk SET state = 'refused', body = NULL, settled_at = ? WHERE id = ?", (at, chunk))
    connection.execute("UPDATE input_row SET chunk = NULL, place = NULL WHERE chunk = ?", (chunk,))
    connection.execute("DELETE FROM sent_row WHERE chunk = ?", (chunk,))


def write_skipped(connection: sqlite3.Connection, load: int, rows: Iterable[tuple[SkippedNumber, bytes]]) -> None:
    """Write rows that are not sent, with what each is known by."""
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, number, skip) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET digest = excluded.digest, number = excluded.number, queue = NULL,"
        " chunk = NULL, place = NULL, skip = excluded.skip",
        (
            (
                load,
                row.index,
                seen,
                # A list of people who must not be called is nobody's to read here.
                None if row.reason == "SUPPRESSED" else _text(row.number),
                orjson.dumps({"reason": row.reason, "detail": _text(row.detail)}).decode(),
            )
            for row, seen in rows
        ),
    )


def write_pending(connection: sqlite3.Connection, load: int, indexes: Iterable[int]) -> None:
    """Write that rows which an earlier run skipped are to be sent."""
    connection.executemany(
        "UPDATE input_row SET skip = NULL WHERE load = ? AND idx = ?", [(load, index) for index in indexes]
    )


def write_dealt(
    connection: sqlite3.Connection, load: int, rows: Iterable[tuple[PreparedRow, Assignee | None, bytes]]
) -> None:
    """Write to which queue of a spread rows were dealt, with what each is known by."""
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, number, queue) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET digest = excluded.digest, number = excluded.number,"
        " queue = excluded.queue, chunk = NULL, place = NULL, skip = NULL",
        ((load, row.index, seen, row.wire, None if queue is None else queue_text(queue)) for row, queue, seen in rows),
    )


def write_input(connection: sqlite3.Connection, load: int, rows: Iterable[tuple[int, bytes, int, int]]) -> None:
    """Write where known rows stand in the input now: the index of each, its digest, and its chunk and place there."""
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, chunk, place) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET digest = excluded.digest, number = NULL, queue = NULL,"
        " chunk = excluded.chunk, place = excluded.place, skip = NULL",
        ((load, *row) for row in rows),
    )


def forget_input(connection: sqlite3.Connection, load: int, start: int) -> None:
    """Delete what the journal has of the input from the row at *start* on; what was sent stays known."""
    connection.execute("DELETE FROM input_row WHERE load = ? AND idx >= ?", (load, start))
    connection.execute("UPDATE load SET row_count = NULL WHERE id = ?", (load,))


def delete_chunks(connection: sqlite3.Connection, chunks: Iterable[int]) -> None:
    """Delete chunks, and what any load's input has of their rows."""
    for chunk in chunks:
        connection.execute("DELETE FROM input_row WHERE chunk = ?", (chunk,))
        connection.execute("DELETE FROM sent_row WHERE chunk = ?", (chunk,))
        connection.execute("DELETE FROM chunk WHERE id = ?", (chunk,))


def delete_load(connection: sqlite3.Connection, load_id: str) -> None:
    """Delete all that the journal has of a load."""
    for (load,) in connection.execute("SELECT id FROM load WHERE load_id = ?", (load_id,)).fetchall():
        chunks = connection.execute("SELECT id FROM chunk WHERE load = ?", (load,)).fetchall()
        delete_chunks(connection, [chunk for (chunk,) in chunks])
        connection.execute("DELETE FROM input_row WHERE load = ?", (load,))
        connection.execute("DELETE FROM load WHERE id = ?", (load,))


def read_list(connection: sqlite3.Connection) -> list[bytes]:
    """Read the digests of the whole list."""
    return [digest for (digest,) in connection.execute("SELECT digest FROM list_row ORDER BY idx")]


def write_list(connection: sqlite3.Connection, digests: Iterable[bytes]) -> None:
    """Write the digests of the whole list."""
    connection.execute("DELETE FROM list_row")
    connection.executemany("INSERT INTO list_row (idx, digest) VALUES (?, ?)", enumerate(digests))


def queue_text(queue: Assignee) -> str:
    """Write whose queue it is."""
    return orjson.dumps(queue.fields()).decode()


def read_queue(text: str) -> Assignee:
    """Read what `queue_text` wrote."""
    fields = orjson.loads(text)
    if not all(isinstance(value, str) and value for value in fields.values()):
        raise ValueError("no rep has such a name")
    return Assignee(**fields)


def _text(value: str | None) -> str | None:
    # Half of a surrogate pair, which only an unusable row can hold, has no place in a file.
    return None if value is None else value.encode("utf-8", "replace").decode()
