"""The outcome of each row of a chunk: one at any moment."""

from collections.abc import Iterator, Mapping, Sequence

from allo_async._loading.account import Account, NotAdded, told
from allo_async._loading.correlate import Correlation
from allo_async._loading.load_log import LoadLog, Outcome
from allo_async._loading.prepared_rows import PreparedRow, PreparedRows
from allo_async._loading.rows import Chunk
from allo_async._wire.answers import Entry
from allo_async.clock import TimeSlice, at_once
from allo_async.models import AppendResult, PendingContact

# So many rows take well below a millisecond.
_STEP = 500


class Outcomes:
    """The fates of a chunk's rows; a row of which nothing is noted or logged is pending.

    Args:
        chunk: The rows, which may still be coming in.
        log: Tells what earlier runs of the load came to.
        recovered: Lost answers that came back before.

    Attributes:
        chunk: The rows.
        recovered: How many lost answers came back.
    """

    def __init__(self, chunk: Chunk, log: LoadLog | None = None, *, recovered: int = 0) -> None:
        self.chunk = chunk
        self._log = log or LoadLog()
        # Rows that were added are by far the most: an entry takes less than an outcome.
        self._added: dict[int, Entry] = {}
        self._others: dict[int, Outcome] = {}
        self._read: dict[int, NotAdded] = {}
        self.recovered = recovered

    def wanted(self, rows: Sequence[PreparedRow]) -> Sequence[PreparedRow]:
        """Return those of *rows* of which nothing is known."""
        if not self._added and not self._others and type(self._log) is LoadLog:
            return rows
        columns = PreparedRows.of(rows)
        if all(self.fate(index) is None for index in columns.indexes):
            return columns
        return [row for row in columns if self.is_pending(row)]

    def is_pending(self, row: PreparedRow) -> bool:
        """Whether nothing is known of *row*."""
        return self.fate(row.index) is None

    def outcomes(self, rows: Sequence[PreparedRow]) -> Mapping[int, Outcome]:
        """Return the recorded outcomes of *rows*."""
        recorded = ((index, self._recorded(index)) for index in PreparedRows.of(rows).indexes)
        return {index: outcome for index, outcome in recorded if outcome is not None}

    def doubt(self, rows: Sequence[PreparedRow], reason: str) -> None:
        """Record that *rows* are in doubt, and why."""
        self._others.update((row.index, Outcome("in_doubt", {"reason": reason})) for row in rows)

    def settle(self, correlation: Correlation) -> None:
        """Record what the server said, all at once: a cancellation cannot come in between."""
        self.recovered += correlation.recovered
        self.doubt(correlation.unanswered, correlation.doubt)
        self._added.update(zip(correlation.added.rows.indexes, correlation.added.entries, strict=True))
        self._others.update((row.index, Outcome("skipped", entry)) for row, entry in correlation.skipped)

    async def read(self) -> None:
        """Turn the server's entries into models, letting others run meanwhile; rows that were added are read later."""
        time_slice = TimeSlice()
        for rows in _in_steps(self.chunk.rows):
            for row in () if all(map(self._added.__contains__, rows.indexes)) else rows:
                if row.index in self._added or self._entry(row.index) is not None:
                    continue
                self._tell(row)
                if time_slice.over:
                    await time_slice.renew()
            if time_slice.over:
                await time_slice.renew()

    def result(self) -> AppendResult:
        """Return the fates as they stand, in input order."""
        result = AppendResult(recovered=self.recovered)
        at_once(self.fill(result))
        return result

    def fill(self, result: AppendResult) -> Iterator[None]:
        """Fill *result* with the fates, in steps, while nothing else is recorded."""
        account = Account(result)
        for rows in _in_steps(self.chunk.rows):
            if not account.add_all(rows, self._added):
                for row in rows:
                    entry = self._added.get(row.index) or self._entry(row.index)
                    if entry is None:
                        account.note(self._tell(row))
                    else:
                        account.add(row.index, entry, row.detail)
            yield
        for skipped in self.chunk.skipped:
            # An earlier run may have sent a row that would be skipped today.
            if self._log.recalls(skipped.index):
                account.recall(skipped, self._log.outcome(skipped.index))
            else:
                account.note(skipped)
            yield
        yield from account.close()

    def fate(self, index: int) -> str | None:
        """Return which of a result's lists the row at *index* is in, `None` if nothing is known of it."""
        if index in self._added:
            return "added"
        outcome = self._outcome(index)
        return None if outcome is None else outcome.fate

    def _entry(self, index: int) -> Entry | None:
        """Return the server's entry of a row that was added."""
        outcome = self._outcome(index)
        return outcome.entry if outcome is not None and outcome.fate == "added" else None

    def _outcome(self, index: int) -> Outcome | None:
        return self._recorded(index) or self._log.outcome(index)

    def _recorded(self, index: int) -> Outcome | None:
        entry = self._added.get(index)
        return self._others.get(index) if entry is None else Outcome("added", entry)

    def _tell(self, row: PreparedRow) -> NotAdded:
        fate = self._read.get(row.index)
        if fate is None:
            fate = told(row.index, row.contact, self._outcome(row.index))
            # The others may still change.
            if not isinstance(fate, PendingContact):
                self._read[row.index] = fate
        return fate


def _in_steps(rows: PreparedRows) -> Iterator[PreparedRows]:
    return (rows[start : start + _STEP] for start in range(0, len(rows), _STEP))
