"""One load in the journal: what earlier runs of it came to, and what this run writes."""

import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import attrs
import orjson

from allo_async._loading.log import LoadLog, Outcome, Sending
from allo_async._loading.prepare import PreparedRow
from allo_async._sending.key_trust import Moment
from allo_async._wire.assignee import Assignee
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import InputChangedError
from allo_async.journal.digest import digest
from allo_async.journal.records import KnownRow, write_dealt, write_sending, write_settled, write_skipped
from allo_async.journal.store import Store
from allo_async.models import SkippedNumber

_Result = TypeVar("_Result")


@attrs.frozen
class PastRuns:
    """What the journal holds of a load when it is opened.

    Attributes:
        load: The load's own row.
        rows: What it has of the input as it is now.
        older: What it has of the input as it was before it changed.
        in_flight: What was being sent when the last run ended.
        row_count: How many rows the input had, once a run has seen its end.
    """

    load: int
    rows: Sequence[KnownRow]
    older: Sequence[KnownRow]
    in_flight: Sequence[Sending]
    row_count: int | None


class JournalLog(LoadLog):
    """A load's log that outlives the process.

    Args:
        store: Where it is kept; closed with this.
        load_id: The caller's name for the load.
        past: What the journal holds.
        clock: Tells the time.
        strict: Whether the input has to be what it was.
    """

    writes = True

    def __init__(self, store: Store, load_id: str, past: PastRuns, *, clock: Clock, strict: bool) -> None:
        self._store = store
        self._load_id = load_id
        self._past = past
        self._clock = clock
        self._strict = strict
        self._rows = {row.index: row for row in past.rows}
        self._older: dict[bytes, deque[KnownRow]] = defaultdict(deque)
        for row in past.older:
            self._older[row.digest].append(row)
        self._digests: dict[int, bytes] = {}
        self._moves: list[tuple[int, int, int, int]] = []
        self._taken = max(self._rows, default=-1) + 1
        self._closed = False

    def check(self, index: int, row: object) -> None:
        """Compare the *row* at *index* with what an earlier run took there.

        Raises:
            InputChangedError: It is another row, or one that was not there.
        """
        seen = self._digests[index] = digest(row)
        known = self._rows.get(index)
        if known is not None and known.digest != seen:
            raise self._changed(index, "is not what it was")
        if known is None and self._strict and self._past.row_count is not None and index >= self._past.row_count:
            raise self._changed(index, "is new")
        if known is None and self._older.get(seen):
            found = self._rows[index] = self._older[seen].popleft()
            if not found.in_flight:
                self._moves.append((self._past.load, index, found.load, found.index))

    def outcome(self, index: int) -> Outcome | None:
        """Tell what is known of the row at *index*."""
        known = self._rows.get(index)
        return None if known is None else known.outcome

    def place(self, index: int) -> int | None:
        """Tell to which queue of a spread the row at *index* was dealt."""
        known = self._rows.get(index)
        return None if known is None else known.place

    def sent_numbers(self) -> Collection[str]:
        """Tell the numbers that earlier runs sent."""
        rows = (*self._past.rows, *self._past.older)
        return {row.number for row in rows if row.sent and row.number is not None}

    def in_flight(self, assignee: Assignee) -> list[Sending]:
        """Give what an earlier run was sending to the queue of *assignee* when it ended."""
        return [piece for piece in self._past.in_flight if piece.assignee == assignee]

    async def sending(self, piece: Sending, request: Request, first_used: Moment) -> None:
        """Write that *piece* is about to be sent as *request*."""
        digests = {row.index: self._digests.get(row.index, b"") for row in piece.rows}
        known = piece.chunk

        def write(connection: sqlite3.Connection) -> int:
            if known is None:
                return write_sending(
                    connection, self._past.load, piece, request=request, first_used=first_used, digests=digests
                )
            connection.execute(
                "UPDATE chunk SET idempotency_key = ?, first_used_at = ? WHERE id = ?",
                (request.idempotency_key, first_used.time, known),
            )
            return known

        piece.chunk = await self._write(write)

    async def settled(self, piece: Sending, outcomes: Mapping[int, Outcome]) -> None:
        """Write what became of the rows of *piece*."""
        await self._end(piece, "settled", outcomes)

    async def refused(self, piece: Sending) -> None:
        """Write that *piece* was refused as a whole."""
        await self._end(piece, "refused", {})

    async def skipped(self, rows: Sequence[SkippedNumber]) -> None:
        """Write which rows were never sent, and why."""
        written = [(row, self._digests.pop(row.index, b"")) for row in rows if row.index not in self._rows]
        if written:
            await self._write(lambda connection: write_skipped(connection, self._past.load, written))

    async def dealt(self, rows: Mapping[int, tuple[PreparedRow, int | None]]) -> None:
        """Write which row was dealt to which queue of a spread, or to none."""
        written = [(row, place, self._digests.get(index, b"")) for index, (row, place) in rows.items()]
        await self._write(lambda connection: write_dealt(connection, self._past.load, written))

    async def ended(self, rows: int) -> None:
        """Write that the input ended after *rows* rows.

        Raises:
            InputChangedError: An earlier run took more.
        """
        if self._strict and rows < max(self._taken, self._past.row_count or 0):
            raise self._changed(rows, "is missing")
        await self._write(
            lambda connection: connection.execute(
                "UPDATE load SET ended_at = ?, row_count = ? WHERE id = ?", (self._clock.time(), rows, self._past.load)
            )
        )

    def close(self) -> None:
        """Let others have the load."""
        if not self._closed:
            self._closed = True
            self._store.loads.discard(self._load_id)
            self._store.close()

    async def _end(self, piece: Sending, state: str, outcomes: Mapping[int, Outcome]) -> None:
        chunk = piece.chunk
        if chunk is None:
            return
        await self._write(lambda connection: write_settled(connection, chunk, state, self._clock.time(), outcomes))
        for row in piece.rows:
            self._digests.pop(row.index, None)
        if piece.request is not None:
            self._learn(piece, outcomes)

    async def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        moves, self._moves = self._moves, []

        def write(store: Store) -> _Result:
            with store.transaction() as connection:
                # What the input still has of an older generation belongs to this one now.
                connection.executemany(
                    "UPDATE OR IGNORE input_row SET load = ?, idx = ? WHERE load = ? AND idx = ?", moves
                )
                return work(connection)

        return await self._store.run(write)

    def _learn(self, piece: Sending, outcomes: Mapping[int, Outcome]) -> None:
        """Note what became of a chunk of an earlier run; its rows are still to come by."""
        places = {row.index for row in piece.rows}
        for known in (*self._past.rows, *self._past.older):
            if known.index in places and known.in_flight:
                outcome = outcomes.get(known.index)
                known.in_flight = False
                known.fate = outcome.fate if outcome is not None else None
                known.entry = orjson.dumps(outcome.entry, default=str) if outcome is not None else None

    def _changed(self, index: int, how: str) -> InputChangedError:
        return InputChangedError(
            f"row {index} {how} since the load {self._load_id!r} was begun; to send only what is new, take it up with"
            " on_changed_input='append'",
            index=index,
        )
