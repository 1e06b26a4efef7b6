"""The account of one chunk: a row has one fate at any moment, so none is lost and none is told twice."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from allo_async._loading.chunk import Chunk
from allo_async._loading.correlate import Correlation
from allo_async._loading.prepare import PreparedRow
from allo_async._loading.time_slice import TimeSlice
from allo_async._wire.converter import read_added_number
from allo_async.models import AddedNumber, AppendResult, PendingContact, SkippedNumber


@attrs.frozen
class _Doubt:
    """No one can tell whether the row arrived, and why."""

    reason: str


_Fate = AddedNumber | SkippedNumber | _Doubt


class Account:
    """The fates of a chunk's rows; a row of which nothing else is noted is pending.

    Args:
        chunk: The rows, which may still be coming in.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._fates: dict[int, _Fate] = {}
        self._unread: dict[int, Mapping[str, Any]] = {}
        self._recovered = 0

    @property
    def rows(self) -> list[PreparedRow]:
        """The rows to send."""
        return self._chunk.rows

    @property
    def empty(self) -> bool:
        """Whether there is no row at all."""
        return not self._chunk

    def is_pending(self, row: PreparedRow) -> bool:
        """Whether nothing else is noted of *row*."""
        return row.index not in self._fates and row.index not in self._unread

    def is_in_doubt(self, row: PreparedRow) -> bool:
        """Whether no one can tell of *row* whether it arrived."""
        return isinstance(self._fates.get(row.index), _Doubt)

    def is_added(self, row: PreparedRow) -> bool:
        """Whether *row* is in the queue."""
        return row.index in self._unread or isinstance(self._fates.get(row.index), AddedNumber)

    def doubt(self, rows: Iterable[PreparedRow], reason: str) -> None:
        """Note that no one can tell of *rows* whether they arrived, and why."""
        doubt = _Doubt(reason)
        self._fates.update((row.index, doubt) for row in rows)

    def settle(self, correlation: Correlation) -> None:
        """Note what the server said, all at once: a cancellation cannot come in between."""
        self._recovered += correlation.recovered
        self.doubt(correlation.unanswered, correlation.doubt)
        self._unread.update((row.index, entry) for row, entry in correlation.added)
        self._fates.update((row.index, _skipped(row, entry)) for row, entry in correlation.skipped)

    async def read(self) -> None:
        """Turn the server's entries into models, letting others run meanwhile."""
        time_slice = TimeSlice()
        for index in list(self._unread):
            self._read_entry(index)
            if time_slice.over:
                await time_slice.renew()

    def result(self) -> AppendResult:
        """Tell the fates as they stand, in input order."""
        for index in list(self._unread):
            self._read_entry(index)
        result = AppendResult(skipped=list(self._chunk.skipped), recovered=self._recovered)
        for row in self._chunk.rows:
            fate = self._fates.get(row.index)
            if isinstance(fate, AddedNumber):
                result.added.append(fate)
            elif isinstance(fate, SkippedNumber):
                result.skipped.append(fate)
            elif isinstance(fate, _Doubt):
                result.in_doubt.append(PendingContact(index=row.index, contact=row.contact, reason=fate.reason))
            else:
                result.pending.append(PendingContact(index=row.index, contact=row.contact))
        result.skipped.sort(key=lambda row: row.index)
        return result

    def _read_entry(self, index: int) -> None:
        self._fates[index] = read_added_number(self._unread[index], index)
        del self._unread[index]


def _skipped(row: PreparedRow, entry: Mapping[str, Any]) -> SkippedNumber:
    reason = entry.get("reason")
    return SkippedNumber(
        index=row.index,
        number=row.contact.number,
        reason=reason if isinstance(reason, str) else "UNKNOWN",
        source="server",
    )
