"""The rules that every sound journal obeys: if one is broken, rows might be sent twice, or reported wrongly."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

from allo_async.errors import JournalError

# A Unix time is at most the end of the year 9999; an index, or a place, is held in 32 bits, and the last is no index.
_NO_TIME = "(typeof({0}) != 'real' OR {0} NOT BETWEEN 0 AND 253402300799)"
_NO_INDEX = "(typeof({0}) != 'integer' OR {0} NOT BETWEEN 0 AND 4294967294)"
_NO_TEXT = "typeof({0}) != 'text'"
_NO_DIGEST = "(typeof({0}) != 'blob' OR length({0}) NOT IN (0, 12))"


def _or(*conditions: str) -> str:
    return " OR ".join(conditions)


def _unless_null(column: str, condition: str) -> str:
    return f"({column} IS NOT NULL AND {condition.format(column)})"


# Values that no run writes: a table, or several, and the rows of it.
_BROKEN = {
    "load": _or(
        _NO_TEXT.format("load_id"),
        _NO_TEXT.format("terms"),
        _NO_TIME.format("begun_at"),
        _unless_null("ended_at", _NO_TIME),
        _unless_null("row_count", _NO_INDEX),
    ),
    "chunk": _or(
        "state IS NULL OR state NOT IN ('sending', 'settled', 'refused')",
        *map(_NO_TEXT.format, ("queue", "idempotency_key", "body_sha256", "queue_end")),
        _NO_TIME.format("first_used_at"),
        _unless_null("settled_at", _NO_TIME),
        "load NOT IN (SELECT id FROM load)",
        # A refused chunk has no rows, and any other has some.
        "(state = 'refused') = EXISTS (SELECT 1 FROM sent_row WHERE chunk = chunk.id)",
    ),
    "sent_row": _or(
        _NO_INDEX.format("place"),
        _NO_DIGEST.format("digest"),
        _NO_TEXT.format("number"),
        _unless_null("fate", "fate NOT IN ('added', 'skipped', 'in_doubt')"),
        "(fate IS NULL) != (entry IS NULL)",
        _unless_null("entry", _NO_TEXT),
        "chunk NOT IN (SELECT id FROM chunk)",
    ),
    # Of a request that a full queue refused, the first rows may have met their fate.
    "sent_row JOIN chunk ON chunk.id = sent_row.chunk": (
        "state = 'settled' AND fate IS NULL AND (place = 0 OR EXISTS (SELECT 1 FROM sent_row AS next"
        " WHERE next.chunk = sent_row.chunk AND next.place = sent_row.place + 1 AND next.fate IS NOT NULL))"
    ),
    "(SELECT count(*) AS rows, max(place) AS last FROM sent_row GROUP BY chunk)": "rows != last + 1",
    "input_row": _or(
        _NO_INDEX.format("idx"),
        _NO_DIGEST.format("digest"),
        *(_unless_null(column, _NO_TEXT) for column in ("number", "queue", "skip")),
        "load NOT IN (SELECT id FROM load)",
        "(chunk IS NULL) != (place IS NULL)",
    ),
    "input_row LEFT JOIN sent_row ON sent_row.chunk = input_row.chunk AND sent_row.place = input_row.place": (
        "input_row.chunk IS NOT NULL AND sent_row.digest IS NOT input_row.digest"
    ),
}


def refuse_damage(connection: sqlite3.Connection) -> None:
    """Refuse a journal that holds what no run writes.

    Raises:
        JournalError: It does.
    """
    for rows, condition in _BROKEN.items():
        if connection.execute(f"SELECT 1 FROM {rows} WHERE {condition} LIMIT 1").fetchone():  # noqa: S608 - ours
            raise JournalError(f"the journal is damaged: the table {_table(rows)} holds what was never written")


def check_entry(fate: str | None, entry: bytes | None) -> None:
    """Check the server's entry of a row, as it will be read for the result.

    Raises:
        JournalError: It cannot be.
    """
    if fate is None or entry is None:
        return
    try:
        told: Any = orjson.loads(entry)
    except ValueError:
        told = None
    if not isinstance(told, dict) or (fate == "added" and not isinstance(told.get("number_to"), str)):  # pyright: ignore[reportUnknownMemberType] - whatever it is
        raise JournalError("the journal is damaged: what the server said of a row cannot be read")


def check_sent(chunk: int, sent: Sequence[str], written: Sequence[str]) -> None:
    """Check the numbers of a request against the rows that were written with it.

    Raises:
        JournalError: They are others.
    """
    if sent != written:
        raise JournalError(f"the journal is damaged: chunk {chunk} does not hold the rows that were sent")


def _table(rows: str) -> str:
    return "sent_row" if rows.startswith("(") else rows.partition(" ")[0]
