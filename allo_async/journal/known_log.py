"""A load's log as far as earlier runs go: the fate and the queue of each row that they sent."""

from array import array
from collections.abc import Collection

from allo_async._loading.load_log import LoadLog, Outcome
from allo_async._loading.prepare import SentNumbers
from allo_async.journal.digest import digest
from allo_async.journal.known import KnownRows
from allo_async.journal.numbers import AnyOf
from allo_async.models import Assignee

_NONE = -1


class KnownLog(LoadLog):
    """A load as the journal has it; nothing is written.

    Args:
        known: The rows that earlier runs sent or dealt.
        unknown: The fate of every other row; `None` where those are certainly pending.
        queued: Numbers that other loads of the same list put into a queue.
    """

    def __init__(self, known: KnownRows, unknown: Outcome | None = None, *, queued: SentNumbers | None = None) -> None:
        self._known = known
        self._queued = queued or SentNumbers()
        self._unknown = unknown
        # For each row of the input up to the last one that was known, which of the known rows it is.
        self._rows: array[int] = array("i")

    def check(self, index: int, row: object) -> None:
        """Find the *row* at *index* among those that are known."""
        self._claim(index, digest(row))

    def outcome(self, index: int) -> Outcome | None:
        """Return the fate that is known of the row at *index*."""
        row = self._row(index)
        if row is None or (self._unknown is not None and self._known.is_on_its_way(row)):
            return self._unknown
        return self._known.outcome(row) or self._unknown

    def recalls(self, index: int) -> bool:
        """Return whether an earlier run sent the row at *index*."""
        row = self._row(index)
        return row is not None and self._known.is_settled(row)

    def queue(self, index: int) -> Assignee | None:
        """Return the queue that the row at *index* was sent or dealt to."""
        row = self._row(index)
        return None if row is None else self._known.queue(row)

    def queues(self) -> Collection[Assignee]:
        """Return the queues that hold rows of the load, or may."""
        return self._known.chunks.queues()

    def sent_numbers(self) -> SentNumbers:
        """Return the numbers that earlier runs sent."""
        return self._known.sent_numbers()

    def queued_numbers(self) -> SentNumbers:
        """Return the numbers that earlier runs put into a queue, or may have."""
        return AnyOf((self._known.queued_numbers(), self._queued))

    def _claim(self, index: int, seen: bytes) -> int | None:
        found = self._known.take(seen)
        if found is not None:
            self._rows.extend([_NONE] * (index + 1 - len(self._rows)))
            self._rows[index] = found
        return found

    def _row(self, index: int) -> int | None:
        row = self._rows[index] if index < len(self._rows) else _NONE
        return None if row == _NONE else row
