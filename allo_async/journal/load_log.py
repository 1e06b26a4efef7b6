"""One load in the journal: what earlier runs of it came to, and what this run writes."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import TypeVar

import attrs

from allo_async._loading.load_log import Batch, Outcome
from allo_async._loading.prepare import SentNumbers
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._sending.verdict import Timestamp
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import InputChangedError, JournalError
from allo_async.journal.digest import digest
from allo_async.journal.input_digests import InputDigests, MovedRows
from allo_async.journal.known import KnownRows
from allo_async.journal.known_log import KnownLog
from allo_async.journal.records import (
    forget_input,
    write_dealt,
    write_input,
    write_pending,
    write_refused,
    write_sending,
    write_settled,
    write_skipped,
)
from allo_async.journal.store import Store
from allo_async.models import Assignee, SkippedNumber

_Result = TypeVar("_Result")


@attrs.frozen
class PastRuns:
    """A load as the journal has it when the load is opened.

    Attributes:
        load: The load's own row.
        known: The rows that earlier runs sent or dealt.
        in_flight: The requests on their way when the last run ended.
        input: The digest of each row of the input as it was.
        skipped: The indexes of the rows that were skipped without being sent, in order.
        row_count: How many rows the input had, once a run has seen its end.
    """

    load: int
    known: KnownRows
    in_flight: Sequence[Batch]
    input: InputDigests
    skipped: Sequence[int]
    row_count: int | None


class JournalLog(KnownLog):
    """A load's log that outlives the process.

    Args:
        store: Where it is kept; closed with this.
        load_id: The caller's name for the load.
        past: The load as the journal has it.
        clock: Tells the time.
        strict: Whether the input has to be what it was.
        queued: Numbers that other loads of the same list put into a queue.
    """

    writes = True

    def __init__(
        self,
        store: Store,
        load_id: str,
        past: PastRuns,
        *,
        clock: Clock,
        strict: bool,
        queued: SentNumbers | None = None,
    ) -> None:
        super().__init__(past.known, queued=queued)
        self._store = store
        self._load_id = load_id
        self._load = past.load
        self._in_flight = past.in_flight
        self._lost = past.known.lost()
        self._input = past.input
        self._skipped = past.skipped
        self._row_count = past.row_count
        self._clock = clock
        self._strict = strict
        self._digests: dict[int, bytes] = {}
        self._moved = MovedRows()
        self._changed = False
        # The first row of an input that is refused; of the rows from there on, the journal keeps those of before.
        self._refused_from: float = inf
        # The journal's part of the input from this row on is to be forgotten.
        self._forget_from: int | None = None
        self._closed = False

    def check(self, index: int, row: object) -> None:
        """Compare the *row* at *index* with what an earlier run took there, and find it among those that are known.

        Raises:
            InputChangedError: It is another row, or one that was not there; raised once, and nothing is sent any more.
        """
        seen = digest(row)
        before = self._input.get(index)
        if before is not None and before != seen:
            self._change(index, "is not what it was")
        if before is None and self._row_count is not None and index >= self._row_count:
            self._change(index, "is new")
        row = self._claim(index, seen)
        if row is None or not self._known.is_settled(row):
            self._digests[index] = seen
        elif index < self._refused_from and (self._changed or self._known.index(row) != index):
            self._moved.add(index, row, seen)

    def in_flight(self, assignee: Assignee) -> list[Batch]:
        """Return what an earlier run was sending to the queue of *assignee* when it ended."""
        return [batch for batch in self._in_flight if batch.assignee.identity == assignee.identity]

    async def record_intent(self, batch: Batch, request: Request, first_used: Timestamp) -> None:
        """Write that *batch* is about to be sent as *request*."""
        digests = {index: self._digests.get(index, b"") for index in PreparedRows.of(batch.rows).indexes}
        known = batch.chunk

        def write(connection: sqlite3.Connection) -> None:
            if known is None:
                batch.chunk = write_sending(
                    connection, self._load, batch, request=request, first_used=first_used, digests=digests
                )
                return
            connection.execute(
                "UPDATE chunk SET idempotency_key = ?, first_used_at = ? WHERE id = ?",
                (request.idempotency_key, first_used.time, known),
            )

        await self._write(write)

    def withdraw(self, batch: Batch) -> None:
        """Write that *batch* was not sent after all, as soon as that can be."""

        def write(connection: sqlite3.Connection) -> None:
            if batch.chunk is not None:
                write_refused(connection, batch.chunk, self._clock.time())

        with contextlib.suppress(JournalError):
            self._store.submit(self._transaction(write))

    async def record_outcome(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> None:
        """Write what became of the rows of *batch*."""
        chunk = batch.chunk
        if chunk is None:
            return
        indexes = PreparedRows.of(batch.rows).indexes
        told = [(place, outcomes[index]) for place, index in enumerate(indexes) if index in outcomes]
        await self._write(lambda connection: write_settled(connection, chunk, self._clock.time(), told))
        self._learn(batch, dict(told))
        for index in outcomes if batch.request is None else ():
            self._digests.pop(index, None)

    async def record_refusal(self, batch: Batch) -> None:
        """Write that *batch* was refused as a whole."""
        chunk = batch.chunk
        if chunk is None:
            return
        await self._write(lambda connection: write_refused(connection, chunk, self._clock.time()))
        self._learn(batch, {})

    async def record_skips(self, rows: Sequence[SkippedNumber]) -> None:
        """Write which rows were never sent, and why."""
        if rows:
            await self._write(lambda connection: write_skipped(connection, self._load, self._take_skips(rows)))

    async def record_allocation(self, rows: Mapping[int, tuple[PreparedRow, Assignee | None]]) -> None:
        """Write which row was dealt to which queue of a spread, or to none."""
        # Gone through in the journal's thread: a spread deals its whole list at once.
        written = ((row, queue, self._digests.get(index, b"")) for index, (row, queue) in rows.items())
        await self._write(lambda connection: write_dealt(connection, self._load, written))

    async def record_end(self, rows: int) -> None:
        """Write that the input ended after *rows* rows.

        Raises:
            InputChangedError: An earlier run took more.
        """
        self._check_end(rows)

        def write(connection: sqlite3.Connection) -> None:
            forget_input(connection, self._load, rows)
            connection.execute(
                "UPDATE load SET ended_at = ?, row_count = ? WHERE id = ?", (self._clock.time(), rows, self._load)
            )

        await self._write(write)

    async def record_rest(self, skipped: Sequence[SkippedNumber], rows: int | None) -> None:
        """Write what became of the rows that were taken after the load had ended, *skipped* among them.

        Raises:
            InputChangedError: An earlier run took more than *rows*.
        """
        if rows is not None:
            self._check_end(rows)
        rest = self._rest(skipped)
        if rest is None:
            return
        with contextlib.suppress(JournalError):
            store = await Store.open(self._store.path)
            try:
                await store.run(rest)
            finally:
                await store.close()

    async def close(self, skipped: Sequence[SkippedNumber] = ()) -> None:
        """Write what no batch has, *skipped* among it, and let others have the load and the file."""
        if not self._closed:
            self._closed = True
            rest = self._rest(skipped)
            if rest is not None:
                with contextlib.suppress(JournalError):
                    self._store.submit(rest)
            self._store.done(self._load_id, self._load)
            await self._store.close()

    def _check_end(self, rows: int) -> None:
        if rows < max(self._input.end, self._row_count or 0):
            self._change(rows, "is missing")

    def _learn(self, batch: Batch, outcomes: Mapping[int, Outcome]) -> None:
        """Remember what became of a chunk of an earlier run, whose rows are still to come by."""
        for place, row in self._lost.pop(batch.chunk or 0, {}).items():
            self._known.learn(row, outcomes.get(place))

    def _take_skips(self, rows: Sequence[SkippedNumber]) -> Iterator[tuple[SkippedNumber, bytes]]:
        """Yield which of *rows* are still to be written, each with its digest."""
        for row in rows:
            # The others are written already, or an earlier run sent them.
            seen = self._digests.pop(row.index, None) if row.source == "client" else None
            if seen is not None and row.index < self._refused_from:
                yield row, seen

    def _pending(self) -> Iterator[int]:
        """Yield the rows that an earlier run skipped without sending them, and that are pending now."""
        return (index for index in self._skipped if index in self._digests and index < self._refused_from)

    def _rest(self, skipped: Sequence[SkippedNumber]) -> Callable[[Store], None] | None:
        """Return what writes all that is not written yet, `None` for nothing."""
        if not (skipped or self._skipped or self._moved or self._forget_from is not None):
            return None
        # The caller may add to its list. The rows are gone through in the journal's thread, because they may be many.
        skipped = tuple(skipped)

        def write(connection: sqlite3.Connection) -> None:
            write_skipped(connection, self._load, self._take_skips(skipped))
            write_pending(connection, self._load, self._pending())

        return self._transaction(write)

    async def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return await self._store.run(self._transaction(work))

    def _transaction(self, work: Callable[[sqlite3.Connection], _Result]) -> Callable[[Store], _Result]:
        """Return *work* as a transaction that first writes where the rows stand that were known again."""
        moved, self._moved = self._moved, MovedRows()
        forget_from, self._forget_from = self._forget_from, None

        def write(store: Store) -> _Result:
            with store.transaction() as connection:
                if forget_from is not None:
                    forget_input(connection, self._load, forget_from)
                write_input(connection, self._load, moved.places(self._known))
                return work(connection)

        return write

    def _change(self, index: int, how: str) -> None:
        """Begin another input at *index*; where the input has to be what it was, raise."""
        self._input, self._row_count = InputDigests(), None
        if not self._strict:
            self._changed, self._forget_from = True, index
            return
        self._strict, self._refused_from = False, index
        raise InputChangedError(
            f"row {index} {how} since the load {self._load_id!r} was begun; to send only what is new, take it up with"
            " on_changed_input='append'; for another list, give it another load_id",
            index=index,
        )
