"""A load's log as far as earlier runs go: the fate and the queue of each row that they sent."""

from collections.abc import Collection, Sequence

from allo_async._loading.load_log import LoadLog, Outcome
from allo_async._wire.requests import Assignee
from allo_async.journal.digest import digest
from allo_async.journal.known import KnownRow, KnownRows, numbers_in_queues


class KnownLog(LoadLog):
    """What the journal knows of a load; nothing is written.

    Args:
        known: The rows that earlier runs sent or dealt.
        unknown: The fate of every other row; `None` where those are certainly pending.
        queued: Numbers that other loads of the same list put into a queue.
    """

    def __init__(
        self, known: Sequence[KnownRow], unknown: Outcome | None = None, *, queued: Collection[str] = ()
    ) -> None:
        self._known = known
        self._queued = queued
        self._unclaimed = KnownRows(known)
        self._unknown = unknown
        self._rows: dict[int, KnownRow] = {}

    def check(self, index: int, row: object) -> None:
        """Find the *row* at *index* among those that are known."""
        self._claim(index, digest(row))

    def outcome(self, index: int) -> Outcome | None:
        """Return the fate that is known of the row at *index*."""
        known = self._rows.get(index)
        if known is None or (known.in_flight and self._unknown is not None):
            return self._unknown
        return known.outcome or self._unknown

    def recalls(self, index: int) -> bool:
        """Return whether an earlier run sent the row at *index*."""
        known = self._rows.get(index)
        return known is not None and known.outcome is not None

    def queue(self, index: int) -> Assignee | None:
        """Return the queue that the row at *index* was sent or dealt to."""
        known = self._rows.get(index)
        return None if known is None else known.queue

    def queues(self) -> Collection[Assignee]:
        """Return the queues that hold rows of the load, or may."""
        queues = {row.queue.identity: row.queue for row in self._known if row.queue is not None and row.chunk}
        return queues.values()

    def sent_numbers(self) -> Collection[str]:
        """Return the numbers that earlier runs sent."""
        return {row.number for row in self._known if row.number is not None}

    def queued_numbers(self) -> Collection[str]:
        """Return the numbers that earlier runs put into a queue, or may have."""
        return numbers_in_queues(self._known).union(self._queued)

    def _claim(self, index: int, seen: bytes) -> KnownRow | None:
        found = self._unclaimed.take(seen)
        if found is not None:
            self._rows[index] = found
        return found
