"""What the journal's tables hold, as values; each knows how to read and write itself."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, cast

import attrs
import orjson

from allo_async._loading.log import Outcome, Sending
from allo_async._loading.mark import Mark
from allo_async._loading.prepare import PreparedRow
from allo_async._numbers.grouping import Number
from allo_async._numbers.reading import first_number
from allo_async._sending.key_trust import Moment
from allo_async._wire.assignee import Assignee
from allo_async._wire.queue_end import QueueEnd
from allo_async._wire.requests import Request, append_again
from allo_async.errors import JournalError
from allo_async.models import Contact, SkippedNumber

_LOST = "an earlier run sent it, and ended before an answer came"


@attrs.define
class KnownRow:
    """A row that the journal has.

    Attributes:
        load: The load, or the generation of it, that has it.
        index: Its place in the input.
        digest: What it is known by.
        place: The queue of a spread that it was dealt to.
        number: As it was sent, `None` for a row that was not.
        fate: What became of it.
        entry: What the server said of it, in JSON.
        in_flight: Whether it was being sent when the run ended.
    """

    load: int
    index: int
    digest: bytes
    place: int | None
    number: str | None
    fate: str | None
    entry: bytes | None
    in_flight: bool

    @property
    def sent(self) -> bool:
        """Whether it was sent, and not refused."""
        return self.in_flight or self.outcome is not None

    @property
    def outcome(self) -> Outcome | None:
        """What is known of it; `None` for a row that may be sent."""
        if self.in_flight:
            return Outcome("in_doubt", {"reason": _LOST})
        if self.fate is None or self.number is None or self.entry is None:
            return None
        return Outcome(cast("Any", self.fate), orjson.loads(self.entry))


def read_rows(connection: sqlite3.Connection, load: int) -> list[KnownRow]:
    """Read the rows of a load."""
    found = connection.execute(
        """
        SELECT idx, digest, place, CASE WHEN chunk IS NULL THEN NULL ELSE number END, fate, CAST(entry AS BLOB),
               coalesce(chunk.state = 'sending', 0)
          FROM input_row LEFT JOIN chunk ON chunk.id = input_row.chunk
         WHERE input_row.load = ? ORDER BY idx
        """,
        (load,),
    )
    return [
        KnownRow(load, index, digest, place, number, fate, entry, bool(in_flight))
        for index, digest, place, number, fate, entry, in_flight in found
    ]


def read_in_flight(connection: sqlite3.Connection, loads: Iterable[int]) -> list[Sending]:
    """Read what was being sent when the run ended, in the order in which it began.

    Raises:
        JournalError: The bytes are not those that were written.
    """
    pieces: list[Sending] = []
    for load in loads:
        chunks = connection.execute(
            "SELECT id, queue, idempotency_key, body_sha256, body, first_used_at, queue_end FROM chunk"
            " WHERE load = ? AND state = 'sending' ORDER BY id",
            (load,),
        ).fetchall()
        for chunk, queue, key, body_sha256, body, first_used_at, queue_end in chunks:
            if not isinstance(body, bytes) or sha256(body).hexdigest() != body_sha256:
                raise JournalError(f"the journal is damaged: chunk {chunk} does not hold what was sent")
            indexes = connection.execute("SELECT idx FROM input_row WHERE chunk = ? ORDER BY idx", (chunk,)).fetchall()
            pieces.append(
                Sending(
                    Assignee(**orjson.loads(queue)),
                    _rows([index for (index,) in indexes], body),
                    _mark(orjson.loads(queue_end)),
                    append_again(body, key),
                    Moment(first_used_at),
                    chunk,
                )
            )
    return pieces


def _mark(queue_end: Mapping[str, Any] | None) -> Mark:
    return Mark() if queue_end is None else Mark(QueueEnd(**queue_end))


def _rows(indexes: Sequence[int], body: bytes) -> list[PreparedRow]:
    rows: list[PreparedRow] = []
    for index, content in zip(indexes, orjson.loads(body)["numbers"], strict=True):
        wire = content["number"]
        number = first_number(wire, None)
        e164 = number.e164 if isinstance(number, Number) else None
        rows.append(PreparedRow(index, Contact(**content), wire, e164, content))
    return rows


def write_sending(
    connection: sqlite3.Connection,
    load: int,
    piece: Sending,
    *,
    request: Request,
    first_used: Moment,
    digests: Mapping[int, bytes],
) -> int:
    """Write a chunk that is about to be sent, and give its id."""
    body = request.body or b""
    chunk = connection.execute(
        "INSERT INTO chunk (load, queue, state, idempotency_key, body_sha256, body, first_used_at, queue_end)"
        " VALUES (?, ?, 'sending', ?, ?, ?, ?, ?)",
        (
            load,
            orjson.dumps(piece.assignee.fields()).decode(),
            request.idempotency_key,
            sha256(body).hexdigest(),
            body,
            first_used.time,
            orjson.dumps(piece.mark.end, default=attrs.asdict).decode(),
        ),
    ).lastrowid
    assert chunk is not None  # noqa: S101 - for the type checker
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, number, chunk) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET chunk = excluded.chunk, number = excluded.number, fate = NULL",
        [(load, row.index, digests[row.index], row.wire, chunk) for row in piece.rows],
    )
    return chunk


def write_skipped(connection: sqlite3.Connection, load: int, rows: Iterable[tuple[SkippedNumber, bytes]]) -> None:
    """Write rows that are not sent, with what each is known by."""
    connection.executemany(
        "INSERT OR IGNORE INTO input_row (load, idx, digest, number, fate, entry) VALUES (?, ?, ?, ?, 'skipped', ?)",
        [
            (
                load,
                row.index,
                seen,
                None if row.reason == "SUPPRESSED" else _text(row.number),
                orjson.dumps({"reason": row.reason, "detail": _text(row.detail)}).decode(),
            )
            for row, seen in rows
        ],
    )


def write_dealt(
    connection: sqlite3.Connection, load: int, rows: Iterable[tuple[PreparedRow, int | None, bytes]]
) -> None:
    """Write to which queue of a spread rows were dealt, with what each is known by."""
    connection.executemany(
        "INSERT INTO input_row (load, idx, digest, number, place) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (load, idx) DO UPDATE SET place = excluded.place",
        [(load, row.index, seen, row.wire, place) for row, place, seen in rows],
    )


def _text(value: str | None) -> str | None:
    # Half of a surrogate pair, which only an unusable row can hold, has no place in a file.
    return None if value is None else value.encode("utf-8", "replace").decode()


def write_settled(
    connection: sqlite3.Connection, chunk: int, state: str, at: float, outcomes: Mapping[int, Outcome]
) -> None:
    """Write how a chunk ended."""
    connection.execute("UPDATE chunk SET state = ?, body = NULL, settled_at = ? WHERE id = ?", (state, at, chunk))
    connection.executemany(
        "UPDATE input_row SET fate = ?, entry = ? WHERE chunk = ? AND idx = ?",
        [
            (outcome.fate, orjson.dumps(outcome.entry, default=str).decode(), chunk, index)
            for index, outcome in outcomes.items()
        ],
    )
